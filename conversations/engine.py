"""The bot as the hub sees it: one HTTP call to the engine's input channel (`bot/channel.py`).

Request and answer:

    POST {engine}/webhooks/gateway/turn        Authorization: Bearer <engine secret>
    {"conversation": "…", "text": "…", "message_id": "…", "metadata": {"region": "610100"}}
    → 200 {"intent": "ask_fee", "confidence": 0.97, "messages": [{"custom": {…}} | {"text": "…", "metadata": {…}}]}

An action sends its answer as one `custom` object: {"outcome", "item", "facet", "region", "replies": [Reply…]}, with a
"request" where the citizen wants something about cases; a response of the domain comes as text with its outcome in `metadata`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from conversations.errors import ResponderUnavailable
from conversations.preparing import Preparer
from conversations.turns import Response
from qinwen.log import logger
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

log = logger(__name__)


class EngineClient:
    """The Responder behind the engine's HTTP channel; `preparer` is told each text when the engine is."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        secret: str,
        timeout: float,
        patience: float | None = None,
        preparer: Preparer | None = None,
    ) -> None:
        self._session = session
        self._preparer = preparer
        self._url = f"{url}/webhooks/gateway/turn"
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=2)
        self._patience = aiohttp.ClientTimeout(total=patience or timeout, connect=2)

    async def respond(
        self, conversation: str, text: str, message_id: str, metadata: Mapping[str, Any], *, patient: bool = False
    ) -> Response:
        """Answer one message.

        Raises:
            ResponderUnavailable: the engine can't be reached, failed, or did not answer in time.
        """
        body = {"conversation": conversation, "text": text, "message_id": message_id, "metadata": dict(metadata)}
        timeout = self._patience if patient else self._timeout
        if self._preparer:
            self._preparer.prepare(text)
        try:
            async with self._session.post(self._url, json=body, headers=self._headers, timeout=timeout) as answer:
                if answer.status != 200:  # noqa: PLR2004
                    raise ResponderUnavailable(f"对话引擎答了 {answer.status}。")
                return read_response(await answer.json())
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            raise ResponderUnavailable(f"对话引擎没有回答:{type(error).__name__}。") from error

    async def read_intents(self, text: str) -> dict[str, float]:
        """Give what the engine's classifier makes of a text, by intent; nothing is said and nothing remembered.

        Raises:
            ResponderUnavailable: the engine can't be reached, failed, or did not answer in time.
        """
        url = self._url.removesuffix("/turn") + "/reading"
        try:
            async with self._session.post(url, json={"text": text}, headers=self._headers, timeout=self._timeout) as answer:
                if answer.status != 200:  # noqa: PLR2004
                    raise ResponderUnavailable(f"对话引擎答了 {answer.status}。")
                shape = await answer.json()
                return {str(one["name"]): float(one["confidence"]) for one in shape["intents"]}
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, KeyError, TypeError) as error:
            raise ResponderUnavailable(f"对话引擎没有回答:{type(error).__name__}。") from error


def read_response(shape: Mapping[str, Any]) -> Response:
    """Read the engine's answer to one message.

    Raises:
        ResponderUnavailable: nothing in it is for the citizen (an action failed or the action server is down).
        ValueError: its shape is wrong.
    """
    try:
        outcome, replies, about = _read_messages(shape.get("messages", []))
        intent, confidence = shape.get("intent"), shape.get("confidence")
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not an answer of the engine: {error!r}") from error
    if outcome is None or not replies:
        raise ResponderUnavailable("对话引擎没有给出回答。")
    return Response(outcome, tuple(replies), intent=intent, **{"confidence": confidence, **about})


def _read_messages(messages: Sequence[Mapping[str, Any]]) -> tuple[Outcome | None, list[Reply], dict[str, Any]]:
    outcome: Outcome | None = None
    about: dict[str, Any] = {}
    replies: list[Reply] = []
    for message in messages:
        custom = message.get("custom")
        if isinstance(custom, Mapping):
            outcome = Outcome(custom["outcome"])
            about = {name: custom.get(name) for name in ("item", "facet", "region", "request")}
            if custom.get("confidence") is not None:  # how sure the answer is, which says more than the intent's
                about["confidence"] = float(custom["confidence"])
            replies += [Reply.from_json(reply) for reply in custom["replies"]]
        elif message.get("text"):
            outcome = outcome or Outcome((message.get("metadata") or {}).get("outcome", "smalltalk"))
            buttons = message.get("buttons") or message.get("quick_replies") or []
            choices = tuple(Choice(b["title"], b["payload"]) for b in buttons)
            replies.append(Reply("choices" if choices else "text", message["text"], choices))
    return outcome, replies, about
