"""Languages: what the file says is believed, and a review is called foreign only where nothing in it is English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.reviews.language import ENGLISH, UNKNOWN, language

GERMAN = (
    "Ein wunderbarer Film, der von Anfang bis Ende fesselt und dessen Schauspieler allesamt großartig spielen; "
    "nur das Ende zieht sich ein wenig zu lange hin, aber das stört kaum."
)
FRENCH = (
    "Un film magnifique, porté par des acteurs remarquables, mais dont la fin traîne un peu en longueur et laisse "
    "le spectateur sur sa faim malgré une belle musique."
)
LATE = "This film is lovely, but the end takes far too long for what it has to say."


@pytest.mark.parametrize(
    ("said", "found"), [("en", "en"), ("EN_gb", "en-gb"), (" de ", "de"), ("pt-BR", "pt-br"), ("x-lolcat", "x-lolcat")]
)
def test_what_the_file_says_is_believed_in_one_spelling(said: str, found: str) -> None:
    assert language(GERMAN, said) == language(LATE, said) == found


@pytest.mark.parametrize("said", [None, "", "  "])
def test_where_the_file_says_nothing_the_text_tells(said: str | None) -> None:
    assert language(GERMAN, said) == "de"
    assert language(FRENCH, said) == "fr"
    assert language(LATE, said) == ENGLISH


@pytest.mark.parametrize("text", ["", "Great!", "Très bon film", "10/10", "太好了"])
def test_a_text_too_short_to_tell_is_taken_for_english(text: str) -> None:
    assert language(text, None) == ENGLISH


def test_english_in_headlines_is_english() -> None:
    # No guess from letters: under twelve words without a single function word is too little to call it foreign.
    assert language("Lovely soup, dreadful bread, superb wine, poor dessert.", None) == ENGLISH


def test_english_with_foreign_names_is_english() -> None:
    assert language("The tagliatelle al ragù di cinghiale and the crème brûlée were the best of it.", None) == ENGLISH


@pytest.mark.parametrize(
    "text",
    [
        "Фильм прекрасный, но конец слишком длинный и очень скучный, увы.",
        "太好了！我很喜欢这部电影，非常推荐。",
        "映画はとても良かったですが、終わりが長すぎました。",
        "Η ταινία ήταν υπέροχη αλλά το τέλος ήταν πολύ μεγάλο.",
    ],
)
def test_another_script_is_no_english_whichever_language_it_is(text: str) -> None:
    assert language(text, None) == UNKNOWN


def test_a_long_text_without_an_english_word_is_not_known() -> None:
    assert language("zxcv qwer asdf tyui ghjk bnmm poiu lkjh mnbv ertz uiop yxcv", None) == UNKNOWN


@given(st.text(), st.none() | st.text(max_size=8))
def test_any_text_has_a_language(text: str, said: str | None) -> None:
    found = language(text, said)

    assert found
    assert found == found.strip()
    assert language(text, said) == found


@given(st.lists(st.sampled_from("the of and it was film soup waiter zxcv grüne".split()), min_size=6))
def test_a_text_with_an_english_function_word_in_eight_is_english(found: list[str]) -> None:
    if 8 * sum(word in ("the", "of", "and", "it", "was") for word in found) >= len(found):
        assert language(" ".join(found), None) == ENGLISH
