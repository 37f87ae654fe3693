"""Small heads on a sentence's vector and words: is it an opinion, how polar, on which aspects. Pure but for `load`.

A head is a logistic regression over the vector (unit length), a bag of the sentence's words and pairs of words (tf-idf,
unit length) and, for an aspect, whether the taxonomy's words stand in the sentence or in the one before it and how near
each is to the taxonomy's examples. The weights are made by `python -m evals.train_heads`; words are kept as hashes, so
no text of what they were trained on is in them. `weights/heads.json` is the model card.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag import words
from rag.taxonomy import OVERALL, Aspect

OPINION, STANCE = "opinion", "stance"
SEVERE = "severe:"
"""Before the id of a category of severe complaints, in the name of its head."""
NEAR = 0.55
"""From this cosine to an example on, a sentence is of an aspect that no head was trained on."""
FILE, CARD = "heads.npz", "heads.json"
_FOLDER = resources.files("rag") / "engines" / "weights"

Floats = NDArray[np.float32]
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Bags:
    """Bags of words, a sparse matrix of `texts` × `width`: of text `rows[i]`, gram `columns[i]` weighs `values[i]`."""

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: Floats
    texts: int
    width: int

    def dot(self, weights: Floats) -> Floats:
        """One number a text."""
        return np.bincount(self.rows, self.values * weights[self.columns], minlength=self.texts).astype(np.float32)


@dataclass(frozen=True)
class Vocabulary:
    """The words and pairs of words that are known, by hash, in rising order."""

    grams: NDArray[np.uint32]
    idf: Floats

    def bags(self, texts: Sequence[str]) -> Bags:
        """tf-idf with the logarithm of counts, each text's row of length 1 (or empty)."""
        found = [self._bag(text) for text in texts]
        rows = np.repeat(np.arange(len(texts)), [len(columns) for columns, _ in found])
        columns = np.concatenate([columns for columns, _ in found]) if found else np.empty(0, np.int64)
        values = np.concatenate([values for _, values in found]) if found else np.empty(0, np.float32)
        return Bags(rows, columns, values, len(texts), len(self.grams))

    def _bag(self, text: str) -> tuple[NDArray[np.int64], Floats]:
        hashed, times = _counted(text)
        places = np.searchsorted(self.grams, hashed)
        known = places < len(self.grams)
        known[known] = self.grams[places[known]] == hashed[known]
        columns = places[known]
        values = (1 + np.log(times[known])) * self.idf[columns]
        length = float(np.linalg.norm(values))
        return columns, (values / length if length else values).astype(np.float32)


@lru_cache(maxsize=1_024)
def _counted(text: str) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """The grams of a text and how often each stands in it; both vocabularies ask in turn."""
    return np.unique(np.array(grams(text), np.uint32), return_counts=True)


def grams(text: str) -> list[int]:
    """Every word and every pair of neighbouring words of a text, as CRC-32 of its UTF-8."""
    found = words.tokens(text)
    return [zlib.crc32(gram.encode()) for gram in (*found, *(f"{first} {second}" for first, second in pairwise(found)))]


@dataclass(frozen=True)
class Head:
    """Weights of one logistic regression. `opinion` and `stance` have none for signs."""

    vector: Floats
    grams: Floats
    bias: float
    mention: float = 0.0
    similarity: float = 0.0
    mention_before: float = 0.0
    similarity_before: float = 0.0


@dataclass(frozen=True)
class Signs:
    """What the taxonomy alone tells of an aspect, one number a text; 0 where there is no text before."""

    mentions: Floats
    """1 where a word of the aspect stands in the text, else 0."""
    similarity: Floats
    """The greatest cosine to one of the aspect's examples, -1 to 1."""
    mentions_before: Floats
    """The same of the sentence before it in its review: a pronoun carries its aspect."""
    similarity_before: Floats


@dataclass(frozen=True)
class Combination:
    """Log-odds from two things that are known: `own` times the one, `other` times the other, and `bias`."""

    own: float
    other: float
    bias: float

    def of(self, own: Floats, other: Floats) -> Floats:
        """One number a text."""
        found: Floats = np.float32(self.own) * own + np.float32(self.other) * other + np.float32(self.bias)
        return found


@dataclass(frozen=True)
class Heads:
    """All of them, by name: `opinion`, `stance`, the ids of aspects and of severe categories."""

    vocabulary: Vocabulary
    """What `opinion` and `stance` know."""
    aspect_vocabulary: Vocabulary
    """What every other head knows; it was trained on fewer texts."""
    heads: Mapping[str, Head]
    card: Mapping[str, Any]
    """Its `digest`, `limits` and `combined` are at work; the rest is for readers."""

    @property
    def identity(self) -> str:
        """The digest of the weights."""
        return identity(self.card)

    def limit(self, name: str) -> float:
        """The log-odds from which on a text is of an aspect or a category."""
        return float(self.card["limits"].get(name, 0.0))

    def combined(self, name: str, own: Floats, other: Floats) -> Floats:
        """`opinion` with the likeliest aspect, `stance` with the review's rating."""
        return Combination(**self.card["combined"][name]).of(own, other)

    def logits(self, name: str, vectors: Vectors, bags: Bags) -> Floats:
        """What `opinion` or `stance` alone says of each text: the log-odds that it is one, or that it praises."""
        return score(self.heads[name], vectors, bags)

    def aspect_logits(self, name: str, vectors: Vectors, bags: Bags, signs: Signs) -> Floats:
        """The log-odds that each text is of this aspect, or of this severe category.

        Where no head was trained on it, as for a user's own aspect, its words and examples decide.
        """
        head = self.heads.get(name)
        if head is None:
            told: Floats = np.maximum(2 * signs.mentions - 1, (signs.similarity - np.float32(NEAR)) * 10)
            return told
        return score_aspect(head, vectors, bags, signs)

    def verdict_logits(self, vectors: Vectors, bags: Bags) -> Floats:
        """The log-odds that each text is a verdict on the whole."""
        return score_aspect(self.heads[OVERALL], vectors, bags, no_signs(len(vectors)))


