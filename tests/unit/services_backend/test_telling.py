"""What citizens are told without asking: changes of their cases and what was promised, once, in order, not at night."""

import asyncio
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from qinwen.clock import now
from qinwen.quiet_hours import QuietHours
from services_backend import BackendUnavailable, CaseChanged, CaseState, Teller, add_notices, keeping
from services_backend.models import CaseNoticeRow, CasePromiseRow
from tests.unit.services_backend.conftest import CITIZEN, LAST4, Talker, make_case, words

OTHER = "citizen-0002"
ALWAYS_QUIET = QuietHours(time(0), time(23, 59, 59))


class FakeHub:
    """Stands in for the hub: what is told is kept with the note, like a transaction does; `others` heard at other times."""

    def __init__(self, database, heard=None):
        self.database, self.heard, self.others, self.told = database, heard or now(), {}, []

    async def last_heard(self, citizen):
        return self.others.get(citizen, self.heard)

    async def tell(self, citizen, reply, note, notice=None):
        with self.database.session() as session:
            still = note(session)
        if still:
            self.told.append((citizen, reply.text))
        return still


@pytest.fixture
def messenger(case_database):
    return FakeHub(case_database)


@pytest.fixture
def teller(talk, messenger):
    return Teller(talk.room, messenger)


@pytest.fixture
def changed(case_database):
    """Report a change of a case as the case system does; gives how many are to be told."""

    def report(case, state, sequence, event=None, subjects=(CITIZEN,)):
        what = CaseChanged(
            event or f"event-{case.number}-{sequence}",
            sequence,
            case.number,
            case.item,
            case.item_name,
            state,
            case.state,
            now(),
            tuple(subjects),
        )
        with case_database.session() as session:
            return add_notices(session, what)

    return report


def states(database, table):
    with database.session() as session:
        return list(session.scalars(select(table.state).order_by(table.id)))


async def test_a_change_is_told_once_with_what_comes_next_and_is_known_from_then_on(
    teller, messenger, bind, changed, case_database
):
    case = make_case()
    await bind(case)
    assert changed(case, CaseState.REVIEW, 1) == 1
    await teller.tell_all()
    await teller.tell_all()
    [(citizen, text)] = messenger.told
    assert citizen == CITIZEN
    assert "审查中" in text
    assert "莲湖区户政窗口" in text
    assert "别给我发通知" in text
    with case_database.session() as session:
        assert keeping.read_known(session, CITIZEN, case.number).state is CaseState.REVIEW


async def test_the_same_event_again_and_a_late_one_are_not_told(teller, messenger, bind, changed):
    case = make_case()
    await bind(case)
    assert changed(case, CaseState.DECIDED, 2, "event-a") == 1
    assert changed(case, CaseState.DECIDED, 2, "event-a") == 0
    assert changed(case, CaseState.REVIEW, 1, "event-b") == 0
    await teller.tell_all()
    assert len(messenger.told) == 1


async def test_changes_are_told_in_their_order(teller, messenger, bind, changed):
    case = make_case()
    await bind(case)
    for sequence, state in enumerate((CaseState.DECIDED, CaseState.GRANTED, CaseState.MADE), start=1):
        changed(case, state, sequence)
    await teller.tell_all()
    assert [text.split("“")[1].split("”")[0] for _, text in messenger.told] == [
        state.label for state in (CaseState.DECIDED, CaseState.GRANTED, CaseState.MADE)
    ]


async def test_at_night_only_who_is_chatting_is_told(talk, messenger, bind, changed):
    case = make_case()
    await bind(case)
    changed(case, CaseState.REVIEW, 1)
    night = Teller(talk.room, messenger, ALWAYS_QUIET)
    messenger.heard = now() - timedelta(hours=1)
    await night.tell_all()
    assert messenger.told == []
    messenger.heard = now()
    await night.tell_all()
    assert len(messenger.told) == 1


async def test_who_wants_no_notices_gets_none_also_not_those_that_waited(teller, messenger, bind, changed, talker):
    case = make_case()
    await bind(case)
    changed(case, CaseState.REVIEW, 1)
    await talker.say("别给我发通知了", "stop_notices")
    assert changed(case, CaseState.DECIDED, 2) == 0
    await teller.tell_all()
    assert messenger.told == []
    answer = await talker.say("以后有消息还是告诉我吧")
    assert "主动告诉您" in words(answer)
    assert changed(case, CaseState.GRANTED, 3) == 1


async def test_who_was_erased_is_told_nothing_and_nothing_stays_due(teller, messenger, bind, changed, case_database):
    case = make_case()
    await bind(case)
    changed(case, CaseState.REVIEW, 1)
    messenger.last_heard = _never
    await teller.tell_all()
    assert messenger.told == []
    assert states(case_database, CaseNoticeRow) == ["skipped"]


