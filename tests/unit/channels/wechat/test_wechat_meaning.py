import pytest

from channels.wechat import Noted, Said, push_key, understand, words
from channels.wechat.data_files import allowances, cities, keys
from channels.wechat.messages import (
    Consent,
    DeskSession,
    Event,
    Head,
    ImageMessage,
    LinkMessage,
    LocationMessage,
    Push,
    SendingResult,
    TextMessage,
    VideoMessage,
    VoiceMessage,
)
from channels.wechat.nearby import distance
from conversations import Allowance
from knowledge_base import service_halls
from language import hide_secrets
from qinwen.vocabulary import Outcome

HEAD = Head("gh_1", "oU1", 1, "1")


def typed(content):
    return understand(TextMessage(HEAD, "text", content, ""))


def happened(event, key=""):
    return understand(Event(HEAD, "event", event, key))


def place(latitude, longitude, label=""):
    return understand(LocationMessage(HEAD, "location", latitude, longitude, label)).prepared


def words_of(response):
    return "".join(reply.text for reply in response.replies)


def test_typed_text_goes_to_the_responder_unchanged():
    assert typed("护照多少钱👍🏻👨‍👩‍👧𠮷") == Said("护照多少钱👍🏻👨‍👩‍👧𠮷", Allowance(5, 172800))


@pytest.mark.parametrize("text", ['/intent{"slot":"v"}', "  /restart", "EXTERNAL: x", "/ /back"])
def test_a_command_is_only_text(text):
    said = typed(text)
    assert said.prepared is None
    assert not said.text.startswith(("/", "EXTERNAL:"))


def test_what_the_platform_heard_is_text():
    assert understand(VoiceMessage(HEAD, "voice", "m", "amr", "护照多少钱。")).text == "护照多少钱。"


@pytest.mark.parametrize(("push", "sentence"), [
    (VoiceMessage(HEAD, "voice", "m", "amr", ""), "voice"),
    (ImageMessage(HEAD, "image", "http://x", "m"), "image"),
    (VideoMessage(HEAD, "video", "m"), "video"),
    (LinkMessage(HEAD, "link", "点我领钱"), "link"),
    (TextMessage(HEAD, "text", "【收到不支持的消息类型，暂无法显示】", ""), "sticker"),
    (TextMessage(HEAD, "text", " \n ", ""), "blank"),
    (Push(HEAD, "hologram"), "unknown"),
], ids=lambda value: value if isinstance(value, str) else "")  # fmt: skip
def test_what_we_cannot_read_gets_its_polite_word_and_no_responder(push, sentence):
    said = understand(push)
    assert said.prepared.outcome is Outcome.CLARIFY
    assert words_of(said.prepared) == getattr(words(), sentence)
    assert said.allowance == Allowance(5, 172800)
    assert said.text
    assert "点我领钱" not in said.text + words_of(said.prepared)


def test_too_long_a_text_is_said_so_and_kept_as_far_as_it_may():
    said = typed("办" * 2000)
    assert said.prepared.outcome is Outcome.CLARIFY
    assert "500" in words_of(said.prepared)
    assert said.text == "办" * 500


def test_signs_without_meaning_are_no_text():
    assert typed("\x01\x02\x03\x04" * 500).prepared.outcome is Outcome.CLARIFY


def test_a_new_follower_is_welcomed_and_may_be_answered_three_times_within_a_minute():
    said = happened("subscribe")
    assert words_of(said.prepared) == words().welcome
    assert said.prepared.outcome is Outcome.SMALLTALK
    assert said.allowance == Allowance(3, 60)


def test_a_known_scene_speaks_for_the_citizen_and_an_unknown_one_does_not():
    scene, says = next(iter(keys().scenes.items()))
    assert happened("scan", scene) == Said(says, Allowance(3, 60))
    assert happened("subscribe", f"qrscene_{scene}").text == says
    for evil in ("qrscene_../../", "/restart", '{"x":1}', "last_trade_no_1"):
        assert words_of(happened("subscribe", evil).prepared) == words().welcome
        assert words_of(happened("scan", evil).prepared) == words().welcome


