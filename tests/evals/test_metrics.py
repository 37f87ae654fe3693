"""Metrics by hand-computed examples, and what they must never do."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import metrics
from evals.metrics import Passage, citation_precision, count_error, evidence_recall, mean, ndcg, wording

passages = st.builds(
    lambda review, start, length: Passage(review, start, start + length),
    st.sampled_from("ab"),
    st.integers(0, 20),
    st.integers(1, 9),
)


def test_the_examples_in_the_docstrings_hold() -> None:
    found = doctest.testmod(metrics)

    assert (found.failed, found.attempted) == (0, 8)


def test_recall_can_reach_one_where_there_is_more_gold_than_room() -> None:
    found = [Passage("a", 10 * n, 10 * n + 5) for n in range(20)]
    gold = [[passage] for passage in found]

    assert evidence_recall(found[:5], gold, k=5) == 1.0
    assert evidence_recall(found[:2], gold, k=5) == pytest.approx(0.4)


def test_what_is_retrieved_behind_k_does_not_count() -> None:
    gold = Passage("a", 0, 5)

    assert evidence_recall([Passage("b", 0, 5), gold], [[gold]], k=1) == 0.0


def test_touching_passages_do_not_overlap() -> None:
    assert evidence_recall([Passage("a", 5, 9)], [[Passage("a", 0, 5)]], k=5) == 0.0
    assert evidence_recall([Passage("a", 4, 9)], [[Passage("a", 0, 5)]], k=5) == 1.0


def test_a_question_without_gold_or_an_answer_without_citations_is_left_out() -> None:
    assert evidence_recall([Passage("a", 0, 5)], [], k=5) is None
    assert citation_precision([], [Passage("a", 0, 5)]) is None
    assert mean([None, 1.0, None, 0.0]) == 0.5
    assert mean([None]) is None


def test_a_citation_of_an_unknown_review_is_wrong() -> None:
    assert citation_precision([Passage("", 0, 5)], [Passage("a", 0, 5)]) == 0.0


@given(st.lists(passages), st.lists(passages), st.integers(1, 9))
def test_shares_lie_between_nothing_and_all(found: list[Passage], gold: list[Passage], k: int) -> None:
    for value in (evidence_recall(found, [[one] for one in gold], k), citation_precision(found, gold)):
        assert value is None or 0 <= value <= 1


@given(st.lists(passages, min_size=1), st.lists(passages, min_size=1), st.integers(1, 9))
def test_more_evidence_never_lowers_recall(found: list[Passage], gold: list[Passage], k: int) -> None:
    items = [[one] for one in gold]
    shorter, longer = evidence_recall(found[:-1], items, k), evidence_recall(found, items, k)

    assert shorter is not None
    assert longer is not None
    assert shorter <= longer


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_the_error_of_a_count_is_a_distance(counted: int, right: int, of: int) -> None:
    found = count_error(counted, right, of)

    assert found == count_error(right, counted, of) >= 0
    assert (found == 0) == (counted == right)
    assert found <= 1 or max(counted, right) > of


def test_errors_that_cancel_out_in_a_count_are_none() -> None:
    # One review is missed, another wrongly counted: 5 of 20 either way.
    assert count_error(5, 5, of=20) == 0
    # Three reviews of forty too few.
    assert count_error(9, 12, of=40) == pytest.approx(3 / 40)


@pytest.mark.parametrize("of", [0, -1])
def test_a_count_of_nothing_has_no_error(of: int) -> None:
    with pytest.raises(ValueError, match="a count is of something"):
        count_error(0, 0, of)


def test_ndcg_falls_with_the_place_and_counts_an_item_once() -> None:
    gold = [[Passage("a", 0, 5)], [Passage("b", 0, 5)]]
    first = [Passage("a", 0, 5), Passage("b", 0, 5)]
    twice = [Passage("a", 0, 2), Passage("a", 2, 5)]

    # The second hit of "a" is none: 1 / (1 + 1/log2(3)).
    assert ndcg(first, gold, 10) == pytest.approx(1.0)
    assert ndcg(twice, gold, 10) == pytest.approx(1 / (1 + 0.6309297535714575))
    assert ndcg([Passage("z", 0, 1), *first], gold, 10) == pytest.approx(
        (0.6309297535714575 + 0.5) / 1.6309297535714575
    )
    assert ndcg([], gold, 10) == 0 and ndcg(first, [], 10) is None


@given(st.lists(passages, max_size=12), st.lists(passages.map(lambda one: [one]), min_size=1, max_size=6))
def test_ndcg_is_a_share(found: list[Passage], gold: list[list[Passage]]) -> None:
    value = ndcg(found, gold, 10)
    assert value is not None and 0 <= value <= 1


@pytest.mark.parametrize(("text", "must", "must_not", "right"), [
    ("Nobody liked it.", [["nobody"], ["liked", "loved"]], [], 1.0),
    ("Unlikely.", [["like"]], [], 0.0),
    ("A triumph, says everyone.", [["triumph"]], ["everyone"], 0.0),
    ("Anything.", [], ["everyone"], 1.0),
    ("Anything.", [], [], None),
])  # fmt: skip
def test_wordings_are_whole_words(text: str, must: list[list[str]], must_not: list[str], right: float | None) -> None:
    assert wording(text, must, must_not) == right
