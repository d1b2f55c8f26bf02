"""Thousands of rows with fifty faults change nothing; corrected, they go in; undone, everything is exactly as before."""

import io
from datetime import timedelta

import numpy as np
import openpyxl
import pytest
from sqlalchemy import select

import starting
from knowledge_base import Answerer, Faq, ImportRefused, Knowledge, OwnWorkRefused, Publisher, Question, export_entries
from knowledge_base import batches as b
from knowledge_base.import_jobs import ImportJobs, NoAudit
from knowledge_base.models import EntryVersion, ImportRow, SearchRow
from knowledge_base.sheets.layout import FAQS
from qinwen.clock import now
from qinwen.database import Database
from tests.volume import much

ROWS = much(10_000, 2_000)


class CheapEncoder:
    """Stands in for the sentence encoder, whose ten thousand rows would take a quarter of an hour: bench/imports.py has them."""

    name, dimension, blocks = "cheap/1", 8, (8,)

    def __init__(self):
        self.encoded = 0
        self.fail_after = None

    def encode(self, texts, kind):
        if self.fail_after is not None and self.encoded >= self.fail_after:
            raise KeyboardInterrupt
        self.encoded += len(texts)
        vectors = np.array(
            [[len(t) + 1, *(sum(map(ord, t[n::7])) % 97 + 1 for n in range(7))] for t in texts], dtype=np.float32
        )
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """The sample content, once, in a file that each test copies."""
    from qinwen.settings import all_settings, load_settings

    folder = tmp_path_factory.mktemp("imports")
    secrets = {setting.variable: "secret-of-the-tests" for setting in all_settings() if setting.secret}
    settings = load_settings({"QINWEN_VAR": str(folder), "QINWEN_ENCODER": "none", **secrets})
    starting.migrate(settings)
    starting.seed(settings)
    Database(settings.database_url).close()
    return folder / "qinwen.db"


@pytest.fixture
def database(seeded, tmp_path):
    source = Database(f"sqlite:///{seeded}")
    with source.engine.connect() as connection:
        connection.exec_driver_sql(f"VACUUM INTO '{tmp_path}/qinwen.db'")
    source.close()
    made = Database(f"sqlite:///{tmp_path}/qinwen.db")
    yield made
    made.close()


@pytest.fixture
def encoder():
    return CheapEncoder()


@pytest.fixture
def jobs(database, encoder):
    return ImportJobs(database, lambda: encoder, "here", NoAudit())