def test_a_receipt_s_scene_says_its_binding_code_which_is_not_kept():
    for event, key in (("scan", "bind_AB2CD3EF4G"), ("subscribe", "qrscene_bind_AB2CD3EF4G")):
        said = happened(event, key)
        assert said == Said("绑定码 AB2CD3EF4G", Allowance(3, 60))
        hidden = hide_secrets(said.text)
        assert (hidden.text, hidden.said.binding_code) == ("绑定码 [绑定码]", "AB2CD3EF4G")
        assert "AB2CD3EF4G" not in push_key(Event(HEAD, "event", event, key))
    for evil in ("bind_", "bind_AB2CD3EF4", "bind_AB2CD3EF4GH", "bind_AB2CD 3EF4", "bind_查一下别人的件"):
        assert words_of(happened("scan", evil).prepared) == words().welcome


def test_a_menu_key_is_looked_up_and_never_taken_as_text():
    key, says = next(iter(keys().menu.items()))
    assert happened("click", key) == Said(says, Allowance(3, 60))
    assert happened("click", "/restart") == "nothing"
    assert happened("scancode_waitmsg", "unknown") == "nothing"


@pytest.mark.parametrize(
    "event", ["view", "location", "location_select", "pic_weixin", "view_miniprogram", "verify_expired", "x"]
)
def test_other_events_are_acknowledged_only(event):
    assert happened(event) == "nothing"


def test_a_citizen_who_left_is_told_apart():
    assert happened("unsubscribe") == "left"


@pytest.mark.parametrize("event", [
    DeskSession(HEAD, "event", "kf_create_session", "", "a", ""),
    SendingResult(HEAD, "event", "templatesendjobfinish", "", "9", "success", ""),
    Consent(HEAD, "event", "subscribe_msg_popup_event", "", "T", accepted=True),
], ids=lambda event: event.event)  # fmt: skip
def test_what_the_platform_reports_is_noted(event):
    assert understand(event) == Noted(event)


def test_every_city_has_a_place_on_the_map_and_a_hall():
    assert {city.region for city in cities()} == set(service_halls())
    assert {city.name for city in cities()} == {hall.city for hall in service_halls().values()}


@pytest.mark.parametrize(("latitude", "longitude", "label", "region"), [
    (34.26, 108.95, "西安市碑林区南关正街88号", "610100"),
    (34.34, 108.71, "", "610400"),
    (38.28, 109.74, "", "610800"),
    (32.69, 109.02, "", "610900"),
    (35.48, 110.44, "陕西省韩城市", "610500"),
    (39.03, 111.07, "", "610800"),
    (37.59, 107.60, "陕西省榆林市定边县", "610800"),
])  # fmt: skip
def test_a_place_in_the_province_gives_its_city_s_hall(latitude, longitude, label, region):
    response = place(latitude, longitude, label)
    hall = service_halls()[region]
    assert (response.outcome, response.facet, response.region) == (Outcome.ANSWERED, "place", region)
    assert hall.name in words_of(response)
    assert f"{hall.area_code}-12345" in words_of(response)
    assert ("估" in words_of(response)) == (not label)


@pytest.mark.parametrize(("latitude", "longitude", "label"), [
    (39.9, 116.4, "北京市东城区"), (34.58, 105.72, "甘肃省天水市秦州区"), (31.2, 121.5, ""), (0.0, 0.0, ""), (-34.3, 108.9, ""),
    (34.3, 108.9, "内蒙古自治区鄂尔多斯市"),
])  # fmt: skip
def test_a_place_elsewhere_is_said_to_be_elsewhere(latitude, longitude, label):
    response = place(latitude, longitude, label)
    assert (response.outcome, response.region) == (Outcome.REFUSED_OUT_OF_SCOPE, None)
    assert "不在陕西" in words_of(response)


def test_a_place_that_is_none_asks_for_its_name():
    assert place(None, None).outcome is Outcome.CLARIFY


def test_distances_are_those_of_the_globe():
    xian, yulin = (next(city for city in cities() if city.region == code) for code in ("610100", "610800"))
    assert distance(xian.latitude, xian.longitude, xian) == pytest.approx(0, abs=0.01)
    assert distance(xian.latitude, xian.longitude, yulin) == pytest.approx(445, rel=0.02)


def test_every_allowance_is_one_that_the_platform_gives():
    assert set(allowances()) == {"message", "click", "scancode_push", "scancode_waitmsg", "subscribe", "scan"}
    assert all(1 <= allowance.messages <= 20 and allowance.seconds >= 60 for allowance in allowances().values())
