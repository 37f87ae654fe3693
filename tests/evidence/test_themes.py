"""Themes: words that enough reviews come back to, in the form they use, and no word that says nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.themes import MOST, themes
from rag.findings import Theme


def said(*texts: str) -> dict[str, list[str]]:
    """A review each."""
    return {f"r{number}": [text] for number, text in enumerate(texts)}


def test_a_word_of_three_reviews_is_a_theme_in_the_form_that_is_used_most() -> None:
    found = themes(said("The queues!", "Endless queues.", "I left the queue.", "No parking.", "Parking!"), frozenset())

    assert found == (Theme("queues", 3),)


def test_a_word_said_often_by_one_review_is_one_review() -> None:
    loud = {"r0": ["Parking.", "Parking, parking!"], "r1": ["Parking is dear."]}

    assert themes(loud, frozenset()) == ()


def test_of_many_reviews_a_seventh_must_say_it() -> None:
    # 0.15 × 20 = 3, 0.15 × 21 = 3.15
    three = ["The popcorn."] * 3
    assert themes(said(*three, *["Hm."] * 17), frozenset()) == (Theme("popcorn", 3),)
    assert themes(said(*three, *["Hm."] * 18), frozenset()) == ()


def test_what_is_common_or_short_or_a_stop_word_is_no_theme() -> None:
    texts = said(*["These movies about the sea were what popcorn is."] * 4)

    assert themes(texts, frozenset({"movi"})) == (Theme("popcorn", 4),)


def test_the_most_frequent_come_first_and_there_are_five_at_most() -> None:
    names = ["popcorn", "parking", "trailers", "cushions", "curtain", "usher", "carpet"]
    # The first is said by nine reviews, the next by eight, and so on.
    texts = [" ".join(names[: len(names) - review]) for review in range(5)] + [" ".join(names[:2])] * 2

    found = themes(said(*texts), frozenset())

    assert len(found) == MOST
    assert [theme.name for theme in found[:2]] == ["parking", "popcorn"]
    assert [theme.reviews for theme in found] == sorted((theme.reviews for theme in found), reverse=True)
    assert [theme.reviews for theme in found] == [7, 7, 5, 4, 3]


@given(
    st.dictionaries(
        st.text(max_size=3),
        st.lists(st.sampled_from(["Queues here.", "A queue, so loud!", "Parking.", "", "And the the."]), max_size=4),
        max_size=12,
    )
)
def test_a_theme_is_a_word_of_as_many_reviews_as_it_says(reviews: dict[str, list[str]]) -> None:
    for theme in themes(reviews, frozenset()):
        stem = theme.name.removesuffix("s")
        assert theme.reviews == sum(any(stem in text.lower() for text in texts) for texts in reviews.values()) >= 3
