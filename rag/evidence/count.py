"""Counts → sentences. Pure; every number that a reader sees is put into words here, from a count over all reviews."""

from __future__ import annotations

from collections.abc import Mapping


def mention_sentence(mentioning: Mapping[str, int], reviews: Mapping[str, int], focus: str) -> str | None:
    """How many reviews mention a focus, title by title (both mappings by title name); never pooled.

    A mention is seen by its words, so a review that speaks of the thing in other words is missed: the sentence says
    "at least". None where there is nothing to count.
    """
    parts = [
        _one(mentioning.get(name, 0), total, focus, name if len(reviews) > 1 else None)
        for name, total in reviews.items()
        if total
    ]
    return " ".join(parts) or None


def _one(k: int, n: int, focus: str, title: str | None) -> str:
    place = f" of {title}" if title else ""
    if k == 0:
        return no_mention(n, focus, title)
    if n == 1:
        return f"The only review{place} mentions {focus}."
    if k == n:
        return f"{'Both' if n == 2 else f'All {n}'} reviews{place} mention {focus}."
    return f"At least {k} of the {n} reviews{place} {'mentions' if k == 1 else 'mention'} {focus}."


def no_mention(n: int, focus: str, title: str | None = None) -> str:
    """That none of n reviews was seen to mention a focus."""
    place = f" of {title}" if title else ""
    return f"No mention of {focus} was found in the {'only review' if n == 1 else f'{n} reviews'}{place}."
