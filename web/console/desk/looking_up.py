"""What an agent finds to send: entries, suggested by the citizen's own words or searched, and ready-made texts.

An entry goes to the citizen as the card that the bot would give, with its source; sending is one click, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from conversations import Control, in_force
from desk import DeskRefused, Handling, Line, Macro, fill_in, list_macros, read_desk, read_lines, say_moment
from knowledge_base import Answer, Context, Option, Question
from language import find_regions, name_of, normalise
from qinwen.clock import now
from qinwen.replies import Reply
from qinwen.vocabulary import FACET_TITLES, Facet, Outcome
from web.console.access import member_of, wants_json
from web.console.desk.room import DeskRoom, desks_of, find_handling, titles_of
from web.console.forms import text_of
from web.console.pages import redirect, render

_MOST = 4
_WORDS = 200


@dataclass(frozen=True)
class Found:
    """An answer that can be sent: what it is about, the card, and what the button hands in."""

    title: str
    reply: Reply
    item: str
    facet: str
    region: str
    entry: str


class LookingUp:
    """The handlers that find, and send what was found."""

    def __init__(self, room: DeskRoom) -> None:
        self._room = room

    async def find(self, request: web.Request) -> web.Response:
        """Find entries: `GET …/knowledge?q=`; without words, by what the citizen asked last."""
        words = text_of(request.query, "q")[:_WORDS]

        def read(session: Session) -> tuple[Handling, list[Line]]:
            handling = find_handling(session, request)
            lines = [line for line in read_lines(session, handling.citizen) if line.conversation == handling.conversation]
            return handling, lines

        handling, lines = await self._room.read(read)
        asked = words or _last_question(lines)
        found = await asyncio.to_thread(self._search, asked, handling) if asked else []
        cards = await asyncio.to_thread(self._cards, found[0]) if found else []
        return render(
            request, "desk/found.html", found=found, cards=cards, asked=asked, searched=bool(words), handling=handling
        )

    async def send_entry(self, request: web.Request) -> web.Response:
        """Send a facet of an item as its card: `item`, `facet`, `region`, `client_id`."""
        handling, form = await self._room.read(lambda s: find_handling(s, request)), await request.post()
        item, region = text_of(form, "item"), text_of(form, "region")
        try:
            facet = Facet(text_of(form, "facet"))
        except ValueError as error:
            raise DeskRefused("没有这个要素。") from error
        answerer = (await asyncio.to_thread(self._room.knowledge.load)).answerer
        answer = await asyncio.to_thread(answerer.answer_about, item, facet, region or None)
        if answer.outcome is not Outcome.ANSWERED:
            raise DeskRefused("这一条现在没有内容可发，请换一条。")
        card = answer.replies[0]
        number = await self._room.desk.send(handling.id, member_of(request).id, text_of(form, "client_id"), card)
        if wants_json(request):
            return web.json_response({"message": number})
        return redirect(request, f"/desk/handlings/{handling.id}?tab=mine", "已发送。")

    async def show_macros(self, request: web.Request) -> web.Response:
        """Show the uniform answers in force, which the bot gives too, and the ready-made texts, filled in for this one."""
        member = member_of(request)

        def read(session: Session) -> tuple[list[Macro], tuple[Control, ...]]:
            handling = find_handling(session, request)
            desk, moment = read_desk(session, handling.desk), now()
            item = handling.brief.get("item")
            region = handling.brief.get("region")
            opens = desk.hours.next_opening(moment)
            values = {
                "服务台": desk.name,
                "事项": titles_of(session, [item]).get(item or ""),
                "地区": name_of(region) if region else None,
                "坐席": member.name,
                "下次上班": say_moment(opens, moment).strip() if opens else None,
            }
            codes = [one.code for one in desks_of(session, member)] or [desk.code]
            macros = [Macro(m.id, m.desk, m.title, fill_in(m.text, values)) for m in list_macros(session, codes)]
            return macros, in_force(session, moment).answers

        macros, answers = await self._room.read(read)
        return render(request, "desk/macros.html", macros=macros, answers=answers)

    def _cards(self, first: Found) -> list[tuple[str, str]]:
        """Give the facets of the first item found that have something to send: (code, title)."""
        loaded = self._room.knowledge.load()
        region = first.region or "610000"
        written = [f for f in Facet if loaded.knowledge.facet(first.item, f, region, loaded.knowledge.clock())]
        return [(facet.value, FACET_TITLES[facet]) for facet in written]

    def _search(self, words: str, handling: Handling) -> list[Found]:
        loaded = self._room.knowledge.load()
        text = normalise(words)
        item, region = handling.brief.get("item"), handling.brief.get("region")
        named = tuple(mention.region.code for mention in find_regions(text))
        answer = loaded.answerer.answer(Question(text, regions=named, context=Context(item=item, region=region)))
        where = named[-1] if named else region
        wanted = list(_leads_of(answer, where))
        if item and all(known != item for known, _, _ in wanted):
            wanted.append((item, Facet(handling.brief.get("facet") or "overview"), where))
        found: list[Found] = []
        seen: set[tuple[str, Facet]] = set()
        for code, facet, place in wanted:
            about = loaded.answerer.answer_about(code, facet, place)
            if about.outcome is not Outcome.ANSWERED or (code, facet) in seen or len(found) >= _MOST:
                continue
            seen.add((code, facet))
            card = about.replies[0]
            entry = card.sources[0].entry if card.sources else ""
            name = loaded.knowledge.items[code].everyday_name
            found.append(Found(f"{name} · {FACET_TITLES[facet]}", card, code, facet.value, place or "", entry))
        return found


def _leads_of(answer: Answer, region: str | None) -> Sequence[tuple[str, Facet, str | None]]:
    """Give what an answer is about, then what it offers: (item, facet, region)."""
    own = [(answer.item, answer.facet, region)] if answer.item and answer.facet else []
    options: Sequence[Option] = answer.options
    return [*own, *((option.item, option.facet, option.region or region) for option in options)]


def _last_question(lines: Sequence[Line]) -> str:
    """Give the last thing the citizen asked that is more than a word of asking for a person."""
    asked = [line.reply.text for line in lines if line.author == "citizen" and len(line.reply.text) >= 4]  # noqa: PLR2004
    real = [text for text in asked if "人工" not in text and "坐席" not in text]
    return (real or asked or [""])[-1][:_WORDS]