def score(head: Head, vectors: Vectors, bags: Bags) -> Floats:
    """Log-odds, one a text."""
    found: Floats = vectors @ head.vector + bags.dot(head.grams) + np.float32(head.bias)
    return found


def score_aspect(head: Head, vectors: Vectors, bags: Bags, signs: Signs) -> Floats:
    """Log-odds, one a text."""
    by_signs = (
        np.float32(head.mention) * signs.mentions
        + np.float32(head.similarity) * signs.similarity
        + np.float32(head.mention_before) * signs.mentions_before
        + np.float32(head.similarity_before) * signs.similarity_before
    )
    found: Floats = score(head, vectors, bags) + by_signs
    return found


def no_signs(texts: int) -> Signs:
    """Of what no taxonomy knows."""
    nothing = np.zeros(texts, np.float32)
    return Signs(nothing, nothing, nothing, nothing)


def signs(
    aspect: Aspect, stems: Sequence[frozenset[str]], vectors: Vectors, examples: Vectors, follows: NDArray[np.bool_]
) -> Signs:
    """`stems` and `vectors` are the texts', `examples` the vectors of the aspect's examples.

    `follows`: whether a text stands behind the one in the row above, in the same review.
    """
    phrases = (*aspect.mentions, *aspect.signals)
    mentions = np.array([any(phrase <= found for phrase in phrases) for found in stems], np.float32)
    similarity = (vectors @ examples.T).max(axis=1, initial=-1.0)
    return Signs(mentions, similarity, _above(mentions, follows), _above(similarity, follows))


def _above(values: Floats, follows: NDArray[np.bool_]) -> Floats:
    found: Floats = np.where(follows, np.concatenate([values[:1], values[:-1]]), np.float32(0))
    return found


@lru_cache
def model_card() -> Mapping[str, Any]:
    """What the shipped heads are, what they were trained on and how well they do."""
    card: Mapping[str, Any] = json.loads((_FOLDER / CARD).read_text("utf-8"))
    return card


def identity(card: Mapping[str, Any]) -> str:
    """Which weights these are."""
    return f"heads@sha256:{card['digest'][:12]}"


def knows(embedder: str) -> bool:
    """Whether the heads were trained on vectors of the model that this identity names."""
    return embedder.startswith(model_card()["embedder"])


@lru_cache
def load() -> Heads:
    """The heads that are shipped."""
    with (_FOLDER / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return unpack(arrays, model_card())


def unpack(arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> Heads:
    """Heads from arrays as `pack` made them."""
    found: dict[str, Head] = {}
    vectors = arrays["vector"].astype(np.float32)
    for kind in _PARTS:
        names = [name for name in card["heads"] if _part(name) == kind]
        rows = arrays[f"{kind}_grams"].astype(np.float32)
        for name, row in zip(names, rows, strict=True):
            at = card["heads"].index(name)
            found[name] = Head(vectors[at], row, *map(float, arrays["scalars"][at]))
    whole, aspect = (Vocabulary(arrays[f"{kind}_keys"], arrays[f"{kind}_idf"].astype(np.float32)) for kind in _PARTS)
    return Heads(whole, aspect, found, card)


def pack(heads: Heads) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Names and arrays, in half precision: the training data can tell no more digits."""
    names = sorted(heads.heads)
    every = [heads.heads[name] for name in names]
    arrays: dict[str, NDArray[Any]] = {
        "vector": np.array([head.vector for head in every], np.float16),
        "scalars": np.array(
            [[h.bias, h.mention, h.similarity, h.mention_before, h.similarity_before] for h in every], np.float32
        ),
    }
    for kind, known in zip(_PARTS, (heads.vocabulary, heads.aspect_vocabulary), strict=True):
        rows = [heads.heads[name].grams for name in names if _part(name) == kind]
        arrays[f"{kind}_keys"] = known.grams
        arrays[f"{kind}_idf"] = known.idf.astype(np.float16)
        arrays[f"{kind}_grams"] = np.array(rows, np.float16).reshape(len(rows), len(known.grams))
    return names, arrays


_PARTS = ("whole", "aspect")


def _part(name: str) -> str:
    """Which vocabulary a head's words are of."""
    return "whole" if name in (OPINION, STANCE) else "aspect"
