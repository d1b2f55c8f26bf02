"""Asks for a person: the hub takes the conversation to the service desk."""

from __future__ import annotations

from actions.requesting import RequestingAction
from qinwen.vocabulary import Outcome


class ActionRequestHandoff(RequestingAction):
    """Wants a person. The words are those for an installation without a desk."""

    outcome = Outcome.DESK_CLOSED
    words = "这里没有设服务台，转不了人工，实在抱歉。急着找人，请打 12345 热线，有人接听；您也可以把问题再跟我说说，我试试看。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_request_handoff"
