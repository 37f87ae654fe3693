"""Counts → shares, their intervals, the word for one, and the difference of two. Pure; standard library only.

Wilson's interval says how sure a share is when these reviews stand for others like them. It knows nothing of how often
the coder errs.
"""

from __future__ import annotations

from math import sqrt

from rag.findings import Difference
from rag.records import Share

_Z = 1.959963984540054
"""The normal deviate of a two-sided 95 %."""
LEAST_FOR_WORDS = 5
"""Of fewer reviews nothing is said but the count itself."""

WORDS = (
    ("few", 0.2),
    ("some", 0.4),
    ("about half", 0.6),
    ("most", 0.9),
    ("nearly all", 1.0),
)
"""Each word with the share up to which it holds; the one table."""


def share(k: int, n: int) -> Share | None:
    """k of n with Wilson's 95 % interval (E. B. Wilson, "Probable Inference", 1927); None of none.

    Raises ValueError where k is not from 0 to n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if n == 0:
        return None
    value = k / n
    middle = value + _Z**2 / (2 * n)
    half = _Z * sqrt(value * (1 - value) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if k == 0 else (middle - half) / scale
    high = 1.0 if k == n else (middle + half) / scale
    return Share(value, low, high, n, k)


def word(found: Share) -> str | None:
    """The word for a share by the table; None below five reviews, and for none and all, which counts say better."""
    if found.n < LEAST_FOR_WORDS or found.k in (0, found.n):
        return None
    return next(name for name, limit in WORDS if found.value <= limit)


def difference(first: Share, second: Share) -> Difference:
    """Of two independent shares, by their Wilson intervals (R. G. Newcombe, "Interval Estimation for the Difference
    between Independent Proportions", 1998, method 10).
    """
    value = first.value - second.value
    below = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    above = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Difference(value, value - below, value + above, "Newcombe 1998, method 10")
