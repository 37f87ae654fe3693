"""Counts in words: the denominator is always there, and titles are never pooled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rag.evidence import count
from rag.evidence.count import mention_sentence, opinion_sentences
from rag.records import Counts
from tests.some_findings import any_counts, counts


@pytest.mark.parametrize(
    ("k", "n", "sentence"),
    [
        (0, 1, "No mention of the ending was found in the only review."),
        (1, 1, "The only review mentions the ending."),
        (2, 2, "Both reviews mention the ending."),
        (0, 4, "No mention of the ending was found in the 4 reviews."),
        (1, 4, "At least 1 of the 4 reviews mentions the ending."),
        (3, 4, "At least 3 of the 4 reviews mention the ending."),
        (4, 4, "All 4 reviews mention the ending."),
    ],
)
def test_every_case_has_its_sentence(k: int, n: int, sentence: str) -> None:
    assert mention_sentence({"Salt": k}, {"Salt": n}, "the ending") == sentence


def test_several_titles_are_counted_apart_and_named() -> None:
    counted = mention_sentence({"Salt": 1}, {"Salt": 4, "Goat": 2, "Empty": 0}, "the ending")
    assert counted == (
        "At least 1 of the 4 reviews of Salt mentions the ending. "
        "No mention of the ending was found in the 2 reviews of Goat."
    )
    assert mention_sentence({}, {"Empty": 0}, "the ending") is None


@given(st.integers(1, 500), st.data())
def test_every_number_in_the_sentence_was_counted(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    sentence = mention_sentence({"Salt": k}, {"Salt": n}, "the ending") or ""
    assert {int(found) for found in re.findall(r"\d+", sentence)} <= {k, n, n - k}


def said(found: Counts, reviews: int, focus: str | None = "the food", stance: str | None = None) -> str:
    return opinion_sentences({"Salt": found}, {"Salt": reviews}, focus, stance)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (counts(), "None of the 20 reviews judges the food."),
        (counts(5, 2, 1), "8 of the 20 reviews judge the food: 5 praise it, 2 criticise it, 1 praises and criticises it."),
        (counts(1, 1), "2 of the 20 reviews judge the food: 1 praises it, 1 criticises it."),
        (counts(4), "4 of the 20 reviews judge the food, and all praise it."),
        (counts(0, 2), "2 of the 20 reviews judge the food, and both criticise it."),
        (counts(0, 0, 1), "One of the 20 reviews judges the food, and praises and criticises it."),
        (counts(3, 0, 0, 2), "5 of the 20 reviews judge the food: 3 praise it, 2 take no side."),
        (counts(0, 0, 0, 2), "2 of the 20 reviews judge the food without taking a side."),
        (counts(20), "All 20 reviews judge the food, and all praise it."),
    ],
)  # fmt: skip
def test_opinions_are_counted_with_all_their_sides(found: Counts, sentence: str) -> None:
    assert said(found, 20) == sentence


def test_two_reviews_are_both() -> None:
    assert said(counts(2), 2) == "Both reviews judge the food, and both praise it."


@pytest.mark.parametrize(
    ("found", "stance", "sentence"),
    [
        # Wilson: 8 of 12 are 67 %, 39 to 86.
        (counts(7, 4, 1), "positive", "Most of the 12 reviews that judge the food praise it: 8 (67 %, 39–86)."),
        # 5 of 12 are 42 %, 19 to 68.
        (counts(7, 4, 1), "negative", "About half of the 12 reviews that judge the food criticise it: 5 (42 %, 19–68)."),
        # 1 of 4 is 25 %, 5 to 70; below five there is no word.
        (counts(3, 1), "negative", "1 of the 4 reviews that judge the food criticises it (25 %, 5–70)."),
        (counts(3, 1), "positive", "3 of the 4 reviews that judge the food praise it (75 %, 30–95)."),
        (counts(6), "positive", "All 6 reviews that judge the food praise it."),
        (counts(2), "positive", "Both reviews that judge the food praise it."),
        (counts(6), "negative", "None of the 6 reviews that judge the food criticises it."),
        (counts(1), "positive", "One of the 20 reviews judges the food, and it praises it."),
        (counts(1), "negative", "One of the 20 reviews judges the food, and it does not criticise it."),
        (counts(), "negative", "None of the 20 reviews judges the food."),
    ],
)  # fmt: skip
def test_a_side_is_counted_of_those_that_judge(found: Counts, stance: str, sentence: str) -> None:
    assert said(found, 20, stance=stance) == sentence


def test_the_interval_of_a_side_is_wilsons() -> None:
    bounds = binomtest(8, 12).proportion_ci(method="wilson")

    assert f"(67 %, {100 * bounds.low:.0f}–{100 * bounds.high:.0f})" in said(counts(7, 4, 1), 20, stance="positive")


@pytest.mark.parametrize(
    ("found", "does"),
    [
        (counts(1), "praises the food"),
        (counts(0, 1), "criticises the food"),
        (counts(0, 0, 1), "both praises and criticises the food"),
        (counts(0, 0, 0, 1), "takes no side on the food"),
    ],
)
def test_one_review_is_no_percentage(found: Counts, does: str) -> None:
    assert said(found, 1) == f"There is one review, and it {does}."
    assert said(found, 1, stance="positive") == f"There is one review, and it {does}."


def test_the_whole_is_for_against_and_between() -> None:
    assert said(counts(9, 1, 2), 12, focus=None) == (
        "Of the 12 reviews that were read, 9 are for it, 1 against, and 2 between."
    )
    assert said(counts(1, 3), 4, focus=None).startswith("Of the 4 reviews that were read, 1 is for it")


def test_opinions_on_several_titles_are_never_pooled() -> None:
    found = opinion_sentences(
        {"Salt": counts(4), "Goat": counts(0, 1)}, {"Salt": 20, "Goat": 3}, "the food", None
    )  # fmt: skip

    assert found == (
        "4 of the 20 reviews of Salt judge the food, and all praise it. "
        "One of the 3 reviews of Goat judges the food, and criticises it."
    )


@given(any_counts, st.integers(0, 9), st.sampled_from([None, "positive", "negative"]), st.booleans())
def test_every_number_of_an_opinion_sentence_was_counted(
    found: Counts, others: int, stance: str | None, whole: bool
) -> None:
    n = found.mentioning + others
    if not n:
        return
    text = said(found, n, None if whole else "the food", stance)
    counted = {found.mentioning, found.positive, found.negative, found.mixed, found.neutral, n}
    counted |= {found.positive + found.mixed, found.negative + found.mixed}

    assert text.endswith(".")
    assert "  " not in text
    # In brackets stands the percentage with its interval, which other tests check.
    assert {int(number) for number in re.findall(r"\d+", re.sub(r"\(.*?\)", "", text))} <= counted


def test_reviews_that_name_something_and_judge_it_not_are_said_to_name_it() -> None:
    assert count.no_opinion(1, 1, "“ending”") == "The only review names “ending”, and no opinion on it was found."
    assert count.no_opinion(1, 5, "“ending”").startswith("1 of the 5 reviews names “ending”")
    assert count.no_opinion(3, 5, "“ending”").startswith("3 of the 5 reviews name “ending”")
    assert count.no_opinion(5, 5, "“ending”").startswith("All 5 reviews name “ending”")
