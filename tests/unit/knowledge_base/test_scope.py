import numpy as np
import pytest

from knowledge_base.scope import SCOPE_SIGNALS, scope_signals

LONG = SCOPE_SIGNALS.index("long")
STORY = "我去年在这边住的院花了好几万然后合疗是在老家交的走的时候也没跟谁说出院的时候窗口的人讲没有弄那个手续就不给我算"


def long_counts(text, intents):
    signals = np.zeros((2, 3, 8), dtype=np.float32)
    return bool(scope_signals(text, signals, intents, np.ones(8, dtype=np.float32))[LONG])


@pytest.mark.parametrize("end", ["那我现在还能不能报啊", "请问我要怎么弄", "这钱还能给我报吗", "该去哪里问呢"])
def test_a_long_text_that_asks_in_its_last_words_counts_as_a_question(end):
    assert not long_counts(STORY + end, {"ask_eligibility": 0.8, "complain": 0.1})


@pytest.mark.parametrize(("end", "facet"), [("希望有关部门赶紧处理给个说法", 0.8), ("你们到底还管不管这到底算怎么回事", 0.2)])
def test_a_long_text_that_only_tells_or_complains_does_not(end, facet):
    assert long_counts(STORY + end, {"ask_eligibility": facet, "complain": 0.9 - facet})
