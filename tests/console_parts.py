"""The console's parts as they run (`serving.staff_modules`), for tests: a new part is walked by them from its first day."""

from types import SimpleNamespace

from services_backend import Breaker
from serving import staff_modules


async def _nothing():
    pass


def console_parts(settings, database):
    wechat, backend = SimpleNamespace(troubles=tuple), SimpleNamespace(breaker_state=Breaker().state)
    return staff_modules(settings, database, wechat, backend, {"database": _nothing})
