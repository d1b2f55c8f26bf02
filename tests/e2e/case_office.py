"""The other side of the counter for end-to-end tests: the reference case system's demonstration, asked as `qinwen services` does."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from services_backend.signing import sign_request
from tests.e2e.stack import Stack


class CaseOffice:
    """Moves cases along, reads SMS codes, breaks and heals the case system of a running stack."""

    def __init__(self, stack: Stack) -> None:
        self._url = f"http://127.0.0.1:{stack.environment['QINWEN_SERVICES_PORT']}"
        secrets = (stack.var / "secrets.env").read_text(encoding="utf-8")
        self._secret = re.search(r"^QINWEN_SERVICES_SECRET=(\S+)$", secrets, re.MULTILINE)[1]
        self._used: set[str] = set()

    def call(self, method: str, path: str, body: object = None) -> Any:
        sent = json.dumps(body).encode() if body is not None else b""
        headers = sign_request("qinwen", self._secret, method, path, sent)
        request = urllib.request.Request(self._url + path, sent or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def take_case(self, state: str, *, alone: bool = False) -> dict[str, Any]:
        """Give a case in a state that no test took before; `alone`: one whose applicant has this case only."""
        cases = self.call("GET", "/demo/cases")
        owners = [(case["applicant"], case["id_last4"]) for case in cases]
        for case in cases:
            owner = (case["applicant"], case["id_last4"])
            if case["state"] == state and case["number"] not in self._used and (not alone or owners.count(owner) == 1):
                self._used |= {one["number"] for one in cases if (one["applicant"], one["id_last4"]) == owner}
                return case
        raise AssertionError(f"no case left that is {state}")

    def advance(self, number: str, to: str | None = None) -> None:
        self.call("POST", f"/demo/cases/{number}/advance", {"to": to} if to else {})

    def receipt_code(self, number: str) -> str:
        return self.call("POST", f"/demo/cases/{number}/receipt-code")["code"]

    def sms_code(self) -> str:
        return re.search(r"\d{6}", self.call("GET", "/demo/sms")[0]["text"])[0]

    def break_down(self, fault: str, seconds: float = 3.0) -> None:
        self.call("POST", "/demo/fault", {"fault": fault, "seconds": seconds})

    def heal(self) -> None:
        self.break_down("none")

    def ratings(self) -> dict[str, Any]:
        return {one["case_number"]: one for one in self.call("GET", "/demo/ratings")}

    def urges(self) -> dict[str, int]:
        return {one["case_number"]: one["urges"] for one in self.call("GET", "/demo/urges")}
