"""Slips of the keyboard: one letter is forgiven, a word that reviews hold is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.search.spelling import is_slip, respelled, suspects

KNOWN = frozenset("ending acting dislike disliked critics pacing music themes".split())
WORDS = st.text("abcd", min_size=1, max_size=7)


@pytest.mark.parametrize(("written", "meant", "slip"), [
    ("endnig", "ending", True), ("endin", "ending", True), ("endding", "ending", True), ("endjng", "ending", True),
    ("dnedin", "ending", False), ("ending", "ending", False), ("pending", "ending", True), ("niding", "ending", False),
])  # fmt: skip
def test_one_edit_is_a_slip(written: str, meant: str, slip: bool) -> None:
    assert is_slip(written, meant) is slip


def distance(a: str, b: str) -> int:
    """Optimal string alignment, by its table."""
    rows = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            same = a[i - 1] == b[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(WORDS, WORDS)
def test_it_is_the_distance_of_one(a: str, b: str) -> None:
    assert is_slip(a, b) is (distance(a, b) == 1)


def test_only_long_words_in_small_letters_that_are_not_understood_are_suspect() -> None:
    assert suspects("What did critcis dislkie about Odile's endnig, the eel?", KNOWN) == [
        "critcis",
        "dislkie",
        "about",
        "endnig",
    ]


def test_a_slip_is_read_as_the_one_word_it_can_be() -> None:
    read, pairs = respelled("What did critcis dislkie about the endnig?", ["critcis", "dislkie", "endnig"], KNOWN)

    assert read == "What did critics dislike about the ending?"
    assert pairs == [("critcis", "critics"), ("dislkie", "dislike"), ("endnig", "ending")]
    assert respelled("the spendings", ["spendings"], KNOWN) == ("the spendings", [])
