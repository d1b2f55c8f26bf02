from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from web.address import address_behind
from web.console.audit import detail_lines
from web.console.forms import day_of, local_path, page_of, secret_of, text_of


def test_text_comes_without_the_space_around_it_and_without_zero_bytes():
    assert text_of({"a": " 王\0芳 "}, "a") == "王芳"
    assert text_of({}, "a") == ""
    assert len(text_of({"a": "长" * 10_000}, "a")) == 4000


def test_an_uploaded_file_is_no_text():
    upload = web.FileField("a", "x.txt", None, "text/plain", None)
    assert text_of({"a": upload}, "a") == ""
    assert secret_of({"a": upload}, "a") == ""


def test_a_password_keeps_its_spaces():
    assert secret_of({"a": " two words "}, "a") == " two words "


@pytest.mark.parametrize(("text", "page"), [("1", 1), ("7", 7), ("0", 1), ("-3", 1), ("x", 1), ("９", 1), ("12345678", 1)])
def test_a_page_that_is_none_is_the_first(text, page):
    assert page_of(make_mocked_request("GET", f"/staff?page={text}")) == page


def test_a_day_begins_at_midnight_in_shaanxi():
    assert day_of({"since": "2026-03-02"}, "since").isoformat() == "2026-03-02T00:00:00+08:00"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001-01-01", "9999-12-31"])
def test_what_is_no_day_is_none(text):
    assert day_of({"since": text}, "since") is None


@pytest.mark.parametrize("path", ["/", "/staff?q=1", "/audit?since=2026-01-01&actor=a"])
def test_a_path_of_ours_is_gone_on_to(path):
    assert local_path(path) == path


@pytest.mark.parametrize("path", ["", "staff", "//evil", "/\\evil", "https://evil", "/a\nb", "javascript:x"])
def test_any_other_leads_to_the_start_page(path):
    assert local_path(path) == "/"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [(0, "1.2.3.4", "10.0.0.1"), (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"), (2, "1.2.3.4", "10.0.0.1"), (1, "", "10.0.0.1")],
)
def test_an_address_is_the_one_that_our_outermost_proxy_saw(proxies, forwarded, expected):
    request = make_mocked_request("POST", "/login", headers={"X-Forwarded-For": forwarded}).clone(remote="10.0.0.1")
    assert address_behind(request, proxies) == expected


def test_the_log_s_details_read_as_words():
    detail = {
        "roles": [["editor"], ["editor", "reviewer"]],
        "regions": [[], ["610100"]],
        "by": "phone",
        "n": 3,
        "name": "changed",
    }
    assert detail_lines(detail) == [
        ("角色", "编辑 → 编辑、审核"),
        ("地区", "（无） → 610100"),
        ("凭", "手机验证码"),
        ("n", "3"),
        ("姓名", "改了"),
    ]


def test_browsers_are_named_in_words():
    from web.console.access import SETTINGS, origin

    app = web.Application()
    app[SETTINGS] = SimpleNamespace(staff_proxies=0)
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120 Safari/537.36 Edg/120"
    request = make_mocked_request("GET", "/", headers={"User-Agent": agent}, app=app)
    assert origin(request.clone(remote="10.0.0.1")).browser == "Edge（Windows）"
    assert origin(make_mocked_request("GET", "/", app=app)).browser == "其他浏览器（其他系统）"
