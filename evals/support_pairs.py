"""Claims paraphrased by hand, each with the passage it is about, and as many pairs that do not belong together.

Of the false pairs a third each: another passage at random; one on the same aspect with the opposite stance; one on the
same aspect with the same stance, that says something else. Those of the same title come first.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import cycle
from typing import Any, Literal

from corpus import loader
from corpus.labels import Label
from corpus.reader import Review, Split
from rag.reviews.split import sentences

Kind = Literal["true", "swap", "opposite", "detail"]
FALSE: tuple[Kind, ...] = ("swap", "opposite", "detail")
_FILE = resources.files("evals") / "labels" / "claims.jsonl"
_SEED = 7


@dataclass(frozen=True)
class Pair:
    """A claim and a passage; `allowed` is what it may always say: critic, outlet, title, aspect."""

    claim: str
    passage: str
    allowed: tuple[str, ...]
    kind: Kind


def support_pairs(split: Split) -> list[Pair]:
    """The pairs of a split's titles, the same each time."""
    corpus = loader.load(split)
    reviews = {review.id: review for review in corpus.reviews if review.lang is None}
    names = {title.slug: title.name for title in corpus.titles}
    told = [(review, label) for review in reviews.values() for label in review.labels]
    chance, found = random.Random(_SEED), []  # noqa: S311 - no secret
    claims = [claim for claim in _claims() if claim["split"] == split]
    for claim, kind in zip(claims, cycle(FALSE), strict=False):
        review = reviews[claim["review"]]
        allowed = tuple(filter(None, (review.critic, review.outlet, names[review.slug], claim["aspect"])))
        passage = _passage(review, claim["start"], claim["end"])
        found.append(Pair(claim["claim"], passage, allowed, "true"))
        others = _others(claim, review, told, kind)
        if others:
            other, label = chance.choice(others)
            found.append(Pair(claim["claim"], _passage(other, label.start, label.end), allowed, kind))
    return found


def _claims() -> Iterator[dict[str, Any]]:
    return map(json.loads, _FILE.read_text("utf-8").splitlines())


def _others(
    claim: dict[str, Any], review: Review, told: Sequence[tuple[Review, Label]], kind: Kind
) -> list[tuple[Review, Label]]:
    """The passages that make a false pair of this kind, those of the same title where there are any."""
    found = [(other, label) for other, label in told if other.id != review.id and _is(kind, claim, label)]
    near = [(other, label) for other, label in found if other.slug == review.slug]
    return near if near and kind != "swap" else found


def _is(kind: Kind, claim: dict[str, Any], label: Label) -> bool:
    if kind == "swap":
        return bool(label.aspect != claim["aspect"])
    if label.aspect != claim["aspect"] or label.stance not in ("positive", "negative"):
        return False
    sided = claim["stance"] in ("positive", "negative")
    return sided and (label.stance == claim["stance"]) is (kind == "detail")


def _passage(review: Review, start: int, end: int) -> str:
    """The whole sentences that a label stands in."""
    held = [tile for tile in sentences(review.id, review.text, review.lang) if tile.start < end and tile.end > start]
    return review.text[held[0].start : held[-1].end].strip()
