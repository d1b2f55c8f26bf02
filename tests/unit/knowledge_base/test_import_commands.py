"""`qinwen kb import | undo | export`: every format by its ending, a dry run that changes nothing, an undoing."""

import json
from dataclasses import replace

import pytest

from knowledge_base import EntryInvalid, FileRefused, ImportRefused
from knowledge_base.commands import export_file, import_file, list_imports, undo
from knowledge_base.import_jobs import NoAudit


@pytest.fixture
def here(settings, database):
    return replace(settings, database_url=str(database.engine.url))


def export(here, path):
    assert export_file(here, path) == 0
    return path


@pytest.mark.parametrize("ending", [".xlsx", ".csv", ".json", ".jsonl"])
def test_every_format_goes_out_and_in_and_is_undone(here, tmp_path, capsys, ending):
    before = export(here, tmp_path / "before.jsonl").read_text("utf-8")
    path = export(here, tmp_path / f"all{ending}")
    assert import_file(here, path, NoAudit()) == 0
    assert "10 条和现在的一样" in capsys.readouterr().out
    changed = tmp_path / "one.jsonl"
    changed.write_text(
        '{"id": "parking", "question": "政务大厅有停车场吗", "answer": "没有。"}\n{"id": "new", "question": "问", "answer": "答"}',
        "utf-8",
    )
    assert import_file(here, changed, NoAudit()) == 0
    told = capsys.readouterr().out
    assert "已发布 2 条，下一个问题就会用上。" in told
    assert "qinwen kb undo 1" in told
    assert "没有。" in export(here, tmp_path / "after.jsonl").read_text("utf-8")
    assert list_imports(here) == undo(here, 1, NoAudit()) == 0
    assert "已导入  增 1 改 1" in capsys.readouterr().out
    assert export(here, tmp_path / "undone.jsonl").read_text("utf-8") == before
    with pytest.raises(ImportRefused):
        undo(here, 1, NoAudit())


def test_a_dry_run_says_what_would_change_and_changes_nothing(here, tmp_path, capsys):
    before = export(here, tmp_path / "before.jsonl").read_text("utf-8")
    path = tmp_path / "one.jsonl"
    guide = {"kind": "guide", "item": "passport", "region": "610000", "facets": {"fee": {"text": "每本160元。"}}}
    path.write_text(json.dumps(guide), "utf-8")
    assert import_file(here, path, NoAudit(), dry_run=True) == 0
    told = capsys.readouterr().out
    assert "每本120元。 → 每本160元。" in told
    assert "会删去要素：总体怎么办、带什么材料、去哪儿办" in told
    assert import_file(here, path, NoAudit(), dry_run=True, merge=True) == 0
    assert "会删去" not in capsys.readouterr().out
    assert export(here, tmp_path / "after.jsonl").read_text("utf-8") == before


def test_what_is_wrong_is_named_and_nothing_goes_in(here, tmp_path, capsys):
    path = tmp_path / "问答.csv"
    path.write_text("编号,标准问题,答案\na,问,答\nb,,答\nc,问,=1+1\n", "utf-8-sig")
    with pytest.raises(EntryInvalid, match="2 处有错，一条也没有导入"):
        import_file(here, path, NoAudit())
    told = capsys.readouterr().out
    assert "第3行 B列“标准问题”：必须填" in told
    assert "第4行 C列“答案”：像是公式" in told
    with pytest.raises(FileRefused, match="不认识这种文件"):
        import_file(here, export(here, tmp_path / "x.jsonl").rename(tmp_path / "x.pdf"), NoAudit())
    with pytest.raises(FileRefused, match="读不出来"):
        import_file(here, tmp_path / "missing.csv", NoAudit())
