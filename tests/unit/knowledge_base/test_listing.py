from datetime import datetime, timedelta, timezone

import pytest

from knowledge_base.content import Faq, Review
from knowledge_base.drafts import begin_draft, discard, open_draft, submit
from knowledge_base.listing import EntryFilter, count_entries, known_departments, list_entries, read_entry, within
from knowledge_base.publishing import Publisher
from knowledge_base.states import EntryState

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def publisher():
    return Publisher("none", lambda _: None, lambda: NOW)


@pytest.fixture
def session(database):
    with database.session() as session:
        yield session


def ids(session, at=NOW, **wanted):
    return [entry.id for entry in list_entries(session, EntryFilter(**wanted), at).entries]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"words": "停车"}, ["faq:parking"]),
        ({"words": "fund-r"}, ["faq:fund-rent"]),
        ({"words": "%"}, []),
        ({"kind": "item"}, ["item:fund", "item:idcard", "item:passport"]),
        ({"region": "610300"}, ["guide:passport:610300"]),
        ({"regions": {"610100"}}, ["guide:passport:610100"]),
        ({"item": "fund", "kind": "guide"}, ["guide:fund:610000"]),
        ({"department": "公安", "kind": "faq"}, ["faq:fund-rent"]),
        ({"departments": {"税务"}}, ["faq:parking"]),
        ({"owner": "nobody"}, []),
        ({"incomplete": True, "region": "610100"}, []),
        ({"incomplete": True, "item": "idcard", "kind": "guide"}, ["guide:idcard:610000"]),
    ],
)
def test_entries_are_searched_and_filtered(session, wanted, found):
    assert ids(session, **wanted) == found


def test_titles_name_the_item_and_the_region(session):
    titles = {entry.id: entry.title for entry in list_entries(session, EntryFilter(), NOW).entries}
    assert titles["guide:passport:610100"] == "普通护照签发（西安市）"
    assert titles["item:passport"] == "普通护照签发"
    assert titles["faq:parking"] == "政务大厅有停车场吗"


def test_an_item_renamed_renames_its_guides(session, publisher, make):
    item = make.item("passport", "护照签发", "办护照", department="移民")
    publisher.publish_item(session, item)
    entry = read_entry(session, "guide:passport:610100", NOW)
    assert (entry.title, entry.department) == ("护照签发（西安市）", "移民")
    assert known_departments(session) == ["公安", "移民"]


def test_pages_follow_each_other_without_gaps(session):
    every, after, pages = [], None, 0
    while True:
        page = list_entries(session, EntryFilter(), NOW, after=after, limit=3)
        every += [entry.id for entry in page.entries]
        after, pages = page.after, pages + 1
        if after is None:
            break
    assert every == sorted(every) == ids(session)
    assert pages == 4
    assert count_entries(session, EntryFilter()) == len(every) == 10


def test_what_is_due_comes_in_the_order_of_its_day(session, publisher):
    for number, days in enumerate((30, 10, 10, 20)):
        review = Review(None, (NOW + timedelta(days=days)).date())
        publisher.publish_faq(session, Faq(f"f{number}", f"问{number}", "答"), author="测试", review=review)
    found, after = [], None
    for _ in range(4):
        page = list_entries(session, EntryFilter(), NOW, after=after, limit=1, order="review_due_on")
        found += [entry.id for entry in page.entries]
        after = page.after
    assert (found, after) == (["faq:f1", "faq:f2", "faq:f3", "faq:f0"], None)
    assert ids(session, due_until=(NOW + timedelta(days=15)).date()) == ["faq:f1", "faq:f2"]


def test_states_follow_the_clock_and_drafts(session, publisher):
    publisher.publish_faq(session, Faq("later", "问", "答"), author="测试", valid_from=NOW + timedelta(days=1))
    publisher.withdraw(session, "faq:parking")
    assert ids(session, state=EntryState.SCHEDULED) == ["faq:later"]
    assert ids(session, state=EntryState.WITHDRAWN) == ["faq:parking"]
    assert ids(session, NOW + timedelta(days=2), state=EntryState.SCHEDULED) == []
    draft = begin_draft(session, Faq("new", "问", "答"), "wang", NOW)
    assert ids(session, state=EntryState.DRAFT) == ids(session, draft_state="draft") == ["faq:new"]
    discard(session, "faq:new", draft.revision, "wang", NOW)
    assert "faq:new" not in ids(session)
    reviewed = open_draft(session, "faq:fund-rent", "wang", NOW)
    submit(session, "faq:fund-rent", reviewed.revision, "wang", "", NOW)
    assert ids(session, draft_state="in_review") == ["faq:fund-rent"]


def test_a_city_takes_in_its_counties():
    assert {"610100", "610113"} <= within({"610100"})
    assert "610300" not in within({"610100"})
    assert "610113" in within({"610000"})
