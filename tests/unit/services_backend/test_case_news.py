"""News of cases: once, in order, not at night, not to who does not want them, and what was promised kept."""

import asyncio
from datetime import datetime, time, timedelta

import pytest

from qinwen.clock import SHAANXI, now
from qinwen.quiet_hours import QuietHours
from services_backend import BackendUnavailable, CaseChanged, CaseState, Teller, add_notices, keeping
from services_backend import case_words as w
from tests.unit.services_backend.conftest import CITIZEN, LAST4, Talker, make_case, words

OTHER = "citizen-0002"


class Messenger:
    """Stands in for the hub: `heard` says when who wrote last (None: gone); keeps what was told."""

    def __init__(self, database):
        self.database = database
        self.heard = {}
        self.told = []

    async def last_heard(self, citizen):
        return self.heard.get(citizen, now())

    async def tell(self, citizen, reply, note):
        with self.database.session() as session:
            if not note(session):
                return False
        self.told.append((citizen, reply.text))
        return True


@pytest.fixture
def messenger(case_database):
    return Messenger(case_database)


@pytest.fixture
def teller(talk, messenger):
    return Teller(talk.room, messenger)


@pytest.fixture
async def bound(talker, backend, bind):
    """A bound citizen's case, whose changes are announced by `change`."""
    case = make_case()
    await bind(case)
    return case


@pytest.fixture
def change(case_database):
    def announce(case, state, sequence, event=None, subjects=(CITIZEN,)):
        changed = CaseChanged(
            event or f"event-{case.number}-{sequence}",
            sequence,
            case.number,
            case.item,
            case.item_name,
            state,
            CaseState.REVIEW,
            now(),
            tuple(subjects),
        )
        with case_database.session() as session:
            return add_notices(session, changed)

    return announce


def quiet_now():
    """Give quiet hours that began an hour ago and end in an hour."""
    local = datetime.now(SHAANXI)
    return QuietHours((local - timedelta(hours=1)).time(), (local + timedelta(hours=1)).time())


async def test_a_change_is_told_once_however_often_it_is_announced_and_whoever_tells_it(teller, talk, messenger, change, bound):
    assert change(bound, CaseState.DECIDED, 4) == 1
    assert change(bound, CaseState.DECIDED, 4) == 0
    await asyncio.gather(teller.tell_all(), Teller(talk.room, messenger).tell_all())
    await teller.tell_all()
    [(citizen, text)] = messenger.told
    assert citizen == CITIZEN
    assert "变为“已决定”" in text
    assert "别给我发通知" in text
    assert bound.applicant not in text


async def test_changes_are_told_in_their_order_and_an_older_one_that_comes_late_is_not(teller, messenger, change, bound):
    change(bound, CaseState.DECIDED, 4)
    change(bound, CaseState.GRANTED, 6)
    assert change(bound, CaseState.REVIEW, 5) == 0
    await teller.tell_all()
    assert [text.split("变为")[1][:5] for _, text in messenger.told] == ["“已决定”", "“已办结（"]


async def test_nobody_is_told_at_night_but_who_is_chatting_just_then(teller, messenger, change, bound):
    teller.quiet = quiet_now()
    messenger.heard[CITIZEN] = now() - timedelta(hours=3)
    change(bound, CaseState.DECIDED, 4)
    change(bound, CaseState.GRANTED, 5)
    await teller.tell_all()
    assert messenger.told == []
    messenger.heard[CITIZEN] = now()
    await teller.tell_all()
    assert len(messenger.told) == 2
    messenger.heard[CITIZEN] = now() - timedelta(hours=3)
    change(bound, CaseState.MADE, 6)
    await teller.tell_all()
    assert len(messenger.told) == 2
    # And in the morning:
    teller.quiet = QuietHours(time(0), time(0))
    await teller.tell_all()
    assert len(messenger.told) == 3


async def test_a_citizen_who_sleeps_holds_nobody_else_s_news_up(teller, talk, messenger, change, bound, backend, case_database):
    other = Talker(talk, case_database, OTHER)
    theirs = make_case(2)
    backend.add_case(theirs, LAST4, "李")
    await other.say(f"绑定码 {backend.make_receipt_code(theirs.number)}")
    teller.quiet = quiet_now()
    messenger.heard[CITIZEN] = now() - timedelta(hours=3)
    change(bound, CaseState.DECIDED, 4)
    change(theirs, CaseState.DECIDED, 4, subjects=[OTHER])
    await teller.tell_all()
    assert [citizen for citizen, _ in messenger.told] == [OTHER]


async def test_who_does_not_want_news_gets_none_until_they_want_them_again(teller, messenger, change, bound, talker):
    change(bound, CaseState.DECIDED, 4)
    assert words(await talker.say("别给我发通知了", "stop_notices")) == w.NOTICES_OFF
    assert change(bound, CaseState.GRANTED, 5) == 0
    await teller.tell_all()
    assert messenger.told == []
    assert words(await talker.say("打开通知")) == w.NOTICES_ON
    change(bound, CaseState.MADE, 6)
    await teller.tell_all()
    assert len(messenger.told) == 1


async def test_after_unbinding_nothing_is_told_any_more(teller, messenger, change, bound, talker):
    change(bound, CaseState.DECIDED, 4)
    await talker.say("解除绑定")
    assert change(bound, CaseState.GRANTED, 5) == 0
    await teller.tell_all()
    assert messenger.told == []


async def test_who_can_t_be_reached_any_more_is_given_up(teller, messenger, change, bound, case_database):
    messenger.heard[CITIZEN] = None
    change(bound, CaseState.DECIDED, 4)
    await teller.tell_all()
    assert messenger.told == []
    with case_database.session() as session:
        assert keeping.count_open(session) == (0, 0)


async def test_a_change_is_told_in_short_when_the_case_system_does_not_answer(teller, messenger, change, bound, backend):
    change(bound, CaseState.DECIDED, 4)
    backend.fail_with = BackendUnavailable()
    await teller.tell_all()
    [(_, text)] = messenger.told
    assert "变为“已决定”" in text


async def test_a_promise_waits_for_the_case_system_and_for_the_morning(teller, messenger, bound, talker, backend):
    backend.fail_with = BackendUnavailable()
    await talker.say(f"查 {bound.number}")
    await teller.tell_all()
    backend.fail_with = None
    teller.quiet = quiet_now()
    messenger.heard[CITIZEN] = now() - timedelta(hours=3)
    await teller.tell_all()
    assert messenger.told == []
    teller.quiet = QuietHours()
    await teller.tell_all()
    await teller.tell_all()
    [(_, text)] = messenger.told
    assert "恢复了" in text
    assert "审查中" in text


async def test_a_promise_that_is_too_old_is_dropped(teller, messenger, bound, talker, backend, monkeypatch, case_database):
    backend.fail_with = BackendUnavailable()
    await talker.say(f"查 {bound.number}")
    backend.fail_with = None
    monkeypatch.setattr(keeping, "PROMISE_LIFE", timedelta(0))
    await teller.tell_all()
    assert messenger.told == []
    with case_database.session() as session:
        assert keeping.open_promises(session) == []
