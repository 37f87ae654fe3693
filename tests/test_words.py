"""Words: what counts as one, in any script, and what counts something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The ending’s fine; don't go.", ["the", "ending", "fine", "dont", "go"]),
        ("too-neat O. Tarrow", ["too", "neat", "o", "tarrow"]),
        ("结局很好 film", ["结局", "局很", "很好", "film"]),
        ("Cafe\u0301 CAFÉ", ["café", "café"]),
        ("3.5 of 5", ["3", "5", "of", "5"]),
        ("_under_ 😀", ["under"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert words.tokens(text) == tokens


@given(st.text())
def test_any_text_has_stems_without_blanks_or_capitals(text: str) -> None:
    for stem in words.stems(text):
        assert stem == stem.casefold() and not any(c.isspace() for c in stem)


def test_forms_of_a_word_share_a_stem() -> None:
    assert len({words.stem(word) for word in ("performance", "performances")}) == 1
    assert words.content_stems("What did they do with the ending?") == ["end"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("12 of 40, 30 %", ["12", "40", "30 %"]), ("two-thirds", ["two", "thirds"]), ("one", []),
        ("½ of it, 3½ stars, ② of Ⅻ", ["½", "3½", "②", "Ⅻ"]), ("A fifth of critics", ["A fifth"]),
        ("one-tenth, a tenth of them, tenths", ["one-tenth", "a tenth", "tenths"]),
        ("the fifth season, a tenth film", []),
    ],
)  # fmt: skip
def test_numbers_from_two_up_are_seen(text: str, found: list[str]) -> None:
    assert words.numbers(text) == found


def test_quantifiers_over_people_are_seen() -> None:
    assert words.quantifiers("Most critics agree, nobody minds, and a few left.") == ["Most", "nobody", "few"]


@pytest.mark.parametrize(
    "said",
    [
        "every critic", "each reviewer", "every single viewer", "no critic", "not one reader", "Not a critic",
        "no reviewers", "each of the critics", "every one of the critics", "lots of critics", "scores of angry critics",
        "tens of the reviewers", "the bulk of the reviews", "critics unanimously", "critics generally",
        "generally, critics", "more critics", "zero critics", "XII critics",
    ],
)  # fmt: skip
def test_what_counts_people_is_seen(said: str) -> None:
    (found,) = words.quantifiers(f"It pleases {said} here.")
    assert found in said


@pytest.mark.parametrize(
    "text",
    [
        "Every scene and each song is lots of fun.", "No doubt the reviewer is right; it is generally good.",
        "There is no plot, only scores of songs.", "Each time, the critic laughs more.", "The critic is mostly pleased.",
        "It is not a review.", "An ill critic and a civil reviewer.", "The same review, an unsigned review.",
    ],
)  # fmt: skip
def test_what_counts_no_people_is_no_quantifier(text: str) -> None:
    assert words.quantifiers(text) == []


def test_names_are_capitalised_words_inside_a_sentence() -> None:
    assert words.names("The film by Mara Quill’s cousin is long. Nobody minds.") == ["Mara", "Quill"]
    assert words.names("It is by Jose\u0301 Ruiz.") == ["José", "Ruiz"]
