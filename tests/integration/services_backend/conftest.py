"""The reference services backend in process, on a database of its own, with a client and the means to look behind."""

import re
import shutil
from dataclasses import dataclass

import aiohttp
import pytest
from sqlalchemy import select

from qinwen.clock import today
from qinwen.database import Database
from services_backend import CaseState, HttpBackend
from services_backend.reference.app import Backend, make_app
from services_backend.reference.demo_api import add_demo
from services_backend.reference.identity import make_receipt_code
from services_backend.reference.models import Applicant, CaseRow, SmsRow
from services_backend.reference.people import make_people
from services_backend.reference.progress import move_case
from services_backend.reference.seeding import PEOPLE, SEED, seed_if_empty
from services_backend.reference.store import migrate, open_database

KEY, SECRET, PEPPER = "tests", "secret-of-the-tests", "pepper-of-the-tests"
CASES = 72


@dataclass
class Office:
    """The other side of the counter: what only the reference backend's database knows."""

    database: Database

    def find(self, state, position=0):
        """Give number and last four of a case in a state."""
        with self.database.session() as session:
            rows = session.execute(
                select(CaseRow.number, CaseRow.applicant_id).where(CaseRow.state == state.value).order_by(CaseRow.id)
            ).all()
        number, applicant = rows[position]
        return number, make_people(PEOPLE, SEED)[applicant - 1].id_number[-4:]

    def move(self, number, to, **how):
        with self.database.session() as session:
            move_case(session, session.scalar(select(CaseRow).where(CaseRow.number == number)), to, **how)

    def last_code(self):
        with self.database.session() as session:
            words = session.scalar(select(SmsRow.text).where(SmsRow.applicant_id.is_not(None)).order_by(SmsRow.id.desc()))
        return re.search(r"\d{6}", words)[0]

    def receipt_code(self, number):
        with self.database.session() as session:
            case_id = session.scalar(select(CaseRow.id).where(CaseRow.number == number))
            return make_receipt_code(session, PEPPER, case_id)

    def count_cases(self, number):
        with self.database.session() as session:
            applicant = session.scalar(select(CaseRow.applicant_id).where(CaseRow.number == number))
            return len(session.scalars(select(CaseRow.id).where(CaseRow.applicant_id == applicant)).all())

    def rows(self, model):
        with self.database.session() as session:
            return session.scalars(select(model)).all()


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory):
    """Make a seeded database once."""
    path = tmp_path_factory.mktemp("services") / "services.db"
    migrate(f"sqlite:///{path}")
    database = open_database(f"sqlite:///{path}")
    with database.session() as session:
        assert seed_if_empty(session, PEPPER, today(), cases=CASES) == CASES
        assert len(session.scalars(select(Applicant.id)).all()) == PEOPLE
    database.close()
    return path


@pytest.fixture
def services_database(seeded_file, tmp_path):
    shutil.copy(seeded_file, tmp_path / "services.db")
    database = open_database(f"sqlite:///{tmp_path}/services.db")
    yield database
    database.close()


@pytest.fixture
def office(services_database):
    return Office(services_database)


@pytest.fixture
def reference(services_database):
    return Backend(services_database, {KEY: SECRET}, PEPPER)


@pytest.fixture
async def server(aiohttp_server, reference):
    app = make_app(reference)
    add_demo(app)
    return await aiohttp_server(app)


@pytest.fixture
async def connect(server):
    """Make a client of the reference backend; with patience for a busy machine where the test sets no other."""
    async with aiohttp.ClientSession() as session:

        def make(url=None, **options):
            return HttpBackend(
                session, url or str(server.make_url("")), KEY, SECRET, **{"timeout": 60, "connect_timeout": 20, **options}
            )

        yield make


@pytest.fixture
def backend(connect):
    return connect()


@pytest.fixture
def get_access(backend, office):
    """Pass the identity check of a case in a state. Gives its number and the access."""

    async def pass_check(state=CaseState.REVIEW, position=0):
        number, last4 = office.find(state, position)
        challenge = await backend.open_challenge(number, last4, "subject-01", "origin-01")
        grant = await backend.answer_challenge(challenge.challenge, office.last_code())
        return number, grant.access

    return pass_check
