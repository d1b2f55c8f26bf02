"""A desk with agents, and citizens who ask for a person; a Wednesday morning in working hours unless a test says otherwise."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from conversations import CitizenMessage, Response, claims, ledger
from desk import (
    CloseOutcome,
    Closing,
    Desk,
    HandoffReason,
    HandoffRequest,
    Presence,
    Router,
    enqueue,
    hours_from_json,
    save_desk,
    set_presence,
    staff_desk,
)
from desk.forecasts import Forecaster
from desk.holding import claim, close
from qinwen.clock import SHAANXI
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

WEDNESDAY = datetime(2026, 10, 14, 10, 0, tzinfo=SHAANXI)
WORKING_HOURS = [["09:00-12:00", "13:00-17:30"]] * 5 + [[], []]
DEPARTMENTS = {"idcard-renew": "公安·户政", "fund-withdraw": "住建·公积金", "social-card": "人社"}


@pytest.fixture
def moment():
    return WEDNESDAY


@pytest.fixture
def hours():
    return hours_from_json({"week": WORKING_HOURS})


@pytest.fixture
def router():
    return Router(DEPARTMENTS.get)


@pytest.fixture
def desks(ledger_database, hours):
    """A city's general desk under the province's, and its police desk."""
    with ledger_database.session() as session:
        save_desk(session, Desk("province", "省级综合服务台", "610000", hours))
        save_desk(session, Desk("city", "西安市综合服务台", "610100", hours, parent="province"))
        save_desk(session, Desk("police", "西安市公安服务台", "610100", hours, department="公安", parent="city", capacity=2))


@pytest.fixture
def do(ledger_database, desks):
    """Do a unit of work in a transaction of its own."""

    def run(work, *arguments, **more):
        with ledger_database.session() as session:
            return work(session, *arguments, **more)

    return run


@pytest.fixture
def agent(do, moment):
    """Make an agent who is online at a desk."""

    def make(name, desk="police", at=moment, presence=Presence.ONLINE, capacity=None):
        do(staff_desk, desk, name, capacity)
        do(set_presence, name, presence, at)
        return name

    return make


@pytest.fixture
def talk(do):
    """Let a citizen say something to the bot; gives citizen and conversation."""

    def say(name, text="身份证丢了怎么补", answer="带户口簿到派出所"):
        citizen = do(ledger.open_citizen, "webchat", name)
        claimed = do(claims.claim_turn, CitizenMessage(citizen, f"{name}-{text}", text), "webchat", "this", 3600.0)
        response = Response(Outcome.ANSWERED, (Reply("text", answer),) if answer else ())
        do(claims.finish_turn, claimed, "this", response)
        return citizen, claimed.conversation

    return say


@pytest.fixture
def ask(do, talk, router, moment):
    """Let a citizen ask for a person; gives the placement."""

    def asking(name, text="转人工", at=moment, item="idcard-renew", region="610113", **more):
        citizen, conversation = talk(name, text, "")
        request = HandoffRequest(
            conversation, citizen, more.pop("reason", HandoffReason.ASKED), text, item=item, region=region, **more
        )
        placement = do(enqueue, router, request, at)
        place = do(Forecaster().tell_place, placement.handling, at) if placement.handling else None
        return replace(placement, place=place)

    return asking


@pytest.fixture
def served(do, ask, agent, moment):
    """A conversation that an agent has."""

    def make(name="citizen", who="an", at=moment, **more):
        agent(who, at=at)
        placement = ask(name, at=at, **more)
        do(claim, placement.handling, who, at)
        return placement.handling

    return make


@pytest.fixture
def end(do, moment):
    """Let an agent close a conversation."""

    def ending(handling, who="an", outcome=CloseOutcome.RESOLVED, at=moment + timedelta(minutes=5), **more):
        return do(close, handling, who, Closing(outcome, seen=10**9, **more), at)

    return ending
