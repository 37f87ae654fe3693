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
        (0, 1, "The only review does not speak of the ending."),
        (1, 1, "The only review speaks of the ending."),
        (2, 2, "Both reviews speak of the ending."),
        (0, 4, "None of the 4 reviews speaks of the ending."),
        (1, 4, "1 of the 4 reviews speaks of the ending; the other 3 do not."),
        (3, 4, "3 of the 4 reviews speak of the ending; the other one does not."),
        (4, 4, "All 4 reviews speak of the ending."),
    ],
)
def test_every_case_has_its_sentence(k: int, n: int, sentence: str) -> None:
    assert mention_sentence({"Salt": k}, {"Salt": n}, "the ending") == sentence


def test_several_titles_are_counted_apart_and_named() -> None:
    counted = mention_sentence({"Salt": 1}, {"Salt": 4, "Goat": 2, "Empty": 0}, "the ending")
    assert counted == (
        "1 of the 4 reviews of Salt speaks of the ending; the other 3 do not. "
        "None of the 2 reviews of Goat speaks of the ending."
    )
    assert mention_sentence({}, {"Empty": 0}, "the ending") is None


@given(st.integers(1, 500), st.data())
def test_every_number_in_the_sentence_was_counted(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    sentence = mention_sentence({"Salt": k}, {"Salt": n}, "the ending") or ""
    assert {int(found) for found in re.findall(r"\d+", sentence)} <= {k, n, n - k}
