"""Binds the citizen to an applicant, or unbinds; turns notices off; erases what is kept."""

from __future__ import annotations

from actions.requesting import RequestingAction
from qinwen.vocabulary import Outcome


class ActionBindAccount(RequestingAction):
    """Wants to be bound, or unbound: the words say which."""

    outcome = Outcome.IDENTITY_REQUIRED
    words = "绑定身份要用受理回执上的绑定码，或者办件编号加短信验证码。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_bind_account"


class ActionStopNotices(RequestingAction):
    """Wants to be told nothing unasked."""

    outcome = Outcome.ACKNOWLEDGED
    words = "好的。我现在本来就不会主动给您发通知。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_stop_notices"


class ActionEraseRecords(RequestingAction):
    """Wants all that is kept of them erased."""

    outcome = Outcome.ACKNOWLEDGED
    words = "您要删除在这里的全部记录吗？请说“删除我的记录”。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_erase_records"
