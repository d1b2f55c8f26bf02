"""Pushing parts and notices: what goes out, and what the courier is told when it does not (wechat.md §2.6, §2.11, row 37)."""

import asyncio

import pytest

from channels.wechat.carrier import WechatCarrier
from channels.wechat.server_api import ContentRefused, Notice
from channels.wechat.server_api.customer_messages import CustomerMessages
from channels.wechat.server_api.notices import Notices, fit_field
from channels.wechat.server_api.transport import Answer, NoAnswer, NotConnected
from conversations import DeliveryFailed
from tests.unit.channels.wechat_server_api.wechat_stand_in import OPENID, SEND, refusal

TYPING, NOTICE, TEMPLATE = (f"/cgi-bin/message/{name}" for name in ("custom/typing", "subscribe/bizsend", "template/send"))
TEXT = {"kind": "text", "text": "您好😀"}
MENU = {
    "kind": "menu", "text": "您想办哪件？\n1. 补领\n2. 换领\n回复数字就行，比如 1。", "head": "您想办哪件？",
    "items": [{"id": "1", "content": "补领"}, {"id": "2", "content": "换领"}],
}  # fmt: skip
NEWS = {
    "kind": "news", "text": "身份证补领\nhttps://x.example/1", "title": "身份证补领", "description": "带户口簿",
    "url": "https://x.example/1", "picture": "https://x.example/1.png",
}  # fmt: skip
IMAGE = {"kind": "image", "text": "大厅的位置图（图片）", "media_id": "m1"}


@pytest.fixture
def gaps():
    return []


@pytest.fixture
def messages(api, gaps):
    async def sleep(seconds):
        gaps.append(seconds)

    return CustomerMessages(api, clock=lambda: 100.0, sleep=sleep)


async def fails(messages, part):
    with pytest.raises(DeliveryFailed) as caught:
        await messages.send(OPENID, part)
    return caught.value


async def test_a_carrier_pushes_through_it(api, wechat):
    class Sender:
        send_customer_message = CustomerMessages(api).send

    await WechatCarrier(Sender()).send(OPENID, TEXT)
    assert wechat.bodies(SEND) == [{"touser": OPENID, "msgtype": "text", "text": {"content": "您好😀"}}]
    assert "您好😀".encode() in wechat.requests[-1].body


@pytest.mark.parametrize(("part", "kind"), [(TEXT, "text"), (MENU, "msgmenu"), (NEWS, "news"), (IMAGE, "image")])
async def test_each_kind_of_part_goes_out_once(messages, wechat, part, kind):
    await messages.send(OPENID, part)
    assert [body["msgtype"] for body in wechat.bodies(SEND)] == [kind]


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (refusal(45015), "park", "45015"),
        (refusal(45047), "park", "45047"),
        (refusal(43004), "give_up", "43004"),
        (refusal(48002), "give_up", "48002"),
        (refusal(40003), "give_up", "40003"),
        (refusal(48001), "park", "48001"),
        (refusal(45009), "park", "45009"),
        (refusal(-1), "retry", "-1"),
        (refusal(45011), "retry", "45011"),
        (refusal(40001), "retry", "40001"),
        (refusal(44004), "give_up", "44004"),
        (refusal(88888), "park", "88888"),
        (NotConnected("x"), "retry", "not_connected"),
        (NoAnswer("x"), "unknown", "no_answer"),
        (Answer(502, "text/html", b"<html>"), "retry", "server_error"),
        (Answer(200, "text/html", b"<html>"), "unknown", "not_json"),
    ],
    ids=str,
)
async def test_the_courier_is_told_what_to_do(messages, wechat, answer, kind, reason):
    wechat.always[SEND] = answer
    failure = await fails(messages, TEXT)
    assert (failure.kind, failure.reason) == (kind, reason)
    assert failure.message.endswith("。")
    assert (failure.delay > 0) >= (kind == "retry")
    assert OPENID not in str(failure)


@pytest.mark.parametrize("code", [45015, 43004])
async def test_who_left_gets_no_second_try(messages, wechat, code):
    wechat.always[SEND] = refusal(code)
    assert (await fails(messages, TEXT)).kind in {"park", "give_up"}
    assert wechat.count(SEND) == 1


@pytest.mark.parametrize(("part", "code"), [(MENU, 40200), (IMAGE, 40007), (NEWS, 45008), (NEWS, 45003), (MENU, 40008)])
async def test_what_is_refused_for_its_form_goes_out_as_its_words(messages, wechat, part, code):
    wechat.next[SEND] = [refusal(code)]
    await messages.send(OPENID, part)
    assert wechat.bodies(SEND)[1:] == [{"touser": OPENID, "msgtype": "text", "text": {"content": part["text"]}}]


async def test_an_account_without_menu_messages_is_not_asked_again_and_again(messages, wechat):
    wechat.next[SEND] = [refusal(40200)]
    await messages.send(OPENID, MENU)
    await messages.send(OPENID, MENU)
    await messages.send(OPENID, TEXT)
    assert [body["msgtype"] for body in wechat.bodies(SEND)] == ["msgmenu", "text", "text", "text"]


async def test_a_text_that_is_too_long_for_the_platform_goes_out_in_pieces(messages, wechat):
    text = "带户口簿到派出所办理。" * 40
    wechat.next[SEND] = [refusal(45002)]
    await messages.send(OPENID, {"kind": "text", "text": text})
    pieces = [body["text"]["content"] for body in wechat.bodies(SEND)[1:]]
    assert "".join(pieces) == text
    assert len(pieces) == 2


