"""The supervisors' routes, their places in the navigation, and the names of what the audit log keeps of them."""

from __future__ import annotations

from aiohttp import web
from sqlalchemy.orm import Session

from desk import AlreadyTaken, DeskUnknown, NoRoom, NotHolding, ServiceDesk, read_board
from qinwen.clock import now
from staff import Member, Permission, may
from web.console.modules import Module, NavEntry, Route, Tile, needs
from web.console.supervision import board, desks, macros, own_record, quality, ratings, recurring, reports, waiting
from web.console.supervision.scope import supervised_desks

_SUPERVISE = needs(Permission.DESK_SUPERVISE)
_SERVE = needs(Permission.DESK_SERVE)


def make_supervision_module(desk: ServiceDesk) -> Module:
    """Give the module.

    Args:
        desk: the running service desk, connected to the hub.
    """

    def prepare(app: web.Application) -> None:
        board.prepare(app, desk)

    return Module(
        routes=(
            Route("GET", "/supervise", board.show_board, _SUPERVISE),
            Route("GET", "/supervise/board", board.show_board_again, _SUPERVISE),
            Route("GET", "/supervise/events", board.stream_board, _SUPERVISE),
            Route("GET", "/supervise/conversations/{handling}", board.show_conversation, _SUPERVISE),
            Route("POST", "/supervise/conversations/{handling}/take-over", board.take_conversation, _SUPERVISE),
            Route("POST", "/supervise/conversations/{handling}/join", board.join_conversation, _SUPERVISE),
            Route("POST", "/supervise/conversations/{handling}/move", board.move_conversation, _SUPERVISE),
            Route("POST", "/supervise/agents/{agent}/reassign", board.reassign_agent, _SUPERVISE),
            Route("GET", "/supervise/desks", desks.show_desks, _SUPERVISE),
            Route("GET", "/supervise/desks/new", desks.show_new, _SUPERVISE),
            Route("POST", "/supervise/desks/new", desks.take_new, _SUPERVISE),
            Route("GET", "/supervise/desks/{desk}", desks.show_desk, _SUPERVISE),
            Route("POST", "/supervise/desks/{desk}", desks.take_desk, _SUPERVISE),
            Route("POST", "/supervise/desks/{desk}/agents", desks.put_agent, _SUPERVISE),
            Route("POST", "/supervise/desks/{desk}/agents/{agent}/remove", desks.take_agent_away, _SUPERVISE),
            Route("GET", "/supervise/macros", macros.show_macros, _SUPERVISE),
            Route("POST", "/supervise/macros", macros.take_macro, _SUPERVISE),
            Route("POST", "/supervise/macros/{macro}/delete", macros.drop_macro, _SUPERVISE),
            Route("GET", "/supervise/reports", reports.show_report, _SUPERVISE),
            Route("GET", "/supervise/reports.csv", reports.export_report, _SUPERVISE),
            Route("GET", "/supervise/ratings", ratings.show_ratings, _SUPERVISE),
            Route("GET", "/supervise/ratings/{rating}", ratings.show_rating, _SUPERVISE),
            Route("POST", "/supervise/ratings/{rating}/owner", ratings.give_case, _SUPERVISE),
            Route("POST", "/supervise/ratings/{rating}/contact", ratings.write_contact, _SUPERVISE),
            Route("POST", "/supervise/ratings/{rating}/resolution", ratings.write_resolution, _SUPERVISE),
            Route("POST", "/supervise/ratings/{rating}/appeal", ratings.decide, _SUPERVISE),
            Route("GET", "/supervise/quality", quality.show_reviews, _SUPERVISE),
            Route("POST", "/supervise/quality", quality.take_draw, _SUPERVISE),
            Route("GET", "/supervise/quality/{review}", quality.show_review, _SUPERVISE),
            Route("POST", "/supervise/quality/{review}", quality.take_score, _SUPERVISE),
            Route("POST", "/supervise/quality/{review}/drop", quality.give_back, _SUPERVISE),
            Route("GET", "/supervise/recurring", recurring.show_recurring, _SUPERVISE),
            Route("POST", "/supervise/recurring/{answer}", recurring.give_recurring, _SUPERVISE),
            Route("GET", "/supervise/waiting", waiting.show_waiting, _SUPERVISE),
            Route("GET", "/my-service", own_record.show_record, _SERVE),
            Route("POST", "/my-service/{rating}/appeal", own_record.take_appeal, _SERVE),
        ),
        nav=(
            NavEntry("服务台看板", "/supervise", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("服务台统计", "/supervise/reports", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("评价和差评", "/supervise/ratings", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("质检", "/supervise/quality", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("反复的答复", "/supervise/recurring", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("服务台设置", "/supervise/desks", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("常用语", "/supervise/macros", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("等待时间", "/supervise/waiting", Permission.DESK_SUPERVISE, "服务"),
            NavEntry("我的评价和质检", "/my-service", Permission.DESK_SERVE, "服务"),
        ),
        actions={
            "desk_added": "新建服务台",
            "desk_changed": "修改服务台",
            "desk_agent_added": "安排坐席",
            "desk_agent_removed": "移出坐席",
            "desk_macro_saved": "保存常用语",
            "desk_macro_deleted": "删除常用语",
            "desk_conversation_read": "查看服务台会话",
            "desk_taken_over": "接管会话",
            "desk_joined": "加入会话",
            "desk_moved": "调派会话",
            "desk_report_exported": "导出服务台统计",
            "rating_assigned": "派出差评回访",
            "rating_contacted": "记录差评回访",
            "rating_resolved": "办结差评",
            "rating_appealed": "申诉差评",
            "rating_appeal_decided": "审定差评申诉",
            "recurring_answer_given": "把反复的答复交给编辑",
            "quality_drawn": "抽取质检会话",
            "quality_scored": "质检评分",
            "quality_dropped": "撤回质检会话",
        },
        statuses={DeskUnknown: 404, AlreadyTaken: 409, NoRoom: 409, NotHolding: 409},
        tiles=_tiles,
        prepare=prepare,
    )


def _tiles(session: Session, member: Member) -> list[Tile]:
    if not may(member, Permission.DESK_SUPERVISE):
        return []
    codes = [one.code for one in supervised_desks(session, member)]
    rows = read_board(session, now(), codes) if codes else []
    risky = sum(len(row.at_risk) for row in rows)
    return [Tile("在排队", str(sum(row.waiting for row in rows)), f"其中 {risky} 个快超时或已超时", "/supervise")]
