"""Ratings of the chat on the citizens' side: in front of the case side for what is said, and the address that the page's
buttons under an answer use. Made by `serving`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from channels.webchat import CHANNEL, bearer_token, hash_token
from conversations import Asked, CaseResponder, Hub, MessageRefused, Response
from desk import (
    DeskError,
    RatingLevel,
    RatingTarget,
    ServiceDesk,
    bad_rating_due,
    rate_turn,
    reasons_for,
    take_rating,
)
from qinwen.clock import now
from web.faults import error_response

_LONGEST_ID = 64
_MOST_REASONS = 10


class RatingSide:
    """Takes what a citizen says about the chat itself, and leaves the rest to the case side (`conversations.CaseResponder`)."""

    def __init__(self, desk: ServiceDesk, cases: CaseResponder) -> None:
        self._desk = desk
        self._cases = cases

    def expects_secret(self, session: Session, citizen: str) -> bool:
        """Tell whether the citizen's next message may be a number that proves an identity."""
        return self._cases.expects_secret(session, citizen)

    async def respond(self, asked: Asked, ask_bot: Callable[[], Awaitable[Response]]) -> Response:
        """Answer one message."""
        taken = await self._desk.do(lambda s: take_rating(s, asked.citizen, asked.text, now()), ring=False)
        return taken or await self._cases.respond(asked, ask_bot)

    def goes_on_for_agent(self, session: Session, citizen: str) -> bool:
        """Tell whether a person who has the conversation started a step that may wait for the citizen's message."""
        return self._cases.goes_on_for_agent(session, citizen)

    async def respond_for_agent(self, asked: Asked) -> Response | None:
        """Go on with such a step."""
        return await self._cases.respond_for_agent(asked)


def make_rating_route(hub: Hub, desk: ServiceDesk) -> web.RouteDef:
    """Give the route that rates one answer of the bot."""

    async def rate(request: web.Request) -> web.Response:
        """Rate an answer: `POST /api/chat/ratings` `{"turn", "level": 1…5, "reasons": ["outdated"]}` → words and reasons."""
        address = hash_token(bearer_token(request.headers.get("Authorization")))
        citizen = await hub.find_citizen(CHANNEL, address)
        turn, level, reasons, comment = _read(await request.read())

        def write(session: Session) -> str:
            number = rate_turn(session, citizen, turn, level, reasons, comment, now())
            due = bad_rating_due(session, number) if level.is_bad else None
            return f"评价记下了，{due.month} 月 {due.day} 日前有专人跟进。" if due else "评价记下了，谢谢您。"

        try:
            words = await desk.do(write, ring=False)
        except DeskError as error:
            return error_response(422, error.code, error.message)
        offered = [{"code": code, "title": title} for code, title in reasons_for(RatingTarget.TURN, level)]
        return web.json_response({"words": words, "reasons": offered if level.is_bad else []})

    return web.post("/api/chat/ratings", rate)


def _read(body: bytes) -> tuple[str, RatingLevel, tuple[str, ...], str]:
    try:
        shape: Any = json.loads(body)
        if not isinstance(shape, Mapping):
            raise MessageRefused("请求应当是一个 JSON 对象，含 turn 和 level。")
        turn, reasons, comment = shape.get("turn"), shape.get("reasons", []), shape.get("comment", "")
        level = RatingLevel(int(shape.get("level", 0)))
    except (ValueError, TypeError, RecursionError) as error:
        raise MessageRefused("评价的格式不对：level 是 1 到 5 的整数。") from error
    if not isinstance(turn, str) or not isinstance(comment, str) or not isinstance(reasons, list):
        raise MessageRefused("评价的格式不对：要有 turn，reasons 是一组代码。")
    if not 0 < len(turn) <= _LONGEST_ID or len(reasons) > _MOST_REASONS or not all(isinstance(one, str) for one in reasons):
        raise MessageRefused("评价的格式不对：要有 turn，reasons 是一组代码。")
    return turn, level, tuple(reasons), comment
