"""Races at the desk with the real hub: claims, transfers, closes, citizens' messages and killed processes, in an order that
chance gives; each conversation has one owner, nothing is lost, doubled or out of order, and the bot is silent while a person
has it.
"""

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

import manage
from conversations import CitizenMessage, Hub, Unlimited
from conversations.models import Conversation, Message, Turn
from desk import (
    CloseOutcome,
    Closing,
    Desk,
    DeskError,
    HandoffReason,
    HandoffRequest,
    Presence,
    Router,
    ServiceDesk,
    hours_from_json,
    list_held,
    list_queue,
    read_handling,
    save_desk,
    set_presence,
    staff_desk,
)
from desk.models import DeskEvent, HandlingMove, HandlingRow, SentMessage
from desk.transcript import read_lines
from qinwen.clock import now
from qinwen.database import Database
from qinwen.replies import Reply
from qinwen.vocabulary import Holder, Outcome
from tests.desk_process import DeskProcess, Gone, SlowBot
from tests.volume import much
from tests.waiting import until

ALWAYS = hours_from_json({"week": [["00:00-24:00"]] * 7, "works_on_holidays": True})
CITIZENS, AGENTS = much((200, 20), (60, 8))
PROCESSES, SEED = 3, 20260101
DESKS = ("one", "two")


@pytest.fixture
def database(settings, database_url):
    manage.migrate(replace(settings, database_url=database_url))
    database = Database(database_url)
    with database.session() as session:
        save_desk(session, Desk("one", "一号服务台", "610000", ALWAYS, silent_after=3600, overflow_after=3600))
        save_desk(session, Desk("two", "二号服务台", "610000", ALWAYS, silent_after=3600, overflow_after=3600))
        for number in range(AGENTS):
            for desk in DESKS:
                staff_desk(session, desk, f"agent-{number}", 4)
            set_presence(session, f"agent-{number}", Presence.ONLINE, now() + timedelta(hours=1))
    yield database
    database.close()


@pytest.fixture
def stack(database):
    """Two hubs with their desks over one database, as two processes would have."""

    def make():
        made = []
        for _ in range(2):
            desk = ServiceDesk(database, Router({"x": "人社"}.get))
            hub = Hub(database, SlowBot(random.Random(SEED)), Unlimited(), 3600.0, most_turns=1000, desk=desk)
            desk.connect(hub.within)
            made.append((hub, desk))
        return made

    return make


