"""The H5 page opened from WeChat: the same citizen, the same conversation; and whoever is not let in."""

from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.wechat import OpenId
from conversations import CitizenMessage
from qinwen.errors import QinwenError
from qinwen.settings import load_settings
from web.faults import translate_errors
from web.headers import secure_headers
from web.wechat import make_wechat_routes

SITE = "http://wenwen.example"


class Exchange:
    """Stands for WeChat: each code once."""

    def __init__(self):
        self.codes = {"good": OpenId("oU1"), "made-up": OpenId("oX", snapshot=True)}

    async def exchange_oauth_code(self, code):
        if code not in self.codes:
            raise QinwenError("微信没有认这个代码。")
        return self.codes.pop(code)


@pytest.fixture
def start(aiohttp_client, settings, hub):
    async def serve(exchange="default", site=SITE):
        own = load_settings(
            {
                "QINWEN_VAR": str(settings.var), "QINWEN_WECHAT_MODE": "plain", "QINWEN_WECHAT_TOKEN": "token",
                "QINWEN_WECHAT_ORIGINAL_ID": "gh_1", "QINWEN_WECHAT_APP_ID": "wxba5fad812f8e6fb9", "QINWEN_PUBLIC_URL": site,
            },
            secrets_needed=False,
        )  # fmt: skip
        app = web.Application(middlewares=[secure_headers, translate_errors])
        app.router.add_routes(make_wechat_routes(own, hub, Exchange() if exchange == "default" else exchange))
        return await aiohttp_client(TestServer(app))

    return serve


async def go_to_wechat(client):
    answer = await client.get("/wechat/oauth/start", allow_redirects=False)
    return answer, parse_qs(urlsplit(answer.headers["Location"]).query)


async def come_back(client, code, state):
    return await client.get("/wechat/oauth/callback", params={"code": code, "state": state}, allow_redirects=False)


def arrival_of(answer):
    return answer.cookies["qinwen_arrival"].value


async def test_the_way_to_wechat_names_us_and_asks_only_who_it_is(start):
    answer, asked = await go_to_wechat(await start())
    assert answer.status == 302
    assert answer.headers["Location"].startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=wxba5")
    assert answer.headers["Location"].endswith("#wechat_redirect")
    assert asked["scope"] == ["snsapi_base"]
    assert asked["redirect_uri"] == [f"{SITE}/wechat/oauth/callback"]
    assert asked["state"][0].isalnum()
    cookie = answer.cookies["qinwen_state"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_who_comes_from_wechat_goes_on_with_their_conversation(start, hub, public):
    citizen = await hub.open_citizen("wechat", "oU1")
    await hub.take(CitizenMessage(citizen, "m1", "护照多少钱"))
    client = await start()
    _, asked = await go_to_wechat(client)
    answer = await come_back(client, "good", asked["state"][0])
    assert (answer.status, answer.headers["Location"]) == (302, "/")
    assert "token" not in answer.headers["Location"]
    bearer = {"Authorization": f"Bearer {arrival_of(answer)}"}
    said = (await (await public.get("/api/chat/messages", headers=bearer)).json())["messages"]
    assert [message["reply"]["text"] for message in said] == ["护照多少钱", "答:护照多少钱"]
    more = await public.post("/api/chat/messages", json={"text": "几天办好", "message_id": "m2"}, headers=bearer)
    assert (await more.json())["conversation"] == said[0]["conversation"]


async def test_a_state_works_once_and_only_in_the_browser_that_began(start):
    client = await start()
    _, asked = await go_to_wechat(client)
    state = asked["state"][0]
    cookie = {"Cookie": f"qinwen_state={state}"}
    assert (await come_back(client, "good", state)).status == 302
    for headers in ({}, cookie, {"Cookie": "qinwen_state=other"}):
        again = await client.get(
            "/wechat/oauth/callback", params={"code": "c", "state": state}, headers=headers, allow_redirects=False
        )
        assert again.status == 403
        assert "重新点一次菜单" in await again.text()


@pytest.mark.parametrize("query", ["", "code=good", "state=", "code=good&state=x", "code=good&state=x&state=x", "state=%FF"])
async def test_who_did_not_begin_here_is_not_let_in(start, query):
    client = await start()
    await go_to_wechat(client)
    answer = await client.get(f"/wechat/oauth/callback?{query}", allow_redirects=False)
    assert answer.status == 403
    assert "qinwen_arrival" not in answer.cookies


@pytest.mark.parametrize("code", ["", "used-before", "made-up", "坏", "a" * 300])
async def test_where_wechat_does_not_say_who_it_is_the_page_opens_for_nobody_in_particular(start, code):
    client = await start()
    _, asked = await go_to_wechat(client)
    answer = await come_back(client, code, asked["state"][0])
    assert (answer.status, arrival_of(answer)) == (302, "anonymous")


async def test_without_a_public_address_or_the_right_to_ask_the_page_still_opens(start):
    for changes in ({"site": ""}, {"exchange": None}):
        answer, _ = await go_to_wechat(await start(**changes))
        assert (answer.headers["Location"], arrival_of(answer)) == ("/", "anonymous")


async def test_over_https_no_cookie_travels_in_the_clear(start):
    answer, _ = await go_to_wechat(await start(site="https://wenwen.example"))
    assert answer.cookies["__Secure-qinwen_state"]["secure"]
