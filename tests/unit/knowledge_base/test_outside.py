import pytest

from knowledge_base.outside import OUTSIDE, other_place, outside_rows
from knowledge_base.seeding import read_seeds
from knowledge_base.snapshot import Rows
from knowledge_base.wordings import Wording, item_wordings


@pytest.mark.parametrize(
    ("text", "item", "place"),
    [
        ("成都居住证咋办", "residence-permit", "成都"),
        ("请问上海市落户要几年", "hukou-talent", "上海"),
        ("想在杭州给娃上户口", "hukou-birth", "杭州"),
    ],
)
def test_another_province_s_affairs_are_not_ours(text, item, place):
    assert other_place(text, item) == place


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("我是四川人,来西安打工,居住证咋办", "residence-permit"),
        ("山东户口能在这边上学不", "school-enrol"),
        ("北京住院前怎么备案", "medical-remote"),
        ("在广州能换身份证吗", "idcard-renew"),
        ("上海交的社保怎么转回来", "pension-transfer"),
        ("从河南嫁过来户口咋迁", "hukou-spouse"),
        ("身份证咋办", "idcard-renew"),
    ],
)
def test_who_comes_from_afar_or_asks_what_is_done_everywhere_is_answered(text, item):
    assert other_place(text, item) is None


def rows_of(count, *names):
    wordings = [Wording("alias", name) for name in names] + [Wording("wording", f"问法{n}") for n in range(count)]
    return [("x", Rows("item:x", tuple(wordings), None))]


def test_a_matter_that_an_item_covers_by_now_is_ours():
    [(item, before)] = outside_rows(None, rows_of(1000))
    [(_, after)] = outside_rows(None, rows_of(1000, "商标注册"))
    assert item == OUTSIDE
    assert {w.text for w in before.wordings} - {w.text for w in after.wordings} == {"商标注册"}


def test_the_list_does_not_outweigh_a_small_knowledge_base():
    assert outside_rows(None, rows_of(10)) == []


def test_no_matter_is_a_name_of_an_item_that_we_have():
    names = {w.text for seed in read_seeds() for w in item_wordings(seed.item) if w.kind != "wording"}
    [(_, rows)] = outside_rows(None, rows_of(1000))
    assert not names & {w.text for w in rows.wordings}
