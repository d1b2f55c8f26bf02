"""The published and derived values of `tests/data/wechat_vectors.json`: each verifies, opens, seals or is refused as it should."""

import hashlib
import json
from pathlib import Path

import pytest

from channels.wechat import Envelope, PushIgnored, PushRefused, Query, read_push, read_query
from channels.wechat.cipher import MessageCipher, sign
from channels.wechat.xml import read_xml, text_of

FILE = Path(__file__).parents[3] / "data" / "wechat_vectors.json"
VECTORS = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]


def of_kind(*kinds):
    return pytest.mark.parametrize("vector", [v for v in VECTORS if v["kind"] in kinds], ids=lambda vector: vector["id"])


def query_of(vector):
    names = ("signature", "timestamp", "nonce", "msg_signature")
    given = {name: vector[name] for name in names if name in vector}
    return read_query([*given.items(), ("encrypt_type", "aes")])


def body_of(vector):
    if "encrypt" not in vector:
        return vector["body"].encode()
    return f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{vector['encrypt']}]]></Encrypt></xml>".encode()


def envelope_of(vector):
    return Envelope("secure", vector["token"], vector["owner"], (vector["key"],))


def test_there_are_thirty_two():
    assert len({vector["id"] for vector in VECTORS}) == 32


@of_kind("address", "plain push")
def test_a_plain_signature_verifies_and_a_changed_one_does_not(vector):
    envelope = Envelope("plain", vector["token"])
    query = Query(vector["signature"], vector["timestamp"], vector["nonce"])
    envelope.check_signature(query)
    wrong = vector.get("wrong_signature", "0" + vector["signature"][1:])
    for changed in (wrong, vector["signature"].upper(), vector["signature"][:-1], "", "密"):
        with pytest.raises(PushRefused):
            envelope.check_signature(Query(changed, vector["timestamp"], vector["nonce"]))


@of_kind("plain push")
def test_json_is_signed_but_not_ours_to_read(vector):
    query = read_query([(name, vector[name]) for name in ("signature", "timestamp", "nonce")])
    with pytest.raises(PushIgnored):
        Envelope("plain", vector["token"]).open(query, vector["body"].encode())


@of_kind("decrypt", "encrypted address")
def test_what_is_encrypted_opens(vector):
    opened = MessageCipher(vector["key"], vector["owner"]).decrypt(vector["encrypt"])
    assert opened.decode() == vector.get("message", vector.get("answer"))
    assert sign(vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"]) == vector["msg_signature"]


@of_kind("decrypt")
def test_a_whole_push_opens_and_only_what_was_encrypted_counts(vector):
    body = vector["body"].replace("abcdteT", "forged").encode() if "body" in vector else body_of(vector)
    envelope, query = envelope_of(vector), query_of(vector)
    if not vector["message"].startswith("<xml>"):
        # The published sample carries JSON, which an Official Account never gets; others no XML at all.
        with pytest.raises(PushIgnored):
            envelope.open(query, body)
        return
    push = read_push(envelope.open(query, body).root)
    assert f"<Content><![CDATA[{push.content}]]></Content>" in vector["message"]


@of_kind("encrypt")
def test_what_we_encrypt_is_what_the_platform_expects(vector):
    cipher = MessageCipher(vector["key"], vector["owner"])
    encrypted = cipher.encrypt(vector["message"].encode(), vector["random"].encode())
    assert encrypted == vector["encrypt"]
    if "msg_signature" in vector:
        assert sign(vector["token"], vector["timestamp"], vector["nonce"], encrypted) == vector["msg_signature"]
    assert cipher.decrypt(cipher.encrypt(vector["message"].encode())).decode() == vector["message"]


@of_kind("refuse")
def test_what_must_not_be_taken_is_not_and_names_its_reason(vector):
    ignored = vector["reason"] in ("not_xml", "not_utf8")
    with pytest.raises(PushIgnored if ignored else PushRefused) as caught:
        envelope_of(vector).open(query_of(vector) if "encrypt" in vector else plain_query_of(vector), body_of(vector))
    assert caught.value.reason == vector["reason"]


def plain_query_of(vector):
    return read_query([(name, vector[name]) for name in ("signature", "timestamp", "nonce")])


@of_kind("encrypted address")
def test_another_nonce_is_another_signature(vector):
    wrong = vector.get("wrong_nonce", "1")
    assert sign(vector["token"], vector["timestamp"], wrong, vector["encrypt"]) != vector["msg_signature"]


def test_a_message_under_the_previous_key_opens_and_is_answered_with_it():
    old, new = "a" * 43, "b" * 43
    envelope = Envelope("secure", "token", "wxapp", (new, old))
    encrypted = MessageCipher(old, "wxapp").encrypt(b"<xml><a>1</a></xml>")
    query = Query("", "1", "n", sign("token", "1", "n", encrypted), "aes")
    opened = envelope.open(query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())
    sealed = read_xml(envelope.seal("<xml><b>2</b></xml>", opened, 5, "n").encode())
    assert MessageCipher(old, "wxapp").decrypt(text_of(sealed, "Encrypt")) == b"<xml><b>2</b></xml>"
    assert text_of(sealed, "MsgSignature") == sign("token", "5", "n", text_of(sealed, "Encrypt"))
    assert (text_of(sealed, "TimeStamp"), text_of(sealed, "Nonce")) == ("5", "n")
    with pytest.raises(PushRefused):
        Envelope("secure", "token", "wxapp", (new,)).open(query, f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode())


def test_a_plain_push_is_answered_plain():
    query = Query(hashlib.sha1(b"1ntoken").hexdigest(), "1", "n")
    envelope = Envelope("plain", "token")
    opened = envelope.open(query, b"<xml><a>1</a></xml>")
    assert envelope.seal("<xml/>", opened, 5, "n") == "<xml/>"


@pytest.mark.parametrize("pairs", [
    [("timestamp", "1"), ("timestamp", "1"), ("nonce", "n")],
    [("timestamp", "one"), ("nonce", "n")],
    [("timestamp", "-1"), ("nonce", "n")],
    [("timestamp", "１"), ("nonce", "n")],
    [("timestamp", "1" * 13), ("nonce", "n")],
    [("timestamp", "1"), ("nonce", "")],
    [("timestamp", "1"), ("nonce", "n" * 129)],
    [("timestamp", "1"), ("nonce", "密")],
    [("timestamp", "1"), ("nonce", "a\nb")],
    [],
], ids=range(10))  # fmt: skip
def test_parameters_that_the_platform_never_sends_are_refused(pairs):
    with pytest.raises(PushRefused):
        read_query(pairs)


def test_parameters_of_others_are_ignored():
    assert read_query([("timestamp", "1"), ("nonce", "n"), ("utm", "密"), ("utm", "x")]) == Query("", "1", "n")
