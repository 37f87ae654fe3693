"""Ratings: what names its scale is a share of it; what does not, or says nothing possible, is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reviews import ratings


@pytest.mark.parametrize(
    ("written", "number", "scale"),
    [
        ("3/5", 3, 5),
        (" 3,5 / 5 ", 3.5, 5),
        ("8 out of 10", 8, 10),
        ("4 of 5 stars", 4, 5),
        ("4.5 stars", 4.5, 5),
        ("85 %", 85, 100),
        ("★★★½", 3.5, 5),
        ("★★★☆☆", 3, 5),
        ("b+", 83, 100),
        ("A−", 91, 100),
        ("4", 4, None),
        ("4.0", 4, None),
    ],
)
def test_a_rating_as_written_is_a_number_on_a_scale(written: str, number: float, scale: float | None) -> None:
    assert ratings.parse(written) == (number, scale)


@pytest.mark.parametrize("written", ["12/10", "7/0", "-3", "two", "", None, "3/5/2024", "1000", "★" * 3 + "x"])
def test_what_is_no_rating_is_none(written: str | None) -> None:
    assert ratings.parse(written) is None


@given(st.text())
def test_any_text_is_a_share_from_0_to_1_or_none(written: str) -> None:
    share = ratings.share(written)
    assert share is None or 0 <= share <= 1
