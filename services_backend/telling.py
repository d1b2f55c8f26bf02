"""Telling citizens what they did not ask for just now: changes of their cases, and what was promised while the case system
was down. A background task of the `web` process; any number may run, and each thing is told once.

What is told and the note that it was told are written in one transaction (`post` does so), in the order of the changes. At
night nobody is told anything, unless they are chatting just then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qinwen.clock import SHAANXI, now, today
from qinwen.log import logger
from qinwen.patience import at_most
from qinwen.quiet_hours import QuietHours
from qinwen.replies import Choice, Reply
from services_backend import case_words as words
from services_backend import keeping
from services_backend.case_numbers import print_case_number
from services_backend.cases import Case
from services_backend.errors import BackendUnavailable, ServicesError
from services_backend.explaining import explain_case
from services_backend.keeping import DueNotice, OpenPromise
from services_backend.talk_state import Talk
from services_backend.talk_turn import CaseRoom

log = logger(__name__)
_PAUSE = 2.0
_CHATTING = timedelta(minutes=5)
_OPT_OUT = "不想收这样的通知，说“别给我发通知”。"


class Messenger(Protocol):
    """The hub, as far as news go."""

    async def last_heard(self, citizen: str) -> datetime | None:
        """Give when a citizen wrote last; None: nobody can be told any more."""

    async def tell(
        self, citizen: str, reply: Reply, note: Callable[[Session], bool], notice: Mapping[str, str] | None = None
    ) -> bool:
        """Tell a citizen something, if `note` in the same transaction says that it is still to be told.

        `notice` holds the facts for a channel that can only notify them: item, state, time, number.
        """


@dataclass
class Teller:
    """Tells news.

    Args:
        room: the case system, the database, the key.
        messenger: reaches the citizens.
        quiet: when nobody is told.
    """

    room: CaseRoom
    messenger: Messenger
    quiet: QuietHours = QuietHours()

    def __post_init__(self) -> None:
        """Make what wakes the task."""
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self.wake.clear()
            try:
                await self.tell_all()
            except SQLAlchemyError:
                log.exception("news_without_database")
            except Exception:
                log.exception("news_failed")
            with contextlib.suppress(asyncio.TimeoutError):
                await at_most(_PAUSE, self.wake.wait())

    async def tell_all(self) -> None:
        """Tell what can be told now."""
        waiting: set[str] = set()
        for notice in await self.room.keep(keeping.due_notices):
            # A later change does not overtake an earlier one of the same citizen.
            if notice.citizen not in waiting and not await self._tell_notice(notice):
                waiting.add(notice.citizen)
        promises = await self.room.keep(keeping.open_promises)
        if promises and await self._is_back():
            # Who waits for a case does not need to hear besides that cases can be looked up again.
            waiting_for_one = {promise.citizen for promise in promises if promise.number}
            for promise in promises:
                if promise.number or promise.citizen not in waiting_for_one:
                    await self._tell_promise(promise)
                else:
                    await self.room.keep(lambda s, each=promise: keeping.end_promise(s, each.id, told=False))  # type: ignore[misc]

    async def _is_back(self) -> bool:
        try:
            await self.room.backend.check()
        except ServicesError:
            return False
        return True

    async def _may_tell(self, citizen: str) -> bool | None:
        """Tell whether a citizen may be told now; None: never any more."""
        heard = await self.messenger.last_heard(citizen)
        if heard is None:
            return None
        moment = now()
        return heard > moment - _CHATTING or self.quiet.end_of(moment) <= moment

    async def _tell_notice(self, notice: DueNotice) -> bool:
        """Tell a change; False: not yet."""
        may = await self._may_tell(notice.citizen)
        if may is None:
            await self.room.keep(lambda s: keeping.end_notice(s, notice.id, told=False))
            return True
        if not may:
            return False
        printed = print_case_number(notice.number)
        head = (
            f"您的办件有新进展：{notice.item_name}（{printed}）{words.moment(notice.happened_at)}变为“{notice.state.label}”。"
        )
        case: Case | None = None
        with contextlib.suppress(ServicesError):
            case = await self._read(notice.citizen, notice.number)
            if case and case.state is notice.state:
                head = "\n".join([head, *explain_case(case, today()).sentences[1:]])
        reply = Reply("choices", f"{head}\n{_OPT_OUT}", (Choice("看详细", f"查 {printed}"),))

        def note(session: Session) -> bool:
            if not keeping.end_notice(session, notice.id, told=True):
                return False
            if case:
                keeping.note_known(session, notice.citizen, case)
            return True

        facts = {
            "item": notice.item_name,
            "state": notice.state.label,
            "time": f"{notice.happened_at.astimezone(SHAANXI):%Y年%m月%d日 %H:%M}",
            "number": notice.number,
        }
        await self.messenger.tell(notice.citizen, reply, note, facts)
        return True

    async def _tell_promise(self, promise: OpenPromise) -> None:
        may = await self._may_tell(promise.citizen)
        if may is None or promise.created_at < now() - keeping.PROMISE_LIFE:
            await self.room.keep(lambda s: keeping.end_promise(s, promise.id, told=False))
            return
        if not may:
            return
        try:
            case = await self._read(promise.citizen, promise.number) if promise.number else None
        except BackendUnavailable:
            return
        except ServicesError:
            case = None
        if case:
            explained = explain_case(case, today())
            text = "\n".join(["办件系统恢复了，这是您要的最新情况。", *explained.sentences])
            choice = Choice("看详细", f"查 {print_case_number(case.number)}")
        else:
            text = "办件系统恢复了，现在可以查办件了。"
            number = f"查 {print_case_number(promise.number)}" if promise.number else "查办件进度"
            choice = Choice("接着查", number)

        def note(session: Session) -> bool:
            if not keeping.end_promise(session, promise.id, told=True):
                return False
            if case:
                keeping.note_known(session, promise.citizen, case)
            return True

        await self.messenger.tell(promise.citizen, Reply("choices", text, (choice,)), note)

    async def _read(self, citizen: str, number: str) -> Case | None:
        """Read a case with what the citizen proved or is bound by; None without."""

        def find(session: Session) -> str:
            bound = keeping.read_binding(session, citizen)
            talk = Talk.from_json(keeping.read_talk(session, citizen))
            return talk.open_grant(number) or (bound.access if bound else "")

        access = self.room.sealer.open(await self.room.keep(find))
        return await self.room.backend.read_case(access, number) if access else None
