"""A Word file becomes a draft in the console; what was not understood stands beside it."""

import aiohttp
import pytest

from staff import Role
from tests.integration.test_knowledge_pages import enter, knowledge_database  # noqa: F401
from tests.staffing import hash_quickly
from tests.unit.knowledge_base.test_word import guide, saved


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


async def send(browser, data, item="passport", region="610000"):
    await browser.get("/knowledge/word")
    form = aiohttp.FormData()
    for name, value in (("csrf_token", browser.token), ("item", item), ("region", region)):
        form.add_field(name, value)
    form.add_field("file", data, filename="护照.docx")
    answer = await browser.client.post("/knowledge/word", data=form, allow_redirects=False)
    return answer.status, await answer.text()


async def test_a_word_file_becomes_a_draft_and_the_rest_a_comment(enter):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    status, text = await send(editor, saved(guide()))
    assert status == 200
    assert "中国公民都能办。" in text
    assert "不要折叠表格。" in text
    await editor.get("/knowledge/entries/guide:passport:610000/edit")
    assert "居民身份证" in editor.text
    assert "任意窗口。" in editor.text, "what the file does not name stays"
    await editor.get("/knowledge/entries/guide:passport:610000/review")
    assert "不要折叠表格。" in editor.text
    status, text = await send(editor, saved(guide()))
    assert status == 422
    assert "已经有草稿了" in text


async def test_a_new_region_gets_a_draft_and_scopes_hold(enter):  # noqa: F811
    editor = await enter("wang", Role.EDITOR, regions=("610100",))
    assert (await send(editor, saved(guide()), region="610100"))[0] == 200
    assert (await send(editor, saved(guide()), region="610300"))[0] == 403
    assert (await send(editor, saved(guide()), item="nothing", region="610100"))[0] == 404
    assert (await send(editor, b"nonsense", region="610113"))[0] == 422
