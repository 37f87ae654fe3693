"""Counts in words: the denominator is always there, and titles are never pooled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.count import mention_sentence


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
