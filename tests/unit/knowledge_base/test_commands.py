from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from knowledge_base import EntryInvalid
from knowledge_base.commands import ask, search
from knowledge_base.content import Faq
from knowledge_base.history import read_moment
from knowledge_base.publishing import Publisher

JUNE = datetime(2030, 6, 1, 4, tzinfo=timezone.utc)


@pytest.fixture
def here(settings, database):
    with database.session() as session:
        later = Publisher("none", lambda _: None, lambda: JUNE)
        later.publish_faq(session, Faq("parking", "政务大厅有停车场吗", "搬到对面了。"), author="测试")
    return replace(settings, database_url=str(database.engine.url))


def test_what_was_answered_on_a_day_is_shown(here, capsys):
    assert ask(here, "政务大厅有停车场吗", "2030-05-31") == 0
    assert "地下一层" in capsys.readouterr().out
    assert ask(here, "政务大厅有停车场吗", "2030-06-02 08:00") == 0
    assert "搬到对面了" in capsys.readouterr().out
    assert ask(here, "政务大厅有停车场吗", "2030-06-02", "2030-05-01") == 0
    told = capsys.readouterr().out
    assert "地下一层" in told
    assert "按 2030-05-01 23:59:59 时已记录的内容" in told


def test_without_a_day_it_is_what_is_answered_now(here, capsys):
    assert ask(here, "政务大厅有停车场吗") == search(here, "政务大厅有停车场吗") == 0
    first, second = capsys.readouterr().out.split("结果")[1:]
    assert first == second


def test_a_day_is_its_last_second_in_shaanxi():
    assert read_moment("2026-03-03") == datetime(2026, 3, 3, 15, 59, 59, 999_999, tzinfo=timezone.utc)
    assert read_moment("2026/03/03 09:30") == datetime(2026, 3, 3, 1, 30, tzinfo=timezone.utc)
    assert read_moment("2026-03-03T09:30+00:00").utcoffset() == timedelta(0)
    with pytest.raises(EntryInvalid, match="看不懂"):
        read_moment("三月三")
