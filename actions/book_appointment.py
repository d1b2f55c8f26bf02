"""Books an appointment at a hall, lists the citizen's, cancels one."""

from __future__ import annotations

from rasa_sdk import Tracker

from actions.requesting import RequestingAction
from actions.resources import resources
from actions.turn import read_question
from qinwen.vocabulary import Outcome


class ActionBookAppointment(RequestingAction):
    """Wants a time at a hall, for the item that the words or the conversation name."""

    words = "约号现在要到「秦务员」或者打 12345 问当地大厅。您要办什么事？"

    def name(self) -> str:
        """Give the action's name."""
        return "action_book_appointment"

    def item(self, tracker: Tracker) -> str | None:
        """Give the item of the words, else the conversation's."""
        found = resources().answerer.answer(read_question(tracker))
        return found.item if found.outcome is Outcome.ANSWERED else super().item(tracker)


class ActionListAppointments(RequestingAction):
    """Wants to see their appointments."""

    outcome = Outcome.ACKNOWLEDGED
    words = "预约在这里还看不到，请到「秦务员」上看。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_list_appointments"


class ActionCancelAppointment(RequestingAction):
    """Wants an appointment cancelled."""

    outcome = Outcome.ACKNOWLEDGED
    words = "在这里还取消不了预约，请到「秦务员」上取消。"

    def name(self) -> str:
        """Give the action's name."""
        return "action_cancel_appointment"
