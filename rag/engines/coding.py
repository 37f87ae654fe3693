"""The offline coder: what the heads say of units → opinions. Pure.

A unit holds an opinion when the head for it and the likeliest aspect together say so. It is on every aspect whose head
is above its limit (the best two), on the aspect of the unit before when it opens with a pronoun and fits none, and on
`other` when nothing fits. A review's own rating weighs in on praise or blame. Severe complaints have heads of their
own.
"""

from __future__ import annotations

import re
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
RATING_MIDDLE = 0.55
"""The rating, as a share of its scale, that says nothing of praise or blame."""
OPINION_FROM = 0.5
"""Log-odds from which on a unit is an opinion: what is quoted must not be plot."""
NEUTRAL = 0.15
"""A score nearer to 0 than this is no praise and no blame."""
NO_PLOT, NO_PRAISE = -1.0, 3.0
NO_PLOT_IN_THINGS = -2.0
STORIES = frozenset({"film", "book", "game"})
"""Kinds that have a plot, in which people fall ill and houses burn."""
NAMED = 1.0
"""By so much less than its limit a category may be told where a word of it stands."""
"""Log-odds of opinion and of praise between which a severe complaint may be told."""
MOST_ASPECTS = 2
# What says of itself that it goes both ways.
_BOTH_WAYS = re.compile(
    r"\bin both\b[^.!?]{0,60}\bsenses?\b|\bfor better (?:and|or)(?: for)? worse\b|\bdouble[- ]edged\b|\bmixed bag\b"
    r"|\bhit[- ](?:and|or)[- ]miss\b|\bblessing and a curse\b|\blove it or hate it\b|\bmixed feelings\b",
    re.IGNORECASE,
)
_PRONOUNS = frozenset("it its this that they their them he his she her these those".split())
_DIGITS = 4
_NEVER = np.float32(-100)


@dataclass(frozen=True)
class Told:
    """What the heads say: log-odds, a row a unit."""

    opinion: Floats
    stance: Floats
    aspects: Floats
    """Above each one's limit; a column for each of `names`."""
    names: Sequence[str]
    severities: Floats
    """Above each one's limit; a column for each of `categories`."""
    named: NDArray[np.bool_]
    """Whether a word of the category stands there."""
    categories: Sequence[str]
    plot: float
    """From these log-odds of an opinion on, what is told is no plot."""
    ratings: Floats
    """How far each review's own rating is above the middle; 0 where it has none."""


def draft_opinions(heads: Heads, request: CodingRequest) -> DraftOpinions:
    """Every opinion in the units; a unit in a language that the heads do not know fails."""
    failed = {unit.id: f"its language is {unit.lang}" for unit in request.units if not _known(unit.lang)}
    told = tell(heads, request)
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


def tell(heads: Heads, request: CodingRequest) -> Told:
    """What the heads say of every unit."""
    units, vectors = request.units, request.vectors
    assert vectors is not None, "the heads read vectors"
    texts = [unit.text for unit in units]
    stems = [frozenset(words.stems(text)) for text in texts]
    bags, aspect_bags = heads.vocabulary.bags(texts), heads.aspect_vocabulary.bags(texts)
    follows = np.array([row > 0 and units[row - 1].review_id == unit.review_id for row, unit in enumerate(units)])

    def columns(aspects: Sequence[Aspect], prefix: str = "") -> list[Floats]:
        shown = [signs(aspect, stems, vectors, request.examples[prefix + aspect.id], follows) for aspect in aspects]
        names = [prefix + aspect.id for aspect in aspects]
        found = [heads.aspect_logits(n, vectors, aspect_bags, s) for n, s in zip(names, shown, strict=True)]
        if prefix or request.taxonomy.kind != taxonomy.GENERAL:
            return found
        # Of a thing of no known kind likeness says too little: a film is like a good meal. It has to be named.
        return [np.where(s.mentions > 0, logits, _NEVER) for s, logits in zip(shown, found, strict=True)]

    names = [*(aspect.id for aspect in request.taxonomy.aspects), OVERALL]
    aspects = np.column_stack([*columns(request.taxonomy.aspects), heads.verdict_logits(vectors, aspect_bags)])
    severe, ratings = taxonomy.severities(), _ratings(units)
    limits = np.array([heads.limit(SEVERE + category.id) for category in severe], np.float32)
    named = np.array([[any(p <= found for p in one.mentions) for one in severe] for found in stems], bool)
    return Told(
        opinion=heads.combined(OPINION, heads.logits(OPINION, vectors, bags), aspects.max(axis=1)),
        stance=heads.combined(STANCE, heads.logits(STANCE, vectors, bags), ratings),
        aspects=aspects - np.array([heads.limit(name) for name in names], np.float32),
        names=names,
        severities=np.column_stack(columns(severe, SEVERE)) - limits,
        named=named.reshape(len(units), len(severe)),
        categories=[category.id for category in severe],
        ratings=ratings,
        plot=NO_PLOT if request.taxonomy.kind in STORIES else NO_PLOT_IN_THINGS,
    )


