"""Which desk a conversation goes to, and what the department classifier knows."""

import pytest

from desk import Desk, DeskUnknown, Router
from desk.classifier import DepartmentClassifier, Guess
from desk.desks import Desks, department_phrases, known_departments

DEPARTMENTS = {"idcard-renew": "公安·户政", "fund-withdraw": "住建·公积金", "social-card": "人社"}


class NoClassifier:
    @classmethod
    def trained(cls, encoder=None):
        raise AssertionError("the text was not to be read")


@pytest.fixture
def table(hours):
    rows = [
        Desk("province", "省级", "610000", hours),
        Desk("xian", "西安", "610100", hours, parent="province"),
        Desk("xian-police", "西安公安", "610100", hours, department="公安", parent="xian"),
        Desk("yanta-police", "雁塔公安", "610113", hours, department="公安", parent="xian-police"),
        Desk("xian-housing", "西安住建", "610100", hours, department="住建", parent="xian"),
        Desk("province-labour", "省人社", "610000", hours, department="人社", parent="province"),
        Desk("cards", "社保卡专席", "610000", hours, department="人社", items=("social-card",), parent="province-labour"),
        Desk("baoji", "宝鸡", "610300", hours, parent="province"),
    ]
    return Desks({desk.code: desk for desk in rows})


@pytest.fixture
def route(table):
    router = Router(DEPARTMENTS.get)

    def choose(item=None, department=None, region=None, texts=()):
        return router.route(table, item=item, department=department, region=region, texts=texts)

    return choose


@pytest.mark.parametrize(
    ("item", "department", "region", "desk", "by"),
    [
        ("social-card", None, "610113", "cards", "item"),
        ("idcard-renew", None, "610113", "yanta-police", "item"),
        ("idcard-renew", None, "610102", "xian-police", "item"),
        ("idcard-renew", None, "610300", "baoji", "region"),
        ("fund-withdraw", None, "610113", "xian-housing", "item"),
        (None, "公安·交管", "610100", "xian-police", "department"),
        (None, "人社", None, "province-labour", "department"),
        ("fund-withdraw", None, None, "province", "region"),
        ("idcard-renew", None, "999999", "province", "region"),
    ],
)
def test_item_department_and_region_choose_the_desk(monkeypatch, route, item, department, region, desk, by):
    monkeypatch.setattr("desk.routing.DepartmentClassifier", NoClassifier)
    found = route(item, department, region, ["小区物业乱收费"])
    assert (found.desk.code, found.by) == (desk, by)


def test_where_nothing_else_is_known_the_text_chooses(route):
    found = route(region="610113", texts=["我的房子漏水，开发商不给修，物业也不管"])
    assert (found.desk.code, found.department, found.by) == ("xian-housing", "住建", "text")


def test_a_text_that_says_nothing_goes_to_the_general_desk(route):
    assert route(region="610113", texts=["转人工"]).desk.code == "xian"
    assert route(region="610113", texts=[]).desk.code == "xian"
    assert route(texts=["你好"]).desk.code == "province"


def test_sentence_vectors_take_part_only_once_they_are_prepared(monkeypatch, table):
    trained = []

    class Fake:
        @classmethod
        def trained(cls, encoder=None):
            trained.append(encoder)
            return cls()

        def predict(self, texts):
            return [[Guess("住建", 0.9)]]

    monkeypatch.setattr("desk.routing.DepartmentClassifier", Fake)
    encoder = object()
    router = Router(DEPARTMENTS.get)
    for _ in range(2):
        router.route(table, item=None, department=None, region="610100", texts=["房子漏水了"])
    router.learn(encoder)
    router.route(table, item=None, department=None, region="610100", texts=["房子漏水了"])
    assert trained == [None, encoder]


def test_without_any_desk_a_sentence_says_so():
    with pytest.raises(DeskUnknown, match="服务台"):
        Router(DEPARTMENTS.get).route(Desks(), item=None, department=None, region=None, texts=[])


def test_every_department_has_varied_phrases_of_its_own():
    phrases = department_phrases()
    assert len({text for text, _ in phrases}) == len(phrases)
    for department in known_departments():
        mine = [text for text, owner in phrases if owner == department]
        assert len(mine) >= 25
        assert len({text[:3] for text in mine}) > len(mine) * 0.7, department


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("老板拖欠工资三个月，我想申请劳动仲裁", "人社"),
        ("孩子明年升初中，学区怎么划", "教育"),
        ("工厂往河里排污水，味道特别大", "生态环境"),
        ("公交车等了一个小时都没有来", "交通运输"),
        ("物业不修电梯，小区的老人下不了楼", "住建"),
        ("医院的大夫误诊，我要一个说法", "卫健"),
        ("跟团去旅游，导游强迫我们买东西", "商务文旅"),
        ("住院的费用医保能报多少", "医保"),
        ("个人所得税退税还在审核", "税务"),
        ("复员军人的优待证怎么领", "退役军人"),
    ],
)
def test_the_classifier_knows_the_departments_by_their_words(classifier, text, department):
    assert classifier.predict([text])[0][0].department == department


def test_probabilities_are_sorted_and_add_up(classifier):
    guesses = classifier.predict(["公积金怎么取"])[0]
    assert sum(guess.probability for guess in guesses) == pytest.approx(1)
    assert [g.probability for g in guesses] == sorted((g.probability for g in guesses), reverse=True)
    assert {guess.department for guess in guesses} == set(known_departments())


def test_a_sentence_encoder_takes_part():
    import numpy as np

    class OneWord:
        name, dimension, blocks = "one", 1, (1,)

        def encode(self, texts, kind):
            return np.array([[1.0 if "税" in text else -1.0] for text in texts])

    texts, labels = ["交税", "退税款", "看病", "住院了"], ["税务", "税务", "医保", "医保"]
    fitted = DepartmentClassifier(OneWord()).fit(texts, labels)
    assert [guesses[0].department for guesses in fitted.predict(["税的事", "生病"])] == ["税务", "医保"]


@pytest.fixture(scope="module")
def classifier():
    return DepartmentClassifier.trained()
