import pytest

from language.data_files import read_data
from language.entities.documents import document_terms, find_documents
from language.normalise import normalise


def names(text):
    return [(entity.text, entity.value) for entity in find_documents(text)]


@pytest.mark.parametrize(
    ("text", "written", "proper"),
    [
        ("户口本丢了", "户口本", "居民户口簿"),
        ("带身份证吗", "身份证", "居民身份证"),
        ("开身份证明", "身份证明", "身份证明"),
        ("临时身份证", "临时身份证", "临时居民身份证"),
        ("房本", "房本", "不动产权证书"),
        ("房产证", "房产证", "不动产权证书"),
        ("娃的出生证", "出生证", "出生医学证明"),
        ("结婚证", "结婚证", "结婚证"),
        ("驾照到期", "驾照", "机动车驾驶证"),
        ("执照", "执照", "营业执照"),
        ("死亡证明", "死亡证明", "死亡医学证明"),
        ("无犯罪证明", "无犯罪证明", "无犯罪记录证明"),
    ],
)
def test_everyday_names_give_the_proper_one(text, written, proper):
    assert names(text) == [(written, proper)]


def test_several_documents_are_found_in_order():
    assert [proper for _, proper in names("身份证、户口本和结婚证")] == ["居民身份证", "居民户口簿", "结婚证"]


def test_a_text_without_documents_gives_none():
    assert names("怎么上户口") == []
    assert names("") == []


def test_no_name_stands_for_two_documents():
    written = [name for proper, also in read_data("documents")["documents"].items() for name in (proper, *also)]
    assert len(written) == len(set(written)) == len(document_terms())


def test_every_name_is_in_its_normalised_form():
    assert [name for name in document_terms() if normalise(name) != name] == []
