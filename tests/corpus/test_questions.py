"""Questions that follow from the labels: their passages and counts, recounted here by other means."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import pytest

from corpus import loader
from corpus.derive import derived
from corpus.labels import Label
from corpus.planted import Counts, counts, spans, votes
from corpus.questions import Question
from corpus.reader import SPLITS, Review, Title

INN = Title("inn", "The Inn", "place", (), silent=("location",), absent=("the parking", "the band"))


def review(number: int, *opinions: tuple[str, str], critic: str | None = "", text: str = "") -> Review:
    """A review with one sentence an opinion, `("food", "+")`, or both signs at once, `("food", "+-")`."""
    stances = {"+": "positive", "-": "negative", "0": "neutral"}
    labels, body = [], text or f"Review {number}."
    for aspect, signs in opinions:
        start = len(body) + 1
        body += f" On {aspect}."
        labels += [Label(start, len(body), aspect, stances[sign]) for sign in signs]  # type: ignore[arg-type]
    name = f"Critic {number}" if critic == "" else critic
    return Review(f"inn/{number:02}", "The Inn", body, tuple(labels), "Paper", "2024-01-01", name)


REVIEWS = (
    review(1, ("food", "+"), ("service", "-")),
    review(2, ("food", "+"), ("food", "-"), ("price", "0")),
    review(3, ("food", "-"), ("drinks", "+")),
    review(4, ("service", "-"), ("food", "0")),
    review(5, ("food", "+-"), critic=None),
)


def by_id(reviews: tuple[Review, ...] = REVIEWS, title: Title = INN) -> dict[str, Question]:
    return {question.id.partition(":")[2]: question for question in derived([title], reviews)}


def test_a_review_votes_once_per_aspect_and_side() -> None:
    assert counts("inn", REVIEWS, "food") == Counts("inn", 5, 5, positive=1, negative=1, mixed=2)
    assert counts("inn", REVIEWS, "food").on("positive") == 3
    assert counts("inn", REVIEWS, "food").on("negative") == 3


def test_a_reprint_is_no_vote() -> None:
    reprint = replace(REVIEWS[0], id="inn/09", critic=None, outlet="Other")

    assert votes([*REVIEWS, reprint]) == REVIEWS


def test_blame_is_asked_for_with_the_praise_beside_it_as_what_must_not_be_cited() -> None:
    asked = by_id()["dislike"]

    assert asked.aspect == "food"
    assert asked.side == "negative"
    assert asked.must_cite == (spans(REVIEWS, "food", "negative"),)
    assert set(asked.must_not_cite) == set(spans(REVIEWS, "food", "positive")) - set(asked.evidence)
    assert asked.counts == (counts("inn", REVIEWS, "food"),)


def test_who_names_the_signed_critics_and_no_others() -> None:
    asked = by_id()["who"]

    assert asked.aspect == "food"
    assert asked.must == (("Critic 1",), ("Critic 2",))
    assert asked.must_not == ("Critic 3", "Critic 4")


def test_a_critic_is_known_without_brackets_and_by_the_last_name() -> None:
    signed = replace(REVIEWS[0], critic="Ash Petherick (Year 9)")

    assert by_id((signed, *REVIEWS[1:]))["who"].must[0] == ("Ash Petherick (Year 9)", "Ash Petherick", "Petherick")


def test_a_follow_up_asks_the_same_of_another_aspect() -> None:
    asked = by_id()["follow-up"]

    assert (asked.previous, asked.aspect, asked.side) == ("inn:dislike", "service", "negative")
    assert asked.must_cite == (spans(REVIEWS, "service", "negative"),)


def test_nobody_is_asked_for_who_blames_what_nobody_blames() -> None:
    loved = tuple(review(n, ("food", "+"), ("service", "-")) for n in range(1, 4))

    assert by_id(loved)["how-many-blame"].aspect == "service"


def test_how_many_is_answered_in_figures_or_in_words() -> None:
    assert by_id()["how-many-blame"].must == (("3", "three"),)


def test_a_divided_aspect_wants_both_sides() -> None:
    assert by_id()["yes-no"].must_cite == (spans(REVIEWS, "food", "positive"), spans(REVIEWS, "food", "negative"))


def test_silences_are_unanswerable_and_want_no_passage() -> None:
    asked = [question for question in by_id().values() if question.unanswerable]

    assert [question.unanswerable for question in asked] == ["absent", "absent"]
    assert "the location" in asked[0].text
    assert "the parking" in asked[1].text
    assert not any(question.must_cite for question in asked)


def test_every_other_question_leaves_the_title_to_be_picked() -> None:
    for question in by_id().values():
        named = "The Inn" in question.text
        assert named != (question.picked or question.previous is not None)


def test_the_title_that_is_praised_is_asked_for_across_titles() -> None:
    def at(slug: str, sign: str) -> tuple[Review, ...]:
        return tuple(replace(review(n, ("food", sign)), id=f"{slug}/{n:02}", title=slug) for n in range(1, 4))

    titles = [replace(INN, slug=slug, name=slug) for slug in ("ash", "bay", "cove", "dell")]
    reviews = at("ash", "+") + at("bay", "+") + at("cove", "-") + at("dell", "-")
    asked = next(q for q in derived(titles, reviews) if q.kind == "across")

    assert asked.about == ("ash", "bay")
    assert asked.must == (("ash",), ("bay",))
    assert asked.must_not == ("cove", "dell")


@pytest.mark.parametrize("split", SPLITS)
def test_counts_of_every_derived_question_agree_with_the_labels_read_another_way(split: loader.Split) -> None:
    corpus = loader.load(split)
    first: dict[tuple[str, str], str] = {}
    said: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for found in corpus.reviews:
        if first.setdefault((found.slug, found.text), found.id) == found.id:
            for label in found.labels:
                said[found.slug, label.aspect][found.id].add(label.stance)
    checked = 0
    for question in corpus.questions:
        if question.aspect is None:
            continue
        for counted in question.counts:
            of_title = said[counted.title, question.aspect].values()
            assert counted.mentioning == len(of_title)
            assert counted.on("positive") == sum("positive" in stances for stances in of_title)
            assert counted.on("negative") == sum("negative" in stances for stances in of_title)
            assert counted.reviews == sum(slug == counted.title for slug, _ in first)
            checked += 1
    assert checked > 60
