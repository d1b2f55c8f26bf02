"""A WeChat without a network: answers by path, remembers what it was asked, and fails where told to."""

import asyncio
import json
from collections import defaultdict
from datetime import timedelta

from channels.wechat.server_api.transport import Answer
from qinwen.clock import now

APP_ID, SECRET = "wx1234567890abcdef", "5ecret5ecret5ecret5ecret5ecret00"
OPENID = "oABCD1234567890abcdefghijklm"
TOKEN, SEND = "/cgi-bin/stable_token", "/cgi-bin/message/custom/send"


def json_answer(status=200, content_type="application/json", **shape):
    return Answer(status, content_type, json.dumps(shape, ensure_ascii=False).encode())


def refusal(code, message="refused rid: 6512bd43-d9caa6e0-2c990b0a"):
    return json_answer(errcode=code, errmsg=message)


class FakeWechat:
    """The platform: `next[path]` holds what comes first, answers or exceptions; `valid` is the token it takes."""

    def __init__(self):
        self.requests = []
        self.next = defaultdict(list)
        self.always = {}
        self.valid = "token-1"
        self.lifetime = 7200
        self.closed = False

    async def send(self, request):
        self.requests.append(request)
        await asyncio.sleep(0)
        if self.next[request.path]:
            given = self.next[request.path].pop(0)
        elif request.path in self.always:
            given = self.always[request.path]
        else:
            given = self.answer(request)
        if isinstance(given, Exception):
            raise given
        return given

    def answer(self, request):
        if request.path == TOKEN:
            return json_answer(access_token=self.valid, expires_in=self.lifetime)
        if request.params.get("access_token") != self.valid:
            return refusal(40001, "invalid credential, access_token is invalid or not latest")
        return json_answer(errcode=0, errmsg="ok")

    def count(self, path):
        return sum(request.path == path for request in self.requests)

    def bodies(self, path):
        return [json.loads(request.body) for request in self.requests if request.path == path]

    async def close(self):
        self.closed = True


class Clock:
    """The time, as the tests set it."""

    def __init__(self):
        self.time = now()

    def __call__(self):
        return self.time

    def pass_seconds(self, seconds):
        self.time += timedelta(seconds=seconds)
