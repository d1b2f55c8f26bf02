"""Starting an installation: database, sample content, model, then all processes under one supervisor. Called by `manage.py`.

Heavy packages are imported by the functions that need them: `qinwen up` stays in memory as long as the service runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from qinwen.database import Database
from qinwen.errors import QinwenError
from qinwen.settings import ROOT, Settings, load_settings, write_secrets
from qinwen.supervision import StartFailed, Supervisor, require_free_ports
from qinwen.training import train_if_changed
from qinwen.wechat_settings import simulate_account

START_TIMEOUT = 240


def migrate(settings: Settings) -> None:
    """Bring the main database to the newest schema."""
    from alembic import command
    from alembic.config import Config

    settings.var.mkdir(parents=True, exist_ok=True)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", settings.database_url.replace("%", "%%"))
    command.upgrade(config, "head")


def is_migrated(settings: Settings) -> bool:
    """Tell whether the database has the newest schema, without loading the models."""
    from alembic.script import ScriptDirectory

    newest = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    with closing(Database(settings.database_url)) as database, suppress(SQLAlchemyError), database.session() as session:
        return bool(session.scalar(text("SELECT version_num FROM alembic_version")) == newest)
    return False


def has_items(settings: Settings) -> bool:
    """Tell whether there is any service item, without loading the knowledge base."""
    with closing(Database(settings.database_url)) as database, database.session() as session:
        return session.scalar(text("SELECT 1 FROM service_item LIMIT 1")) is not None


def seed(settings: Settings) -> int:
    """Load the sample content into an empty knowledge base."""
    from knowledge_base import has_knowledge, load_seeds
    from language import load_encoder

    database = Database(settings.database_url)
    if has_knowledge(database):
        return 0
    encoder = load_encoder(settings.encoder).encoder

    def show(done: int, total: int) -> None:
        if done % 2000 < 200 or done == total:  # noqa: PLR2004
            print(f"  示例内容 {done}/{total}", flush=True)

    with database.session() as session:
        load_seeds(
            session,
            encoder.name if encoder else "none",
            lambda texts: encoder.encode([*texts], "question") if encoder else None,
            show,
        )
    return 0


def up() -> int:
    """Prepare everything, start all processes, print where they are, and wait."""
    settings = ensure_settings()
    # Images of containers often forbid bytecode; without it every start compiles thousands of files, half of its time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    require_free_ports(
        {
            "QINWEN_PUBLIC_PORT": (settings.public_host, settings.public_port),
            "QINWEN_STAFF_PORT": (settings.staff_host, settings.staff_port),
            "QINWEN_ENGINE_PORT": ("127.0.0.1", settings.engine_port),
            "QINWEN_ACTIONS_PORT": ("127.0.0.1", settings.actions_port),
            "QINWEN_SERVICES_PORT": ("127.0.0.1", settings.services_port),
            **(
                {"QINWEN_WECHAT_SIMULATOR_PORT": ("127.0.0.1", settings.wechat_simulator_port)}
                if settings.wechat_simulator
                else {}
            ),
        }
    )
    print("正在准备…（首次约三分钟）", flush=True)
    prepare(settings)
    write_endpoints(settings)
    supervisor = Supervisor(ROOT, settings.var, process_environment(settings), simulator_command(settings))
    supervisor.start()
    try:
        supervisor.wait_until_ready(
            [f"http://127.0.0.1:{settings.staff_port}/readyz", f"http://127.0.0.1:{settings.services_port}/readyz"],
            START_TIMEOUT,
        )
    except (QinwenError, KeyboardInterrupt):
        supervisor.stop()
        raise
    print(f"秦问已就绪。\n{addresses(settings)}按 Ctrl-C 停止。", flush=True)
    return supervisor.wait()


def write_endpoints(settings: Settings) -> None:
    """Write where the engine finds its action server, and the secret it shows there."""
    words = (ROOT / "endpoints.yml").read_text(encoding="utf-8")
    header = "  headers:\n    Authorization: Bearer ${QINWEN_ACTIONS_SECRET}\n"
    words = words.replace("http://127.0.0.1:5055/webhook\n", f"{settings.actions_url}/webhook\n{header}")
    (settings.var / "endpoints.yml").write_text(words, encoding="utf-8")


def prepare(settings: Settings) -> None:
    """Bring assets, database, sample content and model up to date; content and model at the same time.

    What is up to date costs no process of its own: a later start must be quick.
    """
    from web.assets import build_assets

    build_assets()
    if not is_migrated(settings):
        _run("-m", "manage", "migrate")
    loading = None
    if not has_items(settings):
        loading = subprocess.Popen([sys.executable, "-m", "manage", "seed"], cwd=ROOT)
    try:
        train_if_changed(ROOT)
    finally:
        failed = loading.wait() if loading else 0
    if failed:
        raise StartFailed("示例内容没能装入知识库，原因见上面的输出。")


def _run(*arguments: str) -> None:
    if subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode:  # noqa: S603
        raise StartFailed("准备没有完成，原因见上面的输出。")


def addresses(settings: Settings) -> str:
    """Tell where everything is, and the first administrator's password if there was none before."""
    from staff.commands import first_administrator

    lines = [
        f"市民聊天页  http://127.0.0.1:{settings.public_port}/",
        f"工作人员端  http://127.0.0.1:{settings.staff_port}/（/readyz 是健康状况，/metrics 是指标）",
        *first_administrator(settings),
        f"日志        {settings.var}/log/",
    ]
    if settings.wechat_simulator:
        attach = f"--attach http://127.0.0.1:{settings.wechat_simulator_port}"
        lines.append(f"模拟的微信  另开一个终端：.venv/bin/python -m tests.wechat_platform chat {attach}")
    return "".join(f"  {line}\n" for line in lines)


def simulator_command(settings: Settings) -> dict[str, str]:
    """Give the process that stands in for the WeChat platform, if it is asked for."""
    if not settings.wechat_simulator:
        return {}
    gateway = f"http://127.0.0.1:{settings.public_port}/wechat"
    port = settings.wechat_simulator_port
    return {"wechat": f"python -m tests.wechat_platform serve --port {port} --gateway {gateway}"}


def process_environment(settings: Settings) -> dict[str, str]:
    """Give the environment of our processes: ours, the secrets, no telemetry, and where the engine finds its actions."""
    return {
        **simulate_account(os.environ),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "SANIC_HOST": "127.0.0.1",
        # A second BLAS thread makes no answer quicker, and burns a core for 45 ms after each while it waits for more.
        "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1"),
        "QINWEN_VAR": str(settings.var),
        "QINWEN_ENGINE_PORT": str(settings.engine_port),
        "QINWEN_ENGINE_SECRET": settings.engine_secret,
        "QINWEN_ACTIONS_SECRET": settings.actions_secret,
        "QINWEN_SERVICES_SECRET": settings.services_secret,
        "QINWEN_WEBHOOK_SECRET": settings.webhook_secret,
    }


def load_var() -> Path:
    """Give the folder of runtime data, before the settings can be read."""
    return Path(os.environ.get("QINWEN_VAR") or ROOT / "var").resolve()


def ensure_settings() -> Settings:
    """Give the settings for a command, generating the secrets if this is the first one."""
    write_secrets(load_var())
    return load_settings()
