import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.wechat import WechatCarrier, customer_message, passive_reply
from channels.wechat.messages import Head
from channels.wechat.rendering import MAX_PARTS, make_parts, merge
from channels.wechat.splitting import MAX_BYTES, size, split_text
from conversations import DeliveryFailed, Response
from qinwen.replies import Choice, Reply, Source
from qinwen.vocabulary import Outcome

HEAD = Head("gh_1", "oU1", 1, "1")
CHOICES = (Choice("护照：收多少钱", "普通护照要交多少钱"), Choice("身份证：收多少钱", "身份证要交多少钱"))


def parts_of(*replies, menus=False):
    return make_parts(Response(Outcome.ANSWERED, replies), menus=menus)


def test_a_short_text_is_one_part():
    assert parts_of(Reply("text", "护照 120 元。")) == ({"kind": "text", "text": "护照 120 元。"},)


def test_a_card_reads_as_text_with_its_sources_below():
    card = Reply(
        "card", "护照 · 收多少钱\n120 元。\n【收费项目】\n· 护照：120元", sources=(Source("e", 1, "fee", "《护照》第1版"),)
    )
    assert parts_of(card)[0]["text"] == "护照 · 收多少钱\n120 元。\n\n【收费项目】\n· 护照：120元\n\n来源：《护照》第1版"


def test_choices_are_numbered_through_the_whole_answer():
    text = parts_of(Reply("choices", "问哪件？", CHOICES), Reply("choices", "或者？", CHOICES[:1]))[0]["text"]
    assert "1. 护照：收多少钱\n2. 身份证：收多少钱\n" in text
    assert "3. 护照：收多少钱\n" in text
    assert "回复数字" in text


def test_short_answers_share_a_message():
    assert len(parts_of(Reply("text", "一"), Reply("text", "二"))) == 1


def test_where_the_account_may_choices_are_a_menu_that_can_still_be_printed():
    first, menu = parts_of(Reply("text", "先说一句。"), Reply("choices", "问哪件？", CHOICES), menus=True)
    assert first["kind"] == "text"
    assert (menu["kind"], menu["head"]) == ("menu", "问哪件？")
    assert menu["items"] == [{"id": "1", "content": "护照：收多少钱"}, {"id": "2", "content": "身份证：收多少钱"}]
    assert "1. 护照：收多少钱" in menu["text"]
    assert "普通护照要交多少钱" not in json.dumps(menu, ensure_ascii=False), "what a choice means stays with us"


def test_a_long_lead_stands_in_a_message_before_its_menu():
    first, menu = parts_of(Reply("choices", "长" * 500, CHOICES), menus=True)
    assert first == {"kind": "text", "text": "长" * 500}
    assert menu["head"]


def test_an_answer_is_three_messages_at_most_and_says_what_is_missing():
    parts = parts_of(Reply("card", "第一句。" * 3000))
    assert len(parts) == MAX_PARTS
    assert all(size(part["text"]) <= MAX_BYTES for part in parts)
    assert "放不下" in parts[-1]["text"]
    assert not any("放不下" in part["text"] for part in parts[:-1])


def test_nothing_to_say_is_still_a_word():
    for replies in ((), (Reply("text", " "),), (Reply("text", "\x00\x01"),)):
        parts = make_parts(Response(Outcome.ERROR, replies))
        assert len(parts) == 1
        assert "12345" in parts[0]["text"]


def test_nobody_s_anchor_becomes_a_link():
    text = parts_of(Reply("text", '您说<a href="https://evil.example/">点这里</a>，和 a<b'))[0]["text"]
    assert "<a" not in text
    assert "</a" not in text
    assert "a<b" in text


def test_merging_takes_as_many_of_the_first_as_fit():
    small, large = {"kind": "text", "text": "小"}, {"kind": "text", "text": "大" * 600}
    menu = parts_of(Reply("choices", "问哪件？", CHOICES), menus=True)[0]
    assert merge([small]).part == small
    both = merge([small, menu, large, large])
    assert both.count == 3
    assert both.part["kind"] == "text"
    assert both.part["text"].startswith("小\n\n问哪件？\n1. ")
    assert size(both.part["text"]) <= MAX_BYTES
    assert merge([large, large, small]).count == 1
    picture = {"kind": "image", "text": "［图片］", "media_id": "m"}
    assert (merge([picture, small]).count, merge([small, picture]).count) == (1, 1)


