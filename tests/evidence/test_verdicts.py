"""Verdicts: both camps must be there for a division, and a count is never said without what it is of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence import verdicts
from rag.findings import Side
from rag.records import Counts
from tests.some_findings import any_counts, counts, finding


@given(any_counts)
def test_it_divides_exactly_when_both_camps_are_a_quarter_and_two(found: Counts) -> None:
    camps = (found.positive, found.negative)

    assert (verdicts.verdict(found) == "divided") == all(4 * one >= found.mentioning and one >= 2 for one in camps)
    assert verdicts.divided(found) == (verdicts.verdict(found) == "divided")


@given(any_counts)
def test_praise_and_blame_change_places_together(found: Counts) -> None:
    mirrored = Counts(found.mentioning, found.negative, found.positive, found.mixed)
    other = {"praised": "criticised", "criticised": "praised"}

    verdict = verdicts.verdict(found)
    assert verdicts.verdict(mirrored) == other.get(verdict, verdict)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (counts(), "neither"),
        (counts(1), "praised"),
        (counts(0, 1), "criticised"),
        (counts(0, 0, 3), "neither"),  # all on both sides: neither side is ahead
        (counts(0, 0, 0, 3), "neither"),
        (counts(3, 0, 0, 2), "praised"),  # 3 of 5 are 60 %
        (counts(4, 0, 0, 3), "neither"),  # 4 of 7 are 57 %
        (counts(1, 1), "neither"),  # camps of one are no camps
        (counts(2, 2), "divided"),
        (counts(6, 2), "divided"),  # 2 of 8 are a quarter
        (counts(7, 2), "praised"),  # 2 of 9 are less
        (counts(0, 4, 1), "criticised"),
    ],
)
def test_the_borders_of_a_verdict(found: Counts, verdict: str) -> None:
    assert verdicts.verdict(found) == verdict


def test_a_share_of_a_side_holds_those_that_do_both_and_one_review_has_none() -> None:
    found = counts(positive=3, negative=1, mixed=2, neutral=2)

    praised, criticised = (verdicts.side_share(found, side, reviews=20) for side in ("praised", "criticised"))

    assert praised is not None
    assert criticised is not None
    assert (praised.k, praised.n) == (3 + 2, 8)
    assert (criticised.k, criticised.n) == (1 + 2, 8)
    assert verdicts.side_share(counts(1), "praised", reviews=1) is None
    assert verdicts.side_share(counts(), "praised", reviews=20) is None


def test_a_side_has_a_word_from_five_reviews_on() -> None:
    assert verdicts.side_word(counts(4, 1), "praised", reviews=5) == "most"  # 4 of 5 are 80 %
    assert verdicts.side_word(counts(3, 1), "praised", reviews=5) is None
    assert verdicts.side_word(counts(1), "praised", reviews=1) is None


def test_what_many_say_with_one_voice_is_worth_saying_first() -> None:
    # (0.25 + 0.75 × lean) × mentioning / reviews, of 20 reviews.
    found = {
        "acting": counts(10),  # lean 1: 1 × 10 / 20 = 0.5
        "ending": counts(5, 5),  # divided, as good as lean 1: 0.5
        "music": counts(7, 1, 0, 2),  # lean 6/10: (0.25 + 0.45) × 10 / 20 = 0.35
        "plot": counts(0, 0, 0, 10),  # lean 0: 0.25 × 10 / 20 = 0.125
        "score": counts(0, 2),  # lean 1: 2 / 20 = 0.1
        "other": counts(20),  # lean 1: 1, and yet last
        "silence": counts(),
    }
    findings = [finding(name, one) for name, one in reversed(found.items())]

    assert [round(verdicts.weight(one, 20), 3) for one in reversed(findings)] == [0.5, 0.5, 0.35, 0.125, 0.1, 1, 0]
    order = [one.id for one in verdicts.ranked(findings, 20)]
    assert order == ["acting", "ending", "music", "plot", "score", "silence", "other"]


@given(st.permutations(["acting", "ending", "music", "other"]))
def test_the_order_does_not_depend_on_the_order_they_come_in(names: list[str]) -> None:
    same = [finding(name, counts(3, 1)) for name in names]

    assert [one.id for one in verdicts.ranked(same, 9)] == ["acting", "ending", "music", "other"]


@pytest.mark.parametrize(
    ("found", "long", "short"),
    [
        (counts(9, 3), "9 of the 12 reviews that mention it", "9 of 12"),
        (counts(2, 1, 3), "5 of the 6 reviews that mention it", "5 of 6"),
        (counts(4), "all 4 reviews that mention it", "all 4"),
        (counts(2), "both reviews that mention it", "both"),
        (counts(1), "the one review that mentions it", "the one"),
        (counts(0, 4), "none of the 4 reviews that mention it", "none of 4"),
        (counts(0, 1), "none, though one review mentions it", "none of 1"),
    ],
)
def test_a_count_is_said_with_what_it_is_of(found: Counts, long: str, short: str) -> None:
    acting = finding("acting", found)

    assert verdicts.counted(acting, "praised", 20) == long
    assert verdicts.counted(acting, "praised", 20, "short") == short


def test_several_things_are_them_and_each_of_several_aspects_is_it() -> None:
    visuals = finding("visuals", counts(3, 1))

    assert verdicts.counted(visuals, "praised", 9) == "3 of the 4 reviews that mention them"
    assert verdicts.counted(visuals, "praised", 9, "each") == "3 of the 4 reviews that mention it"


@given(any_counts.filter(lambda found: found.mentioning > 0), st.sampled_from(["praised", "criticised"]))
def test_every_number_that_is_said_was_counted(found: Counts, side: Side) -> None:
    one = finding("acting", found)
    k = one.total_praised if side == "praised" else one.total_criticised
    for form in ("", "short", "each"):
        said = verdicts.counted(one, side, 60, form)
        assert {int(number) for number in re.findall(r"\d+", said)} <= {k, found.mentioning}
        assert ("none" in said) == (k == 0)
    assert verdicts.counted(one, side, 1) == "the one review"


@pytest.mark.parametrize(
    ("found", "verdict", "said"),
    [
        (counts(6, 1, 3), "praised", "6 of the 10 reviews with an opinion"),  # those between are on no side
        (counts(5, 1, 4), "neither", "5 of the 10 reviews with an opinion"),
        (counts(3, 3, 4), "divided", "3 of the 10 reviews with an opinion"),
        (counts(4), "praised", "all 4 reviews with an opinion"),
        (counts(2), "praised", "both reviews with an opinion"),
        (counts(1), "praised", "the one review with an opinion"),
        (counts(0, 4), "criticised", "none of the 4 reviews with an opinion"),
    ],
)
def test_the_whole_is_counted_without_those_between(found: Counts, verdict: str, said: str) -> None:
    whole = finding("overall", found, "the whole")

    assert verdicts.verdict_on_whole(found) == verdict
    assert verdicts.counted(whole, "praised", 20) == said
    assert verdicts.counted(whole, "praised", 20, "short") == (str(found.positive) if found.positive else "none")
