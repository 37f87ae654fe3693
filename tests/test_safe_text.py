"""Nothing from a review acts on a screen."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from rag.safe_text import one_line, visible


@given(st.text())
def test_no_control_and_no_reordering_mark_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert "\n" not in one_line(text)


def test_what_acts_is_named_and_the_rest_is_left() -> None:
    assert visible("a\x1b[2Jb\u202ec\r\nd é 😀") == "a⟨U+001B⟩[2Jb⟨U+202E⟩c\nd é 😀"
