import gzip
import subprocess

import pytest

from web import assets
from web.assets import AssetsUnavailable, build_assets


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "package-lock.json").write_text("{}")
    return tmp_path


@pytest.fixture
def npm(monkeypatch, folder):
    """Stands in for npm: puts the files where `npm ci` would."""
    calls = []

    def run(command, **options):
        calls.append((command, options))
        for name in assets._FILES:
            path = folder / "node_modules" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("body{}")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(assets.shutil, "which", lambda *_, **__: "/usr/bin/npm")
    monkeypatch.setattr(assets.subprocess, "run", run)
    return calls


def test_assets_are_copied_and_compressed_once(folder, npm):
    vendor = folder / "vendor"
    assert build_assets(folder, vendor) is True
    assert (vendor / "weui.min.css").read_text() == "body{}"
    assert gzip.decompress((vendor / "weui.min.css.gz").read_bytes()) == b"body{}"
    assert build_assets(folder, vendor) is False
    assert len(npm) == 1


def test_scripts_of_packages_are_not_run(folder, npm):
    build_assets(folder, folder / "vendor")
    assert "--ignore-scripts" in npm[0][0]


def test_a_changed_lock_file_or_a_lost_copy_installs_again(folder, npm):
    vendor = folder / "vendor"
    build_assets(folder, vendor)
    (folder / "package-lock.json").write_text('{"changed": true}')
    assert build_assets(folder, vendor) is True
    (vendor / "weui.min.css").unlink()
    assert build_assets(folder, vendor) is True


def test_without_npm_one_sentence_says_what_to_install(folder, monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda *_, **__: None)
    with pytest.raises(AssetsUnavailable, match="npm"):
        build_assets(folder, folder / "vendor")


def test_npm_s_own_complaint_is_passed_on(folder, monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda *_, **__: "/usr/bin/npm")
    failed = subprocess.CompletedProcess([], 1, "", "ENOSPC: no space left")
    monkeypatch.setattr(assets.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(AssetsUnavailable, match="ENOSPC"):
        build_assets(folder, folder / "vendor")
