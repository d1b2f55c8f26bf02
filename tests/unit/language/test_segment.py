import logging
import tempfile
from pathlib import Path

import jieba
import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.segment import Segmenter

TERMS = ["生育津贴", "生育津贴领取", "不动产登记", "灵活就业人员参保登记", "咋办", "两险合一", "X", "", " "]


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter(TERMS)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("我想问生育津贴怎么领", "生育津贴"),
        ("生育津贴领取流程", "生育津贴领取"),
        ("办不动产登记要带啥", "不动产登记"),
        ("灵活就业人员参保登记在哪", "灵活就业人员参保登记"),
        ("两险合一是啥", "两险合一"),
    ],
)
def test_a_term_stays_whole(segmenter, text, word):
    assert word in segmenter.cut(text)


def test_terms_are_normalised_and_single_characters_ignored():
    assert Segmenter(["居住證", "居住证", "證"]).terms == ("居住证",)


def test_cutting_drops_blanks_and_keeps_marks(segmenter):
    assert segmenter.cut("身份证 补办?") == ["身份证", "补办", "?"]


def test_search_words_include_the_words_inside_a_long_one(segmenter):
    assert {"登记", "不动产登记"} <= set(segmenter.cut_for_search("不动产登记"))


def test_numbers_and_codes_stay_whole(segmenter):
    assert "SX202603150001" in segmenter.cut("编号SX202603150001到哪了")


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_the_pieces_join_to_the_text(segmenter, text):
    assert "".join(segmenter.pieces(text)) == text


def test_segmenters_share_no_terms_with_each_other_or_with_jieba(segmenter):
    assert "两险合一" in segmenter.cut("两险合一")
    assert "两险合一" not in Segmenter().cut("两险合一")
    assert "两险合一" not in jieba.dt.FREQ


def test_no_cache_file_is_read_or_written(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "jieba.cache").write_bytes(b"poisoned")
    assert Segmenter().cut("身份证补办") == ["身份证", "补办"]
    assert [path.name for path in Path(tmp_path).iterdir()] == ["jieba.cache"]


def test_building_a_segmenter_says_nothing(capfd, caplog):
    with caplog.at_level(logging.INFO):
        Segmenter(["生育津贴"]).cut("生育津贴")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
