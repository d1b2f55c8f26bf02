"""Asks how far a case is, lists a citizen's cases, urges one."""

from __future__ import annotations

from actions.requesting import RequestingAction
from qinwen.vocabulary import Outcome

_NUMBER = "请告诉我办件编号，就是受理回执上 SN 开头的那一串。"


class ActionCheckCase(RequestingAction):
    """Wants to know how far a case is; also a bare number or proof of identity."""

    words = _NUMBER

    def name(self) -> str:
        """Give the action's name."""
        return "action_check_case"


class ActionListCases(RequestingAction):
    """Wants to see all their cases."""

    outcome = Outcome.IDENTITY_REQUIRED
    words = "看全部办件要先绑定身份。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_list_cases"


class ActionUrgeCase(RequestingAction):
    """Wants a case to go faster."""

    words = _NUMBER

    def name(self) -> str:
        """Give the action's name."""
        return "action_urge_case"
