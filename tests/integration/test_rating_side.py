"""Ratings from the citizen's page: the buttons' address, and what is said goes to the chat rating or past it."""

import pytest

from conversations import CitizenMessage
from desk import OF_CASE, ServiceDesk
from qinwen.vocabulary import Outcome
from tests.routing import ROUTER
from web.public import make_public_app
from web.rating_side import RatingSide, make_rating_route


class NoCases:
    """Leaves everything to the bot."""

    def expects_secret(self, session, citizen):
        return False

    async def respond(self, asked, ask_bot):
        return await ask_bot()


@pytest.fixture
async def page(aiohttp_client, settings, make_hub, ledger_database):
    from conversations import Unlimited

    desk = ServiceDesk(ledger_database, ROUTER)
    hub = make_hub(cases=RatingSide(desk, NoCases()))
    desk.connect(hub.within)
    client = await aiohttp_client(make_public_app(settings, hub, Unlimited(), more=(make_rating_route(hub, desk),)))
    client.hub = hub
    session = await (await client.post("/api/chat/sessions")).json()
    client.citizen, client.headers = session["citizen"], {"Authorization": f"Bearer {session['token']}"}
    return client


async def ask(page, text):
    body = {"text": text, "message_id": f"m-{hash(text) % 10**9}"}
    return await (await page.post("/api/chat/messages", json=body, headers=page.headers)).json()


async def rate(page, headers=None, **body):
    return await page.post("/api/chat/ratings", json=body, headers=page.headers if headers is None else headers)


async def test_an_answer_is_rated_by_its_turn_and_a_bad_one_offers_reasons(page):
    turn = (await ask(page, "身份证丢了"))["turn"]
    good = await (await rate(page, turn=turn, level=5)).json()
    assert good == {"words": "评价记下了，谢谢您。", "reasons": []}
    bad = await (await rate(page, turn=turn, level=2)).json()
    assert "专人跟进" in bad["words"]
    assert {"code": "not_asked", "title": "答非所问"} in bad["reasons"]
    assert (await rate(page, turn=turn, level=2, reasons=["not_asked"])).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {}, {"turn": "x"}, {"turn": "", "level": 5}, {"turn": "x", "level": 6}, {"turn": "x", "level": "五"},
        {"turn": "x" * 65, "level": 5}, {"turn": "x", "level": 5, "reasons": "all"}, {"turn": "x", "level": 5, "reasons": [1]},
        {"turn": "x", "level": 5, "comment": 1}, {"turn": "nothing", "level": 5},
    ],
)  # fmt: skip
async def test_what_is_no_rating_is_refused_in_a_sentence(page, body):
    answer = await rate(page, **body)
    assert answer.status == 422
    assert (await answer.json())["error"]["message"].endswith("。")


async def test_nobody_rates_without_a_session_or_anothers_answer(page):
    turn = (await ask(page, "身份证丢了"))["turn"]
    assert (await rate(page, headers={}, turn=turn, level=5)).status == 401
    other = await (await page.post("/api/chat/sessions")).json()
    assert (await rate(page, headers={"Authorization": f"Bearer {other['token']}"}, turn=turn, level=1)).status == 422
    assert (await page.post("/api/chat/ratings", data=b"[1]", headers=page.headers)).status == 422


async def test_what_is_said_about_the_chat_is_rated_and_the_rest_goes_on(page):
    await ask(page, "身份证丢了")
    asked = await ask(page, "评价")
    assert asked["outcome"] == Outcome.ASK_SLOT.value
    values = {choice["title"]: choice["value"] for choice in asked["replies"][0]["choices"]}
    assert values["评价我的办件"] == OF_CASE
    assert (await ask(page, values["非常满意"]))["outcome"] == Outcome.RATED.value
    assert (await ask(page, OF_CASE))["outcome"] == Outcome.ANSWERED.value


async def test_a_number_picks_one_of_the_levels(page):
    await page.hub.take(CitizenMessage(page.citizen, "m1", "身份证丢了"))
    await page.hub.take(CitizenMessage(page.citizen, "m2", "评价"))
    assert (await page.hub.take(CitizenMessage(page.citizen, "m3", "2"))).response.replies[
        0
    ].text == "评价记下了：满意。谢谢您。"
