"""What one turn of the conversation about cases gets, gives, and leaves for the next: frozen in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from language import SaidSecrets
from qinwen.clock import now
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome


@dataclass(frozen=True)
class CaseQuestion:
    """A citizen's message, as the hub hands it over.

    Attributes:
        citizen: the citizen's id: also the reference under which the case system knows them.
        text: the masked text.
        said: what proved an identity in it, for this turn only.
        origin: an opaque reference of the network address; equal to the citizen's where the channel has none.
        turn: the turn's id: the key of what is written once.
    """

    citizen: str
    text: str
    said: SaidSecrets = field(default=SaidSecrets(), repr=False)
    origin: str = ""
    turn: str = ""


@dataclass(frozen=True)
class Act:
    """What the bot understood that the citizen wants, with the item and region of the conversation.

    `whole`: they named the item and asked nothing particular about it.
    """

    name: str
    item: str | None = None
    region: str | None = None
    whole: bool = False


@dataclass(frozen=True)
class CaseAnswer:
    """What is said, and how the turn ended.

    Attributes:
        outcome: how the turn ended.
        replies: what is said.
        erase: all of the citizen is to be erased with this turn.
        item: the code of the item that the case or appointment is about; what is asked next may be about it.
    """

    outcome: Outcome
    replies: tuple[Reply, ...]
    erase: bool = False
    item: str | None = None


def say(outcome: Outcome, text: str, *choices: str | tuple[str, str]) -> CaseAnswer:
    """Make an answer of one text, with choices (a title, or a title and what it sends) if there are any."""
    made = tuple(Choice(*choice) if isinstance(choice, tuple) else Choice(choice, choice) for choice in choices)
    return CaseAnswer(outcome, (Reply("choices" if made else "text", text, made),))


@dataclass
class Talk:
    """Where the conversation about a case or an appointment stands.

    Attributes:
        step: what was asked: number, last4, code, case, level, reasons, item, hall, day, time, which; empty if nothing.
        aim: what it is for: status, urge, rate, bind, book, identity (only to prove it).
        number: the case it is about.
        challenge: the open identity check.
        tries: failed ones in a row.
        reminded: how often the citizen was led back from something else.
        choices: what was offered, by its words.
        grant, grant_number, grant_until: the sealed access to one case that was proved, and until when (ISO).
        shown: the case that was shown last.
        failed: whether the last try to prove an identity failed for good.
        for_agent: whether a person of the desk started what is being asked.
    """

    step: str = ""
    aim: str = "status"
    number: str = ""
    challenge: str = ""
    tries: int = 0
    reminded: int = 0
    choices: dict[str, str] = field(default_factory=dict)
    level: int = 0
    version: int = 0
    key: str = ""
    item: str = ""
    region: str = ""
    hall: str = ""
    day: str = ""
    grant: str = ""
    grant_number: str = ""
    grant_until: str = ""
    shown: str = ""
    failed: bool = False
    for_agent: bool = False

    def clear(self) -> None:
        """Ask nothing any more; what was proved and shown stays."""
        kept = (self.grant, self.grant_number, self.grant_until, self.shown, self.failed)
        self.__init__()  # type: ignore[misc]
        self.grant, self.grant_number, self.grant_until, self.shown, self.failed = kept

    def begin(self, step: str, **values: Any) -> None:
        """Ask for something; what earlier steps gathered stays."""
        self.step, self.choices, self.reminded = step, {}, 0
        for name, value in values.items():
            setattr(self, name, value)

    def open_grant(self, number: str) -> str:
        """Give the sealed access to a case that was proved a short while ago; empty without."""
        fresh = self.grant_until and datetime.fromisoformat(self.grant_until) > now()
        return self.grant if fresh and self.grant_number == number else ""

    @property
    def expects_secret(self) -> bool:
        """Whether the next message may be a number that proves an identity."""
        return self.step in {"last4", "code"} or (self.step == "number" and self.aim in {"bind", "identity"})

    def to_json(self) -> dict[str, Any] | None:
        """Give what is worth keeping; None where nothing is."""
        shape = {name: value for name, value in asdict(self).items() if value}
        return shape if set(shape) - {"aim"} else None

    @classmethod
    def from_json(cls, shape: Mapping[str, Any] | None) -> Talk:
        """Read what `to_json` gave; what does not fit any more is left out."""
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in (shape or {}).items() if name in known})
