"""Counts → sentences. Pure; every number that a reader sees is put into words here, from a count over all reviews."""

from __future__ import annotations

from collections.abc import Mapping


def mention_sentence(mentioning: Mapping[str, int], reviews: Mapping[str, int], focus: str) -> str | None:
    """How many reviews speak of a focus, title by title (both mappings by title name); never pooled.

    None where there is nothing to count.
    """
    parts = [
        _one(mentioning.get(name, 0), total, focus, name if len(reviews) > 1 else None)
        for name, total in reviews.items()
        if total
    ]
    return " ".join(parts) or None


def _one(k: int, n: int, focus: str, title: str | None) -> str:
    place = f" of {title}" if title else ""
    if n == 1:
        return f"The only review{place} {'speaks' if k else 'does not speak'} of {focus}."
    if k == n:
        return f"{'Both' if n == 2 else f'All {n}'} reviews{place} speak of {focus}."
    if k == 0:
        return f"None of the {n} reviews{place} speaks of {focus}."
    rest = n - k
    silent = "the other one does not" if rest == 1 else f"the other {rest} do not"
    return f"{k} of the {n} reviews{place} {'speaks' if k == 1 else 'speak'} of {focus}; {silent}."
