"""The `web` process: here its real parts are chosen and put together. Called by `manage.py`."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Mapping
from functools import cache, partial

import aiohttp
from aiohttp import web

from channels.wechat import CHANNEL, WechatCarrier
from channels.wechat.server_api import WechatClient, discard_media, make_case_notices, media_folder
from conversations import (
    Carrier,
    Courier,
    EngineClient,
    EngineMemory,
    Fetcher,
    Hub,
    Preparer,
    TokenBuckets,
    Unlimited,
    make_vault,
)
from desk import Router, ServiceDesk, Sweeper, add_sample_desks
from knowledge_base import Question, item_titles, read_item, remembering_encoder
from knowledge_base.gaps import Reader
from qinwen.database import Database
from qinwen.decrees import read_decree
from qinwen.log import configure_logging
from qinwen.quiet_hours import read_quiet_hours
from qinwen.settings import Settings, load_settings
from qinwen.working_days import use_decree
from retention import DailyPurge, make_erasers
from services_backend import AgentSteps, CaseTalk, HttpBackend, NoTryLimits, Teller, TryLimits
from web.case_side import CaseSide
from web.console import conversations, deliveries, status
from web.console.desk import make_desk_module
from web.console.gaps import make_gap_module
from web.console.knowledge import KnowledgeRoom, make_knowledge_module, make_room
from web.console.knowledge.background import Background
from web.console.modules import Module
from web.console.supervision import make_supervision_module
from web.gap_job import GapKeeper
from web.gap_side import EngineReader, LedgerQuestions
from web.health import CHECKS, Check, database_check, http_check
from web.public import make_public_app
from web.rating_side import RatingSide, make_rating_route
from web.services_events import make_events_route
from web.staff import make_staff_app

_PROCESSES = {"database": "数据库", "engine": "对话引擎", "actions": "动作服务", "services": "办件系统"}
_QUIET_AFTER = 15.0
_SWITCHING = 0.0005  # seconds


async def serve_web(settings: Settings) -> None:
    """Serve the public and the staff port until SIGTERM or SIGINT."""
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
        backend = HttpBackend(
            session,
            settings.services_url,
            settings.services_key_id,
            settings.services_secret,
            timeout=settings.services_timeout,
            connect_timeout=settings.services_connect_timeout,
        )
        limits = TryLimits() if settings.rate_limits else NoTryLimits()
        talk = CaseTalk(
            backend,
            database,
            settings.personal_secret,
            limits,
            settings.previous_personal_secret,
            lambda session, code: item_titles(session, [code]).get(code, ""),
        )
        memory = EngineMemory(settings.tracker_url)
        desk = await asyncio.to_thread(make_desk, database)
        hub = Hub(
            database,
            engine,
            limiter,
            settings.conversation_idle,
            carriers,
            settings.most_turns,
            desk=desk,
            cases=RatingSide(desk, CaseSide(talk)),
            erasers=make_erasers(settings, memory),
            longest_wait=settings.longest_wait,
            ahead=preparer.prepare,
            vault=make_vault(settings),
        )
        desk.connect(hub.within)
        teller = Teller(talk.room, hub, read_quiet_hours(settings.quiet_hours))
        events = make_events_route(database, settings.webhook_secret, teller)
        room, gaps = knowledge_side(settings, database, EngineReader(engine, asyncio.get_running_loop()))
        background = Background(room, settings.radar_hour)
        background.start()
        courier = asyncio.create_task(Courier(hub).run())
        news = asyncio.create_task(teller.run())
        purging = asyncio.create_task(DailyPurge(settings, database).run())
        other_tasks = [
            asyncio.create_task(Sweeper(desk).run()),
            asyncio.create_task(warm_up(desk.router, room)),
            asyncio.create_task(gaps.run()),
            asyncio.create_task(Fetcher(hub, wechat, partial(discard_media, media_folder(settings))).run()),
        ]
        checks = {
            "database": database_check(database),
            "engine": http_check(session, f"{settings.engine_url}/webhooks/gateway/"),
            "actions": http_check(session, f"{settings.actions_url}/readyz"),
        }
        # The case system is not ours: without it we are ready all the same, only the page of the system's state asks.
        modules = (
            make_gap_module(gaps),
            *staff_modules(settings, room, wechat, backend, {**checks, "services": backend.check}, desk, hub, AgentSteps(talk)),
        )
        typing = wechat.show_typing if wechat and settings.wechat_customer_messages else None
        more = (events, make_rating_route(hub, desk))
        public = make_public_app(settings, hub, openings, wechat, more, typing)
        runners = []
        for app, host, port in (
            (public, settings.public_host, settings.public_port),
            (make_staff_app(settings, database, modules), settings.staff_host, settings.staff_port),
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
        # The agents' streams end by themselves now, and their pages connect again.
        desk.bell.close()
        for runner in runners:
            await runner.cleanup()
        await background.stop()
        await hub.drain()
        tasks = (courier, news, purging, *other_tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        memory.close()
        if wechat:
            await wechat.close()
    database.close()


def knowledge_side(settings: Settings, database: Database, reader: Reader) -> tuple[KnowledgeRoom, GapKeeper]:
    """Give what the pages of knowledge work with, and the job that collects gaps; `reader` asks the engine for intents."""
    source = LedgerQuestions(database)
    room = make_room(settings, database, source, cache(lambda: remembering_encoder(settings.encoder, database)), reader)
    return room, GapKeeper(room, source, reader)


def staff_modules(
    settings: Settings,
    room: KnowledgeRoom,
    wechat: WechatClient | None,
    backend: HttpBackend,
    checks: Mapping[str, Check],
    desk: ServiceDesk,
    hub: Hub,
    steps: AgentSteps,
) -> tuple[Module, ...]:
    """Give the console's parts that need to know what runs here."""
    return (
        make_desk_module(desk, hub, room, steps),
        make_supervision_module(desk),
        make_knowledge_module(room),
        conversations.make_module(make_vault(settings)),
        deliveries.make_module(wechat.troubles if wechat else None),
        status.make_module(
            status.Sources(
                settings,
                {_PROCESSES[name]: check for name, check in checks.items()},
                backend.breaker_state,
                wechat.troubles if wechat else None,
            )
        ),
    )


