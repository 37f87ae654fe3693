"""Sentences of the corpus: found without the program, and never through a marked span."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from corpus.labels import Label
from corpus.sentences import sentences


def words(text: str, *labels: Label) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text, labels)]


def test_sentences_end_at_full_stops_and_at_lines() -> None:
    assert words("It rains. A goat comes.\n\nTHE END\nGood") == ["It rains.", "A goat comes.", "THE END", "Good"]


def test_verse_goes_on_over_a_line_within_a_marked_span() -> None:
    text = "White.\nI never saw so much nothing\nphotographed with such patience.\ngo"
    label = Label(7, text.rindex("\n"), "visuals", "positive")

    assert words(text, label) == ["White.", text[7 : label.end], "go"]


def test_the_number_of_a_list_is_part_of_its_sentence() -> None:
    assert words("1. It is long.\n2. Very.") == ["1. It is long.", "2. Very."]


def test_a_marked_span_is_never_cut() -> None:
    text = "He says “We drown. All of us.” and means it. Then tea."
    label = Label(0, text.index(" Then"), "writing", "negative")

    assert words(text, label) == ["He says “We drown. All of us.” and means it.", "Then tea."]


def test_what_holds_no_word_is_no_sentence() -> None:
    assert words("Fine.\n***\n...\n") == ["Fine."]


@given(st.text(), st.integers(0, 30), st.integers(0, 30))
def test_sentences_are_in_order_and_hold_every_label_of_words(text: str, start: int, length: int) -> None:
    marked = text[start : start + length]
    label = Label(start, start + len(marked), "story", "neutral")
    found = sentences(text, [label])

    assert [s.ordinal for s in found] == list(range(len(found)))
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert all(text[s.start : s.end].strip() == text[s.start : s.end] for s in found)
    if any(character.isalnum() for character in marked) and marked == marked.strip():
        assert sum(s.holds(label) for s in found) == 1
