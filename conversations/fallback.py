"""What the citizen reads when the bot can't answer (now): honest words, and the emergency number when life is at risk."""

from __future__ import annotations

from conversations.turns import Response
from language import detect_safety
from qinwen.replies import Reply
from qinwen.vocabulary import Outcome

BUSY = (
    "现在问的人特别多，我这会儿顾不过来，这句话没能记下。请过一两分钟再发一次。"
    "着急的话可以打 12345 热线；遇到危险请打 110、119 或 120。"
)
STILL_WORKING = Response(Outcome.ACKNOWLEDGED, (Reply("text", "这个问题我还在查，请过一会儿随便发一个字，我把答案给您。"),))
NOT_ERASED = Response(
    Outcome.ERROR,
    (Reply("text", "删除的时候出了故障，什么都没有删掉。请过几分钟再说一次“删除我的记录”；也可以打 12345 投诉。"),),
)


def respond_without_bot(text: str) -> Response:
    """Give the answer for a message that the bot could not take."""
    safety = detect_safety(text)
    if safety and safety.kind == "emergency":
        words = f"情况紧急，请马上拨打 {safety.number}。请先保证自己和身边人的安全。"
        return Response(Outcome.EMERGENCY, (Reply("text", words),))
    words = (
        "实在抱歉，我这边出了点故障，这句话暂时答不了。您说的我已经记下，请过一两分钟再发一次。"
        "着急的话可以打 12345 热线；遇到危险请打 110、119 或 120。"
    )
    return Response(Outcome.ERROR, (Reply("text", words),))
