"""Intervals by title: answers about one title go wrong together, so titles are resampled, not questions. Pure.

scipy does the arithmetic; importing this module takes two seconds, so nothing but evaluations does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

LEVEL = 0.95
RESAMPLES = 9_999
SEED = 17

Sums = NDArray[np.float64]
"""One sum a resample."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval, and from how many clusters.

    ``low`` and ``high`` are None with fewer than two clusters, and where some resamples leave the value undefined.
    """

    value: float
    low: float | None
    high: float | None
    clusters: int
    error: float | None = None
    """The standard error, of the same resamples."""


def clustered(
    sums: Mapping[str, Sequence[float]], statistic: Callable[..., Sums], level: float = LEVEL, *, share: bool = True
) -> Interval | None:
    """An interval of a statistic of sums over clusters, by resampling whole clusters; of 95 % unless told otherwise.

    ``sums`` holds for each cluster the same few sums (of values and of questions, say); ``statistic`` gets one array a
    sum, added up over the clusters, and gives the value: ``lambda total, n: total / n``. The interval is the
    bias-corrected and accelerated bootstrap (B. Efron, "Better Bootstrap Confidence Intervals", 1987), 9,999 resamples
    with a fixed seed. A share that is 0 or 1 in every cluster cannot be resampled; it gets the exact binomial bounds
    (Clopper and Pearson, 1934) of as many trials as there are clusters; a difference that is the same in every cluster
    (``share`` false) has no such bounds and is what it is. None where the statistic is not defined on the whole.
    """
    columns = [np.array(column, np.float64) for column in zip(*sums.values(), strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"), warnings.catch_warnings():
        # Where nothing varies, scipy warns and gives nan; both cases of it are told apart below.
        warnings.simplefilter("ignore")
        value = float(statistic(*(column.sum(keepdims=True) for column in columns))[0]) if columns else float("nan")
        if np.isnan(value):
            return None
        if len(sums) < 2:
            return Interval(value, None, None, len(sums))
        found = stats.bootstrap(
            columns,
            lambda *parts, axis: statistic(*(part.sum(axis=axis) for part in parts)),
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            confidence_level=level,
            method="BCa",
            rng=np.random.default_rng(SEED),
        )
    if np.isnan(found.bootstrap_distribution).any():
        return Interval(value, None, None, len(sums))
    low, high = found.confidence_interval
    if np.isnan(low):
        low, high = _without_spread(value, len(sums), level) if share else (value, value)
    return Interval(value, float(low), float(high), len(sums), float(found.standard_error))


def clustered_mean(values: Mapping[str, Sequence[float | None]]) -> Interval | None:
    """The mean over all values that are there, with its interval by cluster; None of none."""
    kept = {name: [v for v in found if v is not None] for name, found in values.items()}
    sums = {name: (sum(found), len(found)) for name, found in kept.items() if found}
    return clustered(sums, lambda total, n: total / n)


def _without_spread(value: float, clusters: int, level: float) -> tuple[float, float]:
    """Every cluster has the same value."""
    if value not in (0.0, 1.0):
        return value, value
    bounds = stats.binomtest(int(value) * clusters, clusters).proportion_ci(level, method="exact")
    return float(bounds.low), float(bounds.high)
