"""Taxonomies: every file is whole, and a kind is guessed only from enough reviews."""

from __future__ import annotations

import pytest

from corpus.labels import ASPECTS, OVERALL
from rag import taxonomy, words
from rag.errors import InputError


@pytest.mark.parametrize("kind", taxonomy.kinds())
def test_every_taxonomy_is_whole(kind: str) -> None:
    found = taxonomy.load(kind)
    assert len({aspect.id for aspect in found.aspects}) == len(found.aspects) > 5
    for aspect in found.aspects:
        assert aspect.name.startswith("the ")
        assert aspect.description
        assert aspect.examples
        assert all(phrase for group in aspect.groups for phrase in group)
        assert aspect.asked_by(frozenset(words.stems(aspect.name)))


def test_a_question_about_one_group_asks_about_that_group_alone() -> None:
    pacing = taxonomy.load("film").aspect("pacing")
    assert pacing is not None
    assert frozenset({"slow"}) not in pacing.asked_by(frozenset({"long"}))
    assert pacing.asked_by(frozenset({"pace"})) == pacing.mentions
    assert pacing.asked_by(frozenset({"goat"})) == ()


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        taxonomy.load("opera")
    assert "film" in str(caught.value.hint)


def test_a_kind_is_guessed_from_enough_reviews() -> None:
    assert taxonomy.guess_kind(["A film.", "These movies!", "It glows."]) == "film"
    assert taxonomy.guess_kind(["A film.", "A film!", *["It glows."] * 8]) == "film"
    assert taxonomy.guess_kind(["A film.", "A film!", *["It glows."] * 9]) == "general"
    assert taxonomy.guess_kind(["A film.", "It glows.", "It smells."]) == "general"
    assert taxonomy.guess_kind(["A novel to read."]) == "book"
    assert taxonomy.guess_kind([]) == "general"


def test_a_kind_that_is_not_clearly_ahead_is_not_guessed() -> None:
    assert taxonomy.guess_kind(["A film.", "The film of the novel.", "A book to read."]) == "general"


def test_what_tells_an_aspect_and_is_no_name_for_it_widens_no_question() -> None:
    food = taxonomy.load("place").aspect("food")
    assert food is not None
    assert frozenset({"pizza"}) in food.signals
    assert food.asked_by(frozenset({"pizza"})) == ()


@pytest.mark.parametrize("kind", ["film", "book", "product", "place", "game"])
def test_the_corpus_is_labelled_with_the_aspects_of_the_taxonomies(kind: str) -> None:
    assert [aspect.id for aspect in taxonomy.load(kind).aspects] != []
    assert {aspect.id for aspect in taxonomy.load(kind).aspects} == ASPECTS[kind].keys() - {OVERALL}
