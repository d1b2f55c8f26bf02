"""The console's parts as they run (`serving.staff_modules`), for tests: a new part is walked by them from its first day."""

from types import SimpleNamespace

from conversations import Hub, Response, Unlimited
from desk import ServiceDesk
from qinwen.vocabulary import Outcome
from services_backend import AgentSteps, Breaker, CaseTalk, InMemoryBackend, TryLimits
from serving import staff_modules
from tests.routing import ROUTER
from web.console.gaps import make_gap_module
from web.console.knowledge import make_room
from web.gap_job import GapKeeper
from web.gap_side import LedgerQuestions


class NobodyAnswers:
    """Stands in for the engine of a console without one."""

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        return Response(Outcome.ACKNOWLEDGED, ())


async def _nothing():
    pass


def console_parts(settings, database, desk=None, hub=None, talk=None):
    wechat, backend = SimpleNamespace(troubles=tuple), SimpleNamespace(breaker_state=Breaker().state)
    if desk is None:
        desk = ServiceDesk(database, ROUTER)
        hub = Hub(database, NobodyAnswers(), Unlimited(), 3600.0, desk=desk)
        desk.connect(hub.within)
    steps = AgentSteps(talk or CaseTalk(InMemoryBackend(), database, "secret-of-the-tests", TryLimits()))
    room = make_room(settings, database)
    gaps = make_gap_module(GapKeeper(room, LedgerQuestions(database)))
    return (gaps, *staff_modules(settings, room, wechat, backend, {"database": _nothing}, desk, hub, steps))
