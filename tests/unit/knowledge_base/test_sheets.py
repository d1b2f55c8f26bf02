"""Files of entries: nothing is lost there and back, every fault is named by its place, nothing dangerous comes in."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge_base import FileRefused, plain
from knowledge_base.seeding import read_general_faqs, read_seeds
from knowledge_base.sheets import OF_KIND, TABLES, read_entries_file
from knowledge_base.sheets.cells import CellWrong, read_cell, write_cell
from knowledge_base.sheets.layout import Column
from knowledge_base.sheets.workbook import add_choices, template_csv, template_workbook, write_csv, write_workbook

ANYTHING = st.text(st.characters(exclude_categories=("Cs",)), max_size=40).filter(lambda t: "\0" not in t)


def seeds():
    rows = []
    for seed in read_seeds():
        rows.append(("item", plain(seed.item)))
        rows += [("guide", plain(guide)) for guide in seed.guides]
        rows += [("faq", plain(faq)) for faq in seed.faqs]
    return rows + [("faq", plain(faq)) for faq in read_general_faqs()]


@pytest.fixture(scope="module")
def everything():
    return seeds()


def read_back(data, name):
    contents = read_entries_file(data, name)
    assert contents.all_problems == []
    return [(entry.kind, entry.body) for entry in contents.entries]


def in_order(rows):
    return sorted(rows, key=lambda row: (row[0], row[1].get("code") or row[1].get("id") or (row[1]["item"] + row[1]["region"])))


def as_workbook(rows, tmp_path: Path):
    path = tmp_path / "all.xlsx"
    write_workbook(rows, TABLES, path)
    return path


def as_csv(rows, encoding):
    target = io.StringIO(newline="")
    write_csv(rows, TABLES, target)
    return target.getvalue().encode(encoding)


def test_all_sample_content_survives_a_workbook(everything, tmp_path):
    assert (len(everything), sum(kind == "guide" for kind, _ in everything)) == (68 + 748 + 403, 748)
    path = as_workbook(everything, tmp_path)
    assert in_order(read_back(path.read_bytes(), "全部.xlsx")) == in_order(everything)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
def test_all_sample_content_survives_a_csv_file_of_any_encoding(everything, encoding):
    assert in_order(read_back(as_csv(everything, encoding), "全部.csv")) == in_order(everything)


def test_drop_down_lists_change_nothing(everything, tmp_path):
    some = [row for row in everything if row[0] == "faq" or row[1].get("item") == "passport"]
    path = as_workbook(some, tmp_path)
    add_choices(path, TABLES, [("passport", "护照")])
    assert in_order(read_back(path.read_bytes(), "全部.xlsx")) == in_order(some)


@example(question="0", answer="0", similar=["0\r", ""])
@settings(deadline=None, max_examples=40)
@given(question=ANYTHING.filter(str.strip), answer=ANYTHING.filter(str.strip), similar=st.lists(ANYTHING, max_size=3))
def test_any_text_survives_and_none_is_a_formula(tmp_path_factory, question, answer, similar):
    faq = {"id": "a", "question": question, "answer": answer, **({"similar": similar} if similar else {})}
    tables = OF_KIND["faq"]
    path = tmp_path_factory.mktemp("x") / "a.xlsx"
    write_workbook([("faq", faq)], tables, path)
    assert read_back(path.read_bytes(), "a.xlsx") == [("faq", faq)]
    for row in openpyxl.load_workbook(path)["问答"].iter_rows():
        assert all(cell.data_type != "f" and not str(cell.value or "").startswith(("=", "+", "-", "@", "\t")) for cell in row)
    target = io.StringIO(newline="")
    write_csv([("faq", faq)], tables, target)
    assert read_back(target.getvalue().encode("utf-8-sig"), "a.csv") == [("faq", faq)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''", "＝1", "＋1", "=cmd|' /C calc'!A0"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe_that_comes_off_again(text):
    column = Column("答案", "answer")
    written = write_cell(column, text)
    assert written.startswith("'")
    assert read_cell(column, written) == text


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", '-HYPERLINK("x")'])
def test_a_formula_that_somebody_typed_is_refused(text):
    with pytest.raises(CellWrong, match="公式"):
        read_cell(Column("答案", "answer"), text)
    assert read_cell(Column("答案", "answer"), "-5 度以下不办(冬天)") == "-5 度以下不办(冬天)"


def test_a_template_explains_itself_and_offers_choices():
    data = template_workbook(OF_KIND["guide"], [("passport", "普通护照签发")])
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["说明", "办事指南", "材料", "步骤", "收费项目", "法律依据", "可选值"]
    offered = {str(one.sqref): one.formula1 for one in book["办事指南"].data_validations.dataValidation}
    assert any(place.startswith("C2") for place in offered)
    assert "passport" in [cell.value for cell in book["可选值"]["A"]]
    sheet = book["办事指南"]
    sheet.append(["passport", 610100, "收多少钱", "每本120元。"])
    book["收费项目"].append(["passport", "西安市", "工本费", 120, "元/本"])
    target = io.BytesIO()
    book.save(target)
    (entry,) = read_back(target.getvalue(), "指南.xlsx")
    fee = {"text": "每本120元。", "items": [{"name": "工本费", "amount": "120", "unit": "元/本"}]}
    assert entry == ("guide", {"item": "passport", "region": "610100", "facets": {"fee": fee}})
    assert template_csv(OF_KIND["faq"]).startswith(b"\xef\xbb\xbf")


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def save(book):
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def faults(data, name="x.xlsx"):
    return [(p.sheet, p.row, p.column, p.title) for p in read_entries_file(data, name).all_problems]


GUIDE = ["事项代码", "行政区划", "要素", "正文", "地址", "承诺时限", "承诺时限单位", "备注（自己看）"]


def test_every_fault_of_a_guide_is_named_by_its_place():
    book = workbook(
        办事指南=[
            GUIDE,
            ["passport", "610000", "去哪儿办", "窗口。", "一楼"],
            ["passport", "610000", "收多少钱", "120元。", "一楼"],
            ["passport", "610000", "去哪儿办", "又一处。"],
            ["passport", "610000", "几天办好", "七天。", None, "七", "工作日"],
            ["passport", "610000", "几天办好", "七天。", None, 7, "周"],
            ["passport", "六一", "怎么去", None, None, None, None, "随便写"],
        ],
        材料=[["事项代码", "行政区划", "名称", "原件份数"], ["idcard", "610000", "照片", 1]],
        草稿纸=[["随便"], ["写写"]],
    )
    assert sorted(faults(save(book))) == sorted([
        ("办事指南", 3, "E", "地址"),
        ("办事指南", 4, "C", "要素"),
        ("办事指南", 5, "F", "承诺时限"),
        ("办事指南", 6, "G", "承诺时限单位"),
        ("办事指南", 6, "C", "要素"),
        ("办事指南", 7, "B", "行政区划"),
        ("办事指南", 7, "C", "要素"),
        ("办事指南", 7, "D", "正文"),
        ("草稿纸", 1, "", ""),
    ])  # fmt: skip


def test_materials_without_their_guide_are_named():
    book = workbook(材料=[["事项代码", "行政区划", "名称"], ["passport", "610000", "照片"], ["passport", "610000", "身份证"]])
    assert faults(save(book)) == [("材料", 2, "A", "事项代码"), ("材料", 3, "A", "事项代码")]


def test_formulas_errors_merged_cells_and_unknown_columns_are_refused():
    book = workbook(问答=[["编号", "标准问题", "答案"], ["a", "=A1", "答"], ["b", "问", "#N/A"]])
    book["问答"]["C3"].data_type = "e"
    assert faults(save(book)) == [("问答", 2, "B", "标准问题"), ("问答", 3, "C", "答案")]
    book = workbook(问答=[["编号", "标准问题", "答案", "颜色"], ["a", "问", "答", "红"]])
    assert faults(save(book)) == [("问答", 1, "D", "颜色")]
    book = workbook(问答=[["编号", "标准问题", "答案"], ["a", "问", "答"], ["b", "问", "答"]])
    book["问答"].merge_cells("C2:C3")
    assert faults(save(book)) == [("问答", 0, "", "")]
    book = workbook(问答=[["编号", "标准问题"], ["a", "问"]])
    assert faults(save(book)) == [("问答", 1, "", "答案")]


def test_a_sheet_is_known_by_its_columns_where_its_name_says_nothing():
    rows = [["答案", "编号*", "标准问题*"], ["答", "a", "问"]]
    assert read_back(save(workbook(Sheet1=rows)), "x.xlsx") == [("faq", {"id": "a", "question": "问", "answer": "答"})]


def repack(data, change):
    """Copy a workbook, letting a function change or drop its parts, or add some."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {name: old.read(name) for name in old.namelist()}
        change(parts)
        for name, content in parts.items():
            new.writestr(name, content)
    return target.getvalue()


