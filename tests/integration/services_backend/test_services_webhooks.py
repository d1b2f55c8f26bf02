"""State changes are told once each, in order within a case, signed, and again until they arrive."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import update

from qinwen.clock import now
from services_backend import CaseState, WebhookRefused, read_webhook
from services_backend.reference.deliveries import Courier
from services_backend.reference.models import DeliveryRow, WebhookRow
from services_backend.signing import SIGNATURE
from tests.waiting import until

SECRET = "webhook-secret-of-the-tests"


class Receiver:
    """Takes webhooks; answers with the next of its statuses, and 500 to the first about a case in `failing`."""

    def __init__(self):
        self.statuses, self.received, self.raw, self.failing = [], [], [], set()

    async def take(self, request):
        body = await request.read()
        self.raw.append((dict(request.headers), body))
        changed = read_webhook(request.headers, body, SECRET)
        status = self.statuses.pop(0) if self.statuses else 204
        if changed.case_number in self.failing:
            self.failing.remove(changed.case_number)
            status = 500
        if status == 204:
            self.received.append(changed)
        return web.Response(status=status)


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
async def courier(aiohttp_server, receiver, services_database):
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    server = await aiohttp_server(app)
    return Courier(services_database, str(server.make_url("/hook")), SECRET, timeout=2, pause=0.01)


@pytest.fixture
def deliver(courier, services_database):
    async def run(rounds=1):
        async with aiohttp.ClientSession() as session:
            for _ in range(rounds):
                with services_database.session() as open_session:
                    open_session.execute(update(WebhookRow).values(next_at=now() - timedelta(seconds=1)))
                await courier.deliver_due(session)

    return run


async def test_a_change_is_told_with_who_is_bound(deliver, receiver, office, backend):
    number, _ = office.find(CaseState.REVIEW)
    await backend.bind_by_code(office.receipt_code(number), "subject-01")
    office.move(number, CaseState.DECIDED)
    await deliver()
    [changed] = receiver.received
    assert (changed.case_number, changed.previous_state, changed.state) == (number, CaseState.REVIEW, CaseState.DECIDED)
    assert changed.subjects == ("subject-01",)
    await deliver(2)
    assert len(receiver.received) == 1


async def test_after_unbinding_nobody_is_named(deliver, receiver, office, backend):
    number, _ = office.find(CaseState.REVIEW)
    binding = await backend.bind_by_code(office.receipt_code(number), "subject-01")
    await backend.unbind(binding.access)
    office.move(number, CaseState.DECIDED)
    await deliver()
    assert receiver.received[0].subjects == ()


async def test_a_change_waits_for_the_earlier_one_of_its_case_and_other_cases_do_not(deliver, receiver, office):
    first, other = office.find(CaseState.REVIEW, 0)[0], office.find(CaseState.REVIEW, 1)[0]
    for state in (CaseState.DECIDED, CaseState.GRANTED, CaseState.DELIVERED):
        office.move(first, state)
    office.move(other, CaseState.DECIDED)
    receiver.failing = {first}
    await deliver()
    assert [changed.case_number for changed in receiver.received] == [other]
    await deliver(3)
    states = [changed.state for changed in receiver.received if changed.case_number == first]
    assert states == [CaseState.DECIDED, CaseState.GRANTED, CaseState.DELIVERED]
    sequences = [changed.sequence for changed in receiver.received if changed.case_number == first]
    assert sequences == sorted(sequences)


async def test_a_failed_delivery_is_logged_put_off_and_tried_again_as_the_same_event(deliver, receiver, office):
    office.move(office.find(CaseState.REVIEW)[0], CaseState.DECIDED)
    receiver.statuses = [503, 302]
    await deliver(3)
    assert [(row.status, bool(row.error)) for row in office.rows(DeliveryRow)] == [(503, True), (302, True), (204, False)]
    assert len({headers["Qinwen-Event"] for headers, _ in receiver.raw}) == 1
    [row] = office.rows(WebhookRow)
    assert (row.state, row.attempts) == ("delivered", 3)


async def test_a_receiver_that_is_gone_is_waited_for(services_database, office, unused_tcp_port):
    office.move(office.find(CaseState.REVIEW)[0], CaseState.DECIDED)
    courier = Courier(services_database, f"http://127.0.0.1:{unused_tcp_port}/", SECRET)
    async with aiohttp.ClientSession() as session:
        assert not await courier.deliver_due(session)
        assert not await courier.deliver_due(session)
    [row] = office.rows(WebhookRow)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert row.next_at > now()


async def test_the_courier_works_in_the_background(courier, receiver, office):
    task = asyncio.create_task(courier.run())
    number, _ = office.find(CaseState.REVIEW)
    for state in (CaseState.DECIDED, CaseState.GRANTED):
        office.move(number, state)
    await until(lambda: len(receiver.received) == 2)
    task.cancel()
    assert [changed.state for changed in receiver.received] == [CaseState.DECIDED, CaseState.GRANTED]


async def test_a_change_that_is_undone_is_not_told(office, services_database):
    from sqlalchemy import select

    from services_backend.reference.models import CaseRow
    from services_backend.reference.progress import move_case

    number, _ = office.find(CaseState.REVIEW)
    with pytest.raises(RuntimeError), services_database.session() as session:
        move_case(session, session.scalar(select(CaseRow).where(CaseRow.number == number)), CaseState.DECIDED)
        raise RuntimeError
    assert office.rows(WebhookRow) == []


async def test_a_forged_or_changed_call_is_refused(deliver, receiver, office):
    office.move(office.find(CaseState.REVIEW)[0], CaseState.DECIDED)
    await deliver()
    headers, body = receiver.raw[0]
    assert read_webhook(headers, body, SECRET).event == headers["Qinwen-Event"]
    for changed_headers, changed_body in (
        (headers, body.replace(b"decided", b"granted")),
        ({**headers, "Qinwen-Event": "f" * 24}, body),
        ({**headers, "Qinwen-Timestamp": "1"}, body),
        ({**headers, SIGNATURE: "0" * 64}, body),
        ({}, body),
    ):
        with pytest.raises(WebhookRefused):
            read_webhook(changed_headers, changed_body, SECRET)
    with pytest.raises(WebhookRefused):
        read_webhook(headers, body, "another secret")
