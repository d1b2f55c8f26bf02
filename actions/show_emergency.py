"""Tells somebody in danger, at once, which number to call."""

from __future__ import annotations

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.failing import SpeakingAction
from actions.turn import say
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

_WORDS = {
    "110": "请马上拨打 110 报警。先到安全、有人的地方去，告诉接线员您在哪儿、出了什么事。"
    "心里难受、不想活的时候，也可以打心理援助热线 12356，有人愿意听您说。",
    "119": "请马上拨打 119。先撤离，弯腰捂住口鼻，不坐电梯；到了外面说清地址和有没有人被困。",
    "120": "请马上拨打 120。说清地址和病人的样子，听医生指导，别随便搬动病人。",
    "122": "请马上拨打 122 报交通事故，有人受伤先打 120。开双闪、放警示牌、人到护栏外面等。",
}
_ALL = "情况紧急请马上打电话：报警 110，火警 119，急救 120。先保证自己和身边人的安全。"


class ActionShowEmergency(SpeakingAction, Action):
    """Gives the number that the safety rules found, else all of them."""

    def name(self) -> str:
        """Give the action's name."""
        return "action_show_emergency"

    def act(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        """Say it."""
        number = tracker.latest_message.get("emergency_number")
        say(dispatcher, Outcome.EMERGENCY, [Reply("text", _WORDS.get(number or "", _ALL))])
        return []
