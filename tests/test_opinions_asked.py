"""Opinions in a question's way: what counts as spoken of, and which titles are chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag import opinions_asked
from rag.records import Counts, Opinion, Passage, Plan, Sentence, Totals

ENDING = Plan("ending", "ending", None, "what", (), (), (frozenset({"end"}),))
GOAT = replace(ENDING, aspect=None, focus="the goat", mentions=(frozenset({"goat"}),))
CODED = {"t": Totals(3, 3, 0, 0, 0)}


def passage(review: str, *, score: float | None = None, certainty: float = 0.9, **given: object) -> Passage:
    opinion = None if score is None else Opinion(review, 0, 9, "ending", "neutral", score, certainty, None, "c")
    found = Passage(Sentence(review, 0, 0, 9, "x"), "t", 0.1, 0.0, 0.0, mentions=True, opinion=opinion)
    return replace(found, **given)  # type: ignore[arg-type]


def test_an_aspect_is_spoken_of_where_one_opinion_is_sure() -> None:
    unsure, sure = passage("a", score=0.9, certainty=0.4), passage("b", score=0.9, certainty=0.7)
    assert not any(one.mentions for one in opinions_asked.spoken_of(ENDING, [unsure], CODED, ()))
    assert all(one.mentions for one in opinions_asked.spoken_of(ENDING, [unsure, sure], CODED, ()))


def test_or_where_a_sentence_that_names_it_holds_an_opinion() -> None:
    unsure, bare = passage("a", score=0.9, certainty=0.4), passage("b")
    assert opinions_asked.spoken_of(ENDING, [unsure], CODED, {"a.0"})[0].mentions
    assert not opinions_asked.spoken_of(ENDING, [bare], CODED, {"b.0"})[0].mentions


def test_what_is_not_coded_is_left_to_its_words() -> None:
    bare = passage("b")
    assert opinions_asked.spoken_of(ENDING, [bare], {"t": Totals(3, 1, 0, 0, 2)}, {"b.0"}) == [bare]
    assert opinions_asked.spoken_of(GOAT, [bare], CODED, {"b.0"}) == [bare]


def test_a_sentence_without_an_opinion_is_on_no_side() -> None:
    disliked = replace(GOAT, stance="negative")
    assert not opinions_asked.spoken_of(disliked, [passage("a")], CODED, {"a.0"})[0].mentions
    assert opinions_asked.spoken_of(disliked, [passage("a", score=-0.5)], CODED, {"a.0"})[0].mentions


@pytest.mark.parametrize(("score", "answers"), [(None, False), (0.6, False), (-0.1, True)])
def test_what_is_only_near_needs_an_opinion_where_a_side_is_asked_for(score: float | None, answers: bool) -> None:
    near = passage("a", score=score, similarity=0.6, held=0.5, mentions=False)
    assert opinions_asked.answers(replace(GOAT, stance="negative"), near) is answers
    assert opinions_asked.answers(GOAT, near)


def test_what_is_less_like_the_question_is_evidence_only_beside_what_is_more() -> None:
    near = passage("a", similarity=0.5, held=0.5, mentions=False)
    less = passage("b", similarity=0.42, mentions=False)
    assert opinions_asked.answering(GOAT, [less], {}) == []
    assert opinions_asked.answering(GOAT, [near, less], {}) == [near, less]


def test_titles_are_chosen_by_the_side_that_prevails_and_the_clearest_is_first() -> None:
    found = {
        "few": Counts(2, 2, 0, 0),
        "split": Counts(6, 3, 3, 0),
        "some": Counts(6, 3, 1, 2),
        "most": Counts(8, 7, 1, 0),
    }
    praised = replace(ENDING, stance="positive")
    assert opinions_asked.prevailing(praised, found) == ("most", "some")
    assert opinions_asked.prevailing(replace(ENDING, stance="negative"), found) == ()
    assert opinions_asked.prevailing(ENDING, found) is None and opinions_asked.prevailing(praised, {}) is None
