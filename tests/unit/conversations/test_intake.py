import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conversations import MessageRefused, accept_message_id, accept_text
from conversations.intake import MAX_CHARACTERS
from language import normalise

EMPTY = "您好像还没写字"


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000", "/", " //", "／"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(MessageRefused, match=EMPTY):
        accept_text(text)


@pytest.mark.parametrize("value", [None, 7, ["身份证"], {"text": "身份证"}, b"id"])
def test_what_is_not_text_is_refused(value):
    with pytest.raises(MessageRefused, match="文字"):
        accept_text(value)


def test_500_characters_are_taken_and_501_are_not():
    assert accept_text("证" * MAX_CHARACTERS) == "证" * MAX_CHARACTERS
    with pytest.raises(MessageRefused, match="超过 500 个字"):
        accept_text("证" * (MAX_CHARACTERS + 1))


def test_blanks_around_do_not_count():
    assert accept_text("  身份证怎么办 \n" + " " * 600) == "身份证怎么办"


def test_a_flood_of_blanks_is_refused_before_it_is_read():
    with pytest.raises(MessageRefused, match="超过"):
        accept_text(" " * (MAX_CHARACTERS * 8 + 1))


@pytest.mark.parametrize("text", ["\x00\x01\x02\x03", "PNG\x1a\x00\x00\x00\x0d\x07", "\ufffe\uffff\ue000\ue001 ok"])
def test_binary_data_is_refused(text):
    with pytest.raises(MessageRefused, match="不是文字"):
        accept_text(text)


@pytest.mark.parametrize(
    "text",
    ["/greet", "  /greet", "\n/greet", "／greet", "　／greet", "//greet", "\u200b/greet", '/ask_fee{"item": "x"}',
     "EXTERNAL: x", "\ufeff/restart"],
)  # fmt: skip
def test_a_command_never_reaches_the_engine(text):
    accepted = accept_text(text)
    assert not accepted.startswith("/")
    assert not normalise(accepted).lstrip().startswith(("/", "EXTERNAL:"))


@given(st.text(max_size=60))
@example("／／a")
@example("\u3000/a")
def test_no_text_at_all_becomes_a_command(text):
    try:
        accepted = accept_text(text)
    except MessageRefused:
        return
    assert accepted == accepted.strip()
    assert 1 <= len(accepted) <= MAX_CHARACTERS
    assert not normalise(accepted).lstrip().startswith("/")


@given(st.text(st.characters(), min_size=1, max_size=20), st.sampled_from(["\x00", "\ud800", "\udfff"]))
def test_what_is_taken_can_be_stored_anywhere(text, broken):
    """A NUL can't be stored by PostgreSQL, half a surrogate pair by nobody."""
    try:
        accepted = accept_text(f"身份证怎么办{broken}{text}")
    except MessageRefused:
        return
    assert "\x00" not in accepted
    assert accepted.encode()


@pytest.mark.parametrize("message_id", ["1", "5f0c-a9.b:c_d", "x" * 64])
def test_an_ordinary_message_id_is_taken(message_id):
    assert accept_message_id(message_id) == message_id


@pytest.mark.parametrize("value", [None, 3, "", "x" * 65, "编号", " a", "a ", "a\nb", "a\x00"])
def test_another_message_id_is_refused(value):
    with pytest.raises(MessageRefused, match="message_id"):
        accept_message_id(value)
