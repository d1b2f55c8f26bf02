"""The yearly notice of days off and make-up workdays, where the library does not know the year yet: a setting in plain text.

`QINWEN_HOLIDAYS` (or the file that `QINWEN_HOLIDAYS_FILE` names), one day or span a line:

    2027-01-01至2027-01-03 休
    2027-02-06 班

A year that is named counts as known altogether: its other days follow the weekday.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from qinwen.errors import SettingError

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\s*(?:至|~|到)\s*(\d{4}-\d{2}-\d{2}))?\s+(休|班)", re.ASCII)
_LONGEST = timedelta(days=31)
_DAY = timedelta(days=1)


def read_decree(text: str) -> Mapping[date, bool]:
    """Read the notice: for each named day whether offices work on it. `#` begins a remark; `;` is as good as a new line.

    Raises:
        SettingError: a line can't be read, or names a day twice.
    """
    days: dict[date, bool] = {}
    for line in re.split(r"[\n;；]", text):
        words = line.split("#", 1)[0].strip()
        if not words:
            continue
        found = _FORM.fullmatch(words)
        try:
            first = date.fromisoformat(found[1]) if found else None
            last = date.fromisoformat(found[2]) if found and found[2] else first
        except ValueError:
            first = last = None
        if found is None or first is None or last is None or not timedelta(0) <= last - first < _LONGEST:
            raise SettingError(
                f"QINWEN_HOLIDAYS 里的「{words[:40]}」看不懂。一行写「2027-02-06 班」，或「2027-01-01至2027-01-03 休」。"
            )
        while first <= last:
            if first in days:
                raise SettingError(f"QINWEN_HOLIDAYS 里 {first} 写了两次。")
            days[first] = found[3] == "班"
            first += _DAY
    return days
