"""What the demonstration's command prints for a person: one line a thing. Called by `demo`; reads what `demo_api` answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from qinwen.clock import SHAANXI
from services_backend.case_numbers import print_case_number
from services_backend.vocabulary import CaseState, RatingLevel, RatingReason

_FAULTS = {
    "none": "好着",
    "slow": "变慢",
    "hang": "不答",
    "500s": "一律报错",
    "garbage": "乱答",
    "drip": "一个字节一个字节地答",
    "down": "断开连接",
}


def case_line(case: Mapping[str, Any]) -> str:
    """Show a case with what is needed to ask for it."""
    following = "、".join(CaseState(state).label for state in case["next"]) or "没有下一步"
    return (
        f"{print_case_number(case['number'])}  后四位 {case['id_last4']}  {case['item_name']}  "
        f"{CaseState(case['state']).label} → {following}"
    )


def moved_line(case: Mapping[str, Any]) -> str:
    """Show where a case is now."""
    return f"{print_case_number(case['number'])} 现在是“{CaseState(case['state']).label}”。"


def sms_line(sms: Mapping[str, Any]) -> str:
    """Show a message that was "sent"."""
    return f"{_moment(sms['at'])}  发给 {sms['to']}：{sms['text']}"


def code_line(printed: Mapping[str, Any]) -> str:
    """Show a receipt's binding code, and the scene of its QR code."""
    code = printed["code"]
    return f"绑定码 {code[:5]}-{code[5:]}（回执上二维码的场景值 bind_{code}），用一次就作废。"


def fault_line(fault: Mapping[str, Any]) -> str:
    """Show what is broken."""
    seconds = f"，{fault['seconds']:g} 秒" if fault["fault"] == "slow" else ""
    return f"办件系统的接口现在：{_FAULTS[fault['fault']]}{seconds}。"


def delivery_line(told: Mapping[str, Any]) -> str:
    """Show a notice to the outside with its attempts."""
    tries = "；".join(f"{_moment(one['at'])} {one['status'] or one['error']}" for one in told["attempts"]) or "还没有投递"
    state = CaseState(told["to_state"]).label
    return f"{print_case_number(told['case_number'])} 变为“{state}”  {told['delivery']}  {tries}"


def rating_line(rating: Mapping[str, Any]) -> str:
    """Show a rating, and who follows up a bad one until when."""
    reasons = "、".join(RatingReason(reason).label for reason in rating["reasons"]) or "没有说原因"
    line = (
        f"{print_case_number(rating['case_number'])}（事项第 {rating['item_version']} 版）  "
        f"{RatingLevel(rating['level']).label}  {reasons}"
    )
    follow = rating["follow_up"]
    return f"{line}  回访：{follow['owner']}，{follow['due_on']} 前，{follow['state']}" if follow else line


def urge_line(urged: Mapping[str, Any]) -> str:
    """Show how often a case was urged."""
    return f"{print_case_number(urged['case_number'])}  催办 {urged['urges']} 次，最近 {_moment(urged['last_at'])}"


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at.replace('Z', '+00:00')).astimezone(SHAANXI):%m-%d %H:%M:%S}"
