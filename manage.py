"""The `qinwen` command: what its words do. `starting` starts an installation, `serving` is the `web` process.

Heavy packages are imported by the commands that need them: `qinwen up` stays in memory as long as the service runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from qinwen.database import Database
from qinwen.errors import QinwenError, SettingError
from qinwen.settings import ROOT, Settings
from qinwen.training import train_if_changed
from starting import ensure_settings, load_var, migrate, seed, up

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from channels.wechat.server_api import WechatClient
    from web.console.knowledge.audit import ImportAudit


def radar_audit() -> tuple[Callable[[Session], None], Callable[[Session, dict[str, int]], None]]:
    """Give what locks the audit log, and what writes a run of the radar into it."""
    from staff import COMMAND, hold_log
    from web.console.knowledge.audit import radar_done

    return hold_log, radar_done(COMMAND)


def import_audit() -> ImportAudit:
    """Give what writes imports into the audit log."""
    from web.console.knowledge import audit

    return audit.ImportAudit()


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


def run_web() -> None:
    """Run the `web` process."""
    import serving

    serving.run_web()


def kb() -> ModuleType:
    """Give the commands of the knowledge base, loading it only now."""
    from knowledge_base import commands

    return commands


def show_gaps(settings: Settings, state: str, page: int, *, collect: bool, as_json: bool) -> int:
    """Show what was not answered well, loading the console's parts only now."""
    from web.console.gap_commands import show_gaps as show

    return show(settings, state, page, collect=collect, as_json=as_json)


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


def keep(settings: Settings, *, dry_run: bool) -> int:
    """Erase what has been kept long enough, or only count it."""
    from retention import run_retention

    return run_retention(settings, dry_run=dry_run)


def reseal(settings: Settings) -> int:
    """Seal what is sealed again with the newest key; 1 where something can't be opened."""
    from conversations.commands import reseal_vault
    from services_backend.commands import reseal_bindings

    return max(reseal_vault(settings), reseal_bindings(settings))


Commands = argparse._SubParsersAction  # noqa: SLF001  (argparse has no public name for it)


def add(
    to: Commands[argparse.ArgumentParser],
    name: str,
    about: str,
    action: Callable[[argparse.Namespace], object],
) -> argparse.ArgumentParser:
    """Add a command that carries the function that does it."""
    command = to.add_parser(name, help=about, description=about)
    command.set_defaults(action=action)
    return command


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line; each command carries the function that does it."""
    parser = argparse.ArgumentParser(prog="qinwen", description="秦问：政务服务问答助手")
    commands = parser.add_subparsers(required=True, metavar="命令")

    add(commands, "up", "准备好一切，启动全部进程", lambda _: up())
    add(commands, "web", "只运行 web 进程", lambda _: run_web())
    add(commands, "migrate", "把数据库升到最新结构", lambda _: migrate(ensure_settings()))
    add(commands, "seed", "往空的知识库装入示例内容", lambda _: seed(ensure_settings()))
    add(commands, "train", "输入有变化时训练对话模型", train)
    add(commands, "doctor", "检查运行所需的一切", lambda _: doctor(ensure_settings()))
    back = add(commands, "backup", "备份数据库和密钥", lambda o: save_backup(ensure_settings(), o.file))
    back.add_argument("file", type=Path, metavar="文件.tar.gz")
    again = add(commands, "restore", "恢复备份到空的数据目录", lambda o: restore_backup(o.file))
    again.add_argument("file", type=Path, metavar="文件.tar.gz")
    add_knowledge(commands)
    add_staff(commands)
    add_wechat(commands)
    add_deliveries(commands)
    add_privacy(commands)
    add_services(commands)
    return parser


def add_knowledge(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen kb`."""
    knowledge = commands.add_parser("kb", help="知识库：导入、导出、检索、测评").add_subparsers(required=True, metavar="子命令")
    load = add(
        knowledge,
        "import",
        "导入一个文件里的条目（.xlsx、.csv、.json、.jsonl）",
        lambda o: kb().import_file(ensure_settings(), o.file, import_audit(), dry_run=o.dry_run, merge=o.merge),
    )
    load.add_argument("file", type=Path, metavar="文件")
    load.add_argument("--dry-run", action="store_true", help="只看会改什么，什么都不改")
    load.add_argument("--merge", action="store_true", help="指南里文件没写的要素保持原样（不加就是整份替换）")
    back = add(knowledge, "undo", "撤销一整批导入", lambda o: kb().undo(ensure_settings(), o.number, import_audit()))
    back.add_argument("number", type=int, metavar="批号")
    add(knowledge, "radar", "保鲜雷达：现在检查一遍，列出待处理的", lambda _: kb().radar(ensure_settings(), *radar_audit()))
    add(knowledge, "imports", "列出最近的导入", lambda _: kb().list_imports(ensure_settings()))
    write = add(
        knowledge,
        "export",
        "导出现行条目，格式看文件名（.xlsx、.csv、.json、.jsonl）",
        lambda o: kb().export_file(ensure_settings(), o.file, o.kind),
    )
    write.add_argument("file", type=Path, metavar="文件")
    write.add_argument("--kind", action="append", default=[], choices=["item", "guide", "faq"], help="只导出这种，可写多次")
    asked = add(
        knowledge,
        "ask",
        "看一个问题现在、或某一天会答什么",
        lambda o: kb().ask(ensure_settings(), o.question, o.as_of, o.known_at),
    )
    asked.add_argument("question", metavar="问题")
    asked.add_argument("--as-of", metavar="哪天", help="如 2026-03-03（那天最后一秒）或 2026-03-03 09:30；不写就是现在")
    asked.add_argument("--known-at", metavar="哪天", help="按那天已记录的内容；不写就和 --as-of 一样")
    ask = add(knowledge, "search", "看一个问题会答什么", lambda o: kb().search(ensure_settings(), o.question))
    ask.add_argument("question", metavar="问题")
    gaps = add(
        knowledge,
        "gaps",
        "看没答好的问题，问的人多的在前",
        lambda o: show_gaps(ensure_settings(), o.state, o.page, collect=o.collect, as_json=o.json),
    )
    gaps.add_argument("--state", choices=["open", "drafted", "resolved", "ignored", "all"], default="open", help="哪种状态")
    gaps.add_argument("--page", type=int, default=1, metavar="页")
    gaps.add_argument("--collect", action="store_true", help="先整理一次")
    gaps.add_argument("--json", action="store_true", help="一行一个 JSON 对象")
    rate = add(
        knowledge,
        "eval",
        "用给定的条目和问题测评检索",
        lambda o: kb().evaluate(ensure_settings(), o.entries, o.questions, o.json),
    )
    rate.add_argument("--entries", type=Path, required=True, metavar="E.jsonl")
    rate.add_argument("--questions", type=Path, required=True, metavar="Q.jsonl")
    rate.add_argument("--json", action="store_true", help="只打印一个 JSON 对象")


