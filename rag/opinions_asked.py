"""Opinions in a question's way: which candidates hold one on what is asked, and how many reviews are of which side.

What was coded as an opinion on the aspect speaks of it, named or not. A question for praise leaves clear blame aside,
and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.evidence import overall
from rag.records import Counts, Opinion, Passage, Plan, Totals
from rag.reviews import coded, tally
from rag.reviews.scope import Selection
from rag.reviews.store import Reading
from rag.taxonomy import OVERALL

ON_ASPECT = 1.0
"""What a sure opinion on the aspect adds to a passage's score, in z-scores."""
ON_SIDE = 0.5
"""What a clear stance adds where one is asked for."""
CLEAR = 0.3
"""From this score on, an opinion of the other side is left aside."""
_DIGITS = 4

ByReview = Mapping[str, Sequence[Opinion]]


def of_plan(reading: Reading, plan: Plan, selection: Selection, ranked: Sequence[Passage]) -> ByReview:
    """The opinions that a question may be about, by review.

    On an aspect or the whole: those of all reviews in scope. On anything else: those of the reviews that mention it.
    """
    if plan.aspect is not None or not plan.mentions:
        found = tally.in_scope(reading, plan.aspect or OVERALL, selection)
    else:
        speaking = sorted({passage.sentence.review_id for passage in ranked if passage.mentions})
        found = tally.of_reviews(reading, speaking)
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
    score = passage.score + ON_ASPECT * best.certainty
    if plan.stance is not None:
        score += ON_SIDE * sign * best.score
    # "Buscemi's acting" is asked of sentences that name him.
    speaks = passage.mentions or (plan.aspect is not None and not plan.required)
    return replace(passage, score=round(score, _DIGITS), mentions=speaks, opinion=best)


def answers(plan: Plan, passage: Passage) -> bool:
    """Whether a passage may be evidence: it speaks of what is asked, and is not clearly of the other side."""
    if not passage.mentions:
        return False
    if plan.stance is None or passage.opinion is None:
        return True
    sign = -1 if plan.stance == "negative" else 1
    return sign * passage.opinion.score > -CLEAR


def counts(
    reading: Reading, plan: Plan, selection: Selection, title_ids: Sequence[str], whole: ByReview | None
) -> tuple[dict[str, Totals], dict[str, Counts]]:
    """What became of the reviews in scope, and how many are of which side, by title; only of titles that are coded.

    `whole`: the opinions of all reviews that mention the focus, where these are known. A focus that is no aspect is
    counted by the sentences that mention it; the whole by each review's verdict.
    """
    totals = tally.totals(reading, title_ids, selection) if title_ids else {}
    read = [title_id for title_id, found in totals.items() if found.read]
    if plan.aspect is not None and not plan.required:
        found = tally.by_title(reading, plan.aspect, replace(selection, title_ids=tuple(title_ids)))
        return totals, {title_id: found.get(title_id, Counts()) for title_id in read}
    if plan.mentions or whole is None:
        return totals, {}
    return totals, {title_id: _of_whole(reading, title_id, selection) for title_id in read}


def _of_whole(reading: Reading, title_id: str, selection: Selection) -> Counts:
    votes = tally.votes(reading, title_id, selection, scale=coded.bare_scale(reading, title_id))
    sides = overall.sides((vote.score, vote.reviews) for vote in votes)
    return Counts(sum(sides.values()), **sides)
