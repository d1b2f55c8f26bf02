"""What a person of the desk starts for a citizen: who is asked, what is seen, and what never is."""

import pytest

from language import hide_secrets
from services_backend import AgentSteps, BackendUnavailable, CaseQuestion, CaseState, Identity, print_case_number, read_number
from services_backend.models import CaseTalkRow
from tests.unit.services_backend.conftest import CITIZEN, LAST4, make_case, titles, words


class AtDesk:
    """A citizen with whom a person talks, and that person's page."""

    def __init__(self, talk, database):
        self.talk, self.database, self.steps = talk, database, AgentSteps(talk)
        self.kept = []

    @property
    def standing(self):
        with self.database.session() as session:
            return self.steps.standing(session, CITIZEN)

    @property
    def identity(self):
        return self.standing.identity

    async def say(self, text):
        """Say something as the citizen; gives the step's answer and whether it asks again, or None: the person's."""
        with self.database.session() as session:
            expected = self.talk.expects_secret(session, CITIZEN)
        hidden = hide_secrets(text, expected=expected)
        self.kept.append(hidden.text)
        return await self.steps.answer(CaseQuestion(CITIZEN, hidden.text, hidden.said, "origin-0001", f"t{len(self.kept)}"))


@pytest.fixture
def at_desk(talk, case_database):
    return AtDesk(talk, case_database)


@pytest.fixture
def prove(at_desk, backend):
    """Have the citizen prove who they are."""

    async def proved(case):
        backend.add_case(case, LAST4, "王")
        await at_desk.steps.ask_identity(CITIZEN, "k", case.number)
        await at_desk.say(LAST4)
        return await at_desk.say(backend.sms[-1])

    return proved