def add_staff(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen staff`."""
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


def add_wechat(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen wechat`."""
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


def add_deliveries(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen deliveries`."""
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


def add_privacy(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen retention` and `qinwen reseal`."""
    purge = add(
        commands, "retention", "清除保留到期的数据（web 每天自己做一次）", lambda o: keep(ensure_settings(), dry_run=o.dry_run)
    )
    purge.add_argument("--dry-run", action="store_true", help="只数有多少到期，不删")
    add(commands, "reseal", "换密钥以后，把加密存放的数据用新密钥重新加密", lambda _: reseal(ensure_settings()))


def add_services(commands: Commands[argparse.ArgumentParser]) -> None:
    """Describe `qinwen services` for the list of commands; its own words go to `run_demo` as they are."""
    about = "演示参考办件系统：推进办件、看验证码、弄慢弄坏（qinwen services --help）"
    commands.add_parser("services", help=about, add_help=False)


def run_demo(words: Sequence[str]) -> int:
    """Run a command of the demonstration, loading it only now."""
    from services_backend.reference.demo import main as demo

    ensure_settings()
    return demo(words)


def train(options: argparse.Namespace) -> None:
    """Train if something changed."""
    del options
    print("看对话模型的输入变了没有，变了就训练（约一分钟）…", flush=True)
    print("训练好了。" if train_if_changed(ROOT) else "没有变，用现有的模型。")


_FILE_TROUBLE = {FileNotFoundError: "没有这个文件或文件夹", PermissionError: "没有权限", IsADirectoryError: "这是一个目录"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `qinwen` command; our own errors become one sentence."""
    os.umask(0o077)  # databases, secrets and logs are nobody else's business
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["services"]:
        return run_demo(given[1:])
    options = make_parser().parse_args(given)
    try:
        result = options.action(options)
    except QinwenError as error:
        print(error.message, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        words = f"数据库用不了（{type(error).__name__}）：请检查 DATABASE_URL；刚升级过的话先运行 qinwen migrate。"
        print(words, file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{error.filename} 用不了：{_FILE_TROUBLE.get(type(error), error.strerror)}。", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
