import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.webchat import Sent, bearer_token, event_stream_chunk, hash_token, new_token, read_sent
from conversations import MessageRefused, SessionUnknown


def body(**fields):
    return json.dumps(fields).encode()


def test_a_message_is_read():
    assert read_sent(body(text=" 身份证丢了咋办 ", message_id="m1")) == Sent("身份证丢了咋办", "m1")


def test_fields_we_do_not_know_do_no_harm():
    assert read_sent(body(text="你好", message_id="m1", colour="red")) == Sent("你好", "m1")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"text=hello",
        b"\xff\xfe\x00",
        b'"hello"',
        b"[]",
        b"null",
        b"{}",
        pytest.param(b"[" * 60_000, id="deep"),
        b'{"text": "' + b"\\u0000" * 3 + b'", "message_id": "m1"}',
        body(text="你好"),
        body(message_id="m1"),
        body(text=["你好"], message_id="m1"),
        body(text="你好", message_id=1),
        body(text="", message_id="m1"),
        pytest.param(body(text="证" * 501, message_id="m1"), id="long"),
    ],
)
def test_anything_else_is_refused_with_one_sentence(sent):
    with pytest.raises(MessageRefused) as caught:
        read_sent(sent)
    assert caught.value.message.endswith("。")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reading(sent):
    try:
        read_sent(sent)
    except MessageRefused:
        pass


def test_a_command_is_made_harmless_on_the_way_in():
    assert not read_sent(body(text="／ask_fee", message_id="m1")).text.startswith(("/", "／"))


def test_tokens_are_long_and_never_the_same():
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 40


def test_the_stored_form_does_not_give_the_token_away():
    token = new_token()
    assert token not in hash_token(token)
    assert hash_token(token) == hash_token(token)
    assert len(hash_token(token)) == 64


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc "])
def test_a_bearer_token_is_taken_out_of_the_header(header):
    assert bearer_token(header) == "abc"


@pytest.mark.parametrize("header", [None, "", "abc", "Bearer", "Bearer ", "Basic abc", "Bearer \udcff", "Bearer 令牌"])
def test_another_header_is_no_session(header):
    with pytest.raises(SessionUnknown):
        bearer_token(header)


def test_an_event_carries_its_id_and_stays_on_one_line():
    chunk = event_stream_chunk({"id": 7, "reply": {"text": "第一行\n第二行\r\nid: 9"}}).decode()
    assert chunk.endswith("\n\n")
    lines = chunk.rstrip("\n").split("\n")
    assert lines[0] == "id: 7"
    assert lines[1] == "event: message"
    assert json.loads(lines[2].removeprefix("data: "))["reply"]["text"] == "第一行\n第二行\r\nid: 9"
    assert len(lines) == 3