class Day:
    """Everybody's doings, and what each of them knows for certain."""

    def __init__(self, processes, database, chance):
        self.processes, self.database, self.chance = processes, database, chance
        self.said = defaultdict(list)
        self.told = defaultdict(list)
        self.conversations = {}
        self.done = Counter()
        self.finished = False
        # So many citizens write at once; the others come later.
        self.room = asyncio.Semaphore(25)

    async def ask(self, name, *arguments):
        """Ask any process, and another one when it dies: as a page does that lost its connection, with the same ids."""
        while True:
            try:
                return await self.chance.choice(self.processes).call(name, *arguments)
            except Gone:
                self.done["lost connections"] += 1
                await asyncio.sleep(0.05)

    async def read(self, work):
        def run():
            with self.database.session() as session:
                return work(session)

        return await asyncio.to_thread(run)

    async def pause(self, most=0.05):
        await asyncio.sleep(self.chance.random() * most)

    async def break_processes(self):
        """Kill one process after the other in the middle of its work; it is started again while the others go on."""
        while not self.finished:
            await asyncio.sleep(self.chance.uniform(0.3, 1.5))
            victim = self.chance.choice(self.processes)
            await victim.kill()
            self.done["killed"] += 1
            await victim.start()

    async def live_as_citizen(self, number):
        async with self.room:
            await self.talk(number)

    async def talk(self, number):
        citizen = await self.ask("open_citizen", "webchat", f"address-{number}")
        for count in range(self.chance.randint(2, 4)):
            words = f"{number}之{count}"
            message = CitizenMessage(citizen, f"m{count}", words)
            turn, conversation = await self.ask("take", message)
            self.said[citizen].append(words)
            self.conversations[citizen] = conversation
            if self.chance.random() < 0.2:
                assert (await self.ask("take", message))[0] == turn  # the page sends it again
            if count == 0 or self.chance.random() < 0.25:
                await self.ask_for_a_person(citizen, conversation)
            await self.pause(0.1)

    async def ask_for_a_person(self, citizen, conversation):
        request = HandoffRequest(conversation, citizen, HandoffReason.ASKED, "转人工", item="x", department=None)
        await asyncio.gather(*(self.ask("hand_over", request) for _ in range(self.chance.randint(1, 2))))
        self.done["asked"] += 1

    async def work_as_agent(self, number):
        me = f"agent-{number}"
        while not self.finished:
            waiting = await self.read(lambda s: list_queue(s, DESKS, 4))
            if waiting:
                await self.try_claiming(self.chance.choice(waiting).id, me)
            for handling in await self.read(lambda s: list_held(s, me)):
                await self.serve(handling, me)
            await self.pause(0.5)

    async def work_as_supervisor(self):
        """Move and take over what others have, now and then."""
        while not self.finished:
            await self.pause(0.6)
            held = await self.read(lambda s: [h for n in range(AGENTS) for h in list_held(s, f"agent-{n}")])
            if not held:
                continue
            handling, other = self.chance.choice(held), f"agent-{self.chance.randrange(AGENTS)}"
            try:
                if self.chance.random() < 0.5:
                    await self.ask("move", handling.id, "lead", self.chance.choice(DESKS), self.chance.choice([None, other]))
                    self.done["moved"] += 1
                else:
                    await self.ask("take_over", handling.id, "lead")
                    self.done["taken over"] += 1
                    await self.send(handling, "lead")
                    await self.close(handling, "lead")
            except DeskError as error:
                self.done[type(error).__name__] += 1

    async def try_claiming(self, handling, me):
        try:
            # A double click, in two windows.
            await asyncio.gather(*(self.ask("claim", handling, me) for _ in range(self.chance.randint(1, 2))))
            self.done["claimed"] += 1
        except DeskError as error:
            self.done[type(error).__name__] += 1

    async def serve(self, handling, me):
        act = self.chance.random()
        try:
            if act < 0.45:
                await self.send(handling, me)
            elif act < 0.55:
                await self.ask("transfer", handling.id, me, self.chance.choice(DESKS), "转给别的服务台")
                self.done["transferred"] += 1
            elif act < 0.65:
                other = f"agent-{self.chance.randrange(AGENTS)}"
                await self.ask("transfer", handling.id, me, handling.desk, "转给同事", other)
                self.done["given"] += 1
            else:
                await self.close(handling, me)
        except DeskError as error:
            self.done[type(error).__name__] += 1

    async def send(self, handling, me):
        client_id = f"{me}-{self.chance.random()}"
        words = f"坐席:{client_id}"
        times = self.chance.randint(1, 3)
        results = await asyncio.gather(
            *(self.ask("send", handling.id, me, client_id, Reply("text", words)) for _ in range(times)), return_exceptions=True
        )
        numbers = {result for result in results if isinstance(result, int)}
        assert len(numbers) <= 1
        # A supervisor may have taken it between two clicks: then one may be refused that was sent by neither.
        if numbers:
            self.told[handling.citizen].append((numbers.pop(), me, words))
            self.done["sent"] += 1
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def close(self, handling, me):
        seen = (await self.read(lambda s: read_lines(s, handling.citizen)))[-1].id
        await self.pause(0.02)
        outcome = self.chance.choice([CloseOutcome.RESOLVED, CloseOutcome.UNRESOLVED])
        await self.ask("close", handling.id, me, Closing(outcome, seen))
        self.done["closed"] += 1


