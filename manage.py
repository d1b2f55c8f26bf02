"""The composition root and the `qinwen` command: here the real things are chosen and put together."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp
from aiohttp import web
from alembic import command as alembic_command
from alembic.config import Config

from conversations import EngineClient, Hub, TokenBuckets, Unlimited
from qinwen.database import Database
from qinwen.errors import QinwenError
from qinwen.log import configure_logging
from qinwen.settings import ROOT, Settings, load_settings, write_secrets
from qinwen.supervision import Supervisor, require_free_ports
from qinwen.training import train_if_changed
from web.health import CHECKS, database_check, http_check
from web.public import make_public_app
from web.staff import make_staff_app

START_TIMEOUT = 240


def migrate(settings: Settings) -> None:
    """Bring the main database to the newest schema."""
    settings.var.mkdir(parents=True, exist_ok=True)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", settings.database_url.replace("%", "%%"))
    alembic_command.upgrade(config, "head")


def seed(settings: Settings) -> int:
    """Load the sample content into an empty knowledge base."""
    from knowledge_base import load_seeds
    from language.encode import load_encoder

    encoder = load_encoder(settings.encoder).encoder
    database = Database(settings.database_url)
    with database.session() as session:
        return load_seeds(
            session,
            encoder.name if encoder else "none",
            lambda texts: encoder.encode([*texts], "question") if encoder else None,
        )


async def serve_web(settings: Settings) -> None:
    """Serve the public and the staff port until SIGTERM or SIGINT."""
    database = Database(settings.database_url)
    async with aiohttp.ClientSession() as session:
        engine = EngineClient(session, settings.engine_url, settings.engine_secret, settings.engine_timeout)
        limiter = TokenBuckets(settings.messages_per_minute) if settings.rate_limits else Unlimited()
        openings = TokenBuckets(settings.sessions_per_minute) if settings.rate_limits else Unlimited()
        hub = Hub(database, engine, limiter, settings.conversation_idle)
        checks = {
            "database": database_check(database),
            "engine": http_check(session, f"{settings.engine_url}/webhooks/gateway/"),
            "actions": http_check(session, f"{settings.actions_url}/readyz"),
        }
        runners = []
        for app, host, port in (
            (make_public_app(settings, hub, openings), settings.public_host, settings.public_port),
            (make_staff_app(), settings.staff_host, settings.staff_port),
        ):
            app[CHECKS] = checks
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
            await runner.setup()
            await web.TCPSite(runner, host, port).start()
            runners.append(runner)
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await stopping.wait()
        for runner in runners:
            await runner.cleanup()
        await hub.drain()
    database.close()


def up() -> int:
    """Prepare everything, start all processes, print where they are, and wait."""
    var = load_var()
    write_secrets(var)
    settings = load_settings()
    require_free_ports(
        {
            "QINWEN_PUBLIC_PORT": (settings.public_host, settings.public_port),
            "QINWEN_STAFF_PORT": (settings.staff_host, settings.staff_port),
            "QINWEN_ENGINE_PORT": ("127.0.0.1", settings.engine_port),
            "QINWEN_ACTIONS_PORT": ("127.0.0.1", settings.actions_port),
        }
    )
    print("正在准备…(首次约两三分钟)", flush=True)
    prepare(settings)
    supervisor = Supervisor(ROOT, settings.var, process_environment(settings))
    supervisor.start()
    try:
        supervisor.wait_until_ready([f"http://127.0.0.1:{settings.staff_port}/readyz"], START_TIMEOUT)
    except (QinwenError, KeyboardInterrupt):
        supervisor.stop()
        raise
    print(
        f"秦问已就绪。\n  市民聊天页  http://127.0.0.1:{settings.public_port}/\n"
        f"  工作人员端  http://127.0.0.1:{settings.staff_port}/\n"
        f"  日志        {settings.var}/log/\n按 Ctrl-C 停止。",
        flush=True,
    )
    return supervisor.wait()


def prepare(settings: Settings) -> None:
    """Bring assets, database, sample content and model up to date; content and model at the same time."""
    from web.assets import build_assets

    build_assets()
    migrate(settings)
    failures: list[BaseException] = []

    def run_seed() -> None:
        try:
            seed(settings)
        except BaseException as error:  # noqa: BLE001  (carried to the main thread)
            failures.append(error)

    loading = threading.Thread(target=run_seed)
    loading.start()
    train_if_changed(ROOT)
    loading.join()
    if failures:
        raise failures[0]


def process_environment(settings: Settings) -> dict[str, str]:
    """Give the environment of our processes: ours, the secrets, no telemetry, and where the engine finds its actions."""
    return {
        **os.environ,
        "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ.get('PATH', '')}",  # noqa: PTH120
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "SANIC_HOST": "127.0.0.1",
        "QINWEN_VAR": str(settings.var),
        "QINWEN_ENGINE_PORT": str(settings.engine_port),
        "QINWEN_ENGINE_SECRET": settings.engine_secret,
        "QINWEN_ACTIONS_SECRET": settings.actions_secret,
        "QINWEN_ACTIONS_WEBHOOK": f"{settings.actions_url}/webhook",
    }


def load_var() -> Path:
    """Give the folder of runtime data, before the settings can be read."""
    return Path(os.environ.get("QINWEN_VAR") or ROOT / "var")


def run_web() -> None:
    """Run the `web` process."""
    settings = load_settings()
    configure_logging("web", settings.log_level)
    asyncio.run(serve_web(settings))


def ensure_settings() -> Settings:
    """Give the settings for a command, generating the secrets if this is the first one."""
    write_secrets(load_var())
    return load_settings()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `qinwen` command; our own errors become one sentence."""
    parser = argparse.ArgumentParser(prog="qinwen", description="秦问:政务服务问答助手")
    commands = parser.add_subparsers(dest="command", required=True, metavar="命令")
    actions: dict[str, Callable[[argparse.Namespace], object]] = {}

    def add(name: str, about: str, action: Callable[[argparse.Namespace], object]) -> argparse.ArgumentParser:
        actions[name] = action
        return commands.add_parser(name, help=about, description=about)

    add("up", "准备好一切,启动全部进程", lambda _: up())
    add("web", "只运行 web 进程", lambda _: run_web())
    add("migrate", "把数据库升到最新结构", lambda _: migrate(ensure_settings()))
    add("seed", "往空的知识库装入示例内容", lambda _: seed(ensure_settings()))
    add("train", "输入有变化时训练对话模型", lambda _: train_if_changed(ROOT))
    options = parser.parse_args(arguments)
    try:
        result = actions[options.command](options)
    except QinwenError as error:
        print(error.message, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
