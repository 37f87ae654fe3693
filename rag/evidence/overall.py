"""A review's opinions and rating → whether it is for or against the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum
from typing import Literal

import numpy as np

from rag.evidence import adjust
from rag.evidence.adjust import Calibration
from rag.findings import MINOR_SIDE, Adjusted
from rag.records import DraftOpinion, Opinion, Stance
from rag.taxonomy import OVERALL

Verdict = Literal["positive", "negative", "mixed"]
BETWEEN = 0.2
"""A score nearer to 0 than this is for neither side."""
SURE, CLEAR = 0.6, 0.2
"""The least certainty of an opinion that is quoted or retold, and the least of certainty times size of score."""
_VERDICT_WEIGHT = 2.0
"""A verdict on the whole counts as much as two opinions on a part."""
_DIGITS = 4
_CERTAIN = 0.9998
"""The greatest score whose log-odds are taken."""


def stance_on(said: Iterable[Opinion | DraftOpinion]) -> Stance:
    """What a review does with an aspect, from all that it says of it; the same rule as in `reviews.tally`."""
    weighed = [(one.stance, one.certainty * (1.0 if one.stance == "mixed" else abs(one.score))) for one in said]
    # Summed exactly, so that the order of the opinions decides nothing.
    praise = fsum(weight for stance, weight in weighed if stance in ("positive", "mixed"))
    blame = fsum(weight for stance, weight in weighed if stance in ("negative", "mixed"))
    praises = praise > 0 and praise >= MINOR_SIDE * blame
    blames = blame > 0 and blame >= MINOR_SIDE * praise
    return "mixed" if praises and blames else "positive" if praises else "negative" if blames else "neutral"


def review_score(opinions: Iterable[Opinion]) -> float:
    """The mean of a review's opinions, -1 to 1, the surer ones weighing more; a sentence counts once."""
    by_place: dict[int, tuple[float, float]] = {}
    for one in opinions:
        weight = one.certainty * (_VERDICT_WEIGHT if one.aspect == OVERALL else 1.0)
        score, known = by_place.get(one.start, (one.score, 0.0))
        by_place[one.start] = (score, max(weight, known))
    total = sum(weight for _, weight in by_place.values())
    if not total:
        return 0.0
    return round(sum(score * weight for score, weight in by_place.values()) / total, _DIGITS)


def verdict(score: float) -> Verdict:
    """For, against, or between the two."""
    return "positive" if score >= BETWEEN else "negative" if score <= -BETWEEN else "mixed"


def sides(votes: Iterable[tuple[float, int]]) -> dict[Verdict, int]:
    """How many reviews are for, against and between; `votes` are `(score, reviews)`."""
    found: dict[Verdict, int] = {"positive": 0, "negative": 0, "mixed": 0}
    for score, reviews in votes:
        found[verdict(score)] += reviews
    return found


def adjusted(
    votes: Iterable[tuple[float, bool, int]], fitted: Calibration | None
) -> tuple[Adjusted | None, str | None]:
    """The share of reviews above 0 as it would be if the coder did not err, or why that can't be told.

    `votes` are `(score, rated, reviews)`. A rating is a review's own word and needs no adjustment: only the others are
    adjusted, and the rated ones added to them.
    """
    if fitted is None:
        return None, "how often this coder errs was not measured"
    rated = above = 0
    scores: list[float] = []
    for score, by_rating, reviews in votes:
        if by_rating:
            rated, above = rated + reviews, above + reviews * (score > 0)
        else:
            scores += [score] * reviews
    if not scores:
        return None, "every review has a rating of its own" if rated else "there is nothing to count"
    found = adjust.adjusted(2 * np.arctanh(np.clip(scores, -_CERTAIN, _CERTAIN)), fitted)
    if found is None:
        return (
            None,
            f"it was measured for {adjust.LEAST} reviews or more, and {len(scores)} have no rating of their own",
        )
    n = rated + len(scores)

    def of_all(share: float) -> float:
        return round((above + share * len(scores)) / n, _DIGITS)

    return Adjusted(of_all(found.value), of_all(found.low), of_all(found.high), found.method), None


def quotable(opinion: Opinion | DraftOpinion) -> bool:
    """Whether it is sure and clear enough to be shown as praise or blame."""
    weight = opinion.certainty * (1.0 if opinion.stance == "mixed" else abs(opinion.score))
    return opinion.stance != "neutral" and opinion.certainty >= SURE and weight >= CLEAR
