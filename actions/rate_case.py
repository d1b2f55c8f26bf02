"""Rates: the hub takes what is about a case to the case system; what is about the chat is thanked for here."""

from __future__ import annotations

from actions.requesting import RequestingAction
from qinwen.vocabulary import Outcome


class ActionRateCase(RequestingAction):
    """Wants to rate."""

    outcome = Outcome.ACKNOWLEDGED
    words = (
        "谢谢您的评价，我记下了。哪里说得不对、不清楚，也请告诉我。"
        "要评价办过的事，请连编号一起说，比如“评价 SN2026 1116 0017 23”。"
    )

    def name(self) -> str:
        """Give the action's name."""
        return "action_rate_case"
