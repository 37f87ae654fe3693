"""Taxonomies: every file is whole, and a kind is guessed only from enough reviews."""

from __future__ import annotations

import pytest

from rag import taxonomy, words
from rag.errors import InputError


@pytest.mark.parametrize("kind", taxonomy.kinds())
def test_every_taxonomy_is_whole(kind: str) -> None:
    found = taxonomy.load(kind)
    assert len({aspect.id for aspect in found.aspects}) == len(found.aspects) > 5
    for aspect in found.aspects:
        assert aspect.name.startswith("the ")
        assert aspect.description
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


def test_a_kind_is_guessed_from_half_of_the_reviews() -> None:
    assert taxonomy.guess_kind(["A film.", "These movies!", "It glows."]) == "film"
    assert taxonomy.guess_kind(["A film.", "It glows.", "It smells."]) == "general"
    assert taxonomy.guess_kind([]) == "general"
