"""The simulator's signatures and ciphers are those of the published examples, and of another library."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wechat_platform import Account, Cipher, CipherFault, sign
from tests.wechat_platform.cipher import PAD_BLOCK

VECTORS = json.loads((Path(__file__).parent / "published_vectors.json").read_text(encoding="utf-8"))
ACCOUNT = Account()
SALT = b"0123456789abcdef"


def by_id(kind):
    return pytest.mark.parametrize("vector", VECTORS[kind], ids=[one["id"] for one in VECTORS[kind]])


@by_id("signed")
def test_a_published_signature_is_ours(vector):
    assert sign(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


@by_id("sealed")
def test_a_published_ciphertext_opens_and_its_signature_is_ours(vector):
    assert Cipher(vector["aes_key"], vector["app_id"]).open(vector["sealed"]) == vector["message"]
    if vector["msg_signature"]:
        parts = (vector["token"], vector["timestamp"], vector["nonce"], vector["sealed"])
        assert sign(*parts) == vector["msg_signature"]


@pytest.mark.parametrize("vector", [one for one in VECTORS["sealed"] if one["salt"]], ids=lambda one: one["id"])
def test_a_published_ciphertext_comes_out_byte_for_byte(vector):
    sealed = Cipher(vector["aes_key"], vector["app_id"]).seal(vector["message"], vector["salt"].encode())
    assert sealed == vector["sealed"]


@by_id("refused")
def test_a_broken_ciphertext_is_a_fault(vector):
    if vector["id"].startswith("N12"):
        with pytest.raises(CipherFault, match="UTF-8"):
            Cipher(vector["aes_key"], vector["app_id"]).open(vector["sealed"])
    else:
        with pytest.raises(CipherFault):
            Cipher(vector["aes_key"], vector["app_id"]).open(vector["sealed"])


@pytest.mark.parametrize("length", range(33))
def test_every_padding_from_1_to_32_is_written_and_read(length):
    cipher = Cipher(ACCOUNT.aes_key, ACCOUNT.app_id)
    sealed = cipher.seal("x" * length, SALT)
    assert len(base64.b64decode(sealed)) % PAD_BLOCK == 0
    assert cipher.open(sealed) == "x" * length


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
@settings(deadline=None, max_examples=50)
def test_the_other_library_opens_ours_and_we_open_its(message):
    crypto = pytest.importorskip("wechatpy.crypto")
    theirs, cipher = (
        crypto.WeChatCrypto(ACCOUNT.token, ACCOUNT.aes_key, ACCOUNT.app_id),
        Cipher(ACCOUNT.aes_key, ACCOUNT.app_id),
    )
    sealed = cipher.seal(message, SALT)
    xml = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    opened = theirs.decrypt_message(xml, sign(ACCOUNT.token, "1714112445", "7", sealed), "1714112445", "7")
    assert (opened.decode() if isinstance(opened, bytes) else opened) == message
    prp = crypto.PrpCrypto(base64.b64decode(ACCOUNT.aes_key + "="))
    assert cipher.open(prp.encrypt(message, ACCOUNT.app_id).decode()) == message


def test_two_accounts_cannot_read_each_other():
    sealed = Cipher(ACCOUNT.aes_key, "wx1").seal("您好", SALT)
    with pytest.raises(CipherFault):
        Cipher(ACCOUNT.aes_key, "wx2").open(sealed)
