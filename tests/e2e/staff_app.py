"""The staff port alone, without the engine: `python -m tests.e2e.staff_app FOLDER PORT`. Prints the first password."""

import sys
from pathlib import Path

from aiohttp import web

import starting
from qinwen.database import Database
from qinwen.settings import load_settings, write_secrets
from staff import ensure_first_administrator
from web.health import CHECKS
from web.staff import make_staff_app


def main(folder: str, port: str) -> None:
    write_secrets(Path(folder))
    settings = load_settings({"QINWEN_VAR": folder, "QINWEN_ENCODER": "none"})
    starting.migrate(settings)
    database = Database(settings.database_url)
    with database.session() as session:
        print(*ensure_first_administrator(session), flush=True)  # noqa: T201  (the test reads it)
    app = make_staff_app(settings, database)
    app[CHECKS] = {}
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
