"""Shares: intervals as scipy and the papers have them, one table of words, and counts that print themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rag.evidence.share import LEAST_FOR_WORDS, WORDS, difference, share, word
from rag.records import Share


def of(k: int, n: int) -> Share:
    found = share(k, n)
    assert found is not None
    return found


counts = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_the_interval_is_wilsons(count: tuple[int, int]) -> None:
    k, n = count
    bounds = binomtest(k, n).proportion_ci(method="wilson")

    found = of(k, n)

    assert (found.low, found.high) == pytest.approx((bounds.low, bounds.high), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert (found.k, found.n) == (k, n)


def test_of_none_there_is_no_share_and_more_than_all_is_refused() -> None:
    assert share(0, 0) is None
    for k, n in ((5, 4), (-1, 4), (1, 0)):
        with pytest.raises(ValueError, match=f"{k} of {n}"):
            share(k, n)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe 1998, table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
    ],
)
def test_the_difference_of_two_shares_is_newcombes(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(of(*first), of(*second))

    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert found.holds == (low > 0 or high < 0)


@given(counts, counts)
def test_a_difference_turned_round_is_its_mirror(first: tuple[int, int], second: tuple[int, int]) -> None:
    there, back = difference(of(*first), of(*second)), difference(of(*second), of(*first))

    assert (there.low, there.value, there.high) == pytest.approx((-back.high, -back.value, -back.low))
    assert there.low <= there.value <= there.high


@pytest.mark.parametrize(
    ("k", "n", "said"),
    [
        (1, 10, "few"),
        (2, 10, "few"),
        (3, 10, "some"),
        (4, 10, "some"),
        (5, 10, "about half"),
        (6, 10, "about half"),
        (7, 10, "most"),
        (9, 10, "most"),
        (10, 11, "nearly all"),
        (0, 10, None),
        (10, 10, None),
        (2, 4, None),
    ],
)
def test_words_come_from_the_table(k: int, n: int, said: str | None) -> None:
    assert word(of(k, n)) == said


@given(counts)
def test_every_share_of_enough_reviews_has_one_word(count: tuple[int, int]) -> None:
    k, n = count
    said = word(of(k, n))

    assert (said is None) == (n < LEAST_FOR_WORDS or k in (0, n))
    assert said is None or said in dict(WORDS)


def test_a_share_prints_its_count_its_percentage_and_its_interval() -> None:
    assert str(of(104, 120)) == "104 of 120 (87 %, 79–92)"
    assert str(of(0, 4)) == "0 of 4 (0 %, 0–49)"
