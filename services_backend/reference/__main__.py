"""The `services` process: `python -m services_backend.reference`. Migrates, seeds an empty database, and serves on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from qinwen.clock import now, today
from qinwen.database import Database
from qinwen.decrees import read_decree
from qinwen.errors import QinwenError
from qinwen.log import configure_logging, logger
from qinwen.settings import ROOT, Settings, load_settings, write_secrets
from qinwen.working_days import use_decree
from services_backend.reference.app import Backend, make_app
from services_backend.reference.deliveries import Courier
from services_backend.reference.demo_api import add_demo
from services_backend.reference.guards import RateLimit, purge_nonces
from services_backend.reference.idempotency import purge_writes
from services_backend.reference.identity import purge_expired
from services_backend.reference.seeding import seed_if_empty
from services_backend.reference.store import migrate, open_database

log = logger(__name__)
_PER_MINUTE = 1200
_PURGE_EVERY = 600
_KEPT = timedelta(days=1)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, settings.services_database_url)
    database = open_database(settings.services_database_url)
    with database.session() as session:
        made = seed_if_empty(session, settings.services_secret, today())
    log.info("services_seeded", cases=made)
    rate = RateLimit(_PER_MINUTE if settings.rate_limits else 0)
    backend = Backend(database, {settings.services_key_id: settings.services_secret}, settings.services_secret, rate=rate)
    app = make_app(backend)
    if settings.services_demo:
        add_demo(app)
    courier = Courier(database, settings.webhook_url, settings.webhook_secret)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", settings.services_port).start()
    work = [asyncio.create_task(courier.run()), asyncio.create_task(_purge(database))]
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    for task in work:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await runner.cleanup()
    database.close()


async def _purge(database: Database) -> None:
    """Forget what is over, every few minutes."""

    def purge() -> None:
        with database.session() as session:
            purge_nonces(session)
            purge_expired(session, now() - _KEPT)
            purge_writes(session, now() - _KEPT)

    while True:
        try:
            await asyncio.to_thread(purge)
        except Exception:
            log.exception("purge_failed")
        await asyncio.sleep(_PURGE_EVERY)


def main() -> int:
    """Run the process; our own errors become one sentence."""
    os.umask(0o077)
    try:
        write_secrets(Path(os.environ.get("QINWEN_VAR") or ROOT / "var").resolve())
        settings = load_settings()
        configure_logging("services", settings.log_level)
        use_decree(read_decree(settings.holidays))
        asyncio.run(serve(settings))
    except QinwenError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
