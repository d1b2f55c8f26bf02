"""When the bot's answer leads to a person, and when a person is only offered."""

import pytest

from conversations import Response
from desk.desks import Desk, Desks
from desk.hours import hours_from_json
from desk.leading import make_request, offer, reads_history, wish_of
from desk.transcript import Line
from desk.vocabulary import HandoffReason
from qinwen.replies import Choice, Reply
from qinwen.vocabulary import Outcome

ASKED = {"name": "request_handoff", "item": "passport", "facet": "fee", "region": "610100", "reason": None}
DESKS = Desks({"one": Desk("one", "一号", "610000", hours_from_json({"week": [["00:00-24:00"]] * 7}))})


def turn(number, said, answered, outcome, choices=()):
    """One turn's messages as the ledger has them."""
    return [
        Line(2 * number, "c", f"t{number}", f"m{number}", "citizen", outcome, "2026-01-01", Reply("text", said)),
        Line(2 * number + 1, "c", f"t{number}", f"m{number}", "bot", outcome, "2026-01-01", Reply("text", answered, choices)),
    ]


def bot(outcome=Outcome.ANSWERED, intent=None, request=None, text="答"):
    return Response(outcome, (Reply("text", text),), intent=intent, request=request)


def test_who_asks_is_handed_over_with_what_it_was_about():
    response = bot(Outcome.DESK_CLOSED, "request_handoff", ASKED)
    assert reads_history("转人工", response)
    wish = wish_of("转人工", response, turn(1, "护照多少钱", "120元", "answered"))
    assert wish.reason is HandoffReason.ASKED
    request = make_request("c", "citizen", "转人工", response, wish)
    assert (request.item, request.facet, request.region, request.only_open) == ("passport", "fee", "610100", False)


@pytest.mark.parametrize(("text", "department"), [("我要找民政局的人说话", "民政"), ("给我转公积金的客服", "住建"),
                                                   ("转医保局的人工", "医保"), ("转人工", None)])  # fmt: skip
def test_an_office_that_is_named_is_where_it_goes(text, department):
    assert wish_of(text, bot(request=ASKED), []).department == department


def test_why_somebody_came_is_read_from_what_happened_before():
    once, again = turn(1, "积分入户", "没找到", "not_found"), turn(2, "积分怎么入户", "没找到", "not_found")
    request = bot(request=ASKED)
    assert wish_of("转人工", request, once).reason is HandoffReason.OUTCOME
    assert wish_of("转人工", request, once + again).reason is HandoffReason.REPEATED
    same = turn(1, "护照多少钱", "120元", "answered") + turn(2, "护照多少钱?", "120元", "answered")
    assert wish_of("转人工", request, same).reason is HandoffReason.REPEATED
    assert wish_of("气死我了，转人工", request, []).reason is HandoffReason.UPSET


def test_a_complaint_waits_only_where_somebody_is_there():
    wish = wish_of("我要投诉", bot(request={**ASKED, "reason": "complaint"}), [])
    assert wish.reason is HandoffReason.COMPLAINT
    assert make_request("c", "citizen", "我要投诉", bot(), wish).only_open


def test_yes_to_the_offer_of_a_person_hands_over_and_yes_to_anything_else_does_not():
    offered = turn(1, "积分入户", "没找到", "not_found", (Choice("转人工", "转人工"),))
    assert wish_of("好的", bot(intent="affirm"), offered)
    assert wish_of("好的", bot(intent="affirm"), turn(1, "护照", "护照", "answered")) is None


def test_with_a_dead_engine_the_plain_wish_still_gets_through():
    assert wish_of("我要转人工", bot(Outcome.ERROR), [])
    assert wish_of("护照多少钱", bot(Outcome.ERROR), []) is None


def test_an_answer_that_helps_leads_nowhere_and_an_emergency_never_does():
    assert not reads_history("护照多少钱", bot())
    assert not reads_history("着火了", bot(Outcome.EMERGENCY, "request_handoff", ASKED))
    assert wish_of("护照多少钱", bot(), []) is None


def test_what_was_not_found_offers_a_person_and_twice_says_so():
    missed = bot(Outcome.NOT_FOUND, text="没找到")
    [reply] = offer("积分入户", missed, [], DESKS, is_open=True).replies
    assert reply.choices == (Choice("转人工", "转人工"),)
    before = turn(1, "积分入户", "没找到", "not_found")
    first, second = offer("积分入户", missed, before, DESKS, is_open=True).replies
    assert first.choices == ()
    assert "坐席" in second.text
    [closed] = offer("积分入户", missed, [], DESKS, is_open=False).replies
    assert closed.choices[0].title == "给人工留言"


def test_without_a_desk_nothing_is_offered():
    missed = bot(Outcome.NOT_FOUND)
    assert offer("积分入户", missed, [], Desks(), is_open=False) is missed


def test_who_is_upset_is_offered_a_person_once():
    response = bot(Outcome.REFUSED_UNSAFE, "insult")
    text = "气死我了，你们就是糊弄人"
    assert len(offer(text, response, [], DESKS, is_open=True).replies) == 2
    offered = turn(1, text, "要不要请坐席来接着办？", "refused_unsafe", (Choice("转人工", "转人工"),))
    assert len(offer(text, response, offered, DESKS, is_open=True).replies) == 1
