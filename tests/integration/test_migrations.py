"""The migrations build what the models describe, on SQLite and on PostgreSQL; ledger and knowledge work on both."""

import asyncio
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

import starting
from conversations import CitizenMessage, Hub, Unlimited
from knowledge_base import Knowledge
from knowledge_base.content import Faq
from knowledge_base.publishing import Publisher
from qinwen.database import Base, Database
from qinwen.settings import ROOT


@pytest.fixture
def migrated(settings, database_url):
    starting.migrate(replace(settings, database_url=database_url))
    return database_url


@pytest.fixture
def database(migrated):
    database = Database(migrated)
    yield database
    database.close()


def alembic(url):
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def test_an_empty_database_is_upgraded_to_all_tables(database):
    assert set(Base.metadata.tables) | {"alembic_version"} == set(inspect(database.engine).get_table_names())


def test_models_match_the_migrations(migrated):
    command.check(alembic(migrated))


def test_upgrading_again_changes_nothing(migrated, settings, database):
    with database.session() as session:
        session.execute(text("UPDATE knowledge_revision SET number = 7"))
    starting.migrate(replace(settings, database_url=migrated))
    with database.session() as session:
        assert session.scalar(text("SELECT number FROM knowledge_revision")) == 7


def test_downgrading_leaves_nothing_behind(migrated):
    command.downgrade(alembic(migrated), "base")
    database = Database(migrated)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()


def test_the_migrations_stand_in_one_line(migrated):
    from alembic.script import ScriptDirectory

    assert len(ScriptDirectory.from_config(alembic(migrated)).get_heads()) == 1


async def test_messages_at_once_are_answered_once_and_in_one_conversation(database, responder):
    hubs = [Hub(database, responder, Unlimited(), 3600) for _ in range(3)]
    citizens = await asyncio.gather(*(hub.open_citizen("wechat", "openid") for hub in hubs))
    assert len(set(citizens)) == 1
    messages = [CitizenMessage(citizens[0], f"m{number % 4}", f"第{number % 4}问") for number in range(12)]
    finished = await asyncio.gather(*(hubs[n % 3].take(message) for n, message in enumerate(messages)))
    assert len({turn.turn for turn in finished}) == 4
    assert len({turn.conversation for turn in finished}) == 1
    assert sorted(responder.asked) == ["第0问", "第1问", "第2问", "第3问"]


def test_an_edit_is_seen_by_another_process_on_its_next_question(database, migrated):
    elsewhere = Database(migrated)
    knowledge = Knowledge(elsewhere, "none")
    knowledge.refresh()
    with database.session() as session:
        faq = Faq("parking", "大厅有停车场吗", "有,在地下一层。")
        Publisher("none", lambda _: None).publish_faq(session, faq, author="test")
    assert knowledge.refresh() == {"faq:parking"}
    assert knowledge.refresh() == set()
    elsewhere.close()
