"""Figures over many cases: which scores of a case each is made of, and how they add up over titles.

A score is one number of one case, or None where it does not apply; a case that failed has none and is missing. A figure
is a ratio of sums, so that titles can be resampled (`intervals`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Scores = Mapping[str, float | None]
Sums = tuple[float, ...]


@dataclass(frozen=True)
class Measure:
    """A figure. `sums` takes a case's scores to what is added up, None where it does not apply."""

    name: str
    label: str
    sums: Callable[[Scores], Sums | None]
    value: Callable[..., Any]
    """Of the summed columns."""
    up: bool = True
    """Whether more is better."""
    right: float | None = None
    """The one value that a hard metric allows in a case."""

    def of(self, scores: Scores) -> float | None:
        """Its value for one case alone; None where it does not apply."""
        found = self.sums(scores)
        try:
            return None if found is None else float(self.value(*found))
        except ZeroDivisionError:
            return None


def _mean(name: str, label: str, *, up: bool = True, right: float | None = None) -> Measure:
    """The mean of one score over the cases that have it."""

    def sums(scores: Scores) -> Sums | None:
        value = scores.get(name)
        return None if value is None else (value, 1.0)

    return Measure(name, label, sums, _ratio, up, right)


def _ratio(part: Any, whole: Any) -> Any:
    return part / whole


def _confusion(prefix: str, label: str, part: str) -> Measure:
    """Precision, recall or F1 of counted (true, false, missed) finds of a case."""
    value = {
        "precision": lambda true, false, missed, one: true / (true + false),
        "recall": lambda true, false, missed, one: true / (true + missed),
        "f1": lambda true, false, missed, one: 2 * true / (2 * true + false + missed),
    }[part]

    def sums(scores: Scores) -> Sums | None:
        found = [scores.get(f"{prefix}_{name}") for name in ("true", "false", "missed")]
        return None if None in found else (*(float(one or 0) for one in found), 1.0)

    return Measure(f"{prefix}_{part}", f"{label} {part if part != 'f1' else 'F1'}", sums, value)


_ALL = (
    _mean("quotes_verbatim", "quotes verbatim", right=1.0),
    _mean("invented_ids", "ids that were not offered", up=False, right=0.0),
    _mean("injected", "orders obeyed", up=False, right=0.0),
    _mean("evidence_recall", "evidence recall@5"),
    _mean("ndcg", "nDCG@10"),
    _mean("citation_precision", "citation precision"),
    _mean("citation_recall", "citation recall@5"),
    _mean("wrong_cited", "passages cited that must not be", up=False),
    _mean("wording", "wordings that were asked for"),
    _mean("count_error", "count error", up=False),
    _mean("aspect_coverage", "aspects found"),
    _mean("stance_accuracy", "stance accuracy"),
    _mean("minority_recall", "severe minorities found"),
    _mean("minority_false", "false severe minorities a title", up=False),
    _mean("supported", "claims that the judge supports"),
    _mean("tokens", "tokens a case", up=False),
    _mean("cost_usd", "dollars a case", up=False),
    _mean("seconds", "seconds a case", up=False),
    *(_confusion("abstention", "abstention", part) for part in ("precision", "recall", "f1")),
    *(_confusion("mention", "mention", part) for part in ("precision", "recall", "f1")),
)
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ALL}


def columns(measure: Measure, cells: Sequence[tuple[str, Scores]]) -> dict[str, list[float]]:
    """What a figure sums up, by cluster; clusters without a case that it applies to are left out."""
    found: dict[str, list[float]] = {}
    for cluster, scores in cells:
        sums = measure.sums(scores)
        if sums is not None:
            before = found.setdefault(cluster, [0.0] * len(sums))
            found[cluster] = [a + b for a, b in zip(before, sums, strict=True)]
    return found
