"""Sentence ids → exact quotes. Pure.

A citation is one to three adjacent sentences of one review. A sentence that its neighbour takes back is cited with
it or not at all: "I wanted to love it. But the last act gave me no chance." means the opposite of its first half.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.records import Citation, Opinion, Review, Sentence

MAX_SENTENCES = 3
CONTEXT = 200
"""Code points of the neighbouring text that a citation shows on each side."""

# A sentence that opens with one of these turns round what the one before it said.
_REVERSAL = re.compile(
    r"^[\"“‘'(—–\s-]*(?:and\s+)?(?:but|however|yet|nevertheless|nonetheless|unfortunately|sadly|alas|except|"
    r"that said|then again|on the other hand|just kidding|if only|not so)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Span:
    """`text[start:end]` of a review, without blanks at its ends."""

    review_id: str
    start: int
    end: int


@dataclass(frozen=True)
class Refused:
    """Sentences that can't be cited, and why."""

    why: str


def cite(
    cited: Sequence[Sentence], sentences: Mapping[str, Sequence[Sentence]], texts: Mapping[str, str]
) -> list[Span] | Refused:
    """The spans that these sentences make: adjacent ones joined, each widened by a neighbour that reverses it.

    `sentences` holds every sentence of each cited review in order, `texts` its stored text. Spans come in the
    order in which their reviews were first cited, then by position.
    """
    spans: list[Span] = []
    for review_id in dict.fromkeys(sentence.review_id for sentence in cited):
        tiles, text = sentences[review_id], texts[review_id]
        wanted = sorted({s.ordinal for s in cited if s.review_id == review_id})
        for first, last in _runs(wanted, tiles, text):
            refusal = _refusal(first, last, tiles)
            if refusal:
                return Refused(refusal)
            spans.append(_trimmed(review_id, text, tiles[first].start, tiles[last].end))
    return spans


def _runs(ordinals: Sequence[int], tiles: Sequence[Sentence], text: str) -> list[tuple[int, int]]:
    """Adjacent ordinals as `(first, last)`, each widened, and joined again where widening made them meet."""
    runs: list[tuple[int, int]] = []
    for ordinal in ordinals:
        first, last = _widened(ordinal, tiles, text)
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(last, runs[-1][1]))
        else:
            runs.append((first, last))
    return runs


def _widened(ordinal: int, tiles: Sequence[Sentence], text: str) -> tuple[int, int]:
    first = last = ordinal
    while first > 0 and _reverses(tiles[first], text):
        first -= 1
    while last + 1 < len(tiles) and _reverses(tiles[last + 1], text):
        last += 1
    return first, last


def _reverses(tile: Sentence, text: str) -> bool:
    return not tile.noise and bool(_REVERSAL.match(text[tile.start : tile.end]))


def _refusal(first: int, last: int, tiles: Sequence[Sentence]) -> str | None:
    if last - first + 1 > MAX_SENTENCES:
        return (
            f"it could only be quoted with {last - first} neighbours, and a quote has at most {MAX_SENTENCES} sentences"
        )
    if any(tile.noise for tile in tiles[first : last + 1]):
        return "it holds page noise that no reviewer wrote"
    return None


def _trimmed(review_id: str, text: str, start: int, end: int) -> Span:
    body = text[start:end]
    return Span(review_id, start + len(body) - len(body.lstrip()), end - len(body) + len(body.rstrip()))


def citation(number: int, review: Review, span: Span, opinion: Opinion | None) -> Citation:
    """A span of a review as it is shown, with what its coder read there."""
    text = review.text
    return Citation(
        id=number,
        review_id=review.id,
        title_id=review.title_id,
        start=span.start,
        end=span.end,
        quote=text[span.start : span.end],
        before=text[max(0, span.start - CONTEXT) : span.start],
        after=text[span.end : span.end + CONTEXT],
        critic=review.critic,
        outlet=review.outlet,
        date=review.date,
        url=review.url,
        stance=opinion.stance if opinion else None,
        stance_score=opinion.score if opinion else None,
    )
