"""No file of ours names a package registry, and none is somebody else's."""

import os
import re
from pathlib import Path

import pytest

from qinwen.settings import ROOT

# In parts, so that this file does not name them either.
REGISTRIES = [
    "pypi." + "org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "npm" + "mirror.com",
    "yarn" + "pkg.com", "mirrors." + "aliyun", "mirrors." + "tuna", "tuna." + "tsinghua", "ali" + "oss", "conda." + "anaconda",
    "artifac" + "tory", "nexus" + "/repository", "gem" + "fury",
]  # fmt: skip
TEXT = {".py", ".md", ".txt", ".in", ".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".jsonl", ".html", ".js", ".css",
        ".svg", ".sh", ".csv", ".service", ".conf", ".env", ""}  # fmt: skip
SOMEBODY_ELSE = re.compile(
    r"\.min\.(?:js|css|map)$|^(?:jquery|bootstrap|htmx|echarts|weui|vue|react)\b.*\.(?:js|css)$", re.IGNORECASE
)
LARGEST = 3_000_000


def ignored_folders():
    """Give what .gitignore leaves out, the build products, and version control itself."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    return {line.strip("/") for line in lines} | {".git"}


@pytest.fixture(scope="module")
def files():
    ignored = ignored_folders()
    found = []
    for folder, names, files in os.walk(ROOT):
        place = os.path.relpath(folder, ROOT)
        names[:] = [
            n for n in names if n not in ignored and os.path.normpath(f"{place}/{n}") not in ignored and not n.endswith(".egg-info")
        ]  # fmt: skip
        found += [os.path.normpath(f"{place}/{name}") for name in files]
    assert "pyproject.toml" in found
    return sorted(found)


def test_no_file_names_a_registry(files):
    guilty = []
    for name in files:
        if Path(name).suffix in TEXT:
            text = (ROOT / name).read_text(encoding="utf-8", errors="replace").lower()
            guilty += [(name, registry) for registry in REGISTRIES if registry in text]
    assert guilty == []


def test_lock_files_carry_no_addresses(files):
    for name in files:
        if name.startswith("requirements/") or name.endswith("package-lock.json"):
            text = (ROOT / name).read_text(encoding="utf-8")
            assert '"resolved"' not in text, name
            assert "--index-url" not in text, name
    assert "uv.lock" not in files


def test_every_locked_package_has_its_hashes():
    for name in ("py310.txt", "py310-dev.txt", "py311-dev.txt", "uv.txt"):
        requirements = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
        pinned = [line for line in requirements if line.strip() and not line.startswith("#")]
        assert pinned
        assert [line[:60] for line in pinned if "==" not in line or "--hash=sha256:" not in line] == [], name


def test_no_file_is_somebody_else_s(files):
    assert [name for name in files if SOMEBODY_ELSE.search(Path(name).name)] == []
    assert [name for name in files if {"node_modules", "vendor", "third_party", "site-packages"} & set(name.split("/"))] == []


def test_no_file_is_huge(files):
    assert [name for name in files if (ROOT / name).stat().st_size > LARGEST] == []


def test_no_secret_and_no_database_is_kept(files):
    bad = re.compile(r"(?:^|/)(?:secrets?\.env|\.env|id_rsa.*)$|\.(?:db|sqlite3?|pem|key|tar\.gz)$")
    assert [name for name in files if bad.search(name)] == []
