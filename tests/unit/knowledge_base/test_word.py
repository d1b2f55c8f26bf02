"""A guide written in Word becomes facets by its headings; what is not understood is given back, nothing is dropped."""

import io

import pytest
from docx import Document

from knowledge_base import FileRefused
from knowledge_base.content import read_facets
from knowledge_base.sheets.word import read_word


def saved(document):
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def guide():
    document = Document()
    document.add_heading("普通护照签发办事指南", 0)
    document.add_paragraph("本指南由出入境管理支队编写。")
    document.add_heading("一、受理条件", 1)
    document.add_paragraph("中国公民都能办。")
    document.add_heading("二、申请材料", 1)
    table = document.add_table(rows=3, cols=3)
    for row, values in zip(
        table.rows, (("序号", "材料名称", "份数"), ("1", "居民身份证", "原件1份"), ("2", "照片", "2张")), strict=True
    ):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    document.add_paragraph("三、办理流程")
    document.add_paragraph("先预约，再到窗口。")
    document.add_paragraph("1. 预约要带手机。")
    document.add_paragraph("【收费标准】每本120元。")
    document.add_paragraph("办公时间：周一到周五。")
    document.add_heading("七、常见错误示例", 1)
    document.add_paragraph("不要折叠表格。")
    return document


def test_headings_become_facets_and_the_rest_is_given_back():
    found = read_word(saved(guide()))
    assert found.facets["eligibility"]["text"] == "中国公民都能办。"
    assert found.facets["materials"]["list"] == [
        {"name": "居民身份证", "note": "份数：原件1份"},
        {"name": "照片", "note": "份数：2张"},
    ]
    assert found.facets["process"]["text"].splitlines() == ["先预约，再到窗口。", "1. 预约要带手机。"]
    assert found.facets["fee"]["text"] == "每本120元。"
    assert "周一到周五" in str(found.facets)
    assert found.left_over == ["普通护照签发办事指南", "本指南由出入境管理支队编写。", "七、常见错误示例", "不要折叠表格。"]
    read_facets(found.facets, "测试")


def test_every_word_of_the_file_is_somewhere():
    document = guide()
    found = read_word(saved(document))
    shown = str(found.facets) + "".join(found.left_over)
    for text in ("中国公民", "居民身份证", "2张", "先预约", "带手机", "120元", "周一", "出入境管理支队", "折叠"):
        assert text in shown


def test_what_is_no_word_file_stays_outside():
    with pytest.raises(FileRefused):
        read_word(b"PK\x03\x04")
    with pytest.raises(FileRefused, match="旧格式"):
        read_word(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