def owners_over_time(session, conversation):
    """Give the times (from, to) in which a person had a conversation, from the desk's own events."""
    ids = session.scalars(select(HandlingRow.id).where(HandlingRow.conversation_id == conversation)).all()
    events = session.execute(
        select(DeskEvent.kind, DeskEvent.at).where(DeskEvent.handling_id.in_(ids)).order_by(DeskEvent.at, DeskEvent.id)
    ).all()
    spans, since = [], None
    for kind, at in events:
        if kind == "claimed":
            since = at
        elif kind in {"queued", "closed"} and since is not None:
            spans.append((since, at))
            since = None
    return spans + ([(since, now() + timedelta(days=1))] if since else [])


@pytest.fixture
async def processes(database_url, database):
    """Three processes with hub and desk over one database."""
    made = [DeskProcess(database_url, SEED + number) for number in range(PROCESSES)]
    await asyncio.gather(*(process.start() for process in made))
    yield made
    await asyncio.gather(*(process.kill() for process in made))


async def test_nothing_is_lost_doubled_or_out_of_order_and_the_bot_is_silent_while_a_person_has_it(database, processes):
    chance = random.Random(SEED)
    day = Day(processes, database, chance)
    staff = [asyncio.create_task(day.work_as_agent(number)) for number in range(AGENTS)]
    staff += [asyncio.create_task(day.work_as_supervisor()), asyncio.create_task(day.break_processes())]
    try:
        await asyncio.gather(*(day.live_as_citizen(number) for number in range(CITIZENS)))
        await asyncio.sleep(1)
    finally:
        day.finished = True
        worked = await asyncio.gather(*staff, return_exceptions=True)
    assert [result for result in worked if result is not None] == []
    assert day.done["claimed"] > CITIZENS / 2
    assert day.done["closed"] > CITIZENS / 4
    kinds = ("transferred", "given", "moved", "taken over", "AlreadyTaken", "killed", "lost connections")
    assert min(day.done[kind] for kind in kinds) > 0, day.done
    await settle(database)
    with database.session() as session:
        broken = []
        for citizen, said in day.said.items():
            lines = session.scalars(select(Message).where(Message.citizen_id == citizen).order_by(Message.id)).all()
            conversation = day.conversations[citizen]
            # Nothing lost, doubled, or out of order: the citizen's words, the agents' words.
            assert [line.text for line in lines if line.author == "citizen"] == said
            told = [(number, words) for number, _, words in sorted(day.told[citizen])]
            assert [(line.id, line.text) for line in lines if line.author == "agent"] == told
            for agent in {name for _, name, _ in day.told[citizen]}:
                numbers = [number for number, name, _ in day.told[citizen] if name == agent]
                assert numbers == sorted(numbers)
            # Each turn was answered once, also where the process died that ran it.
            answers = Counter(line.turn_id for line in lines if line.author == "bot")
            assert max(answers.values()) == 1
            # One owner: at most one open handling, and the ledger agrees with it.
            rows = session.scalars(select(HandlingRow).where(HandlingRow.conversation_id == conversation)).all()
            still = [row for row in rows if row.state != "closed"]
            assert len(still) <= 1
            holder = session.scalar(select(Conversation.holder).where(Conversation.id == conversation))
            expected = {"queued": Holder.QUEUED, "with_agent": Holder.WITH_AGENT}[still[0].state] if still else Holder.BOT
            assert holder == expected.value
            assert all((row.agent is not None) == (row.state == "with_agent") for row in still)
            # Whoever was served heard who came and that it ended, as often as it happened.
            heard = Counter(line.text for line in lines if line.author == "system")
            assert sum(count for words, count in heard.items() if "结束了" in words) == len(rows) - len(still)
            # Not one message of the bot while a person has it.
            spans = owners_over_time(session, conversation)
            broken += [
                (line.text, line.created_at, span)
                for line in lines
                if line.author == "bot"
                for span in spans
                if span[0] < line.created_at < span[1]
            ]
        assert broken == []
        loads = Counter(session.scalars(select(HandlingRow.agent).where(HandlingRow.state == "with_agent")))
        assert max((load for agent, load in loads.items() if agent != "lead"), default=0) <= 4
        assert session.scalars(select(SentMessage.client_id).where(SentMessage.message_id.is_(None))).all() == []