def good_rows(count=ROWS):
    """Rows of FAQs: most are new, some change an FAQ of the sample content, in the order of the columns."""
    rows = [[f"bulk-{n}", f"第{n}号窗口办什么业务", f"{n}号窗口是干啥的\n去{n}号窗口能办啥", f"第{n}号窗口办第{n}类业务。",
             "idcard-renew" if n % 3 else "", "去哪儿办" if n % 3 else "", "610100 西安市" if n % 5 == 0 else "", ""] for n in range(count)]  # fmt: skip
    rows[7] = [
        "idcard-renew-train",
        "身份证丢了还没补好，怎么坐高铁？",
        "没身份证能坐高铁不",
        "改过的答案。",
        "idcard-renew",
        "缺材料怎么办",
        "",
        "",
    ]
    rows[count // 2] = ["passport-urgent", "护照急用，能加急吗", "", "改过的加急。", "passport", "几天办好", "", ""]
    return rows


def workbook(rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("问答")
    sheet.append([f"{column.title}*" if column.required else column.title for column in FAQS.columns])
    for row in rows:
        sheet.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


FAULTS = (
    (0, ""),  # no id
    (0, "bulk 1 2"),  # a space in the id
    (1, "  "),  # no question
    (1, "=HYPERLINK(A1)"),  # a formula
    (3, None),  # no answer
    (4, "no-such-item"),
    (5, "多少钱"),  # no facet
    (6, "火星市"),  # no region
    (2, "\n".join(map(str, range(501)))),  # too many similar questions
    (0, "bulk-0"),  # twice
)


def plant(rows):
    """Put fifty faults in; gives where: (row of the sheet, letter)."""
    planted = set()
    for n in range(50):
        place = 150 + n * (ROWS // 53) + 4 * (n % 3)
        column, value = FAULTS[n % len(FAULTS)]
        rows[place][column] = value
        planted.add((place + 2, "ABCDEFGH"[column]))
    assert len(planted) == 50
    return planted


def upload(database, data, name="问答.xlsx", author="wang", **how):
    with database.session() as session:
        return b.begin_batch(session, name, data, author, now(), **{"whole": False, "reason": "年度更新", **how})


def look(database, number):
    with database.session() as session:
        return b.read_batch(session, number)


def exported(database):
    target = io.StringIO()
    with database.session() as session:
        export_entries(session, target)
    return target.getvalue()


def searched(database):
    """The search rows that questions are answered from, with their vectors, in an order of their own."""
    knowledge = Knowledge(database, "cheap/1")
    knowledge.refresh()
    return {
        owner: (rows.wordings, None if rows.vectors is None else rows.vectors.tobytes())
        for owner, rows in knowledge.rows.items()
    }


def live(database):
    knowledge = Knowledge(database, "none")
    knowledge.refresh()
    return list(knowledge.live(now()))


def answers(database):
    answerer = Answerer(Knowledge(database, "none"), None)
    asked = ["身份证丢了还没补好，怎么坐高铁？", "护照急用，能加急吗", "第77号窗口办什么业务", "居住证怎么办", "护照要多少钱"]
    return [answerer.answer(Question(text, None, {"ask_overview": 0.6})) for text in asked]


def approve(database, number):
    with database.session() as session:
        b.submit_batch(session, number, "wang", "年度更新", now())
    with database.session() as session:
        b.approve_batch(session, number, "lili", now())


def test_fifty_faults_in_thousands_of_rows_are_all_named_and_undo_restores_everything(database, jobs):
    before = exported(database), live(database), searched(database), answers(database)
    rows = good_rows()
    planted = plant(rows)
    number = upload(database, workbook(rows))
    assert jobs.run_next() == number
    batch = look(database, number)
    with database.session() as session:
        named = [
            p for problems in session.scalars(select(ImportRow.problems).where(ImportRow.batch == number)) for p in problems
        ]
    assert {(row, letter) for _, row, letter, _, _ in named} == planted
    assert len(named) == 50
    assert all(sheet == "问答" and title and words for sheet, _, _, title, words in named)
    assert (batch.state, batch.counts["problems"]) == ("refused", 50)
    assert "50 处错" in batch.words
    with pytest.raises(ImportRefused), database.session() as session:
        b.submit_batch(session, number, "wang", "年度更新", now())
    assert (exported(database), live(database), searched(database), answers(database)) == before

    number = upload(database, workbook(good_rows()))
    jobs.run_next()
    batch = look(database, number)
    assert (batch.state, batch.counts["added"] + batch.counts["changed"], batch.counts["problems"]) == ("planned", ROWS, 0)
    approve(database, number)
    assert jobs.run_next() == number
    batch = look(database, number)
    assert (batch.state, batch.approver, batch.words) == ("applied", "lili", "")
    assert len(live(database)) == len(before[1]) + batch.counts["added"]
    assert "第77类业务" in answers(database)[2].replies[0].text
    assert "改过的答案" in exported(database)
    rows_in = searched(database)
    assert rows_in["faq:bulk-77"][1] is not None
    with database.session() as session:
        assert b.undo_batch(session, number, "wang", now()) == ROWS
    assert look(database, number).state == "undone"
    assert (exported(database), live(database), searched(database), answers(database)) == before


def test_who_brought_an_import_may_not_approve_it(database, jobs):
    number = upload(database, workbook(good_rows(20)))
    jobs.run_next()
    with database.session() as session:
        b.submit_batch(session, number, "wang", "年度更新", now())
    with pytest.raises(OwnWorkRefused), database.session() as session:
        b.approve_batch(session, number, "wang", now())
    with database.session() as session:
        b.return_batch(session, number, "lili", "第三行不对", now())
    assert look(database, number).words == "第三行不对"
    with pytest.raises(ImportRefused), database.session() as session:
        b.approve_batch(session, number, "lili", now())


def test_an_import_is_not_undone_over_a_later_edit(database, jobs):
    number = upload(database, workbook(good_rows(20)))
    jobs.run_next()
    approve(database, number)
    jobs.run_next()
    with database.session() as session:
        Publisher("none", lambda _: None).publish_faq(session, Faq("bulk-3", "第3号窗口办什么业务", "搬走了。"), author="zhao")
    before = exported(database)
    with pytest.raises(ImportRefused, match="第3号窗口"), database.session() as session:
        b.undo_batch(session, number, "wang", now())
    assert exported(database) == before
    assert look(database, number).state == "applied"


def test_an_edit_between_looking_and_applying_refuses_the_whole_import(database, jobs):
    number = upload(database, workbook(good_rows(20)))
    jobs.run_next()
    approve(database, number)
    with database.session() as session:
        Publisher("none", lambda _: None).publish_faq(
            session, Faq("idcard-renew-train", "身份证丢了怎么坐高铁", "别人改的。"), author="zhao"
        )
    before = exported(database)
    jobs.run_next()
    batch = look(database, number)
    assert batch.state == "refused"
    assert "整批都没有动" in batch.words
    assert exported(database) == before


def test_a_process_that_dies_while_encoding_loses_nothing_and_another_goes_on(database, encoder):
    moment = now()
    first = ImportJobs(database, lambda: encoder, "first", NoAudit(), lambda: moment)
    number = upload(database, workbook(good_rows(100)))
    first.run_next()
    approve(database, number)
    encoder.fail_after = 96
    with pytest.raises(KeyboardInterrupt):
        first.run_next()
    done, encoder.fail_after = encoder.encoded, None
    second = ImportJobs(database, lambda: encoder, "second", NoAudit(), lambda: moment + timedelta(seconds=30))
    assert second.run_next() is None, "the first may still be alive"
    second = ImportJobs(database, lambda: encoder, "second", NoAudit(), lambda: moment + timedelta(seconds=90))
    assert look(database, number).stuck(moment + timedelta(seconds=90))
    assert second.run_next() == number
    assert look(database, number).state == "applied"
    with database.session() as session:
        wordings = session.scalars(
            select(SearchRow.text.distinct())
            .join(EntryVersion, (EntryVersion.entry_id == SearchRow.owner) & (EntryVersion.number == SearchRow.version))
            .where(EntryVersion.batch == number)
        ).all()
    assert encoder.encoded == len(wordings), "what was encoded before the end was not encoded again"
    assert done >= 96


def test_a_job_that_was_taken_over_writes_nothing_more(database, encoder):
    moment = now()
    number = upload(database, workbook(good_rows(20)))
    slow = ImportJobs(database, lambda: encoder, "slow", NoAudit(), lambda: moment)
    with database.session() as session:
        assert b.claim(session, "slow", moment) == (number, "reading")
    with database.session() as session:
        assert b.claim(session, "fast", moment + timedelta(seconds=61)) == (number, "reading")
    with database.session() as session:
        assert not b.beat(session, number, "slow", 1, 2, moment)
    from knowledge_base.import_jobs import Stopped

    with pytest.raises(Stopped):
        slow._look_through(number)
    assert look(database, number).state == "reading"


def test_a_file_that_is_no_workbook_is_refused_with_words(database, jobs):
    number = upload(database, b"PK\x03\x04 nonsense")
    jobs.run_next()
    batch = look(database, number)
    assert batch.state == "refused"
    assert "打不开" in batch.words


def test_what_is_the_same_is_left_alone(database, jobs):
    number = upload(database, exported(database).encode(), "全部.jsonl", whole=True)
    jobs.run_next()
    batch = look(database, number)
    assert (batch.state, batch.counts["same"], batch.counts["changed"]) == ("refused", 68 + 748 + 403, 0)
    assert "和现在的一样" in batch.words