def _ratings(units: Sequence[Unit]) -> Floats:
    return np.array([0.0 if unit.rating is None else unit.rating - RATING_MIDDLE for unit in units], np.float32)


def _aspects(told: Told, row: int) -> list[tuple[str, float]]:
    """The aspects that a unit is on, the likeliest first, with their log-odds."""
    logits = told.aspects[row]
    best = np.argsort(-logits, kind="stable")[:MOST_ASPECTS]
    return [(told.names[column], float(logits[column])) for column in best if logits[column] > 0]


def _opens_with_pronoun(text: str) -> bool:
    return next(iter(words.tokens(text[:40])), "") in _PRONOUNS


def _opinions(told: Told, row: int, unit: Unit, on: Sequence[tuple[str, float]]) -> list[DraftOpinion]:
    severity = _severity(told, row)
    if told.opinion[row] <= OPINION_FROM and severity is None:
        return []
    # What harmed somebody is blame, however drily it is told.
    score = -1.0 if severity else float(np.tanh(told.stance[row] / 2))
    sure, both_ways = _probability(float(told.opinion[row])), severity is None and bool(_BOTH_WAYS.search(unit.text))
    return [
        DraftOpinion(
            unit.id,
            aspect,
            "mixed" if both_ways else _stance(score),
            round(score, _DIGITS),
            round(max(sure, 0.5) * _probability(logit), _DIGITS),
            severity,
        )
        for aspect, logit in (on or [(OTHER, 0.0)])
    ]


def _severity(told: Told, row: int) -> str | None:
    """The likeliest category, where it is likely enough: what is named needs less, and is plot only in a story."""
    best = int(told.severities[row].argmax())
    limit, plot = (-NAMED, told.plot) if told.named[row, best] else (0.0, NO_PLOT)
    if told.severities[row, best] <= limit or not may_be_severe(told.opinion[row], told.stance[row], plot):
        return None
    return told.categories[best]


def may_be_severe(
    opinion: Floats | np.float32, stance: Floats | np.float32, plot: float = NO_PLOT
) -> NDArray[np.bool_]:
    """Whether something may be a complaint: it is neither clearly plot nor clearly praise."""
    return np.asarray((opinion > plot) & (stance < NO_PRAISE))


def _stance(score: float) -> Stance:
    return "positive" if score > NEUTRAL else "negative" if score < -NEUTRAL else "neutral"


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def stance_of(text: str, vector: Floats) -> float:
    """How one sentence leans, -1 (blame) to 1 (praise)."""
    known = load()
    alone = known.logits(STANCE, vector[None, :], known.vocabulary.bags([text]))
    (logit,) = known.combined(STANCE, alone, np.zeros(1, np.float32))
    return float(np.tanh(logit / 2))


def example_texts(aspects: taxonomy.Taxonomy) -> dict[str, tuple[str, ...]]:
    """The texts whose vectors a request must bring as `examples`, by the same keys."""
    severe = {SEVERE + category.id: category.examples for category in taxonomy.severities()}
    return {aspect.id: aspect.examples for aspect in aspects.aspects} | severe
