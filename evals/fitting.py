"""What decides with the heads: how two signs combine, and from where on a unit is of an aspect or a severe complaint.

Everything here is fitted on development titles that the heads did not see, on the units that the program makes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from corpus.labels import Label
from corpus.loader import Corpus
from corpus.reader import Review
from evals.coding import Embed, reviews_of, units_and_request
from evals.training import fit_few
from rag.engines.coding import OPINION_FROM, may_be_severe, tell
from rag.engines.heads import OPINION, SEVERE, STANCE, Heads
from rag.records import Unit

RAW: Mapping[str, Any] = {
    "limits": {},
    "combined": {name: {"own": 1.0, "other": 0.0, "bias": 0.0} for name in (OPINION, STANCE)},
}
"""A card with which heads say what they alone say."""
FALSE_ALARMS = 0.3
"""Severe complaints that are shown and are none, a title."""
_ENOUGH = 8
"""Reviews on an aspect from which on its own limit is fitted; others have the middle one, or 0."""
_DIGITS = 4


@dataclass(frozen=True)
class UnseenUnit:
    """A unit of the corpus, what heads that did not see its title say of it, and what is planted in it."""

    review: str
    title: str
    opinion: float
    stance: float
    aspects: Mapping[str, float]
    severities: Mapping[str, float]
    rating: float
    """Above the middle; 0 without one."""
    planted: frozenset[str]
    """Aspects."""
    praise: bool | None
    severity: str | None


def unseen_units(heads: Heads, corpus: Corpus, embed: Embed, slugs: Iterable[str]) -> list[UnseenUnit]:
    """The units of these titles' English reviews."""
    found = []
    for kind, reviews in reviews_of(corpus, slugs):
        by_review, request = units_and_request(reviews, kind, embed)
        told = tell(heads, request)
        rows = iter(range(len(request.units)))
        for review, units in by_review:
            for unit, row in zip(units, rows, strict=False):
                if review.lang is None:
                    aspects = dict(zip(told.names, map(float, told.aspects[row]), strict=True))
                    severe = dict(zip(told.categories, map(float, told.severities[row]), strict=True))
                    own = float(told.opinion[row]), float(told.stance[row]), aspects, severe, float(told.ratings[row])
                    found.append(UnseenUnit(review.id, review.slug, *own, *_planted(review, unit)))
    return found


def _planted(review: Review, unit: Unit) -> tuple[frozenset[str], bool | None, str | None]:
    labels = [label for label in review.labels if _in(label, unit)]
    stances = {label.stance for label in labels} - {"neutral"}
    praise = "positive" in stances if len(stances) == 1 else None
    severity = next((label.severity for label in labels if label.severity), None)
    return frozenset(label.aspect for label in labels), praise, severity


def _in(label: Label, unit: Unit) -> bool:
    """Whether most of the shorter of the two is in the other."""
    shared = min(label.end, unit.end) - max(label.start, unit.start)
    return 2 * shared > min(label.end - label.start, unit.end - unit.start)


def fitted(units: Sequence[UnseenUnit]) -> dict[str, Any]:
    """`limits` and `combined`, as a card holds them."""
    best = [max(unit.aspects.values()) for unit in units]
    combined = {
        OPINION: _combination([(unit.opinion, other) for unit, other in zip(units, best, strict=True)],
                              [bool(unit.planted) for unit in units]),
        STANCE: _combination([(unit.stance, unit.rating) for unit in units if unit.praise is not None],
                             [unit.praise for unit in units if unit.praise is not None]),
    }  # fmt: skip
    opinion, stance = (_applied(combined[name]) for name in (OPINION, STANCE))
    judged = [opinion(unit.opinion, other) for unit, other in zip(units, best, strict=True)]
    leaning = [stance(unit.stance, unit.rating) for unit in units]
    return {"combined": combined, "limits": _limits(units, judged) | _severe_limits(units, judged, leaning)}


def _combination(columns: Sequence[tuple[float, float]], labels: Sequence[bool]) -> dict[str, float]:
    weights, bias = fit_few(np.array(columns, np.float32), np.array(labels))
    return {"own": round(float(weights[0]), _DIGITS), "other": round(float(weights[1]), _DIGITS),
            "bias": round(bias, _DIGITS)}  # fmt: skip


def _applied(card: Mapping[str, float]) -> Callable[[float, float], float]:
    return lambda own, other: card["own"] * own + card["other"] * other + card["bias"]


def _limits(units: Sequence[UnseenUnit], judged: Sequence[float]) -> dict[str, float]:
    """For each aspect, the log-odds from which on as many reviews are told to judge it as do.

    So that counts are neither too high nor too low on the whole; a limit that is best for single sentences is not.
    """
    found, poor = {}, []
    for name in sorted({name for unit in units for name in unit.aspects}):
        highest: dict[str, float] = {}
        wanted = set()
        for unit, logit in zip(units, judged, strict=True):
            if name not in unit.aspects:
                continue
            if name in unit.planted:
                wanted.add(unit.review)
            if logit > OPINION_FROM:
                highest[unit.review] = max(highest.get(unit.review, -np.inf), unit.aspects[name])
        ordered = sorted(highest.values(), reverse=True)
        if _ENOUGH <= len(wanted) < len(ordered):
            found[name] = round(ordered[len(wanted)], _DIGITS)
        else:
            poor.append(name)
    middle = round(float(np.median(list(found.values()))), _DIGITS) if found else 0.0
    return found | dict.fromkeys(poor, middle)


def _severe_limits(units: Sequence[UnseenUnit], judged: Sequence[float], leaning: Sequence[float]) -> dict[str, float]:
    """One for all categories: the lowest with few enough categories shown that are none, a title."""
    shown: dict[tuple[str, str], float] = {}
    planted = {(unit.title, unit.severity) for unit in units if unit.severity}
    for unit, logit, lean in zip(units, judged, leaning, strict=True):
        category, best = max(unit.severities.items(), key=lambda pair: pair[1])
        place = unit.title, category
        if place not in planted and may_be_severe(np.float32(logit), np.float32(lean)):
            shown[place] = max(shown.get(place, -np.inf), best)
    false = sorted(shown.values(), reverse=True)
    most = int(FALSE_ALARMS * len({unit.title for unit in units}))
    limit = round(false[most], _DIGITS) if most < len(false) else 0.0
    return dict.fromkeys((SEVERE + name for unit in units[:1] for name in unit.severities), limit)
