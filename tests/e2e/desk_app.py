"""Public and staff port with a service desk and a bot of a few words: `python -m tests.e2e.desk_app FOLDER PUBLIC STAFF`.

For looking at the desk's pages without the engine: "转人工" is understood, everything else is answered or not found.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

import starting
from conversations import Hub, Response, Unlimited
from desk import Desk, ServiceDesk, Sweeper, hours_from_json, save_desk, staff_desk
from qinwen.database import Database
from qinwen.replies import Choice, Reply, Source
from qinwen.settings import load_settings, write_secrets
from qinwen.vocabulary import Outcome
from staff import Role
from tests.console_parts import console_parts
from tests.routing import ROUTER
from tests.staffing import make_member
from web.health import CHECKS
from web.public import make_public_app
from web.staff import make_staff_app

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
FEE = Reply(
    "card",
    "护照 · 收多少钱\n首次办理、换发每本 120 元。\n【怎么交】\n窗口或者网上交。\n示例内容，以当地窗口为准。",
    sources=(Source("guide:passport:610000", 1, "fee", "《普通护照签发》办事指南(陕西省) · 第1版"),),
)


class SmallBot:
    """Understands a wish for a person, knows a fee, and finds nothing else."""

    async def respond(self, conversation, text, message_id, metadata, *, patient=False):
        if "人工" in text:
            request = {"name": "request_handoff", "item": None, "facet": "fee", "region": "610100", "reason": None}
            return Response(Outcome.DESK_CLOSED, (Reply("text", "没有服务台"),), intent="request_handoff", request=request)
        if "多少钱" in text:
            return Response(Outcome.ANSWERED, (FEE,), "passport", "fee", "610100", "ask_fee", 0.9)
        choices = (Choice("护照怎么办", "护照怎么办"),)
        return Response(
            Outcome.NOT_FOUND, (Reply("choices", "这个我还没有把握答对，不敢乱说。", choices),), intent="ask_overview"
        )


async def main(folder: str, public: str, staff: str) -> None:
    write_secrets(Path(folder))
    settings = load_settings({"QINWEN_VAR": folder, "QINWEN_ENCODER": "none", "QINWEN_RATE_LIMITS": "off"})
    starting.migrate(settings)
    database = Database(settings.database_url)
    members = [make_member(database, login, Role.AGENT) for login in ("agent.first", "agent.second", "agent.nowhere")]
    make_member(database, "editor.only", Role.EDITOR)
    with database.session() as session:
        save_desk(session, Desk("first", "西安市公安服务台", "610000", ALWAYS))
        save_desk(session, Desk("second", "窗口协调服务台", "610000", ALWAYS, items=("nothing",)))
        staff_desk(session, "first", members[0].id)
        staff_desk(session, "second", members[1].id)
    desk = ServiceDesk(database, ROUTER)
    hub = Hub(database, SmallBot(), Unlimited(), 3600.0, desk=desk)
    desk.connect(hub.within)
    sweeping = asyncio.create_task(Sweeper(desk).run())
    apps = (
        (make_public_app(settings, hub, Unlimited()), public),
        (make_staff_app(settings, database, console_parts(settings, database, desk, hub)), staff),
    )
    for app, port in apps:
        app[CHECKS] = {}
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    await sweeping


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
