from datetime import datetime, timedelta, timezone

import pytest

import staff.models  # noqa: F401
from staff import SecretBox, SessionLimits
from tests.databases import make_database
from tests.staffing import hash_quickly, make_member


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def database(tmp_path):
    database = make_database(tmp_path / "staff.db")
    yield database
    database.close()


@pytest.fixture
def at():
    return datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)


@pytest.fixture
def limits():
    return SessionLimits(idle=timedelta(hours=1), life=timedelta(hours=12))


@pytest.fixture
def box():
    return SecretBox("key")


@pytest.fixture
def editor(database):
    return make_member(database, "editor")
