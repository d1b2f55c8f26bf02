"""The reference backend's own line of migrations, its state machine and its seeds; what must hold under races, on both databases."""

import threading

import pytest
from alembic import command
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from language import is_id_number
from qinwen.clock import today
from services_backend import CaseState, is_case_number
from services_backend.cases import Rating, local_date
from services_backend.reference import booking, service
from services_backend.reference.catalogue import load_catalogue
from services_backend.reference.models import Base, CaseRow, EventRow, MaterialRow, StopRow, UrgeRow
from services_backend.reference.people import make_people
from services_backend.reference.progress import Missing, move_case, next_states
from services_backend.reference.refusals import Refused
from services_backend.reference.seeding import PEOPLE, SEED, seed_if_empty
from services_backend.reference.store import alembic_config, migrate, open_database
from services_backend.vocabulary import RatingLevel


@pytest.fixture
def own(database_url):
    """A seeded database of each kind."""
    migrate(database_url)
    database = open_database(database_url)
    with database.session() as session:
        seed_if_empty(session, "pepper", today(), cases=20)
    yield database
    database.close()


def test_models_match_the_migrations(database_url):
    migrate(database_url)
    command.check(alembic_config(database_url))


def test_upgrading_twice_changes_nothing_and_downgrading_leaves_nothing(database_url):
    migrate(database_url)
    migrate(database_url)
    database = open_database(database_url)
    assert set(Base.metadata.tables) | {"alembic_version"} == set(inspect(database.engine).get_table_names())
    command.downgrade(alembic_config(database_url), "base")
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()


def at_once(count, work):
    """Run a piece of work in threads that start together. Gives results and refusals."""
    results, start = [], threading.Barrier(count)

    def run(number):
        start.wait()
        try:
            results.append(work(number))
        except Refused as refused:
            results.append(refused.code)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_slot_is_not_overbooked_by_threads(own):
    with own.session() as session:
        slot = booking.list_slots(session, "610100", today(), 14)[0]

    def work(number):
        with own.session() as session:
            return booking.book(session, slot.slot, "passport", f"subject-{number:02d}").appointment

    results = at_once(8, work)
    assert results.count("slot_full") == 8 - slot.free
    assert len(set(results)) == slot.free + 1


def test_a_case_moves_once_when_two_move_it(own):
    with own.session() as session:
        number = session.scalar(select(CaseRow.number).where(CaseRow.state == "review"))

    def work(_):
        with own.session() as session:
            move_case(session, session.scalar(select(CaseRow).where(CaseRow.number == number)), CaseState.DECIDED)
            return "moved"

    results = at_once(4, work)
    assert results.count("moved") == 1
    assert set(results) - {"moved"} <= {"illegal_transition", "changed_meanwhile"}


def test_a_case_is_urged_and_rated_once_by_threads(own):
    with own.session() as session:
        review = session.scalar(select(CaseRow.id).where(CaseRow.state == "review"))
        granted = session.scalar(select(CaseRow.id).where(CaseRow.state == "granted"))

    def urge(_):
        with own.session() as session:
            service.urge_case(session, session.get_one(CaseRow, review))
            return "done"

    def rate(_):
        with own.session() as session:
            service.rate_case(session, session.get_one(CaseRow, granted), Rating(RatingLevel.VERY_DISSATISFIED, 1))
            return "done"

    assert sorted(at_once(4, urge)) == ["already_urged"] * 3 + ["done"]
    assert sorted(at_once(4, rate)) == ["already_rated"] * 3 + ["done"]
    with own.session() as session:
        assert len(session.scalars(select(UrgeRow)).all()) == 1


@pytest.mark.parametrize("state", list(CaseState))
def test_a_case_goes_only_where_its_state_leads(services_database, office, state):
    number, _ = office.find(state)
    with services_database.session() as session:
        row = session.scalar(select(CaseRow).where(CaseRow.number == number))
        allowed = next_states(state, accepted=row.accepted_at is not None)
    for to in CaseState:
        with services_database.engine.connect() as connection, Session(connection) as session:  # never committed
            row = session.scalar(select(CaseRow).where(CaseRow.number == number))
            try:
                move_case(session, row, to)
                outcome = row.state
            except Refused as refused:
                outcome = refused.code
        assert outcome == (to.value if to in allowed else "illegal_transition"), to