def make_desk(database: Database) -> ServiceDesk:
    """Give the service desk, with the sample desks where there are none."""

    def department_of(item: str) -> str | None:
        with database.session() as session:
            found = read_item(session, item)
        return found.department if found else None

    with database.session() as session:
        add_sample_desks(session)
    return ServiceDesk(database, Router(department_of))


async def warm_up(router: Router, room: KnowledgeRoom) -> None:
    """Once the start is over, get ready what the first agent or editor would wait for: the index, the router's vectors."""
    await asyncio.sleep(_QUIET_AFTER)

    def warm() -> None:
        room.load().answerer.answer(Question("您好"))
        if encoder := room.encoder():
            router.learn(encoder)
        # All this stays; looking through it for garbage stops every turn for some 170 ms, again and again.
        gc.collect()
        gc.freeze()

    await asyncio.to_thread(warm)


def wechat_carriers(settings: Settings, client: WechatClient | None) -> dict[str, Carrier]:
    """Give the carrier of the WeChat channel, if the channel is on."""
    if settings.wechat_mode == "off":
        return {}
    pushing = client if settings.wechat_customer_messages else None
    notices = make_case_notices(settings, client) if client else None
    notifier = notices.send if notices else None
    return {CHANNEL: WechatCarrier(pushing, menus=settings.wechat_menu_messages, notifier=notifier)}


def run_web() -> None:
    """Run the `web` process."""
    settings = load_settings()
    configure_logging("web", settings.log_level)
    use_decree(read_decree(settings.holidays))
    # Threads do short database work; with the usual 5 ms the event loop would wait that long behind each of them.
    sys.setswitchinterval(_SWITCHING)
    asyncio.run(serve_web(settings))
