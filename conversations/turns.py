"""What travels through the hub: a citizen's message in, a finished turn out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from sqlalchemy.orm import Session

from language import SaidSecrets
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome

MediaKind = Literal["image", "voice"]


@dataclass(frozen=True)
class SentMedia:
    """A picture or a voice that came with a message; `media_id` is the platform's name of it."""

    kind: MediaKind
    media_id: str


@dataclass(frozen=True)
class CitizenMessage:
    """A text that a citizen sent, as its channel parsed it.

    Attributes:
        citizen: the citizen's id in the ledger.
        message_id: the sender's id of this message; the same id again is the same message.
        text: what was typed, at most 500 characters.
        prepared: the channel's own answer, for what no responder needs to see (a picture, a new follower).
        allowance: how many messages this one lets us send later; only channels that push have it.
        origin: an opaque reference of the network address it came from, if the channel knows one.
        sent: the picture or voice that it is, for a person who has the conversation.
    """

    citizen: str
    message_id: str
    text: str = field(repr=False)
    prepared: Response | None = None
    allowance: Allowance | None = None
    origin: str = ""
    sent: SentMedia | None = None


@dataclass(frozen=True)
class Response:
    """What a responder made of a message.

    `request` is what the bot understood as a wish that others carry out: the case side what is about cases, the desk the
    wish for a person; `erase` says that all the citizen ever said is to be erased with the end of this turn.

    `author` is who speaks: the bot, or "system" for a step that a person of the desk started, which is said also while a
    person has the conversation; `asks` says that such a step waits for the citizen's next message, not for the person.
    """

    outcome: Outcome
    replies: tuple[Reply, ...]
    item: str | None = None
    facet: str | None = None
    region: str | None = None
    intent: str | None = None
    confidence: float | None = None
    request: Mapping[str, Any] | None = None
    erase: bool = False
    author: str = "bot"
    asks: bool = False


@dataclass(frozen=True)
class Allowance:
    """How many messages a channel lets us push to a citizen, and for how long (seconds from now)."""

    messages: int
    seconds: float


@dataclass(frozen=True)
class FinishedTurn:
    """A turn with its ids, as channels deliver it and the ledger keeps it."""

    conversation: str
    turn: str
    response: Response
    last_message: int = field(default=0)

    def to_json(self) -> dict[str, Any]:
        """Give the citizen API's shape (design §5)."""
        response = self.response
        spoken_by = {} if response.author == "bot" else {"author": response.author}
        return {
            **spoken_by,
            "conversation": self.conversation,
            "turn": self.turn,
            "outcome": response.outcome.value,
            "item": response.item,
            "facet": response.facet,
            "region": response.region,
            "replies": [reply.to_json() for reply in response.replies],
        }


class Responder(Protocol):
    """Whoever answers a conversation that the bot holds."""

    async def respond(
        self, conversation: str, text: str, message_id: str, metadata: Mapping[str, Any], *, patient: bool = False
    ) -> Response:
        """Answer one message; `patient` where nobody waits on a connection, so that a late answer is better than none.

        Raises:
            ResponderUnavailable: it can't be reached, or did not answer in time.
        """


@dataclass(frozen=True)
class Asked:
    """A message of a conversation that the bot holds; `said` proves an identity, for this turn only."""

    citizen: str
    turn: str
    text: str
    said: SaidSecrets = field(default=SaidSecrets(), repr=False)
    origin: str = ""


class CaseResponder(Protocol):
    """Who answers what is about cases and appointments, in front of the bot."""

    def expects_secret(self, session: Session, citizen: str) -> bool:
        """Tell whether the citizen's next message may be a number that proves an identity."""

    async def respond(self, asked: Asked, ask_bot: Callable[[], Awaitable[Response]]) -> Response:
        """Answer one message, or have the bot answer it."""

    def goes_on_for_agent(self, session: Session, citizen: str) -> bool:
        """Tell whether a person who has the conversation started a step that may wait for the citizen's message."""

    async def respond_for_agent(self, asked: Asked) -> Response | None:
        """Go on with such a step; None where the message is something else, which is the person's then."""


class DeskResponder(Protocol):
    """Who takes the messages of a conversation that waits for a person or has one, and leads others there."""

    async def respond(self, conversation: str, citizen: str, message_id: str, text: str, holder: Holder) -> Response:
        """Take one message to the desk; what comes back is told to the citizen at once, and may have no replies."""

    async def after_bot(self, conversation: str, citizen: str, text: str, response: Response) -> Response:
        """Hand over a conversation whose citizen wants a person, or offer one; else give the bot's response as it is."""

    async def note_step(self, conversation: str, *, asks: bool) -> None:
        """Hear that a step which the person in a conversation started went on, and whether it asked the citizen again."""

    def waiting_words(self, session: Session, citizen: str) -> str:
        """Say where a citizen stands who waits for a person; empty for everybody else."""

    def left_for_bot(self, session: Session, conversation: str) -> Mapping[str, Any] | None:
        """Give what the last person in a conversation told the citizen, for the bot's next answer; plain JSON."""