async def _never(_):
    return None


async def test_what_was_promised_is_told_once_when_the_case_system_is_back(teller, messenger, bind, talker, backend):
    case = make_case()
    await bind(case)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    assert "恢复" in words(await talker.say(f"查 {case.number}"))
    await teller.tell_all()
    assert messenger.told == []
    backend.fail_with = None
    await teller.tell_all()
    await teller.tell_all()
    [(_, text)] = messenger.told
    assert "最新情况" in text
    assert case.item_name in text


async def test_who_waits_for_a_case_hears_of_it_and_not_also_that_all_is_well(
    teller, messenger, bind, talker, backend, case_database
):
    case = make_case()
    await bind(case)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    await talker.say("我的办件")
    await talker.say(f"查 {case.number}")
    backend.fail_with = None
    await teller.tell_all()
    assert len(messenger.told) == 1
    assert sorted(states(case_database, CasePromiseRow)) == ["over", "told"]


async def test_a_promise_that_is_too_old_is_not_told_any_more(teller, messenger, bind, talker, backend, case_database):
    case = make_case()
    await bind(case)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    await talker.say(f"查 {case.number}")
    with case_database.session() as session:
        session.scalars(select(CasePromiseRow)).one().created_at = now() - keeping.PROMISE_LIFE - timedelta(minutes=1)
    backend.fail_with = None
    await teller.tell_all()
    assert messenger.told == []
    assert states(case_database, CasePromiseRow) == ["over"]


async def test_what_was_told_already_is_asked_for_again_and_told_no_more(teller, messenger, bind, talker, backend):
    case = make_case()
    await bind(case)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    await talker.say(f"查 {case.number}")
    backend.fail_with = None
    await talker.say(f"查 {case.number}")
    await teller.tell_all()
    assert messenger.told == []


async def test_without_the_case_system_a_booking_is_not_promised_as_if_it_were_a_status(talker, backend, case_database):
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    answer = await talker.say("取消预约")
    assert "没有办完" in words(answer)
    assert states(case_database, CasePromiseRow) == []


async def test_an_answer_says_which_item_the_case_or_the_appointment_is_about(talker, pass_check):
    assert (await pass_check(make_case())).item == "idcard-renew"
    assert (await talker.say("预约办护照", "book_appointment", "passport")).item == "passport"
    assert (await talker.say("随便哪天", None)) is None


async def test_two_tellers_at_once_tell_a_change_once(teller, talk, messenger, bind, changed):
    case = make_case()
    await bind(case)
    changed(case, CaseState.DECIDED, 4)
    await asyncio.gather(teller.tell_all(), Teller(talk.room, messenger).tell_all())
    [(_, text)] = messenger.told
    assert case.applicant not in text


async def test_a_citizen_who_sleeps_holds_nobody_else_s_news_up(teller, talk, messenger, bind, changed, backend, case_database):
    case, theirs = make_case(), make_case(2)
    await bind(case)
    backend.add_case(theirs, LAST4, "李")
    await Talker(talk, case_database, OTHER).say(f"绑定码 {backend.make_receipt_code(theirs.number)}")
    teller.quiet = ALWAYS_QUIET
    messenger.heard, messenger.others = now() - timedelta(hours=3), {OTHER: now()}
    changed(case, CaseState.DECIDED, 4)
    changed(theirs, CaseState.DECIDED, 4, subjects=[OTHER])
    await teller.tell_all()
    assert [citizen for citizen, _ in messenger.told] == [OTHER]


async def test_after_unbinding_nothing_is_told_any_more(teller, messenger, bind, changed, talker):
    case = make_case()
    await bind(case)
    changed(case, CaseState.DECIDED, 4)
    await talker.say("解除绑定")
    assert changed(case, CaseState.GRANTED, 5) == 0
    await teller.tell_all()
    assert messenger.told == []


async def test_a_change_is_told_in_short_when_the_case_system_does_not_answer(teller, messenger, bind, changed, backend):
    case = make_case()
    await bind(case)
    changed(case, CaseState.DECIDED, 4)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    await teller.tell_all()
    [(_, text)] = messenger.told
    assert "变为“已决定”" in text


async def test_a_promise_waits_for_the_morning(teller, messenger, bind, talker, backend):
    case = make_case()
    await bind(case)
    backend.fail_with = BackendUnavailable("办件系统没有回答。")
    await talker.say(f"查 {case.number}")
    backend.fail_with = None
    teller.quiet, messenger.heard = ALWAYS_QUIET, now() - timedelta(hours=3)
    await teller.tell_all()
    assert messenger.told == []
    teller.quiet = QuietHours()
    await teller.tell_all()
    [(_, text)] = messenger.told
    assert "审查中" in text