async def test_who_is_asked_proves_it_and_only_the_result_is_seen(at_desk, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    assert at_desk.identity is Identity.UNKNOWN
    asked = await at_desk.steps.ask_identity(CITIZEN, "k1")
    assert "办件编号" in words(asked)
    assert at_desk.identity is Identity.ASKED
    assert at_desk.standing.step == "等市民发办件编号"
    answer, asks = await at_desk.say(case.number)
    assert asks
    assert "后四位" in words(answer)
    await at_desk.say(LAST4)
    answer, asks = await at_desk.say(backend.sms[-1])
    assert not asks
    assert "身份核对好了" in words(answer)
    assert at_desk.identity is Identity.VERIFIED
    assert at_desk.standing.until is not None
    assert at_desk.kept == [case.number, "[后四位]", "[验证码]"]


async def test_nothing_that_proves_an_identity_is_kept_where_the_step_stands(at_desk, prove, backend, case_database):
    await prove(make_case())
    with case_database.session() as session:
        kept = str(session.get_one(CaseTalkRow, CITIZEN).state)
    assert LAST4 not in kept
    assert backend.sms[-1] not in kept


async def test_who_is_bound_or_was_proved_is_not_asked_again(at_desk, prove, bind):
    await prove(make_case())
    assert await at_desk.steps.ask_identity(CITIZEN, "k2") is None
    await bind(make_case(2))
    assert at_desk.identity is Identity.BOUND
    assert await at_desk.steps.ask_identity(CITIZEN, "k3") is None


async def test_a_binding_code_proves_it_too(at_desk, backend):
    case = make_case()
    backend.add_case(case, LAST4, "王")
    await at_desk.steps.ask_identity(CITIZEN, "k")
    await at_desk.say(backend.make_receipt_code(case.number))
    assert at_desk.identity is Identity.BOUND
    assert at_desk.kept == ["[绑定码]"]


async def test_who_fails_three_times_is_shown_as_not_verified(at_desk, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await at_desk.steps.ask_identity(CITIZEN, "k", case.number)
    await at_desk.say("9999")
    for _ in range(3):
        answer, _ = await at_desk.say("000000")
    assert at_desk.identity is Identity.FAILED
    assert "转人工" not in words(answer)
    assert "转人工" not in titles(answer)
    await at_desk.steps.ask_identity(CITIZEN, "k2", case.number)
    assert at_desk.identity is Identity.ASKED


async def test_a_case_is_explained_only_after_the_proof(at_desk, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    asked = await at_desk.steps.look_up(CITIZEN, "k", case.number)
    assert case.item_name not in words(asked)
    await at_desk.say(LAST4)
    answer, asks = await at_desk.say(backend.sms[-1])
    assert not asks
    assert f"{case.item_name} · {case.state.label}" in words(answer)
    # What only the bot could go on with is not offered while a person has the conversation.
    assert titles(answer) == []
    assert "接下来您可以" not in words(answer)


async def test_who_was_proved_is_told_at_once(at_desk, prove):
    case = make_case()
    await prove(case)
    assert print_case_number(case.number) in words(await at_desk.steps.look_up(CITIZEN, "k"))


async def test_another_case_than_the_one_proved_is_asked_for_anew(at_desk, prove, backend):
    await prove(make_case())
    other = make_case(2, state=CaseState.DECIDED)
    backend.add_case(other, LAST4, "李")
    answer = await at_desk.steps.look_up(CITIZEN, "k", other.number)
    assert other.state.label not in words(answer)
    assert "后四位" in words(answer)


async def test_a_bound_citizen_with_several_cases_chooses_or_has_it_chosen(at_desk, bind):
    first, second = make_case(1), make_case(2, item_name="护照签发")
    await bind(first, second)
    listed = await at_desk.steps.look_up(CITIZEN, "k1")
    assert len(titles(listed)) == 2
    assert at_desk.standing.choices == tuple(titles(listed))
    tail = f"（尾号{first.number[-4:]}）"
    [title] = [title for title in titles(listed) if title.endswith(tail)]
    assert print_case_number(first.number) in words(await at_desk.steps.choose(CITIZEN, "k2", title))
    await at_desk.steps.look_up(CITIZEN, "k3")
    answer, _ = await at_desk.say(f"查 {print_case_number(second.number)}")
    assert print_case_number(second.number) in words(answer)


async def test_a_time_is_booked_with_choices_of_the_citizen_and_of_the_person(at_desk, backend):
    asked = await at_desk.steps.book(CITIZEN, "k1", "passport", None)
    halls = titles(asked)
    assert at_desk.standing.choices == tuple(halls)
    answer, asks = await at_desk.say(halls[0])
    assert asks
    assert await at_desk.steps.choose(CITIZEN, "k2", "没有这一天") is None
    timed = await at_desk.steps.choose(CITIZEN, "k3", titles(answer)[0])
    booked = await at_desk.steps.choose(CITIZEN, "k4", titles(timed)[0])
    assert "约好了" in words(booked)
    assert titles(booked) == []
    assert len(await backend.list_appointments(CITIZEN)) == 1
    assert not at_desk.standing.step


async def test_nobody_proves_an_identity_for_the_citizen(at_desk, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await at_desk.steps.ask_identity(CITIZEN, "k", case.number)
    assert at_desk.standing.choices == ()
    assert await at_desk.steps.choose(CITIZEN, "k2", LAST4) is None


async def test_something_else_is_the_person_s(at_desk):
    assert await at_desk.say("你好") is None
    await at_desk.steps.ask_identity(CITIZEN, "k")
    assert await at_desk.say("为什么要核对") is None
    assert at_desk.identity is Identity.ASKED


async def test_what_the_bot_asked_before_is_not_gone_on_with(at_desk, talker):
    await talker.say("查办件", "check_case")
    assert await at_desk.say("SN20261116001723") is None


async def test_a_step_is_stopped(at_desk):
    await at_desk.steps.book(CITIZEN, "k1", "passport", None)
    assert "不用再答" in words(await at_desk.steps.stop(CITIZEN, "k2"))
    assert await at_desk.steps.stop(CITIZEN, "k3") is None
    assert await at_desk.say("莲湖区") is None


async def test_without_the_case_system_it_is_said_and_nothing_proved(at_desk, backend):
    await at_desk.steps.ask_identity(CITIZEN, "k", make_case().number)
    backend.fail_with = BackendUnavailable("down")
    answer, asks = await at_desk.say(LAST4)
    assert asks
    assert "暂时连不上" in words(answer)
    assert at_desk.identity is Identity.ASKED


@pytest.mark.parametrize(
    ("typed", "number"),
    [("", ""), ("  ", ""), ("sn 2026 1116 001723", "SN20261116001723"), ("12345", None), ("您好", None)],
)
def test_a_number_is_read_or_refused(typed, number):
    assert read_number(typed) == number
