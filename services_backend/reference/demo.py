"""The command of the demonstration, `python -m services_backend.reference.demo COMMAND`: talks to the running backend.

list [state]                what cases there are, with the last four of the identity number
advance CASE [STATE] [NOTE] move a case along, by default to the usual next state
sms                         the SMS codes that were "sent"
code CASE                   print a receipt's one-time binding code
slow [SECONDS]              answer that late
break KIND                  hang, 500s, garbage, drip, down
heal                        be well again
deliveries | ratings | urges   what was told to the outside, rated, urged
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

from qinwen.errors import QinwenError
from qinwen.settings import load_settings
from services_backend.case_numbers import read_case_number
from services_backend.signing import sign_request
from services_backend.vocabulary import CaseState


class DemoFailed(QinwenError):
    """The running backend could not do it; the message says why."""

    code = "demo_failed"


def call(method: str, path: str, body: object = None) -> Any:
    """Call a demonstration address of the running backend.

    Raises:
        DemoFailed: it is not running, or refuses.
    """
    settings = load_settings()
    sent = json.dumps(body).encode() if body is not None else b""
    headers = sign_request(settings.services_key_id, settings.services_secret, method, path, sent)
    request = urllib.request.Request(f"{settings.services_url}{path}", sent or None, headers, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (the configured address)
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise DemoFailed(_words(error.read(), error.code)) from None
    except (OSError, ValueError) as error:
        raise DemoFailed(f"办件系统没有运行，或者连不上：{settings.services_url}。") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and print what it gave."""
    options = _parser().parse_args(arguments)
    try:
        _show(options.run(options))
    except QinwenError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services_backend.reference.demo", description="演示参考办件系统")
    commands = parser.add_subparsers(required=True, metavar="命令")

    def add(name: str, about: str, run: Any) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        return command

    states = [state.value for state in CaseState]
    listing = add("list", "列出办件", lambda o: call("GET", "/demo/cases" + (f"?state={o.state}" if o.state else "")))
    listing.add_argument("state", nargs="?", choices=states, metavar="状态")
    moving = add("advance", "推进一件办件", _advance)
    moving.add_argument("case", metavar="编号")
    moving.add_argument("to", nargs="?", choices=states, metavar="状态")
    moving.add_argument("note", nargs="?", default="", metavar="说明")
    add("sms", "看发出的验证码", lambda _: call("GET", "/demo/sms"))
    code = add("code", "打印一次性绑定码", lambda o: call("POST", f"/demo/cases/{read_case_number(o.case)}/receipt-code"))
    code.add_argument("case", metavar="编号")
    slow = add("slow", "变慢", lambda o: call("POST", "/demo/fault", {"fault": "slow", "seconds": o.seconds}))
    slow.add_argument("seconds", nargs="?", type=float, default=3.0, metavar="秒")
    broken = add("break", "弄坏", lambda o: call("POST", "/demo/fault", {"fault": o.kind}))
    broken.add_argument("kind", choices=["hang", "500s", "garbage", "drip", "down"], metavar="hang|500s|garbage|drip|down")
    add("heal", "修好", lambda _: call("POST", "/demo/fault", {"fault": "none"}))
    for name, about in (("deliveries", "通知的投递记录"), ("ratings", "评价和回访"), ("urges", "催办")):
        add(name, about, lambda _, name=name: call("GET", f"/demo/{name}"))
    return parser


def _advance(options: argparse.Namespace) -> Any:
    body = {"note": options.note, **({"to": options.to} if options.to else {})}
    case = call("POST", f"/demo/cases/{read_case_number(options.case)}/advance", body)
    return {"number": case["number"], "state": case["state"], "since": case["since"]}


def _words(body: bytes, status: int) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"办件系统答了 {status}。"


def _show(result: Any) -> None:
    """Print a line for each thing."""
    for each in result if isinstance(result, list) else [result]:
        print(json.dumps(each, ensure_ascii=False))  # noqa: T201
    if result == []:
        print("没有。")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
