"""Emergency controls: banners, uniform answers to a sudden topic, the bot's off switch. The one writer of `emergency_control`.

Each has a beginning, an end, somebody who did it and why; none needs a restart or a training: whoever answers a message reads
what is in force (a few rows by an index), so the next message in any process obeys. Called by the hub, the console and the
public page; `ruling` says what they do to a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from conversations.errors import ControlOver, ControlRefused
from conversations.models import EmergencyControl
from language import normalise

LONGEST_TEXT = {"banner": 200, "answer": 1000, "bot_off": 200}
LONGEST_REASON = 200
MOST_WORDINGS = 30
LONGEST_WORDING = 60
_SHORTEST_WORD = 2
_LONGEST_TIME = {"banner": timedelta(days=92), "answer": timedelta(days=31), "bot_off": timedelta(days=7)}


class ControlKind(str, Enum):
    """What a control does."""

    BANNER = "banner"
    ANSWER = "answer"
    BOT_OFF = "bot_off"

    @property
    def label(self) -> str:
        """The kind's name as staff read it."""
        return {"banner": "公告", "answer": "统一答复", "bot_off": "停用机器人"}[self.value]


@dataclass(frozen=True)
class NewControl:
    """What somebody wants to put in force.

    Attributes:
        kind: what it does.
        text: what citizens read; an off switch may leave it empty, then the usual words do.
        reason: why, for colleagues and the audit log.
        starts_at: from when; an off switch begins at once.
        ends_at: until when. There is always an end.
        wordings: of a uniform answer: lines; a question that has all words of one line (parted by spaces) gets the answer.
    """

    kind: ControlKind
    text: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    wordings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Control:
    """A control with its history."""

    id: int
    kind: ControlKind
    text: str
    reason: str
    wordings: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    started_by: str
    stopped_by: str | None
    stopped_at: datetime | None

    def state(self, moment: datetime) -> str:
        """Tell how it stands at a moment: planned, active, stopped or over."""
        if self.stopped_at:
            return "stopped"
        if moment >= self.ends_at:
            return "over"
        return "planned" if moment < self.starts_at else "active"


@dataclass(frozen=True)
class InForce:
    """What is in force at a moment, the newest first."""

    banners: tuple[Control, ...] = ()
    answers: tuple[Control, ...] = ()
    bot_off: Control | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything at all: most of the time there is not."""
        return bool(self.banners or self.answers or self.bot_off)


def in_force(session: Session, moment: datetime) -> InForce:
    """Read what is in force: one select over the few controls that are not over."""
    rows = session.scalars(
        select(EmergencyControl)
        .where(
            EmergencyControl.ends_at > moment,
            EmergencyControl.starts_at <= moment,
            EmergencyControl.stopped_at.is_(None),
        )
        .order_by(EmergencyControl.id.desc())
    ).all()
    controls = [_control(row) for row in rows]
    return InForce(
        tuple(one for one in controls if one.kind is ControlKind.BANNER),
        tuple(one for one in controls if one.kind is ControlKind.ANSWER),
        next((one for one in controls if one.kind is ControlKind.BOT_OFF), None),
    )


def start_control(session: Session, new: NewControl, actor: str, moment: datetime) -> int:
    """Put a control in force, now or from its beginning on. Gives its number.

    Raises:
        ControlRefused: something is missing, too long, ends before it begins or lasts too long, or the bot is off already.
    """
    wordings = _check(new, moment)
    if new.kind is ControlKind.BOT_OFF and in_force(session, moment).bot_off:
        raise ControlRefused("机器人已经停用了。要改时间，请先恢复，再停用一次。")
    row = EmergencyControl(
        kind=new.kind.value,
        text=new.text,
        reason=new.reason,
        wordings=list(wordings),
        starts_at=moment if new.kind is ControlKind.BOT_OFF else new.starts_at,
        ends_at=new.ends_at,
        started_by=actor,
        created_at=moment,
    )
    session.add(row)
    session.flush()
    return row.id


def stop_control(session: Session, number: int, actor: str, moment: datetime) -> Control:
    """End a control before its time.

    Raises:
        ControlOver: there is none, or it is over already.
    """
    result = session.execute(
        update(EmergencyControl)
        .where(
            EmergencyControl.id == number,
            EmergencyControl.stopped_at.is_(None),
            EmergencyControl.ends_at > moment,
        )
        .values(stopped_at=moment, stopped_by=actor)
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise ControlOver("这一条已经结束了，不用再停。")
    return _control(session.get_one(EmergencyControl, number, populate_existing=True))


def list_controls(session: Session, moment: datetime, *, past: bool, below: int | None = None, size: int = 50) -> list[Control]:
    """List controls, the newest first: those that hold or will hold, or the `past` ones under a number."""
    over = or_(EmergencyControl.ends_at <= moment, EmergencyControl.stopped_at.is_not(None))
    query = select(EmergencyControl).where(over if past else ~over).order_by(EmergencyControl.id.desc()).limit(size)
    if below is not None:
        query = query.where(EmergencyControl.id < below)
    return [_control(row) for row in session.scalars(query)]


def matching(controls: Iterable[Control], text: str) -> Control | None:
    """Give the newest uniform answer that a question's words call for."""
    plain = _plain(text)
    return next((one for one in controls if any(_hits(line, plain) for line in one.wordings)), None)