def attack(name, content):
    return lambda parts: parts.update({name: content})


RELS = "xl/worksheets/_rels/sheet1.xml.rels"
DTD = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (attack("xl/vbaProject.bin", b"x"), "宏"),
        (attack("xl/embeddings/oleObject1.bin", b"x"), "嵌入"),
        (attack("xl/connections.xml", b"<x/>"), "数据连接"),
        (attack("xl/externalLinks/externalLink1.xml", b"<x/>"), "别的工作簿"),
        (attack("xl/sharedStrings.xml", DTD), "DTD"),
        (attack("xl/sharedStrings.xml", DTD.decode().encode("utf-16")), "编码"),
        (attack("xl/sharedStrings.xml", b"<x>" + b" " * 70_000 + DTD), "DTD"),
        (attack(RELS, b'<Relationships><Relationship Type="x/image" TargetMode="External" Target="http://x"/></Relationships>'), "外面"),
        (attack("xl/media/bomb.xml", b"\0" * 40_000_000), "编码|大得不正常"),
        (attack("xl/media/bomb.bin", b"\0" * 40_000_000), "大得不正常"),
        (lambda parts: [parts.update({f"x/{n}": b""}) for n in range(2100)], "结构不正常"),
        (lambda parts: parts.pop("xl/workbook.xml"), "不是 .xlsx"),
        (attack("xl/workbook.xml", b"<broken"), "读不出来"),
    ],
    ids=["macro", "object", "connection", "outside book", "dtd", "utf-16", "late dtd", "outside picture", "xml bomb", "bomb", "parts", "no book", "broken"],
)  # fmt: skip
def test_a_dangerous_or_broken_workbook_stays_outside(change, words):
    data = repack(save(workbook(问答=[["编号", "标准问题", "答案"], ["a", "问", "答"]])), change)
    with pytest.raises(FileRefused, match=words):
        read_entries_file(data, "x.xlsx")


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "x.xlsx", "旧格式"),
        (b"PK\x03\x04", "x.xlsx", "打不开"),
        (b"x", "x.xlsm", "带宏"),
        (b"", "x.csv", "空的"),
        (b"\xff\xfe\x00", "x.csv", "编码"),
        (b"\x81\xff\xff", "x.csv", "编码"),
        ('编号,标准问题,答案\na,"问'.encode(), "x.csv", "引号"),
        (b"x" * (20 * 1024 * 1024 + 1), "x.csv", "太大"),
        (b"{", "x.json", "第 1 行"),
        (b'{"a": 1}', "x.json", "列表"),
        (b"[" * 100_000, "x.json", "JSON"),
        (b"\xff", "x.jsonl", "UTF-8"),
        (b"x", "x.exe", "不认识"),
    ],
)  # fmt: skip
def test_other_files_stay_outside_with_words(data, name, words):
    with pytest.raises(FileRefused, match=words):
        read_entries_file(data, name)


def test_faults_of_json_are_named_by_their_line():
    lines = [
        '{"id": "a", "question": "问", "answer": "答"}',
        "{",
        "[]",
        '{"kind": "x"}',
        '{"id": "b", "question": "问"}',
        '{"id": "a", "question": "问", "answer": "答"}',
    ]
    assert [p.row for p in read_entries_file("\n".join(lines).encode(), "x.jsonl").all_problems] == [2, 3, 4, 5, 6]
    assert read_back(b'{"entries": [{"id": "a", "question": "1", "answer": "2"}]}', "x.json") == [
        ("faq", {"id": "a", "question": "1", "answer": "2"})
    ]