@given(st.text(alphabet=st.sampled_from("办事。！\n，a 😀👨‍👩‍👧𠮷é"), max_size=2000), st.integers(64, 400))
def test_pieces_fit_lose_nothing_but_blanks_and_cut_no_sign(text, limit):
    pieces = split_text(text, limit)
    assert all(piece and size(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert not any(piece.startswith(("\u200d", "\ufe0f")) or piece.endswith("\u200d") for piece in pieces[1:-1])


def test_a_cut_is_made_where_a_sentence_ends():
    text = "这是第一句话。" * 20 + "最后没有句号"
    assert all(piece.endswith("。") for piece in split_text(text, 200)[:-1])


def test_a_link_stays_whole():
    link = "https://zwfw.example.gov.cn/" + "a" * 150
    pieces = split_text("字" * 50 + link + "字" * 50, 250)
    assert any(link in piece for piece in pieces)
    anchor = '<a href="weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=1">第一 个</a>'
    assert any(anchor in piece for piece in split_text("字。" * 20 + anchor + "字。" * 20, 160))


def test_a_link_longer_than_a_message_is_cut_rather_than_lost():
    link = "https://x/" + "a" * 500
    assert "".join(split_text(link, 100)) == link


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦", "👍🏻", "🇨🇳", "e\u0301"])
def test_a_sign_of_several_characters_is_never_cut(text):
    assert set("".join(split_text(text * 50, 64)).split(text)) == {""}
    assert all(not piece.replace(text, "") for piece in split_text(text * 50, 64))


def test_a_passive_reply_swaps_the_addresses():
    root = ET.fromstring(passive_reply({"kind": "text", "text": "a]]>b"}, HEAD, 5))
    assert {field.tag: field.text for field in root} == {
        "ToUserName": "oU1", "FromUserName": "gh_1", "CreateTime": "5", "MsgType": "text", "Content": "a]]>b"
    }  # fmt: skip


def test_every_kind_of_part_can_be_a_passive_reply():
    menu = parts_of(Reply("choices", "问哪件？", CHOICES), menus=True)[0]
    assert ET.fromstring(passive_reply(menu, HEAD, 5)).findtext("Content") == menu["text"]
    image = ET.fromstring(passive_reply({"kind": "image", "text": "［图片］", "media_id": "m"}, HEAD, 5))
    assert (image.findtext("MsgType"), image.findtext("Image/MediaId")) == ("image", "m")
    news = {"kind": "news", "text": "t", "title": "题", "description": "述", "url": "https://x/", "picture": "https://x/p"}
    root = ET.fromstring(passive_reply(news, HEAD, 5))
    assert (root.findtext("ArticleCount"), root.findtext("Articles/item/Url")) == ("1", "https://x/")
    assert len(root.find("Articles")) == 1
    desk = ET.fromstring(passive_reply({"kind": "transfer", "text": "转人工"}, HEAD, 5))
    assert desk.findtext("MsgType") == "transfer_customer_service"


def test_every_kind_of_part_can_be_pushed():
    menu = parts_of(Reply("choices", "问哪件？", CHOICES), menus=True)[0]
    assert customer_message("oU1", menu)["msgmenu"]["list"] == menu["items"]
    assert customer_message("oU1", {"kind": "text", "text": "好"}) == {
        "touser": "oU1",
        "msgtype": "text",
        "text": {"content": "好"},
    }
    assert customer_message("oU1", {"kind": "image", "text": "", "media_id": "m"})["image"] == {"media_id": "m"}
    news = {"kind": "news", "text": "t", "title": "题", "description": "述", "url": "https://x/", "picture": ""}
    assert len(customer_message("oU1", news)["news"]["articles"]) == 1
    assert customer_message("oU1", {"kind": "transfer", "text": "转人工"})["msgtype"] == "text"


class Sent:
    def __init__(self):
        self.messages = []

    async def send_customer_message(self, openid, part):
        self.messages.append(customer_message(openid, part))


async def test_the_carrier_pushes_through_whoever_can_call_the_platform():
    sender = Sent()
    carrier = WechatCarrier(sender, menus=True)
    part = carrier.make_parts(Response(Outcome.CLARIFY, (Reply("choices", "问哪件？", CHOICES),)))[0]
    await carrier.send("oU1", part)
    assert sender.messages[0]["msgtype"] == "msgmenu"
    assert carrier.pushes
    assert carrier.channel == "wechat"


async def test_without_the_right_to_push_an_answer_is_parked_and_choices_are_printed():
    carrier = WechatCarrier(None, menus=True)
    part = carrier.make_parts(Response(Outcome.CLARIFY, (Reply("choices", "问哪件？", CHOICES),)))[0]
    assert (carrier.pushes, part["kind"]) == (False, "text")
    with pytest.raises(DeliveryFailed) as caught:
        await carrier.send("oU1", part)
    assert caught.value.kind == "park"
