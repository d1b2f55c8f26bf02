import threading

import numpy as np
import pytest

from knowledge_base.search import SearchIndex, SearchRow, Verdict, encode_rows
from knowledge_base.search import index as index_module


def test_ranks_every_entry_the_best_first(index, rows):
    ranking = index.rank("身份证丢了咋补办")
    assert ranking[0].entry == "idcard"
    assert {candidate.entry for candidate in ranking} == set(rows)
    assert [c.score for c in ranking] == sorted((c.score for c in ranking), reverse=True)
    assert len(index.rank("身份证", limit=2)) == 2


def test_a_candidate_tells_why(index):
    best = index.rank("外地人怎么办暂住证")[0]
    assert best.row == SearchRow("permit", "similar", "外地人办暂住证")
    assert {"asked_bm25", "asked_share", "answer_bm25", "named", "exact"} <= set(best.parts)


def test_the_cosine_is_the_encoders_own(encoder, rows):
    index = SearchIndex(encoder)
    index.update({entry: (own, None) for entry, own in rows.items()})
    question = "身份证丢了怎么补办"
    assert index.rank(question)[0].cosine == pytest.approx(1, abs=0.01)
    vector = encoder.encode([question], "question")[0]
    assert index.rank(question, vector)[0] == index.rank(question)[0]


def test_a_vector_handed_in_is_not_computed_again(encoder, rows):
    index = SearchIndex(encoder)
    index.update({entry: (own, encode_rows(own, encoder)) for entry, own in rows.items()})
    vector = encoder.encode(["公积金"], "question")[0]
    asked = encoder.asked
    index.decide("公积金", vector)
    assert encoder.asked == asked


def test_float16_vectors_rank_alike(encoder, rows):
    whole, half = SearchIndex(encoder), SearchIndex(encoder)
    whole.update({entry: (own, encode_rows(own, encoder)) for entry, own in rows.items()})
    half.update({entry: (own, encode_rows(own, encoder).astype(np.float16)) for entry, own in rows.items()})
    for question in ("身份证", "怎么提取公积金", "护照"):
        assert [c.entry for c in whole.rank(question)] == [c.entry for c in half.rank(question)]


def test_a_contained_name_counts(index):
    candidates = {c.entry: c for c in index.rank("我家老人那个居住证到底是什么情况")}
    assert candidates["permit"].parts["named"] > 0
    assert candidates["fund"].parts["named"] == 0


def test_a_question_to_the_letter_is_answered(index):
    decision = index.decide("您好,公积金怎么提取?")
    assert decision.candidates[0].entry == "fund"
    assert decision.candidates[0].parts["exact"] == 1
    assert decision.verdict is Verdict.ANSWERED


def test_an_edit_is_seen_at_once(index):
    index.replace("ferry", [SearchRow("ferry", "question", "轮渡几点开船")])
    assert len(index) == 5
    assert index.rank("轮渡几点开")[0].entry == "ferry"
    index.replace("ferry", [SearchRow("ferry", "question", "彩票站设在哪")])
    assert index.rank("彩票站在哪")[0].entry == "ferry"
    assert index.rank("轮渡几点开船")[0].parts["exact"] == 0
    index.remove("ferry")
    index.remove("ferry")
    assert len(index) == 4
    assert all(c.entry != "ferry" for c in index.rank("彩票站在哪"))


def test_an_empty_index_refuses(encoder):
    decision = SearchIndex(encoder).decide("身份证")
    assert (decision.verdict, decision.candidates, decision.ranking) == (Verdict.REFUSED, (), ())


def test_one_entry_alone_works(encoder):
    index = SearchIndex(encoder)
    index.replace("only", [SearchRow("only", "question", "公积金怎么提取")])
    assert index.decide("公积金怎么提取").verdict is Verdict.ANSWERED
    assert index.decide("给我讲个笑话吧").verdict is not Verdict.ANSWERED


@pytest.mark.parametrize("question", ["", "   ", "???", "\x00", "\ufdfa" * 20, "\ud800", "😀"])
def test_a_question_without_letters_is_refused(index, question):
    assert index.decide(question).verdict is Verdict.REFUSED


def test_an_entry_with_answers_only_is_found(encoder):
    index = SearchIndex(encoder)
    index.update({
        "a": ([SearchRow("a", "answer", "办理居住证需要身份证和租房合同。")], None),
        "b": ([SearchRow("b", "answer", "图书馆周一闭馆。")], None),
    })  # fmt: skip
    best = index.rank("图书馆周一开不开")[0]
    assert (best.entry, best.row.kind) == ("b", "answer")


def test_rows_without_text_do_no_harm(index):
    index.replace("blank", [SearchRow("blank", "question", ""), SearchRow("blank", "answer", "")])
    assert index.rank("身份证丢了怎么补办")[0].entry == "idcard"


def test_equal_questions_of_two_entries_are_not_answered_at_random(index):
    index.replace("twin", [SearchRow("twin", "question", "公积金怎么提取")])
    decision = index.decide("公积金怎么提取")
    assert {c.entry for c in decision.ranking[:2]} == {"fund", "twin"}
    assert decision.verdict is not Verdict.REFUSED


def test_verdicts_show_what_they_say(index):
    for question in ("身份证丢了怎么补办", "居住证", "今天天气怎么样", "护照公积金", "派出所"):
        decision = index.decide(question)
        shown = {Verdict.ANSWERED: (1, 1), Verdict.CLARIFY: (1, 3), Verdict.REFUSED: (0, 0)}[decision.verdict]
        assert shown[0] <= len(decision.candidates) <= shown[1]
        assert 0 <= decision.right <= decision.fits <= 1


def test_readers_see_whole_states_while_an_editor_writes(encoder, rows):
    index = SearchIndex(None)
    index.update({entry: (own, None) for entry, own in rows.items()})
    failures = []
    stop = threading.Event()

    def read():
        while not stop.is_set():
            found = {c.entry for c in index.rank("身份证丢了怎么补办")}
            if not set(rows) <= found:
                failures.append(found)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(15):
        index.replace("edited", [SearchRow("edited", "question", f"第{n}版")])
    stop.set()
    for reader in readers:
        reader.join()
    assert not failures


def test_small_edits_do_not_ask_the_background_again(encoder, monkeypatch):
    index = SearchIndex(None)
    index.update({str(n): ([SearchRow(str(n), "question", f"第{n}件事怎么办")], None) for n in range(100)})
    measured = []
    monkeypatch.setattr(index_module, "measure_background", lambda *args: measured.append(args) or index._measured[1])
    index.replace("0", [SearchRow("0", "question", "改了的问题")])
    assert not measured
    index.update({f"x{n}": ([SearchRow(f"x{n}", "question", f"又来{n}")], None) for n in range(20)})
    assert measured
