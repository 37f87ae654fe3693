"""The offline coder: what the heads say of units → opinions. Pure.

A unit holds an opinion when the head for it says so. It is on every aspect whose head is above its threshold (the best
three), on the aspect of the unit before when it opens with a pronoun and fits none, and on `other` when nothing fits.
A review's own rating weighs in on praise or blame. Severe complaints have heads of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag import taxonomy, words
from rag.engines.base import CodingRequest
from rag.engines.heads import OPINION, SEVERE, STANCE, Floats, Heads, load, signs
from rag.records import DraftOpinion, DraftOpinions, Stance, Unit
from rag.taxonomy import OTHER, OVERALL, Aspect

LANGUAGE = "en"
RATING_WEIGHT = 2.0
"""Log-odds between a rating of none and of all."""
RATING_MIDDLE = 0.55
"""The rating, as a share of its scale, that says nothing of praise or blame."""
OPINION_FROM = 0.5
"""Log-odds from which on a unit is an opinion: what is quoted must not be plot."""
NO_PLOT, NO_PRAISE = -1.0, 1.0
"""Log-odds of opinion and of praise between which a severe complaint may be told."""
MOST_ASPECTS = 3
_PRONOUNS = frozenset("it its this that they their them he his she her these those".split())
_DIGITS = 4


@dataclass(frozen=True)
class _Told:
    """What the heads say: log-odds, a row a unit."""

    opinion: Floats
    stance: Floats
    aspects: Floats
    """A column for each of `names`."""
    names: Sequence[str]
    severities: Floats
    categories: Sequence[str]


def draft_opinions(heads: Heads, request: CodingRequest) -> DraftOpinions:
    """Every opinion in the units; a unit in a language that the heads do not know fails."""
    failed = {unit.id: f"its language is {unit.lang}" for unit in request.units if not _known(unit.lang)}
    told = _told(heads, request)
    found: list[DraftOpinion] = []
    carried: str | None = None
    for row, unit in enumerate(request.units):
        if row and request.units[row - 1].review_id != unit.review_id:
            carried = None
        on = _aspects(told, row)
        refers = not on and carried is not None and _opens_with_pronoun(unit.text)
        if refers and carried is not None:
            on = [(carried, 0.0)]
        carried = on[0][0] if on and on[0][0] != OVERALL else None
        if unit.id not in failed:
            found += _opinions(told, row, unit, on)
    return DraftOpinions(tuple(found), failed)


def _known(lang: str) -> bool:
    return lang.partition("-")[0] == LANGUAGE


def _told(heads: Heads, request: CodingRequest) -> _Told:
    texts = [unit.text for unit in request.units]
    stems = [frozenset(words.stems(text)) for text in texts]
    bags, vectors = heads.vocabulary.bags(texts), request.vectors
    ratings = np.array([RATING_MIDDLE if unit.rating is None else unit.rating for unit in request.units], np.float32)

    def columns(aspects: Sequence[Aspect], prefix: str = "") -> list[Floats]:
        shown = [signs(aspect, stems, vectors, request.examples[prefix + aspect.id]) for aspect in aspects]
        return [heads.aspect_logits(prefix + a.id, vectors, s) for a, s in zip(aspects, shown, strict=True)]

    aspects = columns(request.taxonomy.aspects)
    severe = columns(taxonomy.severities(), SEVERE)
    return _Told(
        opinion=heads.logits(OPINION, vectors, bags),
        stance=heads.logits(STANCE, vectors, bags) + np.float32(RATING_WEIGHT) * (ratings - np.float32(RATING_MIDDLE)),
        aspects=np.column_stack([*aspects, heads.verdict_logits(vectors)]),
        names=[*(aspect.id for aspect in request.taxonomy.aspects), OVERALL],
        severities=np.column_stack(severe),
        categories=[category.id for category in taxonomy.severities()],
    )


def _aspects(told: _Told, row: int) -> list[tuple[str, float]]:
    """The aspects that a unit is on, the likeliest first, with their log-odds."""
    logits = told.aspects[row]
    best = np.argsort(-logits, kind="stable")[:MOST_ASPECTS]
    return [(told.names[column], float(logits[column])) for column in best if logits[column] > 0]


def _opens_with_pronoun(text: str) -> bool:
    return next(iter(words.tokens(text[:40])), "") in _PRONOUNS


def _opinions(told: _Told, row: int, unit: Unit, on: Sequence[tuple[str, float]]) -> list[DraftOpinion]:
    severity = _severity(told, row)
    if told.opinion[row] <= OPINION_FROM and severity is None:
        return []
    # What harmed somebody is blame, however drily it is told.
    score = -1.0 if severity else float(np.tanh(told.stance[row] / 2))
    sure = _probability(float(told.opinion[row]))
    return [
        DraftOpinion(
            unit.id,
            aspect,
            _stance(score),
            round(score, _DIGITS),
            round(max(sure, 0.5) * _probability(logit), _DIGITS),
            severity,
        )
        for aspect, logit in (on or [(OTHER, 0.0)])
    ]


def _severity(told: _Told, row: int) -> str | None:
    best = int(told.severities[row].argmax())
    if told.severities[row, best] <= 0 or not may_be_severe(told.opinion[row], told.stance[row]):
        return None
    return told.categories[best]


def may_be_severe(opinion: Floats | np.float32, stance: Floats | np.float32) -> NDArray[np.bool_]:
    """Whether something may be a complaint: it is neither clearly plot nor clearly praise."""
    return np.asarray((opinion > NO_PLOT) & (stance < NO_PRAISE))


def _stance(score: float) -> Stance:
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def stance_of(text: str, vector: Floats) -> float:
    """How one sentence leans, -1 (blame) to 1 (praise)."""
    known = load()
    (logit,) = known.logits(STANCE, vector[None, :], known.vocabulary.bags([text]))
    return float(np.tanh(logit / 2))


def example_texts(aspects: taxonomy.Taxonomy) -> dict[str, tuple[str, ...]]:
    """The texts whose vectors a request must bring as `examples`, by the same keys."""
    severe = {SEVERE + category.id: category.examples for category in taxonomy.severities()}
    return {aspect.id: aspect.examples for aspect in aspects.aspects} | severe
