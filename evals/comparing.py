"""Two runs of a suite in pairs: what is different, by how much, and how small a difference could have been seen. Pure.

A figure must not get worse by more than its margin (non-inferiority): the one-sided 95 % bound of the paired
difference, titles resampled, has to stand above minus the margin. Where it does not and the figure did not clearly
fall either, nothing can be told.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from scipy import stats

from evals.intervals import Interval, clustered
from evals.measures import MEASURES, Measure, Scores, columns
from evals.runs import Cell
from evals.suites import Rule

Verdict = Literal["same", "not worse", "worse", "cannot tell", "shown only", "broken", "held"]
FEWEST_TITLES = 6
"""With fewer, cases are resampled instead: that takes answers about one title for independent, and is said."""
_TOUCHED, _DRAWS = 0.1, 20
_ONE_SIDED = 0.90
"""The two-sided level whose lower end is a one-sided 95 % bound."""
_POWER = float(stats.norm.ppf(0.95) + stats.norm.ppf(0.80))
"""Standard errors that a true difference must measure to be seen, one-sided 5 %, four times in five."""


@dataclass(frozen=True)
class Compared:
    """A figure in two runs."""

    measure: Measure
    rule: Rule
    before: Interval | None
    after: Interval | None
    difference: Interval | None
    """After less before, over the cases that both have; its ends are one-sided 95 % bounds."""
    smallest: float | None
    """A true difference of this size would be seen four times in five."""
    changed: tuple[str, ...]
    """Cases whose value is another, those that fell most first."""
    verdict: Verdict
    why: str = ""


def figure(measure: Measure, cells: Sequence[Cell]) -> Interval | None:
    """A figure of a run with its 95 % interval by title; cells that are missing are left out."""
    return clustered(columns(measure, _kept(cells)), measure.value)


def compare(
    rules: Mapping[str, Rule],
    before: Mapping[str, Cell],
    after: Mapping[str, Cell],
    known: Mapping[str, float] | None = None,
) -> list[Compared]:
    """Every figure of a suite, of two runs' cells by case. Only cases of the same wording are compared.

    `known` are the smallest differences that were found when the first run was accepted: two runs that hardly differ
    tell nothing of how small a difference would be seen.
    """
    same = [name for name, cell in after.items() if name in before and before[name].digest == cell.digest]
    pairs = [(before[name], after[name]) for name in same if not before[name].error and not after[name].error]
    return [_compared(MEASURES[name], rule, pairs, after, (known or {}).get(name)) for name, rule in rules.items()]


def smallest(measure: Measure, pairs: Sequence[tuple[Cell, Cell]]) -> float | None:
    """The smallest difference between two runs that would be seen, as these two differ; None where they don't."""
    found = _difference(measure, pairs)
    return _POWER * found.error if found is not None and found.error else None


def expected(measure: Measure, cells: Sequence[Cell]) -> float | None:
    """The smallest difference that would be seen where a change gives one case in ten the scores of another.

    Of another that is as answerable. The mean of 20 draws with fixed seeds; None where no draw changes anything.
    """
    found = [smallest(measure, [*zip(cells, _shuffled(cells, seed), strict=True)]) for seed in range(_DRAWS)]
    told = [one for one in found if one is not None]
    return sum(told) / len(told) if told else None


def _shuffled(cells: Sequence[Cell], seed: int) -> list[Cell]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    kinds: dict[float, list[Cell]] = {}
    for cell in cells:
        kinds.setdefault(_unanswerable(cell), []).append(cell)
    return [
        replace(cell, scores=chance.choice(kinds[_unanswerable(cell)]).scores) if chance.random() < _TOUCHED else cell
        for cell in cells
    ]


def _unanswerable(cell: Cell) -> float:
    return (cell.scores.get("abstention_true") or 0.0) + (cell.scores.get("abstention_missed") or 0.0)


