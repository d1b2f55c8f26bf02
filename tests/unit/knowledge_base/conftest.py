"""A tiny hand-made knowledge base: three items, regional guides, two FAQs; found by characters, without an encoder."""

import pytest

import knowledge_base.models as tables
from knowledge_base import Answerer, Context, Knowledge, Question
from knowledge_base.content import Faq, Guide, Item, Review, read_facets
from knowledge_base.publishing import Publisher
from qinwen.vocabulary import Facet
from tests.databases import make_database

PROVINCE, XIAN, YANTA, BAOJI = "610000", "610100", "610113", "610300"


def make_item(code, name, everyday_name, **more):
    fixed = {
        "department": "公安", "case_lookup": True, "type": "行政许可", "handling": "承诺件",
        "served": ("自然人",), "authority_level": "县级", "topic": "证件", "venue": "police",
    }  # fmt: skip
    return Item(code=code, name=name, everyday_name=everyday_name, **{**fixed, **more})


def make_guide(item, region, **texts):
    bodies = {facet: body if isinstance(body, dict) else {"text": body} for facet, body in texts.items()}
    return Guide(item, region, read_facets(bodies, "测试"))


ITEMS = (
    make_item("passport", "普通护照签发", "办护照", aliases=("护照", "出国证件"), wordings=("护照怎么办",)),
    make_item("idcard", "居民身份证补领", "补身份证", aliases=("身份证",), wordings=("身份证丢了咋办",)),
    make_item("fund", "住房公积金提取", "取公积金", aliases=("公积金",), wordings=("公积金怎么提取",)),
)
GUIDES = (
    make_guide(
        "passport",
        PROVINCE,
        overview="到出入境窗口照相、填表、交费。",
        fee={"text": "每本120元。", "asked": ["护照要多少钱"]},
        place={"text": "任意出入境窗口。", "asked": ["护照去哪儿办"]},
        materials={"text": "带身份证。", "asked": ["护照要带什么材料"], "list": [{"name": "居民身份证", "originals": 1}]},
    ),
    make_guide("passport", XIAN, place="西安市民中心。"),
    make_guide("passport", BAOJI, place="宝鸡政务大厅。"),
    make_guide("idcard", PROVINCE, overview="到派出所照相补领。", fee={"text": "工本费40元。", "asked": ["补身份证要多少钱"]}),
    make_guide("fund", PROVINCE, overview="网上就能提取。", materials={"text": "带租房合同。", "asked": ["公积金要什么材料"]}),
)
FAQS = (
    Faq("fund-rent", "租房子能不能取公积金", "能,一年一次。", "fund", Facet.ELIGIBILITY, similar=("租房可以提公积金吗",)),
    Faq("parking", "政务大厅有停车场吗", "有,在地下一层。", similar=("大厅能停车吗",)),
)


def no_vectors(_):
    return None


def make_knowledge(path):
    database = make_database(path)
    with database.session() as session:
        session.add(tables.KnowledgeRevision(id=1, number=0))
    return database


@pytest.fixture
def empty(tmp_path):
    database = make_knowledge(tmp_path / "knowledge.db")
    yield database
    database.close()


@pytest.fixture
def publisher():
    return Publisher("none", no_vectors)


@pytest.fixture
def database(empty, publisher):
    """The tiny knowledge base, to be changed by the test."""
    fill(empty, publisher)
    return empty


def fill(database, publisher):
    with database.session() as session:
        for item in ITEMS:
            publisher.publish_item(session, item)
        for guide in GUIDES:
            publisher.publish_guide(session, guide, author="测试", sample=True, review=Review())
        for faq in FAQS:
            publisher.publish_faq(session, faq, author="测试")


@pytest.fixture
def knowledge(database):
    made = Knowledge(database, "none")
    made.refresh()
    return made


@pytest.fixture(scope="module")
def answerer(tmp_path_factory):
    """An answerer over the tiny knowledge base, for tests that change nothing."""
    database = make_knowledge(tmp_path_factory.mktemp("answers") / "knowledge.db")
    fill(database, Publisher("none", no_vectors))
    yield Answerer(Knowledge(database, "none"), None)
    database.close()


@pytest.fixture
def ask(answerer):
    """Ask as the engine would: a text with the intent that the classifier gave it, and what was said before."""

    def ask(text, asked=None, /, *, regions=(), intent=None, **context):
        name = intent or (f"ask_{asked.value}" if asked else "ask_overview")
        return answerer.answer(Question(text, None, {name: 0.95}, tuple(regions), Context(**context)))

    return ask


@pytest.fixture
def make():
    """The makers above, for tests that write content of their own."""

    class Makers:
        item = staticmethod(make_item)
        guide = staticmethod(make_guide)

    return Makers
