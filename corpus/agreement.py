"""How far two readers agree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Agreement:
    """Two readings of the same units."""

    units: int
    agreed: int
    given: tuple[int, int]
    """To how many units each gave a label that is not empty (``False``, ``""``)."""
    kappa: float | None
    """Cohen's kappa, at most 1; None where both gave every unit the same one label, so that chance explains all."""


def agreement(pairs: Iterable[tuple[Hashable, Hashable]]) -> Agreement:
    """Cohen's kappa of two readings, one pair a unit: (p_o − p_e) / (1 − p_e).

    p_o is the share of units on which they agree, p_e the share on which readers would who gave their labels as often
    but at random (J. Cohen, "A coefficient of agreement for nominal scales", 1960).

    >>> agreement([(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15)
    Agreement(units=50, agreed=35, given=(25, 30), kappa=0.4)
    """
    kept = list(pairs)
    agreed = sum(first == second for first, second in kept)
    firsts, seconds = Counter(first for first, _ in kept), Counter(second for _, second in kept)
    # In whole numbers of pairs, times n: exact until the last division.
    by_chance = sum(times * seconds[label] for label, times in firsts.items())
    possible = len(kept) ** 2 - by_chance
    kappa = (agreed * len(kept) - by_chance) / possible if possible else None
    given = (sum(bool(first) for first, _ in kept), sum(bool(second) for _, second in kept))
    return Agreement(len(kept), agreed, given, kappa)
