"""A coder at work on our corpus, and how often it is right: per aspect and side, review by review."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from corpus.loader import Corpus
from corpus.planted import votes
from corpus.reader import Review
from rag import taxonomy
from rag.engines.base import CodingRequest, Vectors
from rag.engines.coding import draft_opinions, example_texts
from rag.engines.heads import Heads
from rag.evidence.overall import stance_on
from rag.evidence.share import share
from rag.opinions import units_of
from rag.records import DraftOpinion, Unit
from rag.reviews import ratings
from rag.reviews.coded import ToCode
from rag.reviews.split import sentences

Embed = Callable[[Sequence[str]], Vectors]
Side = Literal["mentioned", "praised", "criticised"]
SIDES: tuple[Side, ...] = ("mentioned", "praised", "criticised")


@dataclass(frozen=True)
class CodedReview:
    """A review of the corpus with what the coder read in it."""

    review: Review
    units: Sequence[Unit]
    drafts: Sequence[DraftOpinion]
    failed: bool


def code_corpus(heads: Heads, corpus: Corpus, embed: Embed, slugs: Iterable[str] | None = None) -> list[CodedReview]:
    """Code the votes of these titles (None: all) as the program does."""
    found = []
    for kind, reviews in reviews_of(corpus, slugs):
        by_review, request = units_and_request(reviews, kind, embed)
        drafted = draft_opinions(heads, request)
        for review, units in by_review:
            own = {unit.id for unit in units}
            drafts = [draft for draft in drafted.opinions if draft.unit in own]
            found.append(CodedReview(review, units, drafts, any(unit.id in drafted.failed for unit in units)))
    return found


def reviews_of(corpus: Corpus, slugs: Iterable[str] | None) -> Iterator[tuple[str, list[Review]]]:
    """The kind and the votes of each of these titles (None: all)."""
    kinds = {title.slug: title.kind for title in corpus.titles}
    kept = votes(corpus.reviews)
    for slug in sorted(kinds if slugs is None else slugs):
        yield kinds[slug], [review for review in kept if review.slug == slug]


def units_and_request(
    reviews: Iterable[Review], kind: str, embed: Embed
) -> tuple[list[tuple[Review, list[Unit]]], CodingRequest]:
    """Reviews of one kind, each with its units, and what a coder is asked about all of them."""
    aspects = taxonomy.load(kind)
    examples = {name: embed(texts) for name, texts in example_texts(aspects).items()}
    by_review = [(r, units_of(to_code(r.id, r.text, r.lang, r.rating, embed))) for r in reviews]
    units = [unit for _, own in by_review for unit in own]
    return by_review, CodingRequest(units, embed([unit.text for unit in units]), aspects, examples)


def to_code(name: str, text: str, lang: str | None, rating: str | None, embed: Embed) -> ToCode:
    """A review that is in no library, as one that is would come to the coder."""
    tiles = [tile for tile in sentences(name, text, lang) if not tile.noise]
    parsed = ratings.parse(rating)
    share = None if parsed is None else parsed[0] / (parsed[1] or ratings.smallest_scale(parsed[0]))
    spans = [(tile.start, tile.end, tile.view) for tile in tiles]
    return ToCode(name, text, lang, share, spans, embed([tile.view for tile in tiles]))


def planted_on(review: Review, aspect: str) -> set[Side]:
    """What a review does with an aspect."""
    stances = {label.stance for label in review.labels if label.aspect == aspect}
    return _sides(stances)


def found_on(coded: CodedReview, aspect: str) -> set[Side]:
    """What the coder says it does."""
    drafts = [draft for draft in coded.drafts if draft.aspect == aspect]
    return _sides({stance_on(drafts)} if drafts else set())


def _sides(stances: set[Any]) -> set[Side]:
    found: set[Side] = {"mentioned"} if stances else set()
    if stances & {"positive", "mixed"}:
        found.add("praised")
    if stances & {"negative", "mixed"}:
        found.add("criticised")
    return found


def measured(coded: Sequence[CodedReview], kinds: Mapping[str, str], on: str) -> list[dict[str, Any]]:
    """Precision and recall of each side of each aspect, over the reviews of titles that have the aspect.

    `kinds` is by slug. A share is `{value, low, high, n, k}` with Wilson's interval, or None of none.
    """
    rows = []
    names = sorted({aspect.id for kind in kinds.values() for aspect in taxonomy.load(kind).aspects})
    for name in names:
        here = [one for one in coded if taxonomy.load(kinds[one.review.slug]).aspect(name) and not one.failed]
        pairs = [(planted_on(one.review, name), found_on(one, name)) for one in here]
        for side in SIDES:
            right, told = ([side in pair[at] for pair in pairs] for at in (0, 1))
            both = int(np.sum(np.array(right, bool) & np.array(told, bool)))
            if sum(right) or sum(told):
                precision, recall = share(both, sum(told)), share(both, sum(right))
                rows.append(
                    {
                        "what": side,
                        "aspect": name,
                        "precision": precision and asdict(precision),
                        "recall": recall and asdict(recall),
                        "n": len(pairs),
                        "on": on,
                    }
                )
    return rows