async def settle(database):
    """Wait until every turn is done: what a dead process left is taken up by the others."""

    def every_turn_is_done():
        with database.session() as session:
            return not session.scalars(select(Turn.id).where(Turn.state != "done")).all()

    await until(every_turn_is_done)


async def test_what_broke_before_the_commit_was_not_sent_and_what_broke_after_it_is_not_sent_again(database, stack):
    (hub, desk), (_, other_desk) = stack()
    citizen = await hub.open_citizen("webchat", "somebody")
    finished = await hub.take(CitizenMessage(citizen, "m1", "你好"))
    await desk.hand_over(HandoffRequest(finished.conversation, citizen, HandoffReason.ASKED, "转人工", item="x"))
    (handling,) = await desk.do(lambda s: list_queue(s, list(DESKS)))
    await desk.claim(handling.id, "agent-1")

    class Died(Exception):
        pass

    async def die_before(work):
        def run(session, say):
            work(session, say)
            raise Died

        return await hub.within(run)

    async def die_after(work):
        await hub.within(work)
        raise Died

    for client_id, dying in (("before", die_before), ("after", die_after)):
        desk.connect(dying)
        with pytest.raises(Died):
            await desk.send(handling.id, "agent-1", client_id, Reply("text", f"坐席:{client_id}"))
    for client_id in ("before", "after"):
        await other_desk.send(handling.id, "agent-1", client_id, Reply("text", f"坐席:{client_id}"))
    with database.session() as session:
        heard = session.scalars(select(Message.text).where(Message.author == "agent").order_by(Message.id)).all()
    assert sorted(heard) == ["坐席:after", "坐席:before"]


async def test_a_whole_service_from_the_question_to_the_rating(database, stack):
    (hub, desk), _ = stack()
    citizen = await hub.open_citizen("webchat", "somebody")
    first = await hub.take(CitizenMessage(citizen, "m1", "身份证丢了怎么补"))
    response = await desk.hand_over(HandoffRequest(first.conversation, citizen, HandoffReason.ASKED, "转人工", item="x"))
    assert response.outcome is Outcome.DESK_QUEUED
    (handling,) = await desk.do(lambda s: list_queue(s, ["one"]))
    waiting = await hub.take(CitizenMessage(citizen, "m2", "我补充一句"))
    assert waiting.response.outcome is Outcome.DESK_QUEUED
    await desk.claim(handling.id, "agent-1")
    held = await hub.take(CitizenMessage(citizen, "m3", "在吗"))
    assert held.response.replies == ()
    await desk.send(handling.id, "agent-1", "c1", Reply("text", "在的，材料交到三楼"))
    await desk.transfer(handling.id, "agent-1", "two", "请接着办")
    assert (await desk.do(lambda s: read_handling(s, handling.id))).desk == "two"
    await desk.claim(handling.id, "agent-2")
    seen = (await desk.do(lambda s: read_lines(s, citizen)))[-1].id
    returned = await desk.close(handling.id, "agent-2", Closing(CloseOutcome.RESOLVED, seen, facts={"place": "三楼"}))
    assert returned.to_slots()["from_desk"]["facts"] == {"place": "三楼"}
    after = await hub.take(CitizenMessage(citizen, "m4", "谢谢"))
    assert after.response.outcome is Outcome.ANSWERED
    with database.session() as session:
        authors = session.scalars(select(Message.author).order_by(Message.id)).all()
        moves = session.scalars(select(HandlingMove.kind)).all()
    assert authors == [
        "citizen", "bot", "citizen", "bot", "system", "citizen", "agent", "system", "system", "system", "citizen", "bot"
    ]  # fmt: skip
    assert moves == ["transfer"]


async def test_a_desk_whose_database_is_gone_says_so(database, stack):
    from conversations import LedgerUnavailable

    (_, desk), _ = stack()
    with database.session() as session:
        session.execute(text("DROP TABLE desk_event"))
    with pytest.raises(LedgerUnavailable, match=r"。$"):
        await desk.do(lambda s: s.execute(text("SELECT * FROM desk_event")))
