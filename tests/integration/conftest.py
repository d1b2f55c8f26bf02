"""A database of each kind that we promise to run on: an SQLite file, and a real PostgreSQL server out of a wheel."""

import sys

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/qinwen.db"
    if sys.platform != "linux":
        pytest.skip("the PostgreSQL of the tests is for Linux")
    return request.getfixturevalue("postgres")()
