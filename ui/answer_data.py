"""An answer and its reviews → what the component shows. Pure.

Claims become segments of text and chips; a source becomes the words before, in and after its quote. Offsets stay
here: they count code points, and a browser counts UTF-16.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import LibraryDamaged
from rag.records import Answer, Citation, Claim, Review
from ui.safe import Piece, one_line, pieces

WINDOW = 2_000
"""Code points of a review shown on each side of a quote before "show more" is asked for."""
_GROWTH = 5
_MAX_WINDOW = 100_000
_SNAP = 120

Json = dict[str, Any]


def build(answer: Answer, reviews: Mapping[str, Review], widened: Mapping[int, int]) -> Json:
    """The component's data. `widened` says how often "show more" was asked for, by citation id."""
    titles = {title.id: title.name for title in answer.titles}
    by_id = {citation.id: citation for citation in answer.citations}
    shown = {number for claim in answer.claims for number in claim.citations} | set(answer.nearest)
    return {
        "question": pieces(answer.question),
        "status": answer.status,
        "reason": pieces(answer.reason or ""),
        "claims": [_claim(claim, by_id, titles) for claim in answer.claims],
        "nearest": [_nearest(by_id[number]) for number in answer.nearest],
        "sources": [
            source(citation, reviews[citation.review_id], titles, widened.get(citation.id, 0))
            for citation in answer.citations
            if citation.id in shown
        ],
    }


def partial(question: str, claims: Sequence[tuple[Claim, tuple[Citation, ...]]], reviews: Mapping[str, Review]) -> Json:
    """The data of an answer that is still written: the sentences that have been verified so far."""
    by_id = {one.id: one for _, cited in claims for one in cited}
    return {
        "question": pieces(question),
        "status": "answered",
        "reason": [],
        "claims": [_claim(claim, by_id, {}) for claim, _ in claims if set(claim.citations) <= by_id.keys()],
        "nearest": [],
        "sources": [source(one, reviews[one.review_id], {}, 0) for one in by_id.values()],
    }


# ── claims ───────────────────────────────────────────────────────────────────────────────────────


def _claim(claim: Claim, by_id: Mapping[int, Citation], titles: Mapping[str, str]) -> Json:
    cited = [by_id[number] for number in claim.citations]
    names = [name for citation in cited for name in (citation.critic, citation.outlet) if name]
    segments = _segments(claim.text, [citation.quote for citation in cited], [*names, *titles.values()])
    return {"kind": claim.kind, "segments": [*segments, *({"chip": number} for number in claim.citations)]}


def _segments(text: str, quotes: Sequence[str], names: Sequence[str]) -> list[Json]:
    """The claim's words; a quote in it stands apart, so that it can be set in the type of reviews."""
    for quote in quotes:
        lead, found, rest = text.partition(f"“{quote}”")
        if found:
            return [*_named(lead, names), {"quote": pieces(quote)}, *_named(rest, names)]
    return _named(text, names)


def _named(text: str, names: Sequence[str]) -> list[Json]:
    """Names stand apart too: one that is written from right to left must not turn the words around it."""
    if not text:
        return []
    known = sorted(set(names), key=lambda name: (-len(name), name))
    parts = re.split("(" + "|".join(map(re.escape, known)) + ")", text) if known else [text]
    return [{"name" if number % 2 else "text": pieces(part)} for number, part in enumerate(parts) if part]


def _nearest(citation: Citation) -> Json:
    who = ", ".join(part for part in (citation.critic or "Unsigned", citation.outlet) if part)
    return {"chip": citation.id, "quote": pieces(citation.quote), "who": _line(who)}


def _line(text: str) -> list[Piece]:
    return pieces(" ".join(text.split()))


# ── sources ──────────────────────────────────────────────────────────────────────────────────────


def source(citation: Citation, review: Review, titles: Mapping[str, str], steps: int) -> Json:
    """A review around a quote; `steps` is how often more of it was asked for. Raises LibraryDamaged."""
    text, start, end = review.text, citation.start, citation.end
    if text[start:end] != citation.quote:
        raise LibraryDamaged(
            "A stored review does not hold the words that were quoted from it.", "Run pullquote doctor."
        )
    first, last = _window(text, start, end, min(WINDOW * _GROWTH**steps, _MAX_WINDOW))
    return {
        "id": citation.id,
        "label": one_line(f"Source {citation.id}: {who(review)}"),
        "critic": _line(review.critic or "Unsigned review"),
        "facts": [_line(fact) for fact in (review.outlet, review.date, review.rating) if fact],
        "title": _line(titles.get(review.title_id, "")) if len(titles) > 1 else [],
        "before": pieces(text[first:start]),
        "mark": pieces(text[start:end]),
        "after": pieces(text[end:last]),
        "cut_before": first > 0,
        "cut_after": last < len(text),
        "more": (first > 0 or last < len(text)) and WINDOW * _GROWTH**steps < _MAX_WINDOW,
    }


def who(review: Review) -> str:
    """Critic and outlet, as a chip is named to those who hear the page."""
    return ", ".join(part for part in (review.critic or "unsigned review", review.outlet) if part)


def _window(text: str, start: int, end: int, radius: int) -> tuple[int, int]:
    """The part of a review to show: `radius` code points around the span, ending between words where it can."""
    first, last = max(0, start - radius), min(len(text), end + radius)
    if first > 0:
        blank = text.find(" ", first, min(first + _SNAP, start))
        first = blank + 1 if blank >= 0 else first
    if last < len(text):
        blank = text.rfind(" ", max(last - _SNAP, end), last)
        last = blank if blank >= 0 else last
    return first, last
