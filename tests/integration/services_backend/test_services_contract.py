"""What every ServicesBackend must do, asked of each implementation. A province's own is one more `world`."""

import asyncio

import pytest
from sqlalchemy import select

from qinwen.clock import today
from services_backend import (
    CaseState,
    Grant,
    IdentityWrong,
    InMemoryBackend,
    NotPossible,
    Rating,
    RatingLevel,
    RatingReason,
    TooManyAttempts,
)
from services_backend.case_numbers import make_case_number
from services_backend.reference.models import CaseRow
from services_backend.reference.people import make_people
from services_backend.reference.seeding import PEOPLE, SEED
from services_backend.reference.service import read_case

ORIGIN = "origin-01"
NOBODY = "SN20200101999994"


class HttpWorld:
    """The HTTP client against the reference backend."""

    def __init__(self, backend, office):
        self.backend, self.find, self.code, self.receipt_code = backend, office.find, office.last_code, office.receipt_code
        self.count_cases = office.count_cases


class MemoryWorld:
    """The one in memory, filled with the reference backend's cases."""

    def __init__(self, office):
        self.backend, self.find, self.count_cases = InMemoryBackend(), office.find, office.count_cases
        with office.database.session() as session:
            people = make_people(PEOPLE, SEED)
            for row in session.scalars(select(CaseRow)):
                last4 = people[row.applicant_id - 1].id_number[-4:]
                self.backend.add_case(read_case(session, row), last4, owner=str(row.applicant_id))

    def code(self):
        return self.backend.sms[-1]

    def receipt_code(self, number):
        return self.backend.make_receipt_code(number)


@pytest.fixture(params=["http", "memory"])
def world(request, office):
    if request.param == "memory":
        return MemoryWorld(office)
    return HttpWorld(request.getfixturevalue("backend"), office)


async def enter(world, state=CaseState.REVIEW, position=0, subject="subject-01"):
    number, last4 = world.find(state, position)
    challenge = await world.backend.open_challenge(number, last4, subject, ORIGIN)
    grant = await world.backend.answer_challenge(challenge.challenge, world.code())
    return number, grant


async def refused(call, code):
    with pytest.raises(NotPossible) as caught:
        await call
    assert caught.value.code == code
    assert caught.value.message.endswith("。")


async def test_it_answers(world):
    await world.backend.check()


async def test_number_last_four_and_code_open_one_case(world):
    number, grant = await enter(world)
    assert isinstance(grant, Grant)
    case = await world.backend.read_case(grant.access, number)
    assert (case.number, case.state) == (number, CaseState.REVIEW)
    assert case.applicant.endswith("**")
    assert case.events[-1].state is CaseState.REVIEW
    page = await world.backend.list_cases(grant.access)
    assert [each.number for each in page.cases] == [number]


async def test_a_grant_does_not_open_another_case(world):
    _, grant = await enter(world)
    other, _ = world.find(CaseState.GRANTED)
    for number in (other, NOBODY, "?", "../cases", "..", "", "SN2026"):
        with pytest.raises(IdentityWrong):
            await world.backend.read_case(grant.access, number)


@pytest.mark.parametrize("wrong", ["number", "last4", "code", "challenge"])
async def test_whatever_is_wrong_the_answer_is_the_same(world, wrong):
    number, last4 = world.find(CaseState.REVIEW)
    last4 = f"{(int(last4[:3]) + 1) % 1000:03d}{last4[3]}" if wrong == "last4" else last4
    challenge = await world.backend.open_challenge(NOBODY if wrong == "number" else number, last4, "subject-01", ORIGIN)
    code = "000000" if wrong in {"number", "last4"} else world.code()
    code = f"{(int(code) + 1) % 1_000_000:06d}" if wrong == "code" else code
    with pytest.raises(IdentityWrong) as caught:
        await world.backend.answer_challenge("nothing" if wrong == "challenge" else challenge.challenge, code)
    assert caught.value.message == IdentityWrong().message


async def test_a_code_works_once_and_dies_of_five_wrong_tries(world):
    number, last4 = world.find(CaseState.REVIEW)
    first = await world.backend.open_challenge(number, last4, "subject-01", ORIGIN)
    code = world.code()
    await world.backend.answer_challenge(first.challenge, code)
    with pytest.raises(IdentityWrong):
        await world.backend.answer_challenge(first.challenge, code)
    second = await world.backend.open_challenge(number, last4, "subject-01", ORIGIN)
    code = world.code()
    for _ in range(5):
        with pytest.raises(IdentityWrong):
            await world.backend.answer_challenge(second.challenge, f"{(int(code) + 1) % 1_000_000:06d}")
    with pytest.raises(IdentityWrong):
        await world.backend.answer_challenge(second.challenge, code)


