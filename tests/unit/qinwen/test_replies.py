import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qinwen.replies import Choice, Reply, Source

choices = st.builds(Choice, st.text(max_size=8), st.text(max_size=8))
sources = st.builds(Source, st.text(max_size=8), st.integers(1, 99), st.text(max_size=8), st.text(max_size=8))
replies = st.builds(
    Reply,
    st.sampled_from(["text", "card", "choices", "status"]),
    st.text(max_size=30),
    st.lists(choices, max_size=3).map(tuple),
    st.lists(sources, max_size=3).map(tuple),
)


@given(replies)
def test_a_reply_comes_back_from_json_as_it_went(reply):
    assert Reply.from_json(json.loads(json.dumps(reply.to_json()))) == reply


def test_a_reply_has_the_shape_of_the_citizen_api():
    reply = Reply("choices", "哪一件?", (Choice("护照", "护照怎么办"),), (Source("faq:a", 2, "fee", "第2版"),))
    assert reply.to_json() == {
        "type": "choices",
        "text": "哪一件?",
        "choices": [{"title": "护照", "value": "护照怎么办"}],
        "sources": [{"entry": "faq:a", "version": 2, "facet": "fee", "title": "第2版"}],
    }


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"type": "text"},
        {"type": "video", "text": "看"},
        {"type": ["text"], "text": "看"},
        {"type": "text", "text": "看", "choices": [{"title": "没有值"}]},
        {"type": "text", "text": "看", "choices": ["护照"]},
        {"type": "card", "text": "看", "sources": [{"entry": "a", "version": "二", "facet": "", "title": ""}]},
        ["text", "看"],
        None,
    ],
)
def test_what_is_not_a_reply_is_refused(shape):
    with pytest.raises(ValueError, match=r"."):
        Reply.from_json(shape)


def test_a_reply_without_choices_and_sources_is_read():
    assert Reply.from_json({"type": "text", "text": "好"}) == Reply("text", "好")
