from datetime import timedelta

import numpy as np
import pytest

from knowledge_base import Knowledge
from knowledge_base.content import Faq
from knowledge_base.publishing import Publisher, faq_id, guide_id
from knowledge_base.snapshot import PastKnowledge
from qinwen.clock import now
from qinwen.database import Database
from qinwen.vocabulary import Facet

PROVINCE, XIAN, YANTA, BAOJI, HANZHONG = "610000", "610100", "610113", "610300", "610700"


def test_everything_is_loaded_at_first_and_nothing_when_nothing_changed(database):
    knowledge = Knowledge(database, "none")
    changed = knowledge.refresh()
    assert {"item:passport", "item:idcard", "item:fund", "faq:parking", guide_id("passport", XIAN)} <= changed
    assert knowledge.refresh() == set()
    assert set(knowledge.items) == {"passport", "idcard", "fund"}


@pytest.mark.parametrize(
    ("region", "own"), [(PROVINCE, PROVINCE), (XIAN, XIAN), (YANTA, XIAN), (BAOJI, BAOJI), (HANZHONG, PROVINCE)]
)
def test_a_facet_falls_back_from_county_to_city_to_province(knowledge, region, own):
    found = knowledge.facet("passport", Facet.PLACE, region, now())
    assert found.region == own
    assert found.version.entry == guide_id("passport", own)


def test_a_region_s_guide_does_not_hide_the_facets_it_does_not_carry(knowledge):
    assert knowledge.facet("passport", Facet.FEE, YANTA, now()).region == PROVINCE


def test_what_nobody_wrote_is_not_found(knowledge):
    assert knowledge.facet("passport", Facet.PROXY, XIAN, now()) is None
    assert knowledge.facet("nothing", Facet.FEE, PROVINCE, now()) is None


def test_a_region_that_nobody_knows_gets_the_province_s_words_or_none(knowledge):
    found = knowledge.facet("passport", Facet.FEE, "999999", now())
    assert found is None or found.region == PROVINCE


def test_regions_with_words_of_their_own_are_listed(knowledge):
    assert knowledge.regions_with_own("passport", Facet.PLACE, now()) == [XIAN, BAOJI]
    assert knowledge.regions_with_own("passport", Facet.FEE, now()) == []


def publish(database, publisher, content, **how):
    with database.session() as session:
        if isinstance(content, Faq):
            return publisher.publish_faq(session, content, author="测试", **how)
        return publisher.publish_guide(session, content, author="测试", **how)


def test_a_new_version_holds_from_its_moment_on(database, publisher, knowledge, make):
    later = now() + timedelta(days=30)
    new = make.guide("passport", PROVINCE, fee="每本160元。")
    assert publish(database, publisher, new, valid_from=later) == 2
    knowledge.refresh()
    assert knowledge.facet("passport", Facet.FEE, PROVINCE, now()).content.text == "每本120元。"
    found = knowledge.facet("passport", Facet.FEE, PROVINCE, later + timedelta(seconds=1))
    assert (found.content.text, found.version.number) == ("每本160元。", 2)


def test_a_version_that_ended_does_not_hold(database, publisher, knowledge):
    ends = now() + timedelta(days=1)
    publish(database, publisher, Faq("summer", "夏天几点下班", "六点半。"), valid_to=ends)
    knowledge.refresh()
    assert knowledge.version("faq:summer", now()).content.answer == "六点半。"
    assert knowledge.version("faq:summer", ends) is None


def test_the_past_is_known_to_a_snapshot_of_the_past(database, publisher, knowledge, make):
    before = now()
    publish(database, publisher, make.guide("passport", PROVINCE, fee="每本160元。"))
    knowledge.refresh()
    past = PastKnowledge(database, "none", before, now())
    assert past.facet("passport", Facet.FEE, PROVINCE, before).content.text == "每本120元。"
    assert knowledge.facet("passport", Facet.FEE, PROVINCE, now()).content.text == "每本160元。"


def test_an_edit_through_another_database_object_is_seen_on_the_next_call(database, publisher, knowledge, make):
    elsewhere = Database(str(database.engine.url))
    publish(elsewhere, publisher, make.guide("passport", XIAN, place="搬到了港务区。"))
    elsewhere.close()
    assert knowledge.refresh() == {guide_id("passport", XIAN)}
    assert knowledge.facet("passport", Facet.PLACE, XIAN, now()).content.text == "搬到了港务区。"


def test_only_what_changed_is_loaded(database, publisher, knowledge):
    untouched = knowledge.rows["item:passport"]
    publish(database, publisher, Faq("parking", "能停车吗", "能。"))
    assert knowledge.refresh() == {"faq:parking"}
    assert knowledge.rows["item:passport"] is untouched
    assert [w.text for w in knowledge.rows["faq:parking"].wordings] == ["能停车吗", "能。"]


def test_a_withdrawn_entry_answers_no_more_and_its_older_versions_do_not_come_back(database, publisher, knowledge):
    publish(database, publisher, Faq("parking", "能停车吗", "不能了。"))
    with database.session() as session:
        publisher.withdraw(session, faq_id("parking"))
    assert knowledge.refresh() == {"faq:parking"}
    assert knowledge.version("faq:parking", now()) is None


def test_a_withdrawn_entry_can_be_published_again(database, publisher, knowledge):
    with database.session() as session:
        publisher.withdraw(session, faq_id("parking"))
    assert publish(database, publisher, Faq("parking", "能停车吗", "又能了。")) == 3
    knowledge.refresh()
    assert knowledge.version("faq:parking", now()).content.answer == "又能了。"


def one_vector_each(texts):
    return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]


def test_vectors_of_this_encoder_are_loaded_and_another_s_are_not(empty, make):
    with empty.session() as session:
        Publisher("ours", one_vector_each).publish_item(session, make.item("passport", "普通护照签发", "办护照"))
    ours, other = Knowledge(empty, "ours"), Knowledge(empty, "theirs")
    ours.refresh()
    other.refresh()
    rows = ours.rows["item:passport"]
    assert rows.vectors.shape == (len(rows.wordings), 4)
    assert rows.vectors.dtype == np.float16
    assert np.array_equal(rows.vectors, one_vector_each([w.text for w in rows.wordings]))
    assert other.rows["item:passport"].vectors is None
    assert other.rows["item:passport"].wordings == rows.wordings
