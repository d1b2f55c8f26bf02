"""Coming from WeChat to the page: the token that the server left in a cookie becomes this device's session, once."""

from playwright.sync_api import BrowserContext, Page, expect

QUESTION = "护照多少钱"


def leave_cookie(context: BrowserContext, base_url: str, value: str) -> None:
    context.add_cookies([{"name": "qinwen_arrival", "value": value, "url": base_url}])


def test_a_citizen_from_wechat_sees_what_was_said_there(page: Page, base_url: str):
    token = page.request.post("/api/chat/sessions").json()["token"]
    sent = page.request.post(
        "/api/chat/messages",
        data={"text": QUESTION, "message_id": "from-wechat"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert sent.ok
    leave_cookie(page.context, base_url, token)
    page.goto("/")
    expect(page.get_by_role("log").get_by_text(QUESTION, exact=True)).to_be_visible()
    assert page.evaluate("document.cookie") == ""
    page.reload()
    expect(page.get_by_role("log").get_by_text(QUESTION, exact=True)).to_be_visible()


def test_a_citizen_whom_wechat_did_not_name_is_told_so(page: Page, base_url: str):
    leave_cookie(page.context, base_url, "anonymous")
    page.goto("/")
    expect(page.get_by_text("没认出您的微信")).to_be_visible()
    assert page.evaluate("document.cookie") == ""
