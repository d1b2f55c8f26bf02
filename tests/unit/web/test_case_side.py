"""What stands between the bot and the talk about cases: when a reminder of an open question is added."""

from types import SimpleNamespace

import pytest

from conversations import Response
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from web.case_side import CaseSide


class BookingUnderWay:
    """A talk that waits for the day of an appointment."""

    async def open_turn(self, question):
        return question

    async def before_bot(self, turn):
        return None

    async def after_bot(self, turn, act):
        return None

    async def remind(self, turn):
        return Reply("text", "刚才的预约还没完：您哪天去？")


@pytest.mark.parametrize(("outcome", "replies"), [(Outcome.ANSWERED, 2), (Outcome.EMERGENCY, 1)])
async def test_an_open_question_is_brought_back_but_never_in_an_emergency(outcome, replies):
    async def bot():
        return Response(outcome, (Reply("text", "请马上拨打 119。"),))

    asked = SimpleNamespace(citizen="a", text="煤气漏了", said="煤气漏了", origin=None, turn="t")
    response = await CaseSide(BookingUnderWay()).respond(asked, bot)
    assert (response.outcome, len(response.replies)) == (outcome, replies)
