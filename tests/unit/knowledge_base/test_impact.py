"""What a draft would change is seen before it is published."""

from datetime import datetime, timezone

import numpy as np
import pytest
from sqlalchemy import func, select

from knowledge_base.answering import Answerer
from knowledge_base.content import Faq
from knowledge_base.drafts import open_draft, save_draft
from knowledge_base.impact import Asked, judge, latest_run, replay, replay_draft
from knowledge_base.models import QuestionVector
from knowledge_base.question_vectors import encoded, forget_unused
from knowledge_base.questions import Answer, Option
from qinwen.replies import Reply
from qinwen.vocabulary import Facet, Outcome

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
GOLDEN = [
    Asked("护照要多少钱", golden=True, item="passport", facet=Facet.FEE),
    Asked("补身份证要多少钱", golden=True, item="idcard", facet=Facet.FEE),
    Asked("政务大厅有停车场吗", golden=True),
]
REAL = [Asked("护照去哪儿办", times=5), Asked("护照要多少钱", times=9), Asked("公积金怎么提取", times=2)]


@pytest.fixture
def ask(database, knowledge):
    live = Answerer(knowledge, None)

    def run(content, questions=(*GOLDEN, *REAL)):
        return replay(database, live, knowledge, None, content, questions)

    return run


def test_only_the_answers_that_change_are_shown_side_by_side(ask, make):
    guide = make.guide(
        "passport",
        "610000",
        overview="到出入境窗口照相、填表、交费。",
        fee={"text": "每本160元。", "asked": ["护照要多少钱"]},
        place={"text": "任意出入境窗口。", "asked": ["护照去哪儿办"]},
        materials={"text": "带身份证。", "asked": ["护照要带什么材料"], "list": [{"name": "居民身份证", "originals": 1}]},
    )
    impact = ask(guide)
    assert impact.counts == {"worse": 0, "lost": 0, "changed": 2, "won": 0, "better": 0}
    assert {change.question for change in impact.changes} == {"护照要多少钱"}
    change = impact.changes[0]
    assert "120元" in change.before.text
    assert "160元" in change.after.text
    assert (impact.golden, impact.asked) == (3, 6)


def test_an_answer_that_is_lost_and_a_golden_one_that_gets_worse_come_first(ask, make):
    impact = ask(make.guide("passport", "610000", place={"text": "任意出入境窗口。", "asked": ["护照去哪儿办"]}))
    kinds = {change.question: change.kind for change in reversed(impact.changes)}
    assert kinds["护照要多少钱"] == "worse"
    assert impact.regressions == 1
    assert impact.changes[0].kind == "worse"


def test_new_wordings_change_what_is_found(ask):
    impact = ask(Faq("metro", "去大厅坐几号线", "二号线。", similar=("地铁几号线到大厅",)), [Asked("地铁几号线到大厅")])
    assert [change.kind for change in impact.changes] == ["won"]
    assert impact.changes[0].after.entry == "faq:metro"


def test_a_draft_that_says_the_same_changes_nothing(ask, knowledge, make):
    live = knowledge.version("faq:parking", NOW).content
    assert ask(live).changes == ()


def test_a_new_regional_guide_is_not_there_before(ask, make):
    impact = ask(make.guide("passport", "610700", place="汉中市政务中心。"), [Asked("汉中护照去哪儿办")])
    [change] = impact.changes
    assert "汉中市政务中心" not in change.before.text
    assert "汉中市政务中心" in change.after.text


def test_the_replay_leaves_what_is_live_alone(ask, knowledge, make):
    ask(make.guide("passport", "610000", fee="每本160元。"))
    assert knowledge.facet("passport", Facet.FEE, "610000", knowledge.clock()).content.text == "每本120元。"


class Source:
    def recent_questions(self, most):
        return REAL[:most]


def test_a_run_is_kept_for_the_draft_it_was_made_of(database, knowledge):
    with database.session() as session:
        draft = open_draft(session, "faq:parking", "wang", NOW)
        draft = save_draft(session, draft.entry, 1, {**draft.body, "answer": "没有了。"}, draft.plan, "wang", NOW)
        assert latest_run(session, draft) is None
    told = []
    impact = replay_draft(
        database, Answerer(knowledge, None), knowledge, None, draft, GOLDEN, Source(), 2, NOW, lambda *at: told.append(at)
    )
    assert told == [(5, 5)]
    with database.session() as session:
        assert latest_run(session, draft) == impact
        later = save_draft(session, draft.entry, 2, draft.body, draft.plan, "wang", NOW)
        assert latest_run(session, later) is None


def answer(outcome, item=None, facet=None, text="话", options=()):
    return Answer(outcome, (Reply("text", text),), item, facet, options=options)


RIGHT = answer(Outcome.ANSWERED, "passport", Facet.FEE)
WRONG = answer(Outcome.ANSWERED, "idcard", Facet.FEE)
OFFERS = answer(Outcome.CLARIFY, options=(Option("护照", "护照", "passport", Facet.FEE),))
NOTHING = answer(Outcome.NOT_FOUND)
GOLD, OUTSIDE, REAL_ONE = GOLDEN[0], Asked("红烧肉", golden=True), Asked("护照")


@pytest.mark.parametrize(
    ("asked", "old", "new", "kind"),
    [
        (GOLD, RIGHT, WRONG, "worse"),
        (GOLD, RIGHT, OFFERS, "worse"),
        (GOLD, OFFERS, NOTHING, "worse"),
        (GOLD, NOTHING, WRONG, "worse"),
        (GOLD, WRONG, RIGHT, "better"),
        (GOLD, RIGHT, answer(Outcome.ANSWERED, "passport", Facet.FEE, "新话"), "changed"),
        (GOLD, RIGHT, RIGHT, None),
        (OUTSIDE, NOTHING, RIGHT, "worse"),
        (OUTSIDE, RIGHT, NOTHING, "better"),
        (REAL_ONE, RIGHT, NOTHING, "lost"),
        (REAL_ONE, OFFERS, RIGHT, "won"),
        (REAL_ONE, RIGHT, WRONG, "changed"),
        (REAL_ONE, NOTHING, NOTHING, None),
    ],
)
def test_what_became_of_a_question_is_judged(asked, old, new, kind):
    assert judge(asked, old, new) == kind


class Encoder:
    name = "counting"

    def __init__(self):
        self.texts = []

    def encode(self, texts, _):
        self.texts += texts
        return np.eye(8, dtype=np.float32)[[len(text) % 8 for text in texts]]


def test_a_question_is_encoded_once_for_all_replays(empty):
    texts = [f"问题{number}" for number in range(150)] + ["问题1"]
    first, second = Encoder(), Encoder()
    made = list(encoded(empty, first, texts))
    assert len(first.texts) == 150
    again = list(encoded(empty, second, texts))
    assert second.texts == []
    assert np.allclose(made, again)
    assert list(encoded(empty, None, texts[:2])) == [None, None]
    with empty.session() as session:
        assert session.scalar(select(func.count()).select_from(QuestionVector)) == 150
        stored = session.scalars(select(QuestionVector.digest)).first()
    assert "问题" not in stored
    assert forget_unused(empty) == 0
    assert forget_unused(empty, days=-1) == 150
