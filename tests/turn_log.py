"""A log of turns made by hand, for the tests of figures and of what shows them."""

from collections import Counter
from datetime import datetime, timedelta

from conversations import CONVERSATION_FIGURES, Window, conversation_rows, measure_turns, turn_rows
from conversations.models import Citizen, Conversation, Message, Turn
from desk import RatingGiven, RatingTarget, badly_rated, rate
from qinwen.clock import SHAANXI

MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=SHAANXI)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = MONDAY + timedelta(days=7)
WEEK = Window(MONDAY.replace(hour=0), MONDAY.replace(hour=0) + timedelta(days=7))


class Log:
    """A log made by hand: `say` writes a turn with its end, at some minutes after Monday nine o'clock."""

    def __init__(self, database):
        self.database = database
        self.numbers = Counter()

    def say(self, citizen, conversation, minutes, outcome, item=None, facet=None, seconds=0.05, channel="webchat", region=None,
            text="问题"):  # fmt: skip
        at = MONDAY + minutes * MINUTE
        self.numbers[citizen] += 1
        with self.database.session() as session:
            if session.get(Citizen, citizen) is None:
                session.add(Citizen(id=citizen, channel=channel, address=citizen, created_at=at))
                session.flush()
            opened = session.get(Conversation, conversation)
            if opened is None:
                opened = Conversation(
                    id=conversation, citizen_id=citizen, holder="bot", region=region, opened_at=at, last_at=at
                )
                session.add(opened)
                session.flush()
            opened.last_at = at
            turn = Turn(
                id=f"{citizen}-{self.numbers[citizen]:04}", conversation_id=conversation, citizen_id=citizen,
                message_id=str(self.numbers[citizen]), channel=channel, number=self.numbers[citizen], state="done",
                outcome=outcome.value, item=item, facet=facet, region=region, started_at=at,
                finished_at=at + timedelta(seconds=seconds),
            )  # fmt: skip
            session.add(turn)
            session.flush()
            session.add(Message(conversation_id=conversation, citizen_id=citizen, turn_id=turn.id, direction="in",
                                author="citizen", text=text, created_at=at))  # fmt: skip
        return turn.id

    def measure(self, window=WEEK, moment=LATER):
        with self.database.session() as session:
            return measure_turns(session, window, badly_rated(session, window.start, moment), moment)

    def rows(self, code, window=WEEK, moment=LATER, regions=()):
        with self.database.session() as session:
            if code in CONVERSATION_FIGURES:
                bad = badly_rated(session, window.start, moment)
                return conversation_rows(session, code, window, regions, bad, moment, None, 1000)
            return turn_rows(session, code, window, regions, None, 1000)

    def rate(self, citizen, conversation, level, minutes=5, comment=""):
        given = RatingGiven(citizen, conversation, RatingTarget.TURN, f"{citizen}-0001", level, comment=comment)
        with self.database.session() as session:
            return rate(session, given, MONDAY + minutes * MINUTE)
