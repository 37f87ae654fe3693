"""Opinions in a question's way: which candidates hold one on what is asked, and how many reviews are of which side.

What was coded as an opinion on the aspect speaks of it, named or not. A question for praise leaves clear blame aside,
and the other way round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace

from rag.evidence import overall
from rag.records import Counts, Opinion, Passage, Plan, Totals
from rag.reviews import coded, tally
from rag.reviews.scope import Selection
from rag.reviews.store import Reading
from rag.search import retrieve
from rag.taxonomy import OVERALL

ON_ASPECT = 4.0
"""What a sure opinion on the aspect adds to a passage's score, in z-scores: the coder knows more of what a sentence is
about than likeness does. A logistic regression on 162 questions of the corpus, coded by heads that had not seen the
title, gave certainty twenty times the weight of likeness, and a clear stance half of that; from 4 on, more adds
nothing.
"""
ON_SIDE = 2.0
"""What a clear stance adds, of the side that is asked for where one is."""
OF_THING, ON_SIDE_OF_THING = 1.0, 0.5
"""The same for a thing that is no aspect: what it is about, its words say; an opinion only says that it is one."""
CLEAR = 0.3
"""From this score on, an opinion of the other side is left aside."""
VOICES = 3
"""A title is praised for something when this many of its reviews praise it, and fewer blame it."""
_DIGITS = 4

ByReview = Mapping[str, Sequence[Opinion]]


def of_plan(reading: Reading, plan: Plan, selection: Selection, ranked: Sequence[Passage]) -> ByReview:
    """The opinions that a question may be about, by review.

    On an aspect or the whole: those of all reviews in scope. On anything else: those of the reviews that speak of it.
    """
    if plan.aspect is not None or not plan.mentions:
        found = tally.in_scope(reading, plan.aspect or OVERALL, selection)
    else:
        speaking = (one for one in ranked if one.mentions or retrieve.near(plan, one, retrieve.ALSO))
        found = tally.of_reviews(reading, sorted({one.sentence.review_id for one in speaking}))
    by_review: dict[str, list[Opinion]] = {}
    for one in found:
        by_review.setdefault(one.review_id, []).append(one)
    return by_review


def with_opinions(plan: Plan, ranked: Sequence[Passage], opinions: ByReview) -> list[Passage]:
    """The candidates, each with its opinion, ranked by what it says and how clearly."""
    found = [_with_opinion(plan, passage, opinions.get(passage.sentence.review_id, ())) for passage in ranked]
    return sorted(found, key=lambda p: (-p.score, p.sentence.review_id, p.sentence.ordinal))


def _with_opinion(plan: Plan, passage: Passage, opinions: Sequence[Opinion]) -> Passage:
    sentence = passage.sentence
    held = [one for one in opinions if sentence.start <= one.start < sentence.end]
    if not held:
        return passage
    sign = -1 if plan.stance == "negative" else 1
    best = max(held, key=lambda one: (sign * one.score if plan.stance else abs(one.score), one.certainty))
    side = sign * best.score if plan.stance else 0.0
    if plan.aspect is None and plan.mentions:
        score = passage.score + OF_THING * best.certainty + ON_SIDE_OF_THING * side
    else:
        score = passage.score + ON_ASPECT * best.certainty + ON_SIDE * (side if plan.stance else abs(best.score))
    # "Buscemi's acting" is asked of sentences that name him, "the costumes" of those that name them.
    speaks = passage.mentions or plan.whole_aspect is not None
    return replace(passage, score=round(score, _DIGITS), mentions=speaks, opinion=best)


def with_complaints(ranked: Sequence[Passage], complaints: Mapping[str, Opinion], *, alone: bool) -> list[Passage]:
    """The candidates, those that hold a severe complaint that is asked about (by sentence id) first.

    What was read as one speaks of it, in whatever words; `alone`: nothing else does.
    """
    if not alone:
        return list(ranked)
    found = []
    for one in ranked:
        held = complaints.get(one.sentence.id)
        score = round(one.score + ON_ASPECT + ON_SIDE, _DIGITS) if held else one.score
        # Without a likeness nothing comes near.
        like = one.similarity if held else None
        found.append(replace(one, score=score, mentions=held is not None, similarity=like, opinion=held or one.opinion))
    return sorted(found, key=lambda p: (-p.score, p.sentence.review_id, p.sentence.ordinal))


def by_title(ranked: Sequence[Passage], complaints: Mapping[str, Opinion]) -> dict[str, int]:
    """How many reviews hold a severe complaint, by title id."""
    places = {(one.title_id, one.sentence.review_id) for one in ranked if one.sentence.id in complaints}
    return dict(Counter(title for title, _ in places))


def spoken_of(
    plan: Plan,
    ranked: Sequence[Passage],
    totals: Mapping[str, Totals],
    named: Container[str],
    judged: Callable[[Sequence[Passage]], set[str]] = lambda _: set(),
) -> list[Passage]:
    """All sentences in scope; in a title that is coded, what only seems to speak of what is asked is told so no longer.

    A coder finds an opinion on any aspect somewhere, and a word has other meanings ("a filthy temper"). So one opinion
    on the aspect has to be sure enough to be quoted, or to stand in one of the `named` sentences, which hold its words;
    or one of these holds an opinion, whatever the coder took it to be on (`judged`: the titles of which that is true).
    And where a side is asked for, a sentence without an opinion is on none.
    """
    read = {title for title, found in totals.items() if found.read and not found.uncoded}
    silent: set[str] = set()
    if plan.whole_aspect is not None:
        told = (p for p in ranked if p.opinion and (p.sentence.id in named or p.opinion.certainty >= overall.SURE))
        silent = read - {passage.title_id for passage in told}
        silent -= judged([one for one in ranked if one.title_id in silent and one.sentence.id in named])

    def only_seems(one: Passage) -> bool:
        sideless = plan.stance is not None and one.opinion is None and one.title_id in read
        return one.mentions and (sideless or one.title_id in silent)

    return [replace(one, mentions=False) if only_seems(one) else one for one in ranked]


def judged(reading: Reading, named: Sequence[Passage]) -> set[str]:
    """The titles in whose sentences an opinion stands that is sure and clear."""
    held = tally.of_reviews(reading, sorted({one.sentence.review_id for one in named})) if named else []
    sure = [(one.review_id, one.start) for one in held if overall.quotable(one)]
    return {
        one.title_id
        for one in named
        if any(review == one.sentence.review_id and one.sentence.start <= at < one.sentence.end for review, at in sure)
    }


def answering(plan: Plan, ranked: Sequence[Passage], opinions: ByReview) -> list[Passage]:
    """The candidates that may be evidence. Once some are, what is a little less like the question may be so too.

    Where reviews vote for the side that is asked for, one that votes for the other alone is not quoted for this: an
    aside would stand for the whole of what it says.
    """
    if not any(answers(plan, passage) for passage in ranked):
        return []
    found = [passage for passage in ranked if answers(plan, passage, retrieve.ALSO)]
    if plan.stance is None or plan.whole_aspect is None:
        return found
    votes = {review: overall.stance_on(held) for review, held in opinions.items()}
    voting = [passage for passage in found if votes.get(passage.sentence.review_id) in (plan.stance, "mixed")]
    other = "positive" if plan.stance == "negative" else "negative"
    return [one for one in found if votes.get(one.sentence.review_id) != other] if voting else found


def answers(plan: Plan, passage: Passage, limit: float = retrieve.NEAR) -> bool:
    """Whether a passage may be evidence: it speaks of what is asked, and is not clearly of the other side.

    What speaks of it in other words has to hold an opinion where a side is asked for: likeness knows no sides.
    """
    if not passage.mentions and not retrieve.near(plan, passage, limit):
        return False
    if plan.stance is None:
        return True
    if passage.opinion is None:
        return passage.mentions
    return (-passage.opinion.score if plan.stance == "negative" else passage.opinion.score) > -CLEAR


def prevailing(plan: Plan, found: Mapping[str, Counts]) -> tuple[str, ...] | None:
    """Of the titles counted, those in which the side asked for is the greater, the clearest first.

    None where no side is asked for, or nothing is counted.
    """
    if plan.stance is None or not found:
        return None
    lead: dict[str, tuple[int, str]] = {}
    for title, one in found.items():
        asked, other = (one.negative, one.positive) if plan.stance == "negative" else (one.positive, one.negative)
        if asked + one.mixed >= VOICES and asked > other:
            lead[title] = other - asked, title
    return tuple(sorted(lead, key=lead.__getitem__))


def counts(
    reading: Reading, plan: Plan, selection: Selection, title_ids: Sequence[str]
) -> tuple[dict[str, Totals], dict[str, Counts]]:
    """What became of the reviews in scope, and how many are of which side, by title; only of titles that are coded.

    A focus that is no aspect is counted by the sentences that mention it; the whole by each review's verdict.
    """
    totals = tally.totals(reading, title_ids, selection) if title_ids else {}
    read = [title_id for title_id, found in totals.items() if found.read]
    if plan.whole_aspect is not None:
        found = tally.by_title(reading, plan.whole_aspect, replace(selection, title_ids=tuple(title_ids)))
        return totals, {title_id: found.get(title_id, Counts()) for title_id in read}
    if plan.mentions:
        return totals, {}
    return totals, {title_id: _of_whole(reading, title_id, selection) for title_id in read}


def _of_whole(reading: Reading, title_id: str, selection: Selection) -> Counts:
    votes = tally.votes(reading, title_id, selection, scale=coded.bare_scale(reading, title_id))
    sides = overall.sides((vote.score, vote.reviews) for vote in votes)
    return Counts(sum(sides.values()), **sides)
