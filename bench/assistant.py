"""The whole assistant in one process, without HTTP: the trained engine, its rules, the actions, a freshly seeded database.

Real are: the check at the door (`conversations.accept_text`), the model of `models/current.tar.gz` with its pipeline and
RulePolicy, the tracker store (slots live in it from turn to turn), the action code with its `Answerer` and database, the
domain's responses, how the hub reads the engine's answer, and the region that the hub remembers. Left out are the HTTP hops
(the engine's call of the action server is a call here, with the same JSON), the ledger, rate limits and handoff.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.vectors import RememberedEncoder, remember_vectors
from qinwen.training import digest_inputs

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "models" / "current.tar.gz"
_SEEDED_BY = ("seeding.py", "publishing.py", "wordings.py", "content.py", "models.py", "glossary.py", "seeds")
_KEPT = 3


@dataclass(frozen=True)
class Turn:
    """How a turn ended; `options` are those that the action put on offer, as `knowledge_base.Option.to_json`."""

    outcome: str
    item: str | None = None
    facet: str | None = None
    region: str | None = None
    options: tuple[dict[str, Any], ...] = ()
    intent: str | None = None
    confidence: float | None = None

    @property
    def offered(self) -> list[str]:
        """The items on offer."""
        return [option["item"] for option in self.options]


@dataclass
class Talk:
    """A conversation: its id, and the region that the hub remembers."""

    id: str
    region: str | None = None
    turns: int = field(default=0)


class Assistant:
    """Answers messages; made by `open_assistant`."""

    def __init__(self, agent: Any, actions: Any, encoder: RememberedEncoder | None, folder: Path) -> None:
        self._agent, self._actions = agent, actions
        self._loop = asyncio.new_event_loop()
        self._talks = 0
        self.encoder, self.folder = encoder, folder

    def open_talk(self) -> Talk:
        """Begin a conversation."""
        self._talks += 1
        return Talk(f"talk{self._talks}")

    def ask(self, text: str, talk: Talk | None = None) -> Turn:
        """Answer one message, in a conversation of its own unless one is given.

        Returns:
            The turn; its outcome is `message_refused` where the door does not let the text in.
        """
        from conversations import MessageRefused, accept_text

        try:
            accepted = accept_text(text)
        except MessageRefused:
            return Turn("message_refused")
        return self._loop.run_until_complete(self._turn(accepted, talk or self.open_talk()))

    async def _turn(self, text: str, talk: Talk) -> Turn:
        from rasa.core.channels.channel import UserMessage

        from bot.channel import TurnOutput
        from conversations import ResponderUnavailable
        from conversations.engine import read_response
        from conversations.fallback import respond_without_bot
        from language import neutralise_command

        talk.turns += 1
        output = TurnOutput()
        message = UserMessage(
            neutralise_command(text),
            output,
            talk.id,
            input_channel="gateway",
            message_id=f"m{talk.turns}",
            metadata={"region": talk.region},
        )
        self._actions.options = ()
        message.parse_data = await self._agent.processor.parse_message(message)
        await self._agent.handle_message(message)
        intent = message.parse_data.get("intent") or {}
        try:
            response = read_response({"messages": output.messages, "intent": intent.get("name")})
        except ResponderUnavailable:
            response = respond_without_bot(text)
        talk.region = response.region or talk.region
        return Turn(
            response.outcome.value,
            response.item,
            response.facet,
            response.region,
            self._actions.options,
            intent.get("name"),
            round(float(intent.get("confidence") or 0), 3),
        )


def open_assistant(var: Path) -> Assistant:
    """Load everything, with a database of the seeds below `var/eval`, kept for the next time as long as the seeds stay.

    Raises:
        SystemExit: there is no trained model.
    """
    if not MODEL.exists():
        sys.exit("没有训练好的模型 models/current.tar.gz:请先运行 qinwen train。")
    if not model_is_current():
        print("注意：训练数据或代码改过，模型还是旧的。要量新的先运行 qinwen train。", file=sys.stderr, flush=True)
    folder = var / "eval"
    _set_environment()
    encoder = remember_vectors(folder, os.environ.get("QINWEN_ENCODER", "auto"))  # type: ignore[arg-type]
    own = seeded_folder(var, encoder.name if encoder else "none")
    for stale in sorted(folder.glob("knowledge-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
        shutil.rmtree(stale, ignore_errors=True)
    own.mkdir(parents=True, exist_ok=True)
    os.environ["QINWEN_VAR"] = str(own)
    import starting

    settings = starting.ensure_settings()
    print("装入知识种子…", file=sys.stderr, flush=True)
    starting.migrate(settings)
    starting.seed(settings)
    if encoder:
        encoder.save()
    print("加载对话模型…", file=sys.stderr, flush=True)
    return Assistant(*_load_agent(), encoder, own)


def model_is_current() -> bool:
    """Tell whether the model was trained from what is there now."""
    stamp = MODEL.with_name("current.inputs")
    return MODEL.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest_inputs(ROOT)


def _load_agent() -> tuple[Any, Any]:
    # Rasa's libraries switch warnings back on while they are imported; none of them is ours.
    warnings.showwarning = lambda *_, **__: None
    import logging

    from rasa.core.actions.action import RemoteAction
    from rasa.core.agent import Agent
    from rasa.utils.endpoints import EndpointConfig
    from rasa_sdk.executor import ActionExecutor

    import actions as package
    from actions.resources import resources
    from bot.tracker_store import BoundedTrackerStore
    from qinwen.log import configure_logging

    configure_logging("bench", "error")
    logging.getLogger("rasa").setLevel("ERROR")
    resources().answerer.warm_up()
    executor = ActionExecutor()
    executor.register_package(package)

    class ActionsHere(EndpointConfig):  # type: ignore[misc]
        """The engine's action server, called in this process with the JSON that would be sent."""

        options: tuple[dict[str, Any], ...] = ()

        async def request(self, **call: Any) -> Any:
            result = await executor.run(json.loads(json.dumps(call["json"])))
            for event in (result or {}).get("events", []):
                if event.get("event") == "slot" and event.get("name") == "options":
                    self.options = tuple(event.get("value") or ())
            return json.loads(json.dumps(result))

    # Rasa validates its own schema anew with every answer of an action: 30 ms a turn, for a schema that never changes.
    RemoteAction._validate_action_result = lambda *_: True  # noqa: SLF001
    here = ActionsHere("http://in-process.invalid/webhook")
    trackers = tempfile.mkdtemp(prefix="qinwen-eval-")
    atexit.register(shutil.rmtree, trackers, ignore_errors=True)
    store = BoundedTrackerStore(None, url=f"sqlite:///{trackers}/tracker.db")
    return Agent.load(str(MODEL), tracker_store=store, action_endpoint=here), here


