"""The hours of the night in which nobody is told anything unasked, in Shaanxi's time. A setting; used by `services_backend`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from qinwen.clock import SHAANXI
from qinwen.errors import SettingError

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


@dataclass(frozen=True)
class QuietHours:
    """From `first` to `last`, which may be the next day; equal: none."""

    first: time = time(0)
    last: time = time(0)

    def end_of(self, moment: datetime) -> datetime:
        """Give when one may speak again: the moment itself where it is not quiet."""
        local = moment.astimezone(SHAANXI)
        clock = local.time()
        inside = self.first <= clock < self.last if self.first <= self.last else clock >= self.first or clock < self.last
        if not inside:
            return moment
        end = datetime.combine(local.date(), self.last, SHAANXI)
        return end if end > local else end + timedelta(days=1)


def read_quiet_hours(text: str) -> QuietHours:
    """Read `22:00-08:00`, or `off`.

    Raises:
        SettingError: it is something else.
    """
    if text.lower() == "off":
        return QuietHours()
    found = _FORM.fullmatch(text)
    if not found:
        raise SettingError(f"QINWEN_QUIET_HOURS 应当写成 22:00-08:00 这样，或者 off，现在是 {text!r}。")
    first, first_minute, last, last_minute = map(int, found.groups())
    return QuietHours(time(first, first_minute), time(last, last_minute))