def test_correction_stops_the_clock_asks_for_material_and_both_end_with_it(services_database, office):
    number, _ = office.find(CaseState.REVIEW)
    office.move(number, CaseState.CORRECTION, missing=[Missing("租赁合同", "没有签名")], note="材料不齐")
    with services_database.session() as session:
        row = session.scalar(select(CaseRow).where(CaseRow.number == number))
        case = service.read_case(session, row)
        assert [(m.name, m.reason) for m in case.missing] == [("租赁合同", "没有签名")]
        assert case.stops[-1].ended_on is None
        assert case.promised_due_on is None
    office.move(number, CaseState.REVIEW)
    with services_database.session() as session:
        case = service.read_case(session, session.scalar(select(CaseRow).where(CaseRow.number == number)))
        assert case.missing == ()
        assert case.stops[-1].ended_on == today()
        assert case.correction_due_on is None


def test_correction_before_acceptance_stops_no_clock(services_database, office):
    number, _ = office.find(CaseState.RECEIVED)
    office.move(number, CaseState.CORRECTION, missing=[Missing("照片", "")])
    with services_database.session() as session:
        case = service.read_case(session, session.scalar(select(CaseRow).where(CaseRow.number == number)))
        assert case.stops == ()
        assert next_states(CaseState.CORRECTION, accepted=False)[0] is CaseState.RECEIVED


def test_the_seeds_cover_every_state_and_item_and_agree_with_themselves(tmp_path):
    url = f"sqlite:///{tmp_path}/whole.db"
    migrate(url)
    database = open_database(url)
    with database.session() as session:
        assert seed_if_empty(session, "pepper", today()) == 300
        assert seed_if_empty(session, "pepper", today()) == 0
    with database.session() as session:
        rows = session.scalars(select(CaseRow)).all()
        assert {row.state for row in rows} == {state.value for state in CaseState}
        assert {row.item for row in rows} == {item.code for item in load_catalogue()}
        assert len({row.number for row in rows}) == 300
        assert [row.number for row in rows if not is_case_number(row.number)] == []
        assert [row for row in rows if row.number[2:10] != f"{local_date(row.submitted_at):%Y%m%d}"] == []
        for row in rows:
            events = session.scalars(select(EventRow).where(EventRow.case_id == row.id).order_by(EventRow.sequence)).all()
            assert [event.sequence for event in events] == list(range(1, len(events) + 1))
            assert [event.at for event in events] == sorted(event.at for event in events)
            assert (events[-1].state, events[-1].at) == (row.state, row.since)
            open_stops = session.scalars(select(StopRow).where(StopRow.case_id == row.id, StopRow.ended_on.is_(None))).all()
            stopped = row.state == "special" or (row.state == "correction" and row.accepted_at is not None)
            assert len(open_stops) == stopped
            missing = session.scalars(
                select(MaterialRow).where(MaterialRow.case_id == row.id, MaterialRow.received.is_(False))
            ).all()
            assert bool(missing) == (row.state == "correction")
    database.close()


def test_the_people_are_synthetic_and_always_the_same():
    people = make_people(PEOPLE, SEED)
    assert people == make_people(PEOPLE, SEED)
    assert len({person.id_number for person in people}) == PEOPLE
    assert all(is_id_number(person.id_number) and person.id_number.startswith("619999") for person in people)
    assert all(person.name[1] == "试" for person in people)


def test_the_items_are_the_guides():
    from qinwen.settings import ROOT

    guides = {path.stem for path in (ROOT / "knowledge_base" / "seeds" / "guides").glob("*.yml")}
    assert {item.code for item in load_catalogue()} == guides
