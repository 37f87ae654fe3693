"""The most telling quotes for a finding: a clear stance, on the aspect, readable alone, from different reviews.

A sentence that its neighbour takes back ("I wanted to love it. But …") is left aside while there is another; where
there is none it is quoted with that neighbour, never without.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag import words
from rag.evidence import cite
from rag.evidence.overall import quotable
from rag.records import Citation, Opinion, Review, Sentence
from rag.reviews import scope as scopes
from rag.reviews import store as stores
from rag.reviews.store import Reading

LEAST_WORDS, MOST_WORDS = 5, 60
_LEANING = frozenset("it he she they this that these those and but or so which also then there".split())
"""A sentence that opens with one of these leans on the one before it."""

_ASKING_OR_QUOTED = re.compile(r"\?[\"”’')]*$|^[\"“].*[\"”]$", re.DOTALL)


@dataclass(frozen=True)
class _Candidate:
    opinion: Opinion
    spans: Sequence[cite.Span]
    alone: bool
    """Whether it can be read without its neighbours."""


class Quoter:
    """Cites opinions; reads each review it needs once."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._reviews: dict[str, Review] = {}
        self._sentences: dict[str, Sequence[Sentence]] = {}

    def best(self, opinions: Sequence[Opinion], limit: int, *, any_: bool = False) -> tuple[Citation, ...]:
        """At most so many quotes of these opinions, one a review; those come clearest first, and stay so ordered.

        An opinion that is not `quotable` is counted, but not held up as what somebody thinks, unless `any_` will do.
        """
        sure = [opinion for opinion in opinions if any_ or quotable(opinion)]
        self._load({opinion.review_id for opinion in sure})
        found = [candidate for opinion in sure if (candidate := self._candidate(opinion)) is not None]
        # Python's sort is stable: among the readable ones, and among the others, the clearest stay first.
        found.sort(key=lambda candidate: (candidate.opinion.stance == "mixed", not candidate.alone))
        chosen: dict[str, _Candidate] = {}
        for candidate in found:
            chosen.setdefault(candidate.opinion.review_id, candidate)
        return tuple(self._citation(candidate) for candidate in list(chosen.values())[:limit])

    def _load(self, ids: set[str]) -> None:
        new = sorted(ids - self._reviews.keys())
        if new:
            self._reviews |= stores.get_reviews(self._reading, new)
            self._sentences |= scopes.sentences_of(self._reading, new)

    def _candidate(self, opinion: Opinion) -> _Candidate | None:
        tiles = self._sentences.get(opinion.review_id, ())
        sentence = next((tile for tile in tiles if tile.start <= opinion.start < tile.end), None)
        if sentence is None:
            return None
        texts: Mapping[str, str] = {opinion.review_id: self._reviews[opinion.review_id].text}
        spans = cite.cite([sentence], {opinion.review_id: tiles}, texts)
        if isinstance(spans, cite.Refused):
            return None
        said = words.tokens(sentence.view)
        whole = spans[0].end <= sentence.end and spans[0].start >= sentence.start
        alone = whole and LEAST_WORDS <= len(said) <= MOST_WORDS and said[0] not in _LEANING
        # A question, and what somebody else says in the review, are seldom a verdict.
        alone = alone and not _ASKING_OR_QUOTED.search(sentence.view)
        return _Candidate(opinion, spans, alone)

    def _citation(self, candidate: _Candidate) -> Citation:
        opinion, span = candidate.opinion, candidate.spans[0]
        # It is numbered where it is put together with others.
        return cite.citation(0, self._reviews[span.review_id], span, opinion)


def is_signed(quote: Citation, review: Review | None) -> bool:
    """Whether a quote names its review's critic, outlet, date and address as they stand now."""
    now = None if review is None else (review.critic, review.outlet, review.date, review.url)
    return (quote.critic, quote.outlet, quote.date, quote.url) == now
