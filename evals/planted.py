"""The sentences of our own corpus with what was planted in them, for training heads and for measuring them."""

from __future__ import annotations

from dataclasses import dataclass

from corpus.loader import Corpus
from corpus.planted import votes
from corpus.sentences import sentences


@dataclass(frozen=True)
class PlantedSentence:
    """An English sentence, its labels' aspects and stances; none where it holds no opinion."""

    title: str
    """The title's slug."""
    kind: str
    text: str
    aspects: frozenset[str]
    stances: frozenset[str]
    severity: str | None = None
    """The category of a severe complaint in it."""
    follows: bool = False
    """Whether it stands behind the one before it, in the same review."""


def planted_sentences(corpus: Corpus) -> list[PlantedSentence]:
    """Every sentence of the English reviews, reprints left out; line ends are blanks."""
    kinds = {title.slug: title.kind for title in corpus.titles}
    found = []
    for review in votes(corpus.reviews):
        for span in sentences(review.text, review.labels) if review.lang is None else ():
            held = [label for label in review.labels if span.holds(label)]
            found.append(
                PlantedSentence(
                    review.slug,
                    kinds[review.slug],
                    " ".join(review.text[span.start : span.end].split()),
                    frozenset(label.aspect for label in held),
                    frozenset(label.stance for label in held),
                    next((label.severity for label in held if label.severity), None),
                    span.ordinal > 0,
                )
            )
    return found