def _compared(
    measure: Measure, rule: Rule, pairs: Sequence[tuple[Cell, Cell]], after: Mapping[str, Cell], known: float | None
) -> Compared:
    difference = _difference(measure, pairs)
    told = [one for one in (smallest(measure, pairs), known) if one is not None]
    seen = max(told, default=None)
    verdict, why = _verdict(measure, rule, difference, after)
    return Compared(
        measure,
        rule,
        figure(measure, [one for one, _ in pairs]),
        figure(measure, [one for _, one in pairs]),
        difference,
        seen,
        _changed(measure, pairs),
        verdict,
        why,
    )


def _verdict(
    measure: Measure, rule: Rule, difference: Interval | None, after: Mapping[str, Cell]
) -> tuple[Verdict, str]:
    if rule.hard:
        wrong = violations(measure, after.values())
        return ("broken", f"{len(wrong)} of {len(after)} cases: {', '.join(wrong[:5])}") if wrong else ("held", "")
    if rule.margin is None:
        return "shown only", ""
    if difference is None or difference.low is None or difference.high is None:
        return "cannot tell", "too few cases have it"
    sign = 1.0 if measure.up else -1.0
    low, high = sorted((sign * difference.low, sign * difference.high))
    if low >= -rule.margin:
        return ("same" if low == high == 0 else "not worse"), ""
    return ("worse", f"by more than {rule.margin:g} can't be ruled out, and it fell") if high < 0 else (
        "cannot tell", f"it may have fallen by more than {rule.margin:g}")  # fmt: skip


def violations(measure: Measure, cells: Any) -> list[str]:
    """The cases of a hard metric that have it wrong."""
    found = ((cell.case, measure.of(cell.scores)) for cell in cells if not cell.error)
    return [name for name, value in found if value is not None and value != measure.right]


def _difference(measure: Measure, pairs: Sequence[tuple[Cell, Cell]]) -> Interval | None:
    """The paired difference, with one-sided 95 % bounds; clusters that have the figure in one run only are left out."""
    first, second = (columns(measure, _kept([pair[at] for pair in pairs])) for at in (0, 1))
    both = {name: [*first[name], *second[name]] for name in first if name in second}
    half = len(next(iter(both.values()))) // 2 if both else 0
    value: Callable[..., Any] = lambda *sums: measure.value(*sums[half:]) - measure.value(*sums[:half])  # noqa: E731
    return clustered(both, value, _ONE_SIDED, share=False)


def _changed(measure: Measure, pairs: Sequence[tuple[Cell, Cell]]) -> tuple[str, ...]:
    sign = 1.0 if measure.up else -1.0
    moved = []
    for one, other in pairs:
        old, new = measure.of(one.scores), measure.of(other.scores)
        if old != new:
            moved.append((sign * ((new or 0.0) - (old or 0.0)), one.case))
    return tuple(name for _, name in sorted(moved))


def _kept(cells: Sequence[Cell]) -> list[tuple[str, Scores]]:
    """Cells by what is resampled: titles, or cases where there are too few titles to resample."""
    by_case = len({cell.cluster for cell in cells}) < FEWEST_TITLES
    return [(cell.case if by_case else cell.cluster, cell.scores) for cell in cells if not cell.error]


def by_fall(compared: Sequence[Compared], before: Mapping[str, Cell], after: Mapping[str, Cell]) -> list[str]:
    """Cases that some figure with a margin fell in, the greatest sum of falls first."""
    falls: dict[str, float] = {}
    for one in compared:
        sign = 1.0 if one.measure.up else -1.0
        for name in one.changed if one.rule.margin is not None else ():
            old, new = one.measure.of(before[name].scores), one.measure.of(after[name].scores)
            falls[name] = falls.get(name, 0.0) + min(0.0, sign * ((new or 0.0) - (old or 0.0)))
    return [name for name, fall in sorted(falls.items(), key=lambda pair: (pair[1], pair[0])) if fall < 0]
