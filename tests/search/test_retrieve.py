"""Ranking: scores as published, one order on every run, evidence spread over reviews."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Plus

from rag.records import Passage, Plan, Sentence
from rag.search import retrieve

PLAN = Plan("end", "ending", None, "what", "end", ("end",), (frozenset({"end"}),))
DOCUMENTS = st.lists(st.lists(st.sampled_from("abcde"), min_size=1, max_size=8), min_size=2, max_size=8)


@given(DOCUMENTS, st.lists(st.sampled_from("abcdef"), unique=True, max_size=3))
def test_bm25_is_the_published_formula(documents: list[list[str]], terms: list[str]) -> None:
    # rank_bm25 differs in its idf alone, so term frequencies are compared through it and the idf is written out.
    reference = BM25Plus(documents, k1=retrieve._K1, b=retrieve._B, delta=0)
    expected = np.zeros(len(documents))
    for term in terms:
        held = sum(term in document for document in documents)
        if held:
            idf = math.log(1 + (len(documents) - held + 0.5) / (held + 0.5))
            expected += reference.get_scores([term]) / reference.idf[term] * idf
    assert np.allclose(retrieve.bm25(documents, terms), expected)


def test_zscores_of_equal_scores_are_zero() -> None:
    assert retrieve.zscores(np.array([2.0, 2.0])).tolist() == [0.0, 0.0]
    assert np.allclose(retrieve.zscores(np.array([1.0, 2.0, 3.0])).std(), 1)


def test_without_vectors_words_decide() -> None:
    lexical = np.array([0.0, 1.0])
    assert np.array_equal(retrieve.fuse(None, lexical), retrieve.zscores(lexical))


def test_equal_scores_go_by_id_and_noise_in_the_last_digits_orders_nothing() -> None:
    sentences = [Sentence(name, 0, 0, 1, "end") for name in ("b", "a", "c")]
    dense = np.array([0.5, 0.5 + 1e-9, 0.5 - 1e-9])
    ranked = retrieve.rank(PLAN, sentences, ["t"] * 3, [["end"]] * 3, dense, np.zeros(3))
    assert [p.sentence.review_id for p in ranked] == ["a", "b", "c"]


def test_a_rare_word_of_the_focus_weighs_more_than_a_common_one() -> None:
    stems = [["old", "goat"], ["old", "man"], ["old"]]
    goat, man, old = retrieve.held(["old", "goat"], frozenset(), stems)
    assert goat == 1 and 0 < man == old < 0.5


def test_a_name_that_no_sentence_holds_is_of_another_title() -> None:
    stems = [["barb", "cri"], ["cri"]]
    assert retrieve.held(["barb", "cri"], frozenset({"barb"}), stems).tolist() == [1.0, 0.0]
    assert retrieve.held(["odo", "cri"], frozenset({"odo"}), stems).tolist() == [0.0, 0.0]


def test_what_is_like_the_question_and_names_a_part_of_it_is_near() -> None:
    thing = replace(PLAN, aspect=None, mentions=(frozenset({"a", "b"}),))
    like = replace(passage("a", 0, 1.0), similarity=0.45, held=0.4)
    assert retrieve.near(thing, like)
    assert not retrieve.near(thing, replace(like, similarity=0.3))
    assert not retrieve.near(thing, replace(like, similarity=0.9, held=0.0))
    assert retrieve.near(thing, replace(like, similarity=0.9, held=0.0), retrieve.ALSO)
    assert not retrieve.near(PLAN, like) and not retrieve.near(thing, replace(like, similarity=None))


def passage(review: str, ordinal: int, score: float) -> Passage:
    return Passage(Sentence(review, ordinal, 0, 1, f"x{ordinal}"), "t", None, 0.0, score, mentions=True)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 99)), unique=True, max_size=20))
def test_no_review_fills_the_evidence_and_each_review_comes_before_any_second(pairs: list[tuple[str, int]]) -> None:
    ranked = [passage(review, ordinal, 1.0 - n / 100) for n, (review, ordinal) in enumerate(pairs)]
    chosen = retrieve.spread(ranked, per_review=2, limit=6)
    held = Counter(p.sentence.review_id for p in chosen)
    assert all(count <= 2 for count in held.values())
    if any(count == 2 for count in held.values()):
        assert set(held) == {review for review, _ in pairs}
    assert len(chosen) == min(6, sum(min(2, n) for n in Counter(review for review, _ in pairs).values()))


def test_each_title_has_its_best_before_any_has_two() -> None:
    ranked = [passage("a", 0, 0.9), passage("b", 0, 0.8), replace(passage("c", 0, 0.1), title_id="other")]
    assert [p.sentence.review_id for p in retrieve.spread(ranked, limit=2)] == ["a", "c"]
