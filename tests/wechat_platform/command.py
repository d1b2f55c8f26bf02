"""The command: `serve`, `chat` and `run`."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from .account import KINDS, MODES, AccountWrong, read_account
from .console import complain, say
from .platform import Platform
from .plays import PlayWrong, play, read_play
from .pushes import Delivery
from .remote import Remote, SimulatorUnreachable
from .terminal import chat

PORT = 8070
GATEWAY = "http://127.0.0.1:8080/wechat"
VERIFY_FOR = 300  # seconds that `serve` tries to verify the address while the developer's server starts


def main(arguments: Sequence[str]) -> int:
    """Run a command; gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return asyncio.run({"serve": _serve, "chat": _chat, "run": _run}[options.command](options))
    except (AccountWrong, PlayWrong, SimulatorUnreachable) as error:
        complain(f"微信模拟器：{error}")
        return 2
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        complain(
            f"微信模拟器：{f'端口 {options.port} 已被占用；要接到正在运行的模拟器，请用 --attach' if taken else type(error).__name__}。"
        )
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.wechat_platform", description="测试用的微信公众平台")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="运行接口和控制接口，直到 Ctrl-C")
    talk = commands.add_parser("chat", help="在终端里扮演市民")
    run = commands.add_parser("run", help="演一段写好的会话")
    run.add_argument("script", type=Path, help="脚本文件（YAML）")
    for command in (serve, talk, run):
        command.add_argument("--port", type=int, default=PORT, help="接口的端口，0 为任意")
        command.add_argument("--gateway", action="append", help=f"开发者服务器的地址，可以写多次，默认 {GATEWAY}")
        command.add_argument("--mode", choices=MODES, help="加解密方式，默认取 QINWEN_WECHAT_MODE")
        command.add_argument("--kind", choices=KINDS, default="verified", help="账号类型")
        command.add_argument("--seed", help="随机数种子，默认取当前时间")
        command.add_argument("--time-scale", type=float, default=1.0, help="推送的 5 秒缩放成几倍，如 0.1")
        command.add_argument("--choose", choices=("round_robin", "random"), default="round_robin", help="多个地址怎样选")
    for command in (talk, run):
        command.add_argument("--attach", metavar="地址", help="接到已经在运行的模拟器，如 http://127.0.0.1:8070")
        command.add_argument("--openid", help="扮演哪位市民")
    return parser


def _make_platform(options: argparse.Namespace) -> Platform:
    account = read_account(mode=options.mode, kind=options.kind)
    seed = options.seed or str(time.time_ns())
    gateways = options.gateway or [GATEWAY]
    delivery = Delivery(choose=options.choose)
    return Platform(
        account, gateways, seed=seed, time_scale=options.time_scale, delivery=delivery, port=options.port, control=True
    )


async def _serve(options: argparse.Namespace) -> int:
    async with _make_platform(options) as platform:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        say(f"微信模拟器在 {platform.api_url} 运行，推送到 {'、'.join(platform.gateways)}。")
        verifying = asyncio.create_task(_verify(platform))
        await stop.wait()
        verifying.cancel()
    return 0


async def _verify(platform: Platform) -> None:
    """Verify every address, again and again while the developer's server is still starting."""
    for gateway in platform.gateways:
        problem: str | None = ""
        deadline = time.monotonic() + VERIFY_FOR
        while problem is not None and time.monotonic() < deadline:
            problem = await platform.courier.verify(gateway)
            if problem is not None:
                await asyncio.sleep(2)
        say(f"服务器地址 {gateway} {'验证通过' if problem is None else f'验证失败：{problem}'}。")


@asynccontextmanager
async def _reach(options: argparse.Namespace) -> AsyncIterator[Remote]:
    """Attach to a running simulator, or start one of our own."""
    if options.attach:
        async with Remote(options.attach) as remote:
            await remote.check()
            yield remote
        return
    async with _make_platform(options) as platform, Remote(platform.api_url) as remote:
        for gateway in platform.gateways:
            if problem := await platform.courier.verify(gateway):
                say(f"服务器地址 {gateway} 验证失败：{problem}。")
        yield remote
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(platform.settle(), platform.clock.scaled(15))


async def _chat(options: argparse.Namespace) -> int:
    async with _reach(options) as remote:
        await chat(remote, options.openid or "oSimulatedCitizen0000000001")
    return 0


async def _run(options: argparse.Namespace) -> int:
    script = read_play(options.script)
    async with _reach(options) as remote:
        return await play(remote, script, options.openid or script.openid)
