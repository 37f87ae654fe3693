"""Counts → what is praised, what is criticised, what divides people, and what is worth saying first. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from rag.evidence.share import share, word
from rag.findings import Finding, Side, Verdict
from rag.records import Counts, Share
from rag.taxonomy import OVERALL

CLEAR = 0.6
"""From this share of those that mention an aspect on, a side has it."""
CAMP_SHARE = 0.25
CAMP_REVIEWS = 2
"""An aspect divides when the reviews that only praise it and those that only criticise it are, each, at least a quarter
of those that mention it, and at least two."""


def verdict(counts: Counts) -> Verdict:
    """What a title's reviews make of an aspect."""
    if divided(counts):
        return "divided"
    if not counts.mentioning:
        return "neither"
    praised = (counts.positive + counts.mixed) / counts.mentioning
    criticised = (counts.negative + counts.mixed) / counts.mentioning
    if praised >= CLEAR and praised > criticised:
        return "praised"
    return "criticised" if criticised >= CLEAR and criticised > praised else "neither"


def verdict_on_whole(counts: Counts) -> Verdict:
    """The same of a title as a whole, where `mixed` are reviews between the two sides, which count for neither."""
    apart = Counts(counts.mentioning, counts.positive, counts.negative)
    return verdict(apart)


def divided(counts: Counts) -> bool:
    """Whether both camps are substantial."""
    smaller = min(counts.positive, counts.negative)
    return smaller >= max(CAMP_REVIEWS, CAMP_SHARE * counts.mentioning)


def side_share(counts: Counts, side: Side, reviews: int) -> Share | None:
    """Of the reviews that mention an aspect, those on a side. None where the title has one review: say that instead."""
    if reviews < 2:
        return None
    only = counts.positive if side == "praised" else counts.negative
    return share(only + counts.mixed, counts.mentioning)


def side_word(counts: Counts, side: Side, reviews: int) -> str | None:
    """The word for it by the one table; None below five reviews."""
    found = side_share(counts, side, reviews)
    return None if found is None else word(found)


def weight(finding: Finding, reviews: int) -> float:
    """How much there is to say: how many mention it, and how far they are of one mind or of two."""
    counts = finding.counts
    if not counts.mentioning:
        return 0.0
    lean = abs(counts.positive - counts.negative) / counts.mentioning
    spoken = 1.0 if finding.verdict == "divided" else lean
    return (0.25 + 0.75 * spoken) * counts.mentioning / max(1, reviews)


def ranked(findings: Iterable[Finding], reviews: int) -> list[Finding]:
    """Those that say most first; what fits no aspect last."""
    return sorted(findings, key=lambda one: (one.aspect == "other", -weight(one, reviews), one.aspect))


def counted(finding: Finding, side: Side, reviews: int, form: str = "") -> str:
    """A side's count with its denominator, as a sentence says it: "9 of the 12 reviews that mention it".

    `form` is `short` for "9 of 12", and `each` where the sentence speaks of several aspects with the same counts.
    """
    k = finding.total_praised if side == "praised" else finding.total_criticised
    n, it = finding.counts.mentioning, "it" if form == "each" else finding.pronoun
    if reviews == 1:
        return "the one review"
    if finding.aspect == OVERALL:
        # Those between the two are on no side of the whole.
        k = finding.counts.positive if side == "praised" else finding.counts.negative
        if form == "short":
            return str(k or "none")
        if n == 1:
            return "the one review with an opinion" if k else "none, though one review has an opinion"
        share = f"{'both' if n == 2 else f'all {n}'} reviews" if k == n else f"{k or 'none'} of the {n} reviews"
        return f"{share} with an opinion"
    if form == "short":
        return f"{k or 'none'} of {n}" if k != n else "the one" if n == 1 else "both" if n == 2 else f"all {n}"
    if n == 1:
        return f"the one review that mentions {it}" if k else f"none, though one review mentions {it}"
    if k == n:
        return f"both reviews that mention {it}" if n == 2 else f"all {n} reviews that mention {it}"
    if k == 0:
        return f"none of the {n} reviews that mention {it}"
    return f"{k} of the {n} reviews that mention {it}"
