"""What was planted in a title: its votes, and how many of them praise and blame an aspect. Pure.

Counted here without the program that is measured on it, by the definitions that it too must follow: equal texts are one
vote, and a review votes once per aspect and side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from corpus.labels import Label
from corpus.reader import Review
from corpus.sentences import sentences

Side = Literal["positive", "negative"]


@dataclass(frozen=True)
class Counts:
    """Reviews of a title that speak of something; ``positive`` and ``negative`` do nothing else, ``mixed`` do both."""

    title: str
    """The title's slug."""
    reviews: int
    """All of the title, reprints left out."""
    mentioning: int
    positive: int = 0
    negative: int = 0
    mixed: int = 0

    def on(self, side: Side) -> int:
        """How many praise it, or blame it, whatever else they do."""
        return self.mixed + (self.positive if side == "positive" else self.negative)


@dataclass(frozen=True)
class Span:
    """``text[start:end]`` of a review, in code points."""

    review: str
    start: int
    end: int


def votes(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """The reviews without reprints: of equal texts of a title, the first."""
    first: dict[tuple[str, str], Review] = {}
    for review in reviews:
        first.setdefault((review.slug, review.text), review)
    return tuple(first.values())


def labels_on(review: Review, aspect: str, side: Side | None = None) -> list[Label]:
    """A review's labels on an aspect, of one side or of any."""
    return [label for label in review.labels if label.aspect == aspect and side in (None, label.stance)]


def spans(reviews: Sequence[Review], aspect: str, side: Side | None = None) -> tuple[Span, ...]:
    """Where the reviews speak of an aspect, in the order of the reviews, each place once."""
    found = (Span(r.id, label.start, label.end) for r in reviews for label in labels_on(r, aspect, side))
    return tuple(dict.fromkeys(found))


def apart(found: Iterable[Span], others: Iterable[Span], reviews: Sequence[Review]) -> tuple[Span, ...]:
    """The spans that share no sentence with one of the others."""
    known = {review.id: review for review in reviews}
    taken = {place for span in others for place in _places(span, known[span.review])}
    return tuple(span for span in found if not taken.intersection(_places(span, known[span.review])))


def _places(span: Span, review: Review) -> list[tuple[str, int]]:
    """The sentences that a span touches, by review and ordinal."""
    found = sentences(review.text, review.labels, review.lang)
    return [(review.id, s.ordinal) for s in found if s.start < span.end and span.start < s.end]


def counts(title: str, reviews: Sequence[Review], aspect: str) -> Counts:
    """How many of a title's votes speak of an aspect, and how."""
    stances = [{label.stance for label in labels_on(review, aspect)} for review in reviews]
    return Counts(
        title,
        len(reviews),
        sum(map(bool, stances)),
        sum("positive" in taken and "negative" not in taken for taken in stances),
        sum("negative" in taken and "positive" not in taken for taken in stances),
        sum({"positive", "negative"} <= taken for taken in stances),
    )
