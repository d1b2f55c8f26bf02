"""What is kept goes when its class has been kept long enough: with a moved clock, on SQLite and PostgreSQL, once a day."""

import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from conversations import CitizenMessage, EngineMemory, Hub, SentMedia, Unlimited, last_run, make_vault
from conversations.models import AttachmentRow, Citizen, Delivery, Message, VaultEntry
from desk.models import DeskEvent
from manage import migrate
from qinwen.clock import SHAANXI, now
from qinwen.database import Database
from retention import DailyPurge, make_erasers, purge
from services_backend.models import CaseBindingRow, CaseKnownRow, CaseNoticeRow, CasePromiseRow, CaseTalkRow
from staff.models import StaffMember, StaffSession

SAID = "我叫王小明，电话13812345678，怎么补办"


@pytest.fixture
def kept(settings, database_url, tmp_path):
    """The settings of an installation with a database of each kind."""
    one = replace(settings, database_url=database_url, tracker_url=f"sqlite:///{tmp_path}/tracker.db")
    migrate(one)
    return one


@pytest.fixture
def database(kept):
    database = Database(kept.database_url)
    yield database
    database.close()


@pytest.fixture
def memory(kept):
    """The engine's memory, with its table as the engine makes it."""
    memory = EngineMemory(kept.tracker_url)
    with memory._engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE tracker_tail (conversation VARCHAR(64) PRIMARY KEY, events TEXT, updated_at DATETIME)")
        )
    yield memory
    memory.close()


@pytest.fixture
async def citizen(kept, database, memory, responder):
    """A citizen of whom there is something of every class, all of it from just now."""
    hub = Hub(database, responder, Unlimited(), 3600, vault=make_vault(kept))
    citizen = await hub.open_citizen("wechat", "oOpenId")
    done = await hub.take(CitizenMessage(citizen, "m1", SAID, sent=SentMedia("image", "media-1")), "wechat")
    moment = now()
    fields = {"citizen_id": citizen, "number": "SN20260101000001"}
    with database.session() as session:
        session.add_all(
            [
                CaseTalkRow(citizen_id=citizen, state={"step": "last4"}, changed_at=moment),
                CaseKnownRow(**fields, item_name="身份证", state="accepted", since=moment, seen_at=moment),
                CaseBindingRow(citizen_id=citizen, access="x", applicant="王*明", notices=True, bound_at=moment),
                CaseNoticeRow(
                    **fields, event="e", sequence=1, item_name="身份证", case_state="accepted", happened_at=moment,
                    state="told", created_at=moment, changed_at=moment,
                ),
                CasePromiseRow(**fields, state="told", created_at=moment, changed_at=moment),
                Delivery(
                    citizen_id=citizen, part={"text": "答案"}, state="sent", attempts=1, next_at=moment, created_at=moment,
                    changed_at=moment,
                ),
                DeskEvent(at=moment, kind="queue"),
                StaffMember(
                    id="s", login="s", name="s", active=True, password_hash="x", must_change_password=False, totp_step=0,
                    created_at=moment,
                ),
            ]
        )  # fmt: skip
        session.flush()
        session.add(
            StaffSession(
                id="t", token_hash="t", member_id="s", waits_for_code=False, created_at=moment, seen_at=moment,
                expires_at=moment + timedelta(hours=12), address="10.0.0.1", browser="Firefox",
            )
        )  # fmt: skip
    with memory._engine.begin() as connection:
        connection.execute(
            text("INSERT INTO tracker_tail VALUES (:one, '[]', :at)"),
            {"one": done.conversation, "at": moment.replace(tzinfo=None).isoformat(" ")},
        )
    media = kept.var / "media"
    media.mkdir()
    (media / f"{citizen}-{'0' * 32}.jpeg").write_bytes(b"x")
    return citizen


def counts(purged):
    return {one.title: one.count for one in purged if one.count}


# (days later, what is over by then and was not over before)
AGES = [
    (0.0, {}),
    (0.05, {"问到一半的办件": 1, "工作人员的登录": 1}),
    (2.1, {"服务台的页面事件": 1}),
    (7.1, {"引擎的短期记忆": 1}),
    (30.1, {"市民写的个人信息（加密）": 2, "办件的最近状态": 1, "发过的办件通知": 1, "兑现过的答复": 1, "微信图片和语音": 1}),
    (180.1, {"聊天内容": 2, "推送内容": 1, "发过图片和语音的记录": 1}),
    (730.1, {"长期没来的市民": 1}),
]


async def test_each_class_goes_at_its_own_age_and_nothing_before(kept, database, memory, citizen):
    start = now()
    for days, over in AGES:
        moment = start + timedelta(days=days)
        assert counts(purge(kept, database, memory, moment, dry_run=True)) == over, f"dry run after {days} days"
        assert counts(purge(kept, database, memory, moment, dry_run=False)) == over, f"after {days} days"
        assert counts(purge(kept, database, memory, moment, dry_run=False)) == {}, f"again after {days} days"


