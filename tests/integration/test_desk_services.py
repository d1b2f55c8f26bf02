"""What an agent starts for a citizen over real HTTP: the citizen answers on their own channel, the agent sees how it stands."""

import re

import pytest
from sqlalchemy import select

from conversations import CitizenMessage
from desk import Desk, HandoffReason, HandoffRequest, Presence, hours_from_json, list_held, list_queue, save_desk, set_presence
from desk import staff_desk as put_at_desk
from knowledge_base import Item, Publisher
from knowledge_base.models import KnowledgeRevision
from qinwen.clock import now
from qinwen.database import Base
from services_backend import CaseTalk, InMemoryBackend, TryLimits
from staff import AuditFilter, Role, find_rows
from tests.console_parts import console_parts
from tests.staffing import Browser, hash_quickly, make_member
from tests.unit.services_backend.conftest import LAST4, make_case
from web.case_side import CaseSide
from web.health import CHECKS
from web.staff import make_staff_app

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
JSON = {"Accept": "application/json"}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
def backend():
    return InMemoryBackend()


@pytest.fixture
def talk(backend, ledger_database):
    return CaseTalk(backend, ledger_database, "secret-of-the-tests", TryLimits())


@pytest.fixture
def hub_with_desk(make_hub, service_desk, talk):
    hub = make_hub(desk=service_desk, cases=CaseSide(talk))
    service_desk.connect(hub.within)
    return hub


@pytest.fixture
async def staff(aiohttp_client, settings, ledger_database, hub_with_desk, service_desk, talk):
    app = make_staff_app(settings, ledger_database, console_parts(settings, ledger_database, service_desk, hub_with_desk, talk))
    app[CHECKS] = {}
    yield await aiohttp_client(app)
    service_desk.bell.close()


@pytest.fixture
def people(ledger_database):
    members = {name: make_member(ledger_database, name, Role.AGENT) for name in ("wang", "liang")}
    with ledger_database.session() as session:
        save_desk(session, Desk("one", "一号服务台", "610000", ALWAYS))
        for member in members.values():
            put_at_desk(session, "one", member.id)
            set_presence(session, member.id, Presence.ONLINE, now())
    return members


class Service:
    """A citizen and the agent who has them."""

    def __init__(self, hub, browser, handling):
        self.hub, self.browser, self.handling = hub, browser, handling
        self._count = 0

    async def say(self, words):
        self._count += 1
        return await self.hub.take(CitizenMessage(self.handling.citizen, f"said-{self._count}", words))

    async def click(self, way, key=None, **fields):
        self._count += 1
        address = f"/desk/handlings/{self.handling.id}/{way}"
        return await self.browser.send(address, client_id=key or f"click-{self._count}", headers=JSON, **fields)

    async def identity(self):
        await self.browser.get(f"/desk/handlings/{self.handling.id}/services")
        return re.search(r'data-identity="(\w+)"', self.browser.text)[1]

    async def first_choice(self):
        await self.browser.get(f"/desk/handlings/{self.handling.id}/services")
        return re.search(r'name="choice" value="([^"]+)"', self.browser.text)[1]

    async def heard(self):
        return [(one["author"], one["reply"]["text"]) for one in await self.hub.messages_after(self.handling.citizen, None)]


@pytest.fixture
async def service(staff, people, hub_with_desk, service_desk):
    """Wang has a citizen."""
    browser = Browser(staff)
    await browser.sign_in("wang")
    citizen = await hub_with_desk.open_citizen("webchat", "somebody")
    first = await hub_with_desk.take(CitizenMessage(citizen, "m1", "护照多少钱"))
    await service_desk.hand_over(HandoffRequest(first.conversation, citizen, HandoffReason.ASKED, "转人工"))
    [handling] = await service_desk.do(lambda s: list_queue(s, ["one"]))
    await browser.send(f"/desk/handlings/{handling.id}/claim")
    return Service(hub_with_desk, browser, handling)


