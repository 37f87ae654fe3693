"""What an answer counts: the sentence with the numbers, and the coverage of each title. No engine has a part in it."""

from __future__ import annotations

from dataclasses import replace

from rag import taxonomy
from rag.candidates import MAX_COVERED, Found
from rag.evidence import count, verdicts
from rag.findings import Side
from rag.records import Claim, Coverage, Totals
from rag.verify import Verifier

_BEHIND = 3
"""How many passages a count shows behind it."""


def count_claim(found: Found, verifier: Verifier) -> Claim | None:
    """How many reviews are of which side, in every title, with the first quotes behind it; made by code.

    Where nothing is coded, how many mention it. Without a support score: it is recomputed, not supported.
    """
    if found.complaining:
        return Claim("count", complaints_told(found), verifier.behind(_BEHIND))
    names = {title.id: title.name for title in found.titles}
    if found.counts:
        shown = list(found.counts if found.picked is None else found.picked)
        counts = {names[title_id]: found.counts[title_id] for title_id in shown}
        read = {names[title_id]: found.totals[title_id].read for title_id in shown}
        focus = found.spoken_focus if found.plan.aspect else None
        narrowed = bool(found.plan.people) or bool(replace(found.plan.filters, stance=None))
        sentence = count.opinion_sentences(counts, read, focus, found.plan.stance, narrowed=narrowed)
        judged = any(one.mentioning for one in counts.values())
        return Claim("count", sentence, verifier.behind(_BEHIND) if judged else ())
    if not found.plan.mentions or len(found.titles) > MAX_COVERED or found.only_near:
        return None
    mentioned = count.mention_sentence(
        {names[title]: k for title, k in found.mentioning.items()},
        {names[title]: n for title, n in found.reviews.items()},
        found.spoken_focus,
    )
    return Claim("count", mentioned, ()) if mentioned else None


def complaints_told(found: Found) -> str:
    """How many reviews tell of what is severe and asked about, title by title; with very many titles, of those that do.

    Where none of very many does, of the first.
    """
    few = len(found.titles) <= MAX_COVERED
    shown = [title for title in found.titles if few or title.id in found.complaining] or found.titles[:MAX_COVERED]
    told = {title.name: found.complaining.get(title.id, 0) for title in shown}
    reviews = {title.name: found.reviews[title.id] for title in shown if found.reviews[title.id]}
    named = [one.name for one in taxonomy.severities() if one.id in found.plan.severe]
    return count.complaint_sentences(told, reviews, named)


def coverage(found: Found, title_id: str) -> Coverage:
    """What was read of a title, and how many are of which side. A focus that is no aspect is counted by its words."""
    total = found.reviews[title_id]
    totals = found.totals.get(title_id, Totals(total, 0, 0, 0, total))
    counted = found.counts.get(title_id)
    if counted is None:
        by_words = found.plan.whole_aspect is None and bool(found.plan.mentions)
        mentioning = found.mentioning[title_id] if by_words else None
        return Coverage(title_id, *_parts(totals), mentioning=mentioning)
    sides: tuple[Side, Side] = ("praised", "criticised")
    praised, criticised = (verdicts.side_share(counted, side, totals.read) for side in sides)
    words = {
        "positive": verdicts.side_word(counted, "praised", totals.read),
        "negative": verdicts.side_word(counted, "criticised", totals.read),
    }
    held = (counted.mentioning, counted.positive, counted.negative, counted.mixed)
    return Coverage(title_id, *_parts(totals), *held, praised, criticised, words)


def _parts(totals: Totals) -> tuple[int, int, int, int, int]:
    return totals.reviews, totals.coded, totals.no_opinion, totals.failed, totals.uncoded
