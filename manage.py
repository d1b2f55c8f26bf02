"""The composition root and the `qinwen` command: here the real things are chosen and put together.

Heavy packages are imported by the commands that need them: `qinwen up` stays in memory as long as the service runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from qinwen.database import Database
from qinwen.errors import QinwenError, SettingError
from qinwen.log import configure_logging
from qinwen.settings import ROOT, Settings, load_settings, write_secrets
from qinwen.supervision import StartFailed, Supervisor, require_free_ports
from qinwen.training import train_if_changed
from qinwen.wechat_settings import simulate_account

if TYPE_CHECKING:
    from channels.wechat.server_api import WechatClient
    from conversations import Carrier

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


async def serve_web(settings: Settings) -> None:
    """Serve the public and the staff port until SIGTERM or SIGINT."""
    import aiohttp
    from aiohttp import web

    from channels.wechat.server_api import WechatClient
    from conversations import Courier, EngineClient, Hub, Preparer, TokenBuckets, Unlimited
    from web.health import CHECKS, database_check, http_check
    from web.public import make_public_app
    from web.staff import make_staff_app

    database = Database(settings.database_url)
    async with aiohttp.ClientSession() as session:
        preparer = Preparer(session, settings.actions_url, settings.actions_secret)
        engine = EngineClient(
            session, settings.engine_url, settings.engine_secret, settings.engine_timeout, settings.engine_patience, preparer
        )
        limiter = TokenBuckets(settings.messages_per_minute) if settings.rate_limits else Unlimited()
        openings = TokenBuckets(settings.sessions_per_minute) if settings.rate_limits else Unlimited()
        wechat = WechatClient(settings, database) if settings.wechat_mode != "off" and settings.wechat_app_secret else None
        carriers = wechat_carriers(settings, wechat)
        hub = Hub(database, engine, limiter, settings.conversation_idle, carriers, settings.most_turns)
        courier = asyncio.create_task(Courier(hub).run())
        checks = {
            "database": database_check(database),
            "engine": http_check(session, f"{settings.engine_url}/webhooks/gateway/"),
            "actions": http_check(session, f"{settings.actions_url}/readyz"),
        }
        runners = []
        for app, host, port in (
            (make_public_app(settings, hub, openings, wechat), settings.public_host, settings.public_port),
            (make_staff_app(settings, database), settings.staff_host, settings.staff_port),
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
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)
        if wechat:
            await wechat.close()
    database.close()


def wechat_carriers(settings: Settings, client: WechatClient | None) -> dict[str, Carrier]:
    """Give the carrier of the WeChat channel, if the channel is on."""
    from channels.wechat import CHANNEL, WechatCarrier

    if settings.wechat_mode == "off":
        return {}
    pushing = client if settings.wechat_customer_messages else None
    return {CHANNEL: WechatCarrier(pushing, menus=settings.wechat_menu_messages)}


def run_web() -> None:
    """Run the `web` process."""
    settings = load_settings()
    configure_logging("web", settings.log_level)
    asyncio.run(serve_web(settings))


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


def doctor(settings: Settings) -> int:
    """Look at everything the service needs, a line each; 1 when something is missing."""
    from language import load_encoder

    problems = 0
    print(f"Python      {sys.version.split()[0]}")
    for reason in load_encoder(settings.encoder).reasons:
        print(f"句向量      {reason}")
    try:
        with Database(settings.database_url).session() as session:
            items = session.scalar(text("SELECT count(*) FROM service_item"))
            revision = session.scalar(text("SELECT number FROM knowledge_revision"))
        print(f"知识库      {items} 个事项，第 {revision} 次修订")
    except Exception as error:  # noqa: BLE001  (any fault of the database is what we report)
        problems += 1
        print(f"知识库      打不开（{type(error).__name__}）：请运行 qinwen migrate")
    model = ROOT / "models" / "current.tar.gz"
    problems += not model.exists()
    print(f"对话模型    {'有' if model.exists() else '没有：请运行 qinwen train'}")
    return 1 if problems else 0


def save_backup(settings: Settings, path: Path) -> int:
    """Back the databases up."""
    from qinwen.backup import BackupFailed, back_up

    if settings.database_url != f"sqlite:///{settings.var}/qinwen.db":
        raise BackupFailed("数据库不在数据目录里（设置了 DATABASE_URL），请用数据库自己的备份工具。")

    print(f"已备份 {'、'.join(back_up(settings.var, path))} 到 {path}。里面有密钥，请妥善保管。")
    return 0


def restore_backup(path: Path) -> int:
    """Restore a backup into an empty folder of runtime data."""
    from qinwen.backup import restore

    print(f"已恢复 {'、'.join(restore(path, load_var()))}。")
    return 0


def load_var() -> Path:
    """Give the folder of runtime data, before the settings can be read."""
    return Path(os.environ.get("QINWEN_VAR") or ROOT / "var").resolve()


def ensure_settings() -> Settings:
    """Give the settings for a command, generating the secrets if this is the first one."""
    write_secrets(load_var())
    return load_settings()


def kb() -> ModuleType:
    """Give the commands of the knowledge base, loading it only now."""
    from knowledge_base import commands

    return commands


def staff() -> ModuleType:
    """Give the commands of the staff's accounts, loading them only now."""
    from staff import commands

    return commands


