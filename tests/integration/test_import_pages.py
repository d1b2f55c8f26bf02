"""The pages of imports: a file in, what it would do, a second person's word, in, and undone; templates and export."""

import io

import aiohttp
import openpyxl
import pytest

from knowledge_base.import_jobs import ImportJobs
from staff import Role
from staff.audit import AuditFilter, find_rows
from tests.integration.test_knowledge_pages import XSS, answered, enter, knowledge_database  # noqa: F401
from tests.staffing import hash_quickly
from web.console.knowledge.audit import ImportAudit

IMPORTS = "/knowledge/imports"
CSV = "编号,标准问题,答案\nparking,政务大厅有停车场吗,没有了。\nnew-one,大厅有充电桩吗,有。\n"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def jobs(knowledge_database):  # noqa: F811
    return ImportJobs(knowledge_database, lambda: None, "test", ImportAudit())


async def upload(browser, text=CSV, name="问答.csv", **fields):
    await browser.get(IMPORTS)
    form = aiohttp.FormData()
    form.add_field("csrf_token", browser.token)
    for field, value in fields.items():
        form.add_field(field, value)
    form.add_field("file", text if isinstance(text, bytes) else text.encode("utf-8-sig"), filename=name)
    answer = await browser.client.post(IMPORTS, data=form, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def test_a_file_goes_in_over_two_people_and_is_undone(enter, jobs, knowledge_database):  # noqa: F811
    editor, reviewer = await enter("wang", Role.EDITOR), await enter("lili", Role.REVIEWER)
    place = await upload(editor)
    await editor.get(place)
    assert 'hx-get="/knowledge/imports/1/progress"' in editor.text
    jobs.run_next()
    answer = await editor.get(f"{place}/progress", headers={"HX-Request": "true"})
    assert answer.headers["HX-Refresh"] == "true"
    await editor.get(place)
    assert "没有了。" in editor.text
    assert "有，在地下一层。" in editor.text
    assert "大厅有充电桩吗" in editor.text
    assert editor.text.count("有。") == 1, "who reviews sees all of a new entry"
    assert (await editor.send(f"{place}/approve")).status == 403
    assert (await editor.send(f"{place}/submit", reason="")).status == 422
    assert (await editor.send(f"{place}/submit", reason="停车场关了")).status == 303
    await reviewer.get("/")
    assert "等审核的导入" in reviewer.text
    await reviewer.get(place)
    assert "停车场关了" in reviewer.text
    assert (await reviewer.send(f"{place}/approve")).status == 303
    assert "地下一层" in answered(knowledge_database, "政务大厅有停车场吗")
    jobs.run_next()
    assert "没有了" in answered(knowledge_database, "政务大厅有停车场吗")
    await editor.get(place)
    assert "已导入" in editor.text
    assert (await editor.send(f"{place}/undo")).status == 303
    await editor.get(place)
    assert "已撤销，2 条恢复成导入以前的样子" in editor.text
    assert "地下一层" in answered(knowledge_database, "政务大厅有停车场吗")
    await editor.get("/knowledge/entries/faq:parking/history")
    assert "导入撤销了" in editor.text
    assert "第 1 批导入" in editor.text
    with knowledge_database.session() as session:
        rows = [(row.actor, row.action) for row in find_rows(session, AuditFilter(object="import:1"))]
    assert rows == [("wang", "import_undone"), ("lili", "import_applied"), ("lili", "import_approved"),
                    ("wang", "import_submitted"), ("wang", "import_uploaded")]  # fmt: skip


async def test_faults_are_shown_with_their_place_and_nothing_can_be_submitted(enter, jobs):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    place = await upload(editor, f"编号,标准问题,答案\na,,答\nb,{XSS.replace(',', '')},=1+1\n")
    jobs.run_next()
    await editor.get(place)
    assert "2 处错" in editor.text
    assert "第 2 行 B 列“标准问题”" in " ".join(editor.text.split())
    assert "像是公式" in editor.text
    assert "提交审核" not in editor.text
    assert "<script>alert" not in editor.text
    assert (await editor.send(f"{place}/submit", reason="x")).status == 422
    assert (await editor.send(f"{place}/discard")).status == 303
    await editor.get(f"{IMPORTS}?state=discarded")
    assert "放弃了" in editor.text


async def test_a_reviewer_sends_an_import_back(enter, jobs):  # noqa: F811
    editor, reviewer = await enter("wang", Role.EDITOR), await enter("lili", Role.REVIEWER, Role.EDITOR)
    place = await upload(editor)
    jobs.run_next()
    await editor.get(place)
    await editor.send(f"{place}/submit", reason="x")
    await reviewer.get(place)
    assert (await reviewer.send(f"{place}/return", words="")).status == 422
    assert (await reviewer.send(f"{place}/return", words="第二行的答案不对")).status == 303
    await editor.get(place)
    assert "退回：第二行的答案不对" in editor.text


async def test_an_own_import_is_not_ones_own_to_approve(enter, jobs):  # noqa: F811
    both = await enter("wang", Role.EDITOR, Role.REVIEWER)
    place = await upload(both)
    jobs.run_next()
    await both.get(place)
    await both.send(f"{place}/submit", reason="x")
    await both.get(place)
    assert "自己审不了" in both.text
    assert (await both.send(f"{place}/approve")).status == 422
    assert "自己导入的不能自己审核通过" in both.text


async def test_what_is_outside_the_editors_scope_is_refused(enter, jobs):  # noqa: F811
    editor = await enter("wang", Role.EDITOR, departments=("民政",), regions=("610100",))
    text = "编号,标准问题,答案,事项代码,行政区划\na,问,答,passport,610100\nb,问吗,答,,610300\nc,问呢,答,,610113\n"
    place = await upload(editor, text)
    jobs.run_next()
    await editor.get(f"{place}?act=refused")
    assert "部门不在您的范围里" in editor.text
    assert "行政区划不在您的范围里" in editor.text
    assert editor.text.count("不归您管") == 2
    reviewer = await enter("lili", Role.REVIEWER, departments=("民政",))
    other = await enter("zhao", Role.EDITOR)
    place = await upload(other, "编号,标准问题,答案,事项代码\na,问,答,passport\n")
    jobs.run_next()
    await other.get(place)
    await other.send(f"{place}/submit", reason="x")
    await reviewer.get(place)
    assert "通过并导入" not in reviewer.text
    assert (await reviewer.send(f"{place}/approve")).status == 403
    assert (await reviewer.send(f"{place}/undo")).status == 403


async def test_without_a_file_the_form_says_so(enter):  # noqa: F811
    editor = await enter("wang", Role.EDITOR)
    await editor.get(IMPORTS)
    assert "还没有导入过" in editor.text
    assert (await editor.send(IMPORTS)).status == 422
    assert "请先选一个文件" in editor.text
    assert (await editor.get(f"{IMPORTS}/77")).status == 404
    assert (await editor.get(f"{IMPORTS}/x")).status == 404


async def test_templates_and_exports_are_workbooks_that_can_be_opened(enter, knowledge_database):  # noqa: F811
    analyst = await enter("anna", Role.ANALYST)
    await analyst.get(IMPORTS)
    assert 'type="file"' not in analyst.text
    token = analyst.token
    for kind, sheet in (("item", "事项"), ("guide", "材料"), ("faq", "问答")):
        answer = await analyst.client.get(f"/knowledge/templates/{kind}.xlsx")
        assert sheet in openpyxl.load_workbook(io.BytesIO(await answer.read())).sheetnames
        assert (await (await analyst.client.get(f"/knowledge/templates/{kind}.csv")).read()).startswith(b"\xef\xbb\xbf")
    assert (await analyst.client.get("/knowledge/templates/secret.xlsx")).status == 404
    for ending in (".xlsx", ".csv", ".json", ".jsonl"):
        answer = await analyst.client.post("/knowledge/export", data={"csrf_token": token, "kind": "faq", "format": ending})
        assert answer.status == 200
        assert ending in answer.headers["Content-Disposition"]
        data = await answer.read()
        if ending == ".xlsx":
            assert openpyxl.load_workbook(io.BytesIO(data))["问答"]["A2"].value == "parking"
        else:
            assert "parking" in data.decode("utf-8-sig")
            assert "passport" not in data.decode("utf-8-sig")
    with knowledge_database.session() as session:
        assert len(find_rows(session, AuditFilter(action="knowledge_exported"))) == 4
