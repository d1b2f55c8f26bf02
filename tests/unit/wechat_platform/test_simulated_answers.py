"""The simulator judges passive replies by every rule of the platform."""

import pytest

from tests.wechat_platform import Account, Cipher, sign
from tests.wechat_platform.answers import read_answer
from tests.wechat_platform.bad_answers import BadAnswer, Question
from tests.wechat_platform.envelopes import write_xml

PLAIN = Account(mode="plaintext")
SECURE = Account()
CIPHER = Cipher(SECURE.aes_key, SECURE.app_id)
MESSAGE = Question("oAlice", is_message=True, known_media=frozenset({"medium-1"}))
EVENT = Question("oAlice", is_message=False, known_media=frozenset())
HEAD = {"ToUserName": "oAlice", "FromUserName": PLAIN.original_id, "CreateTime": 1714112445}
TEXT = {**HEAD, "MsgType": "text", "Content": "带上户口簿"}
ARTICLE = {"Title": "办事指南", "Description": "补办", "PicUrl": "", "Url": "https://example.com/"}


def judge(body, status=200, account=PLAIN, question=MESSAGE):
    cipher = None if account.mode == "plaintext" else CIPHER
    return read_answer(account, cipher, question, status, body if isinstance(body, bytes) else write_xml(body).encode())


def seal(xml, nonce="7", signature=None, stamp="1714112445"):
    sealed = CIPHER.seal(xml, b"0123456789abcdef")
    signature = signature or sign(SECURE.token, stamp, nonce, sealed)
    return write_xml({"Encrypt": sealed, "MsgSignature": signature, "TimeStamp": int(stamp), "Nonce": nonce}).encode()


def news(count, written=None):
    return {**HEAD, "MsgType": "news", "ArticleCount": written or count, "Articles": {"item": [ARTICLE] * count}}


def reason_of(*args, **kwargs):
    with pytest.raises(BadAnswer) as caught:
        judge(*args, **kwargs)
    return caught.value.reason


@pytest.mark.parametrize("body", [b"", b"success"])
def test_success_and_an_empty_body_show_nothing(body):
    assert judge(body) is None
    assert judge(body, account=SECURE) is None


def test_a_good_text_is_shown_as_it_is():
    assert judge(TEXT).text == "带上户口簿"
    assert judge({**TEXT, "Content": "a ]]> b & <c>\n第二行"}).text == "a ]]> b & <c>\n第二行"


@pytest.mark.parametrize("kind", ["image", "voice", "video"])
def test_known_media_are_shown_and_unknown_ones_are_faults(kind):
    assert judge({**HEAD, "MsgType": kind, kind.capitalize(): {"MediaId": "medium-1"}}).kind == kind
    assert reason_of({**HEAD, "MsgType": kind, kind.capitalize(): {"MediaId": "other"}}) == "unknown_media"


def test_one_article_answers_a_message_and_up_to_eight_an_event():
    assert judge(news(1)).content["articles"][0]["title"] == "办事指南"
    assert judge(news(8), question=EVENT).kind == "news"
    assert reason_of(news(2)) == "bad_count"
    assert reason_of(news(9), question=EVENT) == "bad_count"
    assert reason_of(news(1, written=2), question=EVENT) == "bad_count"


def test_a_message_can_be_transferred_and_an_event_not():
    transfer = {**HEAD, "MsgType": "transfer_customer_service"}
    assert judge(transfer).kind == "transfer"
    assert reason_of(transfer, question=EVENT) == "transfer_to_event"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"text":"hello"}', "json"),
        (b"<html></html>", "wrong_root"),
        (b"success\n", "not_xml"),
        (b"\xff\xfe", "not_xml"),
        (b"<!DOCTYPE xml><xml></xml>", "dtd"),
        (b"<xml><MsgType>text</MsgType><MsgType>text</MsgType></xml>", "repeated_element"),
        ({**TEXT, "ToUserName": PLAIN.original_id, "FromUserName": "oAlice"}, "wrong_to"),
        ({**TEXT, "FromUserName": "gh_other"}, "wrong_from"),
        ({**TEXT, "CreateTime": "now"}, "bad_time"),
        ({**TEXT, "MsgType": "html"}, "bad_type"),
        ({**TEXT, "Content": " \n"}, "empty_text"),
        ({**TEXT, "Content": "字" * 683}, "long_text"),
        ({**HEAD, "MsgType": "image"}, "missing"),
        ({**HEAD, "MsgType": "music", "Music": {"Title": "x"}}, "missing"),
        ({**HEAD, "MsgType": "news", "ArticleCount": 1, "Articles": {"item": [{"Title": "x"}]}}, "missing"),
    ],
)
def test_a_broken_rule_is_a_fault(body, reason):
    assert reason_of(body) == reason


def test_a_text_of_2048_bytes_is_just_short_enough():
    assert judge({**TEXT, "Content": "字" * 682 + "ab"}).kind == "text"


def test_another_status_than_200_is_a_fault():
    assert reason_of(TEXT, status=500) == "http_status"
    assert reason_of(b"success", status=204) == "http_status"


def test_a_sealed_reply_is_opened_and_its_signature_checked():
    xml = write_xml(TEXT)
    assert judge(seal(xml), account=SECURE).text == "带上户口簿"
    assert judge(seal(xml), account=Account(mode="compatible")).kind == "text"
    assert judge(TEXT, account=Account(mode="compatible")).kind == "text"
    assert reason_of(seal(xml, signature="0" * 40), account=SECURE) == "bad_signature"
    assert reason_of(seal(xml, nonce=""), account=SECURE) == "bad_envelope"
    assert reason_of(TEXT, account=SECURE) == "clear_in_secure"
    assert reason_of(seal(xml)) == "sealed_in_plaintext"
    assert reason_of(seal("not xml"), account=SECURE) == "not_xml"


def test_a_reply_sealed_for_another_app_is_a_fault():
    sealed = Cipher(SECURE.aes_key, "wxother").seal(write_xml(TEXT), b"0123456789abcdef")
    body = {"Encrypt": sealed, "MsgSignature": sign(SECURE.token, "1", "2", sealed), "TimeStamp": 1, "Nonce": "2"}
    assert reason_of(body, account=SECURE) == "bad_cipher"