def _hits(line: str, plain: str) -> bool:
    words = [_plain(word) for word in line.split()]
    return bool(words) and all(word in plain for word in words)


def _plain(text: str) -> str:
    return "".join(letter for letter in normalise(text).lower() if letter.isalnum())


def _check(new: NewControl, moment: datetime) -> Sequence[str]:
    kind, longest = new.kind, LONGEST_TEXT[new.kind.value]
    if not new.text and kind is not ControlKind.BOT_OFF:
        raise ControlRefused(f"请写{kind.label}的内容。")
    if len(new.text) > longest:
        raise ControlRefused(f"{kind.label}最多 {longest} 个字，现在有 {len(new.text)} 个。")
    if not new.reason or len(new.reason) > LONGEST_REASON:
        raise ControlRefused(f"请写原因，最多 {LONGEST_REASON} 个字。")
    starts_at = moment if kind is ControlKind.BOT_OFF else new.starts_at
    if new.ends_at <= max(starts_at, moment):
        raise ControlRefused("结束时间要晚于开始时间，也要晚于现在。")
    if new.ends_at - starts_at > _LONGEST_TIME[kind.value]:
        raise ControlRefused(f"{kind.label}最长 {_LONGEST_TIME[kind.value].days} 天。")
    return _check_wordings(new.wordings) if kind is ControlKind.ANSWER else ()


def _check_wordings(given: Iterable[str]) -> Sequence[str]:
    wordings = list(dict.fromkeys(" ".join(line.split()) for line in given if line.strip()))
    if not wordings:
        raise ControlRefused("请写至少一行关键词。")
    if len(wordings) > MOST_WORDINGS or any(len(line) > LONGEST_WORDING for line in wordings):
        raise ControlRefused(f"关键词最多 {MOST_WORDINGS} 行，每行最多 {LONGEST_WORDING} 个字。")
    for line in wordings:
        if any(len(_plain(word)) < _SHORTEST_WORD for word in line.split()):
            raise ControlRefused(f"“{line}”里有太短的词：一个字会碰上太多问题，每个词至少两个字。")
    return wordings


def _control(row: EmergencyControl) -> Control:
    return Control(
        id=row.id,
        kind=ControlKind(row.kind),
        text=row.text,
        reason=row.reason,
        wordings=tuple(row.wordings),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        started_by=row.started_by,
        stopped_by=row.stopped_by,
        stopped_at=row.stopped_at,
    )