async def test_the_citizen_proves_who_they_are_and_the_agent_sees_only_that(service, backend, ledger_database, capfd):
    case = make_case()
    backend.add_case(case, LAST4, "王")
    assert await service.identity() == "unknown"
    assert (await service.click("identity")).status == 200
    assert await service.identity() == "asked"
    for words in (case.number, LAST4):
        turn = await service.say(words)
        assert turn.response.replies
    await service.say(backend.sms[-1])
    assert await service.identity() == "verified"
    await service.browser.get(f"/desk/handlings/{service.handling.id}")
    for secret in (LAST4, backend.sms[-1]):
        assert secret not in service.browser.text
    with ledger_database.session() as session:
        for table in Base.metadata.sorted_tables:
            rows = str(session.execute(select(table)).all())
            assert LAST4 not in rows, table
            assert backend.sms[-1] not in re.findall(r"\d+", rows), table
    assert LAST4 not in "".join(capfd.readouterr())


async def test_while_a_person_has_the_conversation_the_bot_says_nothing_and_the_desk_speaks(service, backend):
    case = make_case()
    backend.add_case(case, LAST4)
    await service.click("case", number=case.number)
    await service.say("这是干什么的")
    await service.say(LAST4)
    await service.say(backend.sms[-1])
    heard = await service.heard()
    later = heard[next(place for place, (author, _) in enumerate(heard) if author == "system") :]
    assert {author for author, _ in later} == {"system", "citizen"}
    assert any(case.item_name in words for author, words in later if author == "system")
    await service.browser.get(f"/desk/handlings/{service.handling.id}")
    assert f"{case.item_name} · {case.state.label}" in service.browser.text


async def test_a_double_click_asks_once(service, backend):
    await service.click("identity", key="once")
    await service.click("identity", key="once")
    assert sum("坐席要先核对您的身份" in words for _, words in await service.heard()) == 1


async def test_a_time_is_booked_together_and_each_click_is_in_the_audit_log(service, backend, ledger_database):
    fixed = {"department": "公安", "case_lookup": True, "type": "行政许可", "handling": "承诺件", "served": ("自然人",),
             "authority_level": "县级", "topic": "证件", "venue": "police"}  # fmt: skip
    with ledger_database.session() as session:
        session.add(KnowledgeRevision(id=1, number=0))
        session.flush()
        Publisher("none", lambda _: None).publish_item(session, Item("passport", "普通护照签发", "办护照", **fixed))
    assert (await service.click("booking", item="nonsense")).status == 422
    assert (await service.click("booking", item="passport")).status == 200
    assert (await service.say(await service.first_choice())).response.replies
    for _ in ("day", "time"):
        assert (await service.click("choose", choice=await service.first_choice())).status == 200
    assert len(await backend.list_appointments(service.handling.citizen)) == 1
    assert (await service.click("choose", choice="莲湖区")).status == 422
    await service.click("booking", item="passport")
    await service.click("stop")
    with ledger_database.session() as session:
        done = [row.action for row in find_rows(session, AuditFilter())][::-1]
    assert [action for action in done if action.startswith(("desk_booking", "desk_step"))] == [
        "desk_booking_started", "desk_step_chosen", "desk_step_chosen", "desk_booking_started", "desk_step_stopped"
    ]  # fmt: skip


async def test_while_the_citizen_is_asked_nobody_waits_for_the_agent(service, service_desk, people):
    await service.click("identity")
    await service.say("SN20261116001723")
    [held] = await service_desk.do(lambda s: list_held(s, people["wang"].id))
    assert held.waiting_since is None
    await service.say("你在吗")
    [held] = await service_desk.do(lambda s: list_held(s, people["wang"].id))
    assert held.waiting_since is not None


async def test_who_does_not_hold_the_conversation_starts_nothing(staff, service):
    staff.session.cookie_jar.clear()
    other = Browser(staff)
    await other.sign_in("liang")
    for way in ("identity", "case", "booking", "choose", "stop"):
        answer = await other.send(f"/desk/handlings/{service.handling.id}/{way}", client_id="k", item="x", headers=JSON)
        assert answer.status == 409, way
    await other.get(f"/desk/handlings/{service.handling.id}/services")
    assert "会话在谁手上" in other.text


async def test_what_is_no_case_number_is_refused_before_anybody_is_asked(service):
    assert (await service.click("case", number="12345")).status == 422
    assert not any("办件" in words for author, words in await service.heard() if author == "system")
