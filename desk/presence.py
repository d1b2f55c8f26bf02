"""Whether agents are there: what they say (online, away, wrap-up, offline), and whether their page still answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from desk.changing import make_agent, note_event
from desk.desks import Desks, Staffing, find_staffing
from desk.models import AgentState, DeskMember, HandlingRow
from desk.vocabulary import HandlingState, Presence

# A page says every 20 seconds that it is open. Without it for this long, nobody is there.
LOST_AFTER = timedelta(seconds=75)


@dataclass(frozen=True)
class AgentNow:
    """An agent as the desk sees them now: presence, since when, and conversations they have and may have."""

    agent: str
    presence: Presence
    since: datetime
    load: int
    capacity: int

    @property
    def room(self) -> int:
        """How many more conversations they could take."""
        return max(0, self.capacity - self.load) if self.presence is Presence.ONLINE else 0


def set_presence(session: Session, agent: str, presence: Presence, moment: datetime) -> None:
    """Write what an agent says about being there."""
    row = make_agent(session, agent, moment)
    if row.presence != presence.value:
        row.presence, row.since = presence.value, moment
        note_event(session, "presence", agent=agent)
    row.seen_at = moment
    session.flush()


def beat(session: Session, agent: str, moment: datetime) -> bool:
    """Note that an agent's page is open. False: they are offline, so the page should say so."""
    beaten = session.execute(
        update(AgentState)
        .where(AgentState.agent == agent, AgentState.presence != Presence.OFFLINE.value)
        .values(seen_at=moment)
        .execution_options(synchronize_session=False)
    )
    return isinstance(beaten, CursorResult) and beaten.rowcount == 1


def presence_of(row: AgentState | Row[Any] | None, moment: datetime) -> Presence:
    """Give an agent's presence, offline where their page went silent."""
    if row is None or row.seen_at < moment - LOST_AFTER:
        return Presence.OFFLINE
    return Presence(row.presence)


def agents_of(session: Session, desks: Sequence[str] | None, moment: datetime) -> list[AgentNow]:
    """Give the agents of some desks, or of all, each once, with the largest capacity they have there."""
    return agents_among(session, find_staffing(session, desks), moment)


def agents_by_desk(session: Session, desks: Sequence[str] | None, moment: datetime) -> dict[str, list[AgentNow]]:
    """Give the agents of some desks, or of all, by desk, with the capacity they have at each."""
    staffings = find_staffing(session, desks)
    found = {one.agent: one for one in agents_among(session, staffings, moment)}
    by_desk: defaultdict[str, list[AgentNow]] = defaultdict(list)
    for staffing in staffings:
        by_desk[staffing.desk].append(replace(found[staffing.agent], capacity=staffing.capacity))
    return by_desk


def agents_among(session: Session, staffings: Sequence[Staffing], moment: datetime) -> list[AgentNow]:
    """Give the agents of who works where, each once, with the largest capacity."""
    capacities: dict[str, int] = {}
    for staffing in staffings:
        capacities[staffing.agent] = max(staffing.capacity, capacities.get(staffing.agent, 0))
    state = select(AgentState.agent, AgentState.presence, AgentState.since, AgentState.seen_at)
    states = {row.agent: row for row in session.execute(state.where(AgentState.agent.in_(capacities)))}
    held = select(HandlingRow.agent, func.count()).where(
        HandlingRow.state == HandlingState.WITH_AGENT.value, HandlingRow.agent.in_(capacities)
    )
    loads = dict(session.execute(held.group_by(HandlingRow.agent)).tuples().all())
    return [
        AgentNow(
            agent=agent,
            presence=presence_of(states.get(agent), moment),
            since=states[agent].since if agent in states else moment,
            load=loads.get(agent, 0),
            capacity=capacity,
        )
        for agent, capacity in capacities.items()
    ]


def desks_with_somebody(session: Session, moment: datetime) -> set[str]:
    """Give the desks that have an agent online."""
    online = select(DeskMember.desk).join(AgentState, AgentState.agent == DeskMember.agent)
    online = online.where(AgentState.presence == Presence.ONLINE.value, AgentState.seen_at >= moment - LOST_AFTER)
    return set(session.scalars(online.distinct()))


def nearest_open(desks: Desks, code: str, moment: datetime) -> str | None:
    """Give the desk itself where it is open, else the nearest open one above it."""
    own = [desks.by_code[code]] if code in desks.by_code else []
    return next((desk.code for desk in [*own, *desks.ancestors(code)] if desk.hours.is_open(moment)), None)
