"""Circuit breakers: where calling WeChat is pointless for a time, because an operator has to act or the token is refused.

A circuit has a name: "account", an API's name, or "api:variant" for one kind of message. An open one refuses calls with the
failure that opened it. When its time is over one caller may try; if that goes well it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.wechat.server_api.errors import CallFailed
from qinwen.clock import now
from qinwen.log import logger

log = logger(__name__)
ACCOUNT = "account"
_TRIAL = timedelta(seconds=10)


@dataclass(frozen=True)
class CircuitState:
    """An open circuit, as staff see it: what stands still, why, what to do, since when and until when."""

    name: str
    reason: str
    staff: str
    operator: str
    since: datetime
    until: datetime


class Circuits:
    """The open circuits of this process."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._open: dict[str, tuple[CallFailed, datetime, datetime]] = {}

    def check(self, names: Iterable[str]) -> None:
        """Let a call pass.

        Raises:
            CallFailed: one of these circuits is open.
        """
        moment = self._clock()
        found = [(name, *self._open[name]) for name in names if name in self._open]
        for _, failure, _, until in found:
            if until > moment:
                delay = (until - moment).total_seconds()
                raise CallFailed(failure.reason, failure.fault, delay, failure.seen_address)
        for name, failure, since, _ in found:
            # This caller tries; the others wait to see how it goes.
            self._open[name] = (failure, since, moment + _TRIAL)

    def open(self, name: str, failure: CallFailed) -> None:
        """Open a circuit, or keep it open, for as long as the failure's row says."""
        moment = self._clock()
        since = self._open[name][1] if name in self._open else moment
        self._open[name] = (failure, since, moment + timedelta(seconds=failure.fault.pause))
        log.error("wechat_circuit_open", circuit=name, reason=failure.reason, seconds=failure.fault.pause)

    def close(self, names: Iterable[str]) -> None:
        """Close circuits after a call that went well."""
        for name in names:
            if self._open.pop(name, None):
                log.info("wechat_circuit_closed", circuit=name)

    def state(self) -> tuple[CircuitState, ...]:
        """List the open circuits; empty when all is well."""
        return tuple(
            CircuitState(name, failure.reason, failure.fault.staff, failure.fault.operator, since, until)
            for name, (failure, since, until) in sorted(self._open.items())
        )