@pytest.mark.parametrize("known", [True, False])
async def test_a_number_has_five_tries_whether_it_exists_or_not(world, known):
    number = world.find(CaseState.REVIEW)[0] if known else make_case_number(today(), 77777)
    for turn in range(5):
        await world.backend.open_challenge(number, "000X", f"subject-{turn:02d}", f"origin-{turn:02d}")
    with pytest.raises(TooManyAttempts) as caught:
        await world.backend.open_challenge(number, "000X", "subject-99", "origin-99")
    assert 0 < caught.value.retry_after <= 3600


async def test_a_citizen_has_ten_tries_over_all_numbers(world):
    for turn in range(10):
        await world.backend.open_challenge(make_case_number(today(), 80000 + turn), "0000", "subject-01", f"origin-{turn:02d}")
    with pytest.raises(TooManyAttempts):
        await world.backend.open_challenge(make_case_number(today(), 90000), "0000", "subject-01", "origin-99")


async def test_a_bound_citizen_sees_all_cases_of_the_applicant_until_unbound(world):
    number, grant = await enter(world)
    binding = await world.backend.bind_by_access(grant.access, "subject-01")
    assert binding.applicant.endswith("**")
    page = await world.backend.list_cases(binding.access, 1, 50)
    assert page.total == len(page.cases) == world.count_cases(number)
    assert (await world.backend.read_case(binding.access, number)).number == number
    await world.backend.unbind(binding.access)
    await world.backend.unbind(binding.access)
    with pytest.raises(IdentityWrong):
        await world.backend.list_cases(binding.access)


async def test_a_receipt_s_code_binds_once(world):
    number, _ = world.find(CaseState.ACCEPTED)
    code = world.receipt_code(number)
    binding = await world.backend.bind_by_code(code.lower(), "subject-01")
    assert (await world.backend.read_case(binding.access, number)).number == number
    for wrong in (code, "ZZZZZZZZZZ"):
        with pytest.raises(IdentityWrong):
            await world.backend.bind_by_code(wrong, "subject-02")


async def test_binding_again_replaces_the_earlier_binding_of_the_citizen(world):
    first = await world.backend.bind_by_code(world.receipt_code(world.find(CaseState.ACCEPTED)[0]), "subject-01")
    second = await world.backend.bind_by_code(world.receipt_code(world.find(CaseState.REVIEW)[0]), "subject-01")
    with pytest.raises(IdentityWrong):
        await world.backend.list_cases(first.access)
    assert (await world.backend.list_cases(second.access)).total >= 1


async def test_lists_come_in_pages(world):
    state = next(s for s in CaseState if world.count_cases(world.find(s)[0]) > 1)
    number, grant = await enter(world, state)
    binding = await world.backend.bind_by_access(grant.access, "subject-01")
    total = world.count_cases(number)
    pages = [await world.backend.list_cases(binding.access, page, 1) for page in range(1, total + 2)]
    assert [len(page.cases) for page in pages] == [1] * total + [0]
    assert len({page.cases[0].number for page in pages[:-1]}) == total
    assert {page.total for page in pages} == {total}


async def test_a_case_is_urged_once_a_day_and_the_same_urge_is_one(world):
    number, grant = await enter(world)
    urge = await world.backend.urge(grant.access, number, "urge-key-1")
    assert await world.backend.urge(grant.access, number, "urge-key-1") == urge
    await refused(world.backend.urge(grant.access, number, "urge-key-2"), "already_urged")
    assert (await world.backend.read_case(grant.access, number)).urged_on == today()


@pytest.mark.parametrize("ask", ["read", "urge", "rate"])
async def test_wrong_numbers_with_one_access_are_limited_whatever_is_asked(world, ask):
    number, grant = await enter(world)

    async def call(turn):
        wrong = make_case_number(today(), 70_000 + turn)
        if ask == "read":
            await world.backend.read_case(grant.access, wrong)
        elif ask == "urge":
            await world.backend.urge(grant.access, wrong, f"urge-key-{turn:02d}")
        else:
            await world.backend.rate(grant.access, wrong, Rating(RatingLevel.SATISFIED, 1), f"rate-key-{turn:02d}")

    for turn in range(20):
        with pytest.raises(IdentityWrong):
            await call(turn)
    with pytest.raises(TooManyAttempts):
        await call(99)
    assert (await world.backend.read_case(grant.access, number)).number == number