async def test_when_a_later_piece_fails_the_first_is_not_sent_again(messages, wechat):
    wechat.next[SEND] = [refusal(45002), Answer(200, "", b"{}"), refusal(45047)]
    failure = await fails(messages, {"kind": "text", "text": "带户口簿到派出所办理。" * 40})
    assert (failure.kind, failure.reason) == ("unknown", "45047")


async def test_when_the_first_piece_fails_it_is_as_if_nothing_was_sent(messages, wechat):
    wechat.next[SEND] = [refusal(45002), refusal(45047)]
    failure = await fails(messages, {"kind": "text", "text": "带户口簿到派出所办理。" * 40})
    assert (failure.kind, failure.reason) == ("park", "45047")


async def test_a_short_text_that_is_called_too_long_is_given_up(messages, wechat):
    wechat.always[SEND] = refusal(45002)
    assert (await fails(messages, TEXT)).kind == "give_up"
    assert wechat.count(SEND) == 1


@pytest.mark.parametrize("part", [{"kind": "transfer", "text": ""}, {"kind": "text", "text": " \n"}])
async def test_what_has_no_words_waits_for_the_citizen(messages, wechat, part):
    failure = await fails(messages, part)
    assert (failure.kind, failure.reason) == ("park", "not_pushable")
    assert wechat.requests == []


async def test_two_messages_of_a_citizen_keep_their_distance_and_those_of_two_do_not_wait(messages, wechat, gaps):
    await messages.send(OPENID, TEXT)
    await messages.send("oSomebodyElse", TEXT)
    assert gaps == []
    await asyncio.gather(messages.send(OPENID, TEXT), messages.send(OPENID, TEXT))
    assert gaps == [pytest.approx(0.35), pytest.approx(0.7)]


async def test_typing_never_troubles_anybody(messages, wechat):
    assert await messages.show_typing(OPENID)
    assert wechat.bodies(TYPING) == [{"touser": OPENID, "command": "Typing"}]
    for code in (45080, 45081, 45072, 40200):
        wechat.next[TYPING] = [refusal(code)]
        assert not await messages.show_typing(OPENID)


# Notices


async def test_a_subscription_notice_goes_out_with_its_fields(api, wechat):
    values = {"thing1": "居民身份证补领申请已经办结请到窗口领取证件", "phrase2": "已办结", "date3": "2026年3月1日"}
    await Notices(api).send_subscribed(OPENID, Notice("Tm-pl_1", values, "https://x.example/case"))
    (body,) = wechat.bodies(NOTICE)
    assert body["touser"] == OPENID
    assert body["page"] == "https://x.example/case"
    assert body["data"]["thing1"] == {"value": "居民身份证补领申请已经办结请到窗口领取…"}
    assert body["data"]["phrase2"] == {"value": "已办结"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", "补领"), ("number2", "12.5"), ("letter1", "AbC"), ("symbol1", "！"), ("character_string3", "SX-2026/001"),
        ("time4", "2026年3月1日 15:01"), ("time4", "15:01"), ("date5", "2026年3月1日"), ("amount6", "¥20.00"), ("amount6", "20元"),
        ("phone_number7", "029-12345"), ("car_number8", "陕A8Z888挂"), ("name9", "王小明"), ("phrase10", "办理中"),
    ],
)  # fmt: skip
def test_a_field_that_fits_is_taken(name, value):
    assert fit_field(name, value) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("thing1", ""), ("thing1", "  "), ("number2", "十二"), ("letter1", "字"), ("character_string3", "编号一"),
        ("character_string3", "x" * 33), ("time4", "下午三点"), ("date5", "2026-03-01"), ("amount6", "二十"), ("phrase10", "正在办理之中"),
        ("phrase10", "OK"), ("name9", "王小明1"), ("remark1", "x"), ("thing", "x"), ("thing1x", "x"), ("", "x"), ("thing１", "x"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_refused_without_repeating_it(name, value):
    with pytest.raises(ContentRefused) as caught:
        fit_field(name, value)
    assert len(value.strip()) < 3 or value not in caught.value.message


@pytest.mark.parametrize(
    ("code", "kind"), [(43101, "give_up"), (47003, "give_up"), (40037, "give_up"), (43107, "park"), (-1, "retry")]
)
async def test_a_refused_notice_is_told_like_a_message(api, wechat, code, kind):
    wechat.next[NOTICE] = [refusal(code)]
    with pytest.raises(DeliveryFailed) as caught:
        await Notices(api).send_subscribed(OPENID, Notice("T1", {"thing1": "补领"}))
    assert (caught.value.kind, caught.value.reason) == (kind, str(code))


@pytest.mark.parametrize("notice", [Notice("", {"thing1": "x"}), Notice("T 1", {"thing1": "x"}), Notice("T1", {})])
async def test_a_notice_without_template_or_fields_is_refused(api, wechat, notice):
    with pytest.raises(ContentRefused):
        await Notices(api).send_subscribed(OPENID, notice)
    assert wechat.requests == []


async def test_a_template_message_carries_our_id_against_doubles(api, wechat):
    await Notices(api).send_template(OPENID, Notice("T1", {"first": "已办结"}, "https://x.example/"), "d-17")
    (body,) = wechat.bodies(TEMPLATE)
    assert body["client_msg_id"] == "d-17"
    assert body["data"] == {"first": {"value": "已办结"}}
    for bad in ("", "x" * 33, "编号"):
        with pytest.raises(ContentRefused):
            await Notices(api).send_template(OPENID, Notice("T1", {"first": "已办结"}), bad)
    with pytest.raises(ContentRefused):
        await Notices(api).send_template(OPENID, Notice("T1", {"first": "字" * 201}), "d-18")
