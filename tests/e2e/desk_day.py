"""A day at a service desk for the pages that show one: citizens in the queue, with an agent, served and left to be answered, their
ratings, a review, a ready-made text, and an answer that agents give again and again. Called by `tests.e2e.console_app`.
"""

from datetime import timedelta

from conversations import CitizenMessage, Response, claims, ledger
from desk import (
    CloseOutcome,
    Closing,
    Desk,
    HandoffReason,
    HandoffRequest,
    Presence,
    RatingGiven,
    RatingLevel,
    RatingTarget,
    enqueue,
    hours_from_json,
    rate,
    save_desk,
    save_macro,
    set_presence,
    staff_desk,
)
from desk.holding import claim, close
from desk.notes import add_note
from desk.quality import draw
from desk.responder import answer
from qinwen.clock import now
from qinwen.database import Database
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome
from staff import Member
from tests.routing import ROUTER

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})


class DeskDay:
    """Two desks, and what citizens who say `words` do there."""

    def __init__(self, database: Database, words: str, agent: Member, other: Member) -> None:
        self._database, self._words, self._agent = database, words, agent
        self._citizens: dict[str, str] = {}
        self._conversations: dict[str, str] = {}
        with database.session() as session:
            save_desk(session, Desk("province", f"综合服务台{words if '<' in words else ''}"[:60], "610000", ALWAYS))
            save_desk(session, Desk("police", "西安市公安服务台", "610100", ALWAYS, department="公安", parent="province"))
            for member in (agent, other):
                staff_desk(session, "province", member.id, 9)
                set_presence(session, member.id, Presence.ONLINE, now())
            save_macro(session, words[:30], words, agent.login, now())

    def fill(self) -> None:
        """Let citizens wait, talk, leave messages, be served, and rate."""
        for name in ("queued1", "queued2"):
            self._ask(name)
        for name in ("talking1", "talking2"):
            self._take(self._ask(name))
        self._ask("leaving")
        for text in ("留言", self._words):
            # What is left is the message of theirs that says it: the first one.
            self._do(lambda s, text=text: answer(s, self._conversations["leaving"], "leaving-0", text, now()))
        for name in ("served1", "served2", "served3", "served4"):
            handling = self._ask(name)
            self._take(handling)
            self._say(name)
            closing = Closing(CloseOutcome.RESOLVED, seen=10**9, facts={"place": self._words[:300]})
            self._do(lambda s, h=handling, c=closing: close(s, h, self._agent.id, c, now()))
            given = RatingGiven(self._citizens[name], self._conversations[name], RatingTarget.AGENT, handling,
                                RatingLevel.VERY_BAD, comment=self._words)  # fmt: skip
            self._do(lambda s, given=given: rate(s, given, now()))
        since, until = now() - timedelta(days=1), now() + timedelta(minutes=1)
        self._do(lambda s: draw(s, ["province"], since, until, 2, "boss", now(), seed=1))

    def _do(self, work):
        with self._database.session() as session:
            return work(session)

    def _ask(self, name: str) -> str:
        """Let a citizen ask the bot in vain, and then for a person; gives the handling."""
        citizen = self._do(lambda s: ledger.open_citizen(s, "webchat", name))
        for number, text in enumerate((self._words[:400], "转人工")):
            claimed = self._do(
                lambda s, number=number, text=text: claims.claim_turn(
                    s, CitizenMessage(citizen, f"{name}-{number}", text), "webchat", "this", 3600.0
                )
            )
            response = Response(Outcome.NOT_FOUND, (Reply("text", self._words[:400]),))
            self._do(lambda s, claimed=claimed, response=response: claims.finish_turn(s, claimed, "this", response))
        self._citizens[name], self._conversations[name] = citizen, claimed.conversation
        request = HandoffRequest(claimed.conversation, citizen, HandoffReason.ASKED, "转人工", item="passport", facet="fee")
        return self._do(lambda s: enqueue(s, ROUTER, request, now())).handling

    def _take(self, handling: str) -> None:
        self._do(lambda s: claim(s, handling, self._agent.id, now()))
        self._do(lambda s: add_note(s, handling, self._agent.id, self._words[:400], now()))

    def _say(self, name: str) -> None:
        reply = Reply("text", self._words[:1000])
        self._do(lambda s: ledger.post_message(s, self._conversations[name], "agent", reply))
