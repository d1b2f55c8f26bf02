"""The table of how calls to WeChat fail and what to do then: `error_codes.yml`, read into frozen structures.

Asked by everything in this package; the staff's list of deliveries asks `explain` for the sentences of a reason.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import yaml

Action: TypeAlias = Literal["retry", "refresh", "park", "give_up", "split", "alarm", "programmer", "unknown"]
Scope: TypeAlias = Literal["account", "api", "variant"]
_FILE = Path(__file__).parent / "error_codes.yml"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One row: what to do, what to tell, how much to pause for how long (seconds); the file's head says more."""

    action: Action
    staff: str
    operator: str
    scope: Scope = "api"
    pause: float = 0
    delay: float = 0
    plain_text: bool = False


class ErrorTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """WeChat's error codes, and the faults that have no code."""

    codes: dict[int, Fault]
    faults: dict[str, Fault]

    def explain(self, reason: str) -> Fault:
        """Give the row of a reason: an error code as text or a fault's name; what is not listed has a row too."""
        if reason in self.faults:
            return self.faults[reason]
        known = self.codes.get(int(reason)) if reason.removeprefix("-").isdecimal() else None
        return known or self.faults["unlisted"]


@cache
def error_table() -> ErrorTable:
    """Read the table.

    Raises:
        msgspec.ValidationError: a row does not have the right shape.
    """
    return msgspec.convert(yaml.safe_load(_FILE.read_text(encoding="utf-8")), ErrorTable)


def explain(reason: str) -> Fault:
    """Give the row of a delivery's reason, for the staff's pages and commands."""
    return error_table().explain(reason)
