"""Counts → sentences. Pure; every number that a reader sees is put into words here, from a count over all reviews."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.evidence import verdicts
from rag.findings import Side
from rag.records import Counts

_FEW_NAMES = 3
"""More categories of severe complaints than that stand in brackets."""


def opinion_sentences(
    counts: Mapping[str, Counts],
    reviews: Mapping[str, int],
    focus: str | None,
    stance: str | None,
    *,
    narrowed: bool = False,
) -> str:
    """How many reviews of each title (both mappings by its name) praise and criticise a focus; None: the whole.

    `reviews` are those that a coder has read; `narrowed`: there are others, out of scope. Never pooled.
    """
    places = {name: (f" of {name}" if len(counts) > 1 else "") + (" in scope" if narrowed else "") for name in counts}
    return " ".join(_opinions(found, reviews[name], focus, stance, places[name]) for name, found in counts.items())


def complaint_sentences(told: Mapping[str, int], reviews: Mapping[str, int], names: Sequence[str]) -> str:
    """How many reviews of each title (both mappings by its name) tell of what is severe; `names` are its categories."""
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    what = f"something severe ({listed})" if len(names) > _FEW_NAMES else listed
    return " ".join(
        _complaining(told.get(name, 0), n, what, f" of {name}" if len(reviews) > 1 else "")
        for name, n in reviews.items()
    )


def _complaining(k: int, n: int, what: str, place: str) -> str:
    if k == 0:
        return f"None of the {n} reviews{place} was read as telling of {what}." if n > 1 else (
            f"The only review{place} was not read as telling of {what}."
        )  # fmt: skip
    if n == 1:
        return f"The only review{place} tells of {what}."
    return f"{k} of the {n} reviews{place} {'tells' if k == 1 else 'tell'} of {what}."


def _opinions(found: Counts, n: int, focus: str | None, stance: str | None, place: str) -> str:
    if n == 1:
        return f"There is one review{place}, and it {_single(found, focus)}."
    if focus is None:
        return (
            f"Of the {n} reviews{place} that were read, {found.positive} {_are(found.positive)} for it, "
            f"{found.negative} against, and {found.mixed} between."
        )
    if not found.mentioning:
        return f"None of the {n} reviews{place} judges {focus}."
    if stance is not None:
        return _of_side(found, n, focus, stance, place)
    return f"{_judging(found.mentioning, n, place)} {focus}{_sides(found)}."


def _judging(k: int, n: int, place: str) -> str:
    if k == n:
        return f"{'Both' if n == 2 else f'All {n}'} reviews{place} judge"
    return f"{'One' if k == 1 else k} of the {n} reviews{place} {'judges' if k == 1 else 'judge'}"


_SIDES = (
    ("positive", "praise it", "praises it"),
    ("negative", "criticise it", "criticises it"),
    ("mixed", "praise and criticise it", "praises and criticises it"),
    ("neutral", "take no side", "takes no side"),
)


def _sides(found: Counts) -> str:
    """ ", and all praise it", ": 5 praise it, 2 criticise it, 1 praises and criticises it"."""
    taken = [(count, several, one) for side, several, one in _SIDES if (count := getattr(found, side))]
    if found.neutral == found.mentioning:
        return " without taking a side"
    if len(taken) == 1 and taken[0][0] == found.mentioning:
        count, several, one = taken[0]
        return f", and {one}" if count == 1 else f", and {'both' if count == 2 else 'all'} {several}"
    return ": " + ", ".join(f"{count} {one if count == 1 else several}" for count, several, one in taken)


def _of_side(found: Counts, n: int, focus: str, stance: str, place: str) -> str:
    side: Side = "praised" if stance == "positive" else "criticised"
    verb = "praise" if stance == "positive" else "criticise"
    share = verdicts.side_share(found, side, n)
    assert share is not None  # there are several reviews, and some judge it
    if share.n == 1:
        return f"One of the {n} reviews{place} judges {focus}, and it {verb}s it." if share.k else (
            f"One of the {n} reviews{place} judges {focus}, and it does not {verb} it."
        )  # fmt: skip
    judging = f"the {share.n} reviews{place} that judge {focus}"
    if share.k in (0, share.n):
        every = "Both" if share.n == 2 else f"All {share.n}"
        told = f"{every} reviews{place} that judge {focus} {verb} it" if share.k else f"None of {judging} {verb}s it"
        return f"{told}."
    interval = f"{share.value:.0%}, {100 * share.low:.0f}–{100 * share.high:.0f}".replace("%", " %")
    word = verdicts.side_word(found, side, n)
    if word:
        return f"{word.capitalize()} of {judging} {verb} it: {share.k} ({interval})."
    return f"{share.k} of {judging} {verb}{'s' if share.k == 1 else ''} it ({interval})."


def _single(found: Counts, focus: str | None) -> str:
    thing = focus or "it"
    if found.mixed:
        return f"both praises and criticises {thing}"
    if found.positive:
        return f"praises {thing}"
    return f"criticises {thing}" if found.negative else f"takes no side on {thing}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


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


def no_opinion(k: int, n: int, focus: str) -> str:
    """That k of n reviews hold the words of a focus, and that none was seen to judge it."""
    if n == 1:
        return f"The only review names {focus}, and no opinion on it was found."
    held = f"All {n} reviews name" if k == n else f"{k} of the {n} reviews {'names' if k == 1 else 'name'}"
    return f"{held} {focus}, and no opinion on it was found."


def no_mention(n: int, focus: str, title: str | None = None) -> str:
    """That none of n reviews was seen to mention a focus, by its words where it is quoted."""
    place = f" of {title}" if title else ""
    what = f"No sentence with {focus}" if focus.startswith("“") else f"No mention of {focus}"
    return f"{what} was found in the {'only review' if n == 1 else f'{n} reviews'}{place}."