async def test_a_dry_run_touches_nothing(kept, database, memory, citizen):
    def everything():
        with database.session() as session:
            return [
                session.scalars(select(column).order_by(column)).all()
                for column in (
                    Message.text,
                    AttachmentRow.media_id,
                    VaultEntry.sealed,
                    Delivery.state,
                    CaseKnownRow.number,
                    StaffSession.id,
                )
            ]

    before = everything()
    purged = purge(kept, database, memory, now() + timedelta(days=9999), dry_run=True)
    assert len(purged) == 14
    assert len(counts(purged)) == 13, "all but what the desk wrote down, which there is none of"
    assert everything() == before
    assert len(list((kept.var / "media").iterdir())) == 1


async def test_who_is_silent_for_years_is_forgotten_and_who_wrote_is_not(kept, database, memory, citizen, responder):
    hub = Hub(database, responder, Unlimited(), 3600, vault=make_vault(kept))
    other = await hub.open_citizen("webchat", "other")
    start = now()
    later = start + timedelta(days=731)
    with database.session() as session:
        session.execute(
            text("UPDATE citizen SET created_at = :at WHERE id = :id"), {"at": start.replace(tzinfo=None), "id": other}
        )
    await hub.take(CitizenMessage(other, "m1", "你好"))
    with database.session() as session:
        session.execute(
            text("UPDATE turn SET started_at = :at WHERE citizen_id = :id"),
            {"at": (later - timedelta(days=1)).replace(tzinfo=None), "id": other},
        )
    purge(kept, database, memory, later, dry_run=False)
    with database.session() as session:
        assert session.get(Citizen, citizen).address == f"erased:{citizen}"
        assert session.get(CaseBindingRow, citizen) is None
        assert session.get(Citizen, other).address == "other"


async def test_all_that_is_kept_of_a_citizen_goes_at_once_when_they_ask(kept, database, memory, citizen, responder):
    hub = Hub(database, responder, Unlimited(), 3600, erasers=make_erasers(kept, memory), vault=make_vault(kept))
    await hub.forget(citizen)
    with database.session() as session:
        for model in (VaultEntry, CaseTalkRow, CaseKnownRow, CaseBindingRow, CaseNoticeRow, CasePromiseRow):
            assert session.scalars(select(model)).all() == [], model
        assert set(session.scalars(select(Message.text))) == {""}
        assert session.scalars(select(Delivery.part)).all() == [{"text": ""}]
        (erased,) = session.scalars(text("SELECT counts FROM erasure")).all()
    assert all(
        words in str(erased) or words.encode("unicode_escape").decode() in str(erased) for words in ("身份绑定", "图片和语音")
    )
    with memory._engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM tracker_tail")).scalar() == 0
    assert list((kept.var / "media").iterdir()) == []


async def test_the_daily_run_happens_once_a_day_whoever_tries(kept, database, memory, citizen):
    at = datetime(2031, 5, 6, 4, 0, tzinfo=SHAANXI)
    runners = [DailyPurge(kept, database, lambda: at) for _ in range(4)]
    done = []
    threads = [threading.Thread(target=lambda r=r: done.append(r.run_if_due())) for r in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in done) == 1
    with database.session() as session:
        run = last_run(session)
    assert (run.day.isoformat(), run.finished_at) == ("2031-05-06", at)
    assert run.counts["聊天内容"] == 2


async def test_the_run_of_a_process_that_died_is_taken_over_later(kept, database, memory, citizen, monkeypatch):
    at = datetime(2031, 5, 6, 4, 0, tzinfo=SHAANXI)
    with monkeypatch.context() as broken:
        broken.setattr("retention.purge_words", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            DailyPurge(kept, database, lambda: at).run_if_due()
    assert DailyPurge(kept, database, lambda: at + timedelta(minutes=5)).run_if_due() is None
    assert DailyPurge(kept, database, lambda: at + timedelta(minutes=31)).run_if_due() is not None


async def test_a_new_day_begins_at_half_past_three_in_the_morning(kept, database, memory, citizen):
    midnight = datetime(2031, 5, 7, tzinfo=SHAANXI)
    for minutes, due in ((-1200, True), (209, False), (211, True)):
        at = midnight + timedelta(minutes=minutes)
        assert (DailyPurge(kept, database, lambda at=at: at).run_if_due() is not None) is due, at


def test_the_command_counts_and_erases(kept, database, memory, capsys):
    from retention import run_retention

    folder = kept.var / "media"
    folder.mkdir()
    (folder / "old.jpeg").write_bytes(b"x")
    os.utime(folder / "old.jpeg", (1, 1))
    assert run_retention(kept, dry_run=True) == 0
    assert "微信图片和语音（保留 30 天）  到期 1" in capsys.readouterr().out
    assert run_retention(kept, dry_run=False) == 0
    assert "微信图片和语音（保留 30 天）  已清除 1" in capsys.readouterr().out
    assert list(folder.iterdir()) == []


async def test_erased_words_do_not_stay_in_the_file(settings, responder):
    one = replace(settings, database_url=f"sqlite:///{settings.var}/qinwen.db")
    migrate(one)
    database = Database(one.database_url)
    hub = Hub(database, responder, Unlimited(), 3600, vault=make_vault(one))
    citizen = await hub.open_citizen("webchat", "a")
    await hub.take(CitizenMessage(citizen, "m1", "这一句话要从文件里消失"))
    words = "这一句话要从文件里消失".encode()

    def file():
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return (settings.var / "qinwen.db").read_bytes()

    assert words in file()
    await hub.forget(citizen)
    assert words not in file()
    database.close()
