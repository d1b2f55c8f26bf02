"""The routes of the agents' pages, with what is in the audit log and which status each error has."""

from __future__ import annotations

from conversations import Hub
from desk import AlreadyTaken, DeskUnknown, EventFeed, NoRoom, NotHolding, Reserved, ServiceDesk, UnseenMessages
from services_backend import AgentSteps
from staff import Permission
from web.console.desk.acting import Acting
from web.console.desk.left_messages import LeftMessages
from web.console.desk.looking_up import LookingUp
from web.console.desk.room import DeskRoom
from web.console.desk.screen import Screen
from web.console.desk.services import Services
from web.console.desk.stream import Stream
from web.console.knowledge import KnowledgeRoom
from web.console.modules import Module, NavEntry, Route, needs

_SERVE = needs(Permission.DESK_SERVE)
_HANDLING = "/desk/handlings/{handling}"


def make_desk_module(desk: ServiceDesk, hub: Hub, knowledge: KnowledgeRoom, steps: AgentSteps) -> Module:
    """Give the agents' pages, for `make_staff_app`."""
    room = DeskRoom(desk, hub, knowledge, EventFeed(desk))
    screen, acting, stream = Screen(room), Acting(room), Stream(room)
    looking_up, left = LookingUp(room), LeftMessages(room)
    services = Services(room, steps)
    return Module(
        routes=(
            Route("GET", "/desk", screen.show, _SERVE),
            Route("GET", "/desk/lists", screen.show_lists, _SERVE),
            Route("GET", "/desk/events", stream.events, _SERVE),
            Route("POST", "/desk/presence", acting.set_presence, _SERVE),
            Route("POST", "/desk/beat", acting.beat, _SERVE),
            Route("GET", _HANDLING, screen.show_conversation, _SERVE),
            Route("GET", f"{_HANDLING}/lines", screen.show_lines, _SERVE),
            Route("GET", f"{_HANDLING}/media/{{message}}", screen.give_media, _SERVE),
            Route("GET", f"{_HANDLING}/media/{{message}}/shown", screen.show_media, _SERVE),
            Route("POST", f"{_HANDLING}/claim", acting.claim, _SERVE),
            Route("POST", f"{_HANDLING}/messages", acting.send, _SERVE),
            Route("POST", f"{_HANDLING}/typing", acting.typing, _SERVE),
            Route("GET", f"{_HANDLING}/knowledge", looking_up.find, _SERVE),
            Route("POST", f"{_HANDLING}/entries", looking_up.send_entry, _SERVE),
            Route("GET", f"{_HANDLING}/macros", looking_up.show_macros, _SERVE),
            Route("GET", f"{_HANDLING}/services", services.show, _SERVE),
            Route("POST", f"{_HANDLING}/identity", services.ask_identity, _SERVE),
            Route("POST", f"{_HANDLING}/case", services.look_up, _SERVE),
            Route("POST", f"{_HANDLING}/booking", services.book, _SERVE),
            Route("POST", f"{_HANDLING}/choose", services.choose, _SERVE),
            Route("POST", f"{_HANDLING}/stop", services.stop, _SERVE),
            Route("GET", "/desk/messages", left.show, _SERVE),
            Route("POST", "/desk/messages/{item}/take", left.take, _SERVE),
            Route("POST", "/desk/messages/{item}/answer", left.answer, _SERVE),
            Route("POST", f"{_HANDLING}/notes", acting.note, _SERVE),
            Route("POST", f"{_HANDLING}/transfer", acting.transfer, _SERVE),
            Route("POST", f"{_HANDLING}/invite", acting.invite, _SERVE),
            Route("POST", f"{_HANDLING}/leave", acting.leave, _SERVE),
            Route("POST", f"{_HANDLING}/spam", acting.spam, _SERVE),
            Route("POST", f"{_HANDLING}/follow-up", acting.follow_up, _SERVE),
            Route("POST", f"{_HANDLING}/close", acting.close, _SERVE),
        ),
        nav=(NavEntry("接待", "/desk", Permission.DESK_SERVE, "服务"),),
        actions={
            "desk_claimed": "接入会话",
            "desk_noted": "写内部备注",
            "desk_transferred": "转交会话",
            "desk_invited": "请同事一起接待",
            "desk_left": "退出协助",
            "desk_spam": "标为骚扰",
            "desk_closed": "结束会话",
            "desk_followed_up": "跟进市民",
            "desk_identity_asked": "请市民核对身份",
            "desk_case_started": "替市民查办件",
            "desk_booking_started": "替市民预约",
            "desk_step_chosen": "替市民选",
            "desk_step_stopped": "停下替市民办的一步",
            "desk_presence": "改接待状态",
            "left_message_taken": "领取留言",
            "left_message_answered": "答复留言",
        },
        statuses={
            DeskUnknown: 404,
            AlreadyTaken: 409,
            NotHolding: 409,
            NoRoom: 409,
            Reserved: 409,
            UnseenMessages: 409,
        },
    )
