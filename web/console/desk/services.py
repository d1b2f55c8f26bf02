"""What an agent starts for a citizen: proving who they are, looking a case up, booking a time.

The citizen is asked on their own channel; the page shows how that stands and never what was proved with. Only who holds the
conversation starts anything, each click once, each in the audit log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from desk import DeskRefused, Handling, HandlingState, NotHolding, was_sent
from services_backend import AgentSteps, CaseAnswer, Identity, Standing, read_number
from staff import record
from web.console.access import member_of, wants_json
from web.console.desk.room import DeskRoom, find_handling
from web.console.forms import text_of
from web.console.pages import change, redirect, render

_LONGEST_KEY = 48
_NOT_OURS = "这不像办件编号：它是 SN 开头、后面 14 位数字。不知道编号就不填，由市民自己发。"


@dataclass(frozen=True)
class Form:
    """A click of the page: whose conversation, the click's own key, and what was typed or chosen."""

    handling: Handling
    key: str
    number: str
    item: str
    choice: str


class Services:
    """The handlers of the steps that an agent starts."""

    def __init__(self, room: DeskRoom, steps: AgentSteps) -> None:
        self._room = room
        self._steps = steps

    async def show(self, request: web.Request) -> web.Response:
        """Show how the steps stand, and what can be started: `GET …/services`."""

        def read(session: Session) -> tuple[Handling, Standing]:
            handling = find_handling(session, request)
            return handling, self._steps.standing(session, handling.citizen)

        handling, standing = await self._room.read(read)
        items = sorted((item.everyday_name, code) for code, item in self._room.knowledge.load().knowledge.items.items())
        mine = handling.state is HandlingState.WITH_AGENT and handling.agent == member_of(request).id
        return render(
            request, "desk/services.html", handling=handling, standing=standing, identities=Identity, items=items, mine=mine
        )

    async def ask_identity(self, request: web.Request) -> web.Response:
        """Ask the citizen to prove who they are: `number` where the agent knows their case's."""
        form = await self._form(request)
        return await self._start(
            request, form, "desk_identity_asked", lambda: self._steps.ask_identity(form.handling.citizen, form.key, form.number)
        )

    async def look_up(self, request: web.Request) -> web.Response:
        """Look a case up: at once where the citizen proved who they are, else after they do."""
        form = await self._form(request)
        return await self._start(
            request, form, "desk_case_started", lambda: self._steps.look_up(form.handling.citizen, form.key, form.number)
        )

    async def book(self, request: web.Request) -> web.Response:
        """Begin to book a time for `item`."""
        form = await self._form(request)
        if form.item not in self._room.knowledge.load().knowledge.items:
            raise DeskRefused("请选择要预约办的事项。")
        region = form.handling.brief.get("region")
        return await self._start(
            request,
            form,
            "desk_booking_started",
            lambda: self._steps.book(form.handling.citizen, form.key, form.item, region),
            item=form.item,
        )

    async def choose(self, request: web.Request) -> web.Response:
        """Choose for the citizen among what was offered: `choice`."""
        form = await self._form(request)

        async def choose() -> CaseAnswer:
            answer = await self._steps.choose(form.handling.citizen, form.key, form.choice)
            if answer is None:
                raise DeskRefused("这个选项已经变了，请看现在的选项。")
            return answer

        return await self._start(request, form, "desk_step_chosen", choose)

    async def stop(self, request: web.Request) -> web.Response:
        """Ask the citizen nothing more."""
        form = await self._form(request)
        return await self._start(request, form, "desk_step_stopped", lambda: self._steps.stop(form.handling.citizen, form.key))

    async def _form(self, request: web.Request) -> Form:
        form, member = await request.post(), member_of(request)
        handling = await self._room.read(lambda s: find_handling(s, request))
        if handling.state is not HandlingState.WITH_AGENT or handling.agent != member.id:
            raise NotHolding("这个会话现在不在您手上。")
        key, number = text_of(form, "client_id"), read_number(text_of(form, "number"))
        if not key or len(key) > _LONGEST_KEY:
            raise DeskRefused("消息编号不对，请刷新页面。")
        if number is None:
            raise DeskRefused(_NOT_OURS)
        return Form(handling, key, number, text_of(form, "item"), text_of(form, "choice"))

    async def _start(
        self,
        request: web.Request,
        form: Form,
        action: str,
        work: Callable[[], Awaitable[CaseAnswer | None]],
        **details: str,
    ) -> web.Response:
        handling, agent = form.handling, member_of(request)
        async with self._room.hub.between_turns(handling.citizen):
            if not await self._room.read(lambda s: was_sent(s, handling.id, form.key)):
                answer = await work()
                if answer is not None:
                    await self._room.desk.say_step(handling.id, agent.id, form.key, answer.replies)
                about = f"handling:{handling.id}"
                await change(request, lambda s: record(s, agent.login, action, about, details or None))
        if wants_json(request):
            return web.json_response({})
        return redirect(request, f"/desk/handlings/{handling.id}?tab=mine")