async def test_a_case_that_is_over_is_not_urged(world):
    number, grant = await enter(world, CaseState.DELIVERED)
    await refused(world.backend.urge(grant.access, number, "urge-key-1"), "case_not_open")


async def test_a_bad_rating_opens_a_follow_up_and_a_case_is_rated_once(world):
    number, grant = await enter(world, CaseState.GRANTED)
    assert await world.backend.read_rating(grant.access, number) is None
    version = (await world.backend.read_case(grant.access, number)).item_version
    rating = Rating(RatingLevel.DISSATISFIED, version, (RatingReason.EFFICIENCY, RatingReason.GUIDE), "等太久")
    receipt = await world.backend.rate(grant.access, number, rating, "rate-key-1")
    assert receipt.follow_up is not None
    assert receipt.follow_up.owner
    assert receipt.follow_up.due_on > today()
    assert await world.backend.rate(grant.access, number, rating, "rate-key-1") == receipt
    assert await world.backend.read_rating(grant.access, number) == receipt
    await refused(world.backend.rate(grant.access, number, rating, "rate-key-2"), "already_rated")
    assert (await world.backend.read_case(grant.access, number)).rated


async def test_a_good_rating_needs_no_follow_up(world):
    number, grant = await enter(world, CaseState.DELIVERED)
    receipt = await world.backend.rate(grant.access, number, Rating(RatingLevel.SATISFIED, 1), "rate-key-1")
    assert receipt.follow_up is None


async def test_only_a_finished_case_is_rated_and_under_its_own_version(world):
    number, grant = await enter(world, CaseState.REVIEW)
    await refused(world.backend.rate(grant.access, number, Rating(RatingLevel.SATISFIED, 1), "rate-key-1"), "case_not_finished")
    number, grant = await enter(world, CaseState.GRANTED)
    await refused(
        world.backend.rate(grant.access, number, Rating(RatingLevel.SATISFIED, 9), "rate-key-2"), "item_version_wrong"
    )


async def book_first(world, subject="subject-01", key="book-key-1"):
    slot = (await world.backend.list_slots("610100", days=14))[0]
    return slot, await world.backend.book(slot.slot, "passport", subject, key)


async def test_an_appointment_is_booked_listed_and_cancelled(world):
    assert "610100" in {hall.hall for hall in await world.backend.list_halls()}
    assert [hall.region for hall in await world.backend.list_halls("610300")] == ["610300"]
    slot, booked = await book_first(world)
    assert (booked.starts_at, booked.state, booked.hall.hall) == (slot.starts_at, "booked", "610100")
    assert len(booked.pickup_code) == 6
    again = await world.backend.book(slot.slot, "passport", "subject-01", "book-key-1")
    assert again == booked
    after = {each.slot: each.free for each in await world.backend.list_slots("610100", days=14)}
    assert after[slot.slot] == slot.free - 1
    assert [a.appointment for a in await world.backend.list_appointments("subject-01")] == [booked.appointment]
    assert list(await world.backend.list_appointments("subject-02")) == []
    for _ in range(2):
        assert (await world.backend.cancel(booked.appointment, "subject-01")).state == "cancelled"
    free = {each.slot: each.free for each in await world.backend.list_slots("610100", days=14)}
    assert free[slot.slot] == slot.free


async def test_what_cannot_be_booked_is_said(world):
    slot, booked = await book_first(world)
    await refused(world.backend.book(slot.slot, "passport", "subject-01", "book-key-2"), "appointment_exists")
    await refused(world.backend.book("610100-20200101-0900", "passport", "subject-02", "book-key-3"), "slot_unknown")
    await refused(world.backend.list_slots("nowhere"), "hall_unknown")
    await refused(world.backend.cancel(booked.appointment, "subject-02"), "appointment_unknown")
    slots = await world.backend.list_slots("610100", days=14)
    for number in (1, 2):
        await world.backend.book(slots[number].slot, "passport", "subject-01", f"book-key-x{number}")
    await refused(world.backend.book(slots[5].slot, "passport", "subject-01", "book-key-9"), "too_many_appointments")


async def test_a_place_is_not_booked_twice_however_many_ask_at_once(world):
    slot = (await world.backend.list_slots("610100", days=14))[0]
    asked = [world.backend.book(slot.slot, "passport", f"subject-{n:02d}", f"book-key-{n:02d}") for n in range(10)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    booked = [r for r in results if not isinstance(r, BaseException)]
    assert len(booked) == slot.free
    assert {r.code for r in results if isinstance(r, NotPossible)} == {"slot_full"}
    assert len(results) - len(booked) == len([r for r in results if isinstance(r, NotPossible)])