def run_wechat(work: Callable[[WechatClient, Settings], Awaitable[str]]) -> int:
    """Do something with the Official Account and print what came of it."""
    from channels.wechat.server_api import WechatClient

    settings = ensure_settings()
    if not settings.wechat_app_id or not settings.wechat_app_secret:
        raise SettingError("还没有接公众号：请先设 QINWEN_WECHAT_APP_ID 和 QINWEN_WECHAT_APP_SECRET。")

    async def run() -> str:
        client = WechatClient(settings, Database(settings.database_url))
        try:
            return await work(client, settings)
        finally:
            await client.close()

    print(asyncio.run(run()))
    return 0


def wechat() -> ModuleType:
    """Give the commands of the Official Account, loading them only now."""
    from channels.wechat.server_api import commands

    return commands


def deliveries() -> ModuleType:
    """Give the commands of the deliveries, loading the ledger only now."""
    from conversations import commands

    return commands


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; each command carries the function that does it."""
    parser = argparse.ArgumentParser(prog="qinwen", description="秦问：政务服务问答助手")
    commands = parser.add_subparsers(required=True, metavar="命令")

    def add(
        to: argparse._SubParsersAction[argparse.ArgumentParser],
        name: str,
        about: str,
        action: Callable[[argparse.Namespace], object],
    ) -> argparse.ArgumentParser:
        command = to.add_parser(name, help=about, description=about)
        command.set_defaults(action=action)
        return command

    add(commands, "up", "准备好一切，启动全部进程", lambda _: up())
    add(commands, "web", "只运行 web 进程", lambda _: run_web())
    add(commands, "migrate", "把数据库升到最新结构", lambda _: migrate(ensure_settings()))
    add(commands, "seed", "往空的知识库装入示例内容", lambda _: seed(ensure_settings()))
    add(commands, "train", "输入有变化时训练对话模型", lambda _: train_if_changed(ROOT) and None)
    add(commands, "doctor", "检查运行所需的一切", lambda _: doctor(ensure_settings()))
    back = add(commands, "backup", "备份数据库和密钥", lambda o: save_backup(ensure_settings(), o.file))
    back.add_argument("file", type=Path, metavar="文件.tar.gz")
    again = add(commands, "restore", "恢复备份到空的数据目录", lambda o: restore_backup(o.file))
    again.add_argument("file", type=Path, metavar="文件.tar.gz")
    knowledge = commands.add_parser("kb", help="知识库：导入、导出、检索、测评").add_subparsers(required=True, metavar="子命令")
    load = add(knowledge, "import", "发布一个文件里的条目（JSON Lines）", lambda o: kb().import_file(ensure_settings(), o.file))
    load.add_argument("file", type=Path, metavar="文件.jsonl")
    write = add(knowledge, "export", "导出全部现行条目（JSON Lines）", lambda o: kb().export_file(ensure_settings(), o.file))
    write.add_argument("file", type=Path, metavar="文件.jsonl")
    ask = add(knowledge, "search", "看一个问题会答什么", lambda o: kb().search(ensure_settings(), o.question))
    ask.add_argument("question", metavar="问题")
    rate = add(
        knowledge,
        "eval",
        "用给定的条目和问题测评检索",
        lambda o: kb().evaluate(ensure_settings(), o.entries, o.questions, o.json),
    )
    rate.add_argument("--entries", type=Path, required=True, metavar="E.jsonl")
    rate.add_argument("--questions", type=Path, required=True, metavar="Q.jsonl")
    rate.add_argument("--json", action="store_true", help="只打印一个 JSON 对象")
    people = commands.add_parser("staff", help="工作人员账号：新建、重置密码、核对审计日志").add_subparsers(
        required=True, metavar="子命令"
    )
    new = add(
        people,
        "add",
        "新建账号，打印首次密码",
        lambda o: staff().add(ensure_settings(), o.login, o.name, o.role, o.department, o.region),
    )
    new.add_argument("login", metavar="账号")
    new.add_argument("--name", default="", metavar="姓名")
    new.add_argument("--role", action="append", required=True, metavar="角色", help="editor、reviewer、agent 等，可写多次")
    new.add_argument("--department", action="append", default=[], metavar="部门", help="只管这个部门，可写多次；不写为不限")
    new.add_argument("--region", action="append", default=[], metavar="区划", help="只管这个行政区划，可写多次；不写为不限")
    renew = add(people, "reset", "重置密码，打印新的首次密码", lambda o: staff().reset(ensure_settings(), o.login))
    renew.add_argument("login", metavar="账号")
    add(people, "verify", "核对审计日志有没有被改过", lambda _: staff().check_audit(ensure_settings()))
    account = commands.add_parser("wechat", help="公众号：检查、菜单、二维码").add_subparsers(required=True, metavar="子命令")
    add(account, "check", "检查公众号接得通不通", lambda _: run_wechat(wechat().check))
    menu = account.add_parser("menu", help="公众号的菜单").add_subparsers(required=True, metavar="动作")
    add(menu, "create", "按 channels/wechat/menu.yml 建菜单", lambda _: run_wechat(wechat().create_menu))
    add(menu, "show", "看现在的菜单", lambda _: run_wechat(lambda client, _: wechat().show_menu(client)))
    add(menu, "delete", "去掉菜单", lambda _: run_wechat(lambda client, _: wechat().delete_menu(client)))
    code = add(
        account, "qrcode", "做带参数的二维码", lambda o: run_wechat(lambda client, _: wechat().make_qr_code(client, o.scene))
    )
    code.add_argument("scene", metavar="场景")
    sent = commands.add_parser("deliveries", help="推送给市民的消息：列出、重发、放弃").add_subparsers(
        required=True, metavar="子命令"
    )
    show = add(
        sent, "list", "列出最近的消息和状态", lambda o: deliveries().show_deliveries(ensure_settings(), o.state, o.citizen, o.n)
    )
    show.add_argument(
        "--state", choices=["waiting", "offered", "due", "sending", "sent", "parked", "given_up"], help="只看这种状态"
    )
    show.add_argument("--citizen", metavar="编号", help="只看这位市民")
    show.add_argument("-n", type=int, default=50, metavar="条数", help="最多几条（默认 50）")
    again = add(sent, "requeue", "让暂存或放弃的消息重新发送", lambda o: deliveries().requeue(ensure_settings(), o.number))
    again.add_argument("number", type=int, metavar="消息号")
    end = add(sent, "give-up", "放弃一条没送到的消息", lambda o: deliveries().give_up(ensure_settings(), o.number))
    end.add_argument("number", type=int, metavar="消息号")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `qinwen` command; our own errors become one sentence."""
    os.umask(0o077)  # databases, secrets and logs are nobody else's business
    options = make_parser().parse_args(arguments)
    try:
        result = options.action(options)
    except QinwenError as error:
        print(error.message, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        words = f"数据库用不了（{type(error).__name__}）：请检查 DATABASE_URL；刚升级过的话先运行 qinwen migrate。"
        print(words, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
