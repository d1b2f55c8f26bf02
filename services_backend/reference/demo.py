"""The command of the demonstration, `qinwen services COMMAND`: talks to the running reference backend.

list [state]                what cases there are, with the last four of the identity number
advance CASE [STATE] [NOTE] move a case along, by default to the usual next state
sms                         the SMS codes that were "sent"
code CASE                   print a receipt's one-time binding code
slow [SECONDS]              answer that late
break KIND                  hang, 500s, garbage, drip, down
fault                       what is broken just now
heal                        be well again
deliveries | ratings | urges   what was told to the outside, rated, urged

It prints lines for a person (`demo_lines`), with `--json` one JSON object a line.
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
from services_backend.reference import demo_lines as lines
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
        result = options.run(options)
    except QinwenError as error:
        print(error.message, file=sys.stderr)  # noqa: T201
        return 1
    for each in result if isinstance(result, list) else [result]:
        print(json.dumps(each, ensure_ascii=False) if options.json else options.line(each))  # noqa: T201
    if result == []:
        print("没有。")  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="qinwen services", description="演示参考办件系统（要在它运行时用）")
    parser.add_argument("--json", action="store_true", help="每样一行 JSON")
    commands = parser.add_subparsers(required=True, metavar="命令")

    def add(name: str, about: str, run: Any, line: Any) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run, line=line)
        return command

    states = [state.value for state in CaseState]
    listing = add(
        "list",
        "列出办件，带着试用要的身份证后四位",
        lambda o: call("GET", "/demo/cases" + (f"?state={o.state}" if o.state else ""))[: o.n],
        lines.case_line,
    )
    listing.add_argument("state", nargs="?", choices=states, metavar="状态", help="、".join(states))
    listing.add_argument("-n", type=int, default=20, metavar="条数", help="最多几条（默认 20）")
    moving = add("advance", "推进一件办件：到通常的下一步，或者指定的状态", _advance, lines.moved_line)
    moving.add_argument("case", metavar="编号")
    moving.add_argument("to", nargs="?", choices=states, metavar="状态", help="、".join(states))
    moving.add_argument("note", nargs="?", default="", metavar="说明")
    add("sms", "看“发出”的验证码，新的在前", lambda _: call("GET", "/demo/sms"), lines.sms_line)
    code = add(
        "code",
        "打印回执上的一次性绑定码",
        lambda o: call("POST", f"/demo/cases/{read_case_number(o.case)}/receipt-code"),
        lines.code_line,
    )
    code.add_argument("case", metavar="编号")
    slow = add("slow", "变慢", lambda o: call("POST", "/demo/fault", {"fault": "slow", "seconds": o.seconds}), lines.fault_line)
    slow.add_argument("seconds", nargs="?", type=float, default=3.0, metavar="秒")
    broken = add("break", "弄坏", lambda o: call("POST", "/demo/fault", {"fault": o.kind}), lines.fault_line)
    broken.add_argument("kind", choices=["hang", "500s", "garbage", "drip", "down"], metavar="hang|500s|garbage|drip|down")
    add("heal", "修好", lambda _: call("POST", "/demo/fault", {"fault": "none"}), lines.fault_line)
    add("fault", "看现在坏没坏", lambda _: call("GET", "/demo/fault"), lines.fault_line)
    add("deliveries", "通知的投递记录", lambda _: call("GET", "/demo/deliveries"), lines.delivery_line)
    add("ratings", "评价和差评回访", lambda _: call("GET", "/demo/ratings"), lines.rating_line)
    add("urges", "催办", lambda _: call("GET", "/demo/urges"), lines.urge_line)
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


if __name__ == "__main__":
    sys.exit(main())
