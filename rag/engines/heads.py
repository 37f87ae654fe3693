"""Small heads on a sentence's vector and words: is it an opinion, how polar, on which aspects. Pure but for `load`.

A head is a logistic regression over the vector (unit length), a bag of the sentence's words and pairs of words (tf-idf,
unit length) and, for an aspect, whether the taxonomy's words stand in the sentence and how near it is to the taxonomy's
examples. The weights are made by `python -m evals.train_heads`; words are kept as hashes, so no text of what they were
trained on is in them. `weights/heads.json` is the model card.
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
from rag.taxonomy import Aspect

OPINION, STANCE = "opinion", "stance"
FILE, CARD = "heads.npz", "heads.json"

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
        hashed, times = np.unique(np.array(grams(text), np.uint32), return_counts=True)
        places = np.searchsorted(self.grams, hashed)
        known = places < len(self.grams)
        known[known] = self.grams[places[known]] == hashed[known]
        columns = places[known]
        values = (1 + np.log(times[known])) * self.idf[columns]
        length = float(np.linalg.norm(values))
        return columns, (values / length if length else values).astype(np.float32)


def grams(text: str) -> list[int]:
    """Every word and every pair of neighbouring words of a text, as CRC-32 of its UTF-8."""
    found = words.tokens(text)
    return [zlib.crc32(gram.encode()) for gram in (*found, *(f"{first} {second}" for first, second in pairwise(found)))]


@dataclass(frozen=True)
class Head:
    """Weights of one logistic regression; an aspect's has none for words (`grams` is empty)."""

    vector: Floats
    grams: Floats
    bias: float
    mention: float = 0.0
    similarity: float = 0.0


@dataclass(frozen=True)
class Heads:
    """All of them, by name: `opinion`, `stance`, and the ids of aspects."""

    vocabulary: Vocabulary
    heads: Mapping[str, Head]
    card: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """The digest of the weights."""
        return f"heads@sha256:{self.card['digest'][:12]}"

    def logits(self, name: str, vectors: Vectors, bags: Bags) -> Floats:
        """What `opinion` or `stance` says of each text: the log-odds that it is one, or that it praises."""
        return score(self.heads[name], vectors, bags)

    def aspect_logits(self, aspect: Aspect, vectors: Vectors, signs: Signs) -> Floats | None:
        """The log-odds that each text is of this aspect; None for an aspect that no head was trained on."""
        head = self.heads.get(aspect.id)
        if head is None:
            return None
        return score_aspect(head, vectors, signs)


def score(head: Head, vectors: Vectors, bags: Bags) -> Floats:
    """Log-odds, one a text."""
    found: Floats = vectors @ head.vector + bags.dot(head.grams) + np.float32(head.bias)
    return found


def score_aspect(head: Head, vectors: Vectors, signs: Signs) -> Floats:
    """Log-odds, one a text."""
    by_signs = np.float32(head.mention) * signs.mentions + np.float32(head.similarity) * signs.similarity
    found: Floats = vectors @ head.vector + by_signs + np.float32(head.bias)
    return found


@dataclass(frozen=True)
class Signs:
    """What the taxonomy alone tells of an aspect, one number a text."""

    mentions: Floats
    """1 where a word of the aspect stands in the text, else 0."""
    similarity: Floats
    """The greatest cosine to one of the aspect's examples, −1 to 1."""


def signs(aspect: Aspect, stems: Sequence[frozenset[str]], vectors: Vectors, examples: Vectors) -> Signs:
    """`stems` and `vectors` are the texts', `examples` the vectors of the aspect's examples."""
    phrases = (*aspect.mentions, *aspect.signals)
    mentions = np.array([any(phrase <= found for phrase in phrases) for found in stems], np.float32)
    return Signs(mentions, (vectors @ examples.T).max(axis=1, initial=-1.0))


@lru_cache
def load() -> Heads:
    """The heads that are shipped."""
    folder = resources.files("rag") / "engines" / "weights"
    card = json.loads((folder / CARD).read_text("utf-8"))
    with (folder / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return unpack(arrays, card)


def unpack(arrays: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> Heads:
    """Heads from arrays as `pack` made them."""
    vocabulary = Vocabulary(arrays["keys"], arrays["idf"].astype(np.float32))
    parts = zip(card["heads"], arrays["vector"], arrays["grams"], arrays["scalars"], strict=True)
    heads = {
        name: Head(vector.astype(np.float32), grams.astype(np.float32), *map(float, scalars))
        for name, vector, grams, scalars in parts
    }
    return Heads(vocabulary, heads, card)


def pack(heads: Heads) -> dict[str, NDArray[Any]]:
    """Arrays of half precision: three digits are more than the training data can tell."""
    every = list(heads.heads.values())
    return {
        "keys": heads.vocabulary.grams,
        "idf": heads.vocabulary.idf.astype(np.float16),
        "vector": np.array([head.vector for head in every], np.float16),
        "grams": np.array([head.grams for head in every], np.float16),
        "scalars": np.array([[h.bias, h.mention, h.similarity] for h in every], np.float32),
    }
