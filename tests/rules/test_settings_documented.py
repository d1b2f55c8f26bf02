import re
from pathlib import Path

import pytest

from qinwen.settings import ROOT, all_settings

DOCUMENT = ROOT / "docs" / "settings.md"
SOURCES = ("*.py", "*.yml", "*.sh", "Procfile", "Makefile")
FOLDERS = ("actions", "bot", "channels", "conversations", "data", "deploy", "desk", "knowledge_base", "language",
           "migrations", "qinwen", "requirements", "services_backend", "web")  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """Give the cells of each table row of the document, by variable."""
    found = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found[cells[0].strip("`")] = cells[1:]
    return found


@pytest.mark.parametrize("setting", all_settings(), ids=lambda setting: setting.variable)
def test_every_setting_has_a_row_with_its_default_and_its_meaning(rows, setting):
    assert setting.variable in rows, f"docs/settings.md says nothing of {setting.variable}"
    default, meaning = rows[setting.variable]
    assert re.search(r"[\u4e00-\u9fff]", meaning)
    assert setting.about
    if setting.default and setting.variable != "QINWEN_VAR":
        assert default == f"`{setting.default}`"


def test_no_row_is_about_a_setting_that_does_not_exist(rows):
    used = "".join(path.read_text(encoding="utf-8") for path in sources())
    for folder in (ROOT / "tests" / "e2e", ROOT / "bench"):
        used += "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert [name for name in rows if name not in used] == []


def test_every_variable_that_the_code_names_is_documented(rows):
    named = set()
    for path in sources():
        named |= set(re.findall(r"\bQINWEN_[A-Z]+(?:_[A-Z]+)*\b", path.read_text(encoding="utf-8")))
    assert sorted({name.removesuffix("_FILE") for name in named} - set(rows)) == []


def test_no_secret_stands_in_the_document_or_the_code():
    assert all(setting.default is None for setting in all_settings() if setting.secret)


def sources() -> list[Path]:
    found = [path for pattern in SOURCES for path in ROOT.glob(pattern)]
    for folder in FOLDERS:
        found += [path for pattern in SOURCES for path in (ROOT / folder).rglob(pattern) if "node_modules" not in path.parts]
    return found
