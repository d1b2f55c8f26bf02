"""The engine's one way in: the hub's HTTP channel, with a shared secret (Rasa's own token does not protect webhooks,
design §6).

    POST /webhooks/gateway/turn   Authorization: Bearer <engine secret>
    {"conversation": "…", "text": "…", "message_id": "…", "metadata": {"region": "610100"}}

and, for the search laboratory, what the classifier makes of a text, without any conversation:

    POST /webhooks/gateway/reading   {"text": "…"} → {"intents": [{"name": "ask_fee", "confidence": 0.97}, …]}
"""

from __future__ import annotations

import asyncio
import gc
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.action_results import install
from bot.kept_session import keep_session
from language import neutralise_command
from qinwen.log import logger

log = logger(__name__)


class TurnOutput(CollectingOutputChannel):
    """Collects one turn's messages, each with all that the response carries (its outcome stands in the metadata)."""

    @classmethod
    def name(cls) -> str:
        """Give the channel's name."""
        return "gateway"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the message as it is."""
        del recipient_id
        self.messages.append({key: value for key, value in message.items() if value})


class GatewayInput(InputChannel):
    """Takes a turn from the hub, runs it, and answers with everything the bot said."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("the gateway channel needs a secret")
        self._secret = secret

    @classmethod
    def name(cls) -> str:
        """Give the channel's name; it is part of the address."""
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Read `credentials.yml`."""
        install()
        return cls((credentials or {}).get("secret", ""))

    def get_output_channel(self) -> TurnOutput:
        """Give a collector."""
        return TurnOutput()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Give the routes."""
        routes = Blueprint("gateway_channel")

        async def run(message: UserMessage, agent: Agent) -> None:
            # Parsed here, and not in the agent, so that the hub learns the intent of every turn.
            message.parse_data = await agent.processor.parse_message(message)
            await on_new_message(message)

        routes.listener("after_server_start")(_settle)
        routes.listener("before_server_stop")(_close)

        @routes.route("/", methods=["GET"])
        async def health(request: Request) -> HTTPResponse:
            # Rasa serves on without a model, and would answer every question with silence.
            ready = bool(request.app.ctx.agent and request.app.ctx.agent.is_ready())
            return response.json({"ready": ready}, status=200 if ready else 503)

        def refuse(request: Request) -> HTTPResponse | None:
            given = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
            if hmac.compare_digest(given.encode(), self._secret.encode()):
                return None
            return response.json({"error": {"code": "forbidden", "message": "wrong secret"}}, status=403)

        @routes.route("/reading", methods=["POST"])
        async def reading(request: Request) -> HTTPResponse:
            if refused := refuse(request):
                return refused
            message = UserMessage(neutralise_command(request.json["text"]))
            parsed = await request.app.ctx.agent.processor.parse_message(message)
            ranking = parsed.get("intent_ranking") or [parsed["intent"]]
            intents = [{"name": one["name"], "confidence": float(one["confidence"])} for one in ranking if one.get("name")]
            return response.json({"intents": intents})

        @routes.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            if refused := refuse(request):
                return refused
            shape = request.json
            collected = TurnOutput()
            message = UserMessage(
                neutralise_command(shape["text"]),
                collected,
                shape["conversation"],
                input_channel=self.name(),
                message_id=shape["message_id"],
                metadata=shape.get("metadata"),
            )
            # Sanic cancels a handler whose client hangs up, in the middle of the tracker's save; the turn goes on.
            await asyncio.shield(asyncio.ensure_future(run(message, request.app.ctx.agent)))
            parsed = (message.parse_data or {}).get("intent") or {}
            return response.json(
                {"messages": collected.messages, "intent": parsed.get("name"), "confidence": parsed.get("confidence")}
            )

        return routes


async def _settle(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
    del loop
    if app.ctx.agent and app.ctx.agent.action_endpoint:
        app.ctx.calls = keep_session(app.ctx.agent.action_endpoint)
    # What is loaded stays; looking through it for garbage again and again holds a turn up for a tenth of a second.
    gc.collect()
    gc.freeze()


async def _close(app: Sanic, loop: asyncio.AbstractEventLoop) -> None:
    del loop
    if calls := getattr(app.ctx, "calls", None):
        await calls.close()
