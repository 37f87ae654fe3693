"""A review's opinions and rating → whether it is for or against the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from rag.findings import Adjusted
from rag.records import Opinion
from rag.taxonomy import OVERALL

Verdict = Literal["positive", "negative", "mixed"]
BETWEEN = 0.2
"""A score nearer to 0 than this is for neither side."""
_VERDICT_WEIGHT = 2.0
"""A verdict on the whole counts as much as two opinions on a part."""
_DIGITS = 4


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


def adjusted(votes: Sequence[tuple[float, bool, int]]) -> tuple[Adjusted | None, str | None]:
    """The share of reviews above 0 as it would be if the coder did not err, or why that can't be told.

    `votes` are `(score, rated, reviews)`; a rating is a review's own word and needs no adjustment.
    """
    return None, "not yet"