def _set_environment() -> None:
    for name in ("DATABASE_URL", "TRACKER_URL", "REDIS_URL", "SERVICES_DATABASE_URL"):
        os.environ.pop(name, None)
    os.environ.update(
        RASA_TELEMETRY_ENABLED="false",
        TF_CPP_MIN_LOG_LEVEL="3",
        SQLALCHEMY_SILENCE_UBER_WARNING="1",
        QINWEN_LOG_LEVEL="error",
    )


def seeded_folder(var: Path, encoder: str | None = None) -> Path:
    """Give the folder of the database that the seeds, as they are now, are loaded into.

    Args:
        var: the folder of runtime data.
        encoder: the encoder's name; without it any that was used, the newest first.
    """
    digest = hashlib.sha256()
    places = [ROOT / "knowledge_base" / name for name in _SEEDED_BY] + [ROOT / "migrations" / "versions"]
    for place in places:
        found = [place] if place.is_file() else sorted(p for p in place.rglob("*") if p.suffix in {".yml", ".py"})
        for path in found:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    start = f"knowledge-{digest.hexdigest()[:12]}"
    if encoder is not None:
        return var / "eval" / f"{start}-{hashlib.sha256(encoder.encode()).hexdigest()[:6]}"
    known = sorted((var / "eval").glob(f"{start}-*"), key=lambda path: path.stat().st_mtime)
    return known[-1] if known else var / "eval" / start
