"""Reviews and vectors made from a seed, so that a library of any size is there in seconds and the same everywhere.

Words are invented. Each sentence has one of some hundred topics: a third of its words are the topic's, the others
those that every sentence has, both by Zipf's law; "ending", "acting", "music" and their like stand in two to five
of a hundred sentences. A vector is the sum of its words' fixed random directions, those of a topic leaning one way and
all of them a little: sentences lie in clusters, as those of a language model do. Isotropic random vectors would not: in
384 dimensions all are equally far from each other, and no index of neighbours finds any.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

import numpy as np

from rag.search.base import Vectors

DIMENSIONS = 384
PER_REVIEW = 5
"""Sentences of an ordinary review."""
PER_TITLE = 100
"""Reviews of a title."""
ASPECTS = {"ending": 0.03, "acting": 0.04, "music": 0.02, "story": 0.05, "pacing": 0.02}
"""The share of sentences in which each of these words stands."""
QUESTIONS = (
    "What did critics say about the ending?",
    "How was the acting?",
    "Did anybody like the music?",
    "What do reviewers say about the story?",
    "Is the pacing too slow?",
)
FIELDS = ("title", "text", "critic", "outlet", "date", "rating")
_TOPICS, _TOPIC_WORDS, _WORDS = 300, 40, 12_000
_COMMON = ("the", "and", "of", "a", "is", "it", "was", "in", "with", "that", "for", "this")
_SYLLABLES = "ba de fi go lu ma ne pi ro su ta ve wi zo kra ble stro dun mer sil tor van".split()
_SEED = 20_261_124

Row = dict[str, str]


@dataclass(frozen=True)
class _Lexicon:
    """Every word that is used, by how often."""

    words: tuple[str, ...]
    topics: tuple[tuple[str, ...], ...]

    @property
    def topic_of(self) -> dict[str, int]:
        return {word: number for number, words in enumerate(self.topics) for word in words}


def title(number: int) -> str:
    """The name of a title: no word of a question stands in it."""
    lexicon = _lexicon()
    return f"{lexicon.words[-number - 1]} {lexicon.words[-number - 2]} {number}".title()


def reviews(sentences: int, *, per_review: int = PER_REVIEW, seed: int = _SEED) -> Iterator[Row]:
    """Reviews with this many sentences in all, title after title. The first of few are the first of many."""
    dice = random.Random(seed)
    for number in range(sentences // per_review):
        yield {
            "title": title(number // PER_TITLE),
            "text": " ".join(_sentence(dice) for _ in range(per_review)),
            "critic": f"{_lexicon().words[number % 47]} {_lexicon().words[number % 53]}".title(),
            "outlet": f"The {_lexicon().words[number % 53]}".title(),
            "date": f"20{number % 25:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "rating": f"{number % 10 + 1}/10",
        }


def write_csv(path: Path, rows: Iterator[Row]) -> Path:
    """The rows as a file that `add` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _sentence(dice: random.Random) -> str:
    lexicon, length = _lexicon(), dice.randint(8, 18)
    topic = lexicon.topics[dice.randrange(_TOPICS)]
    last, *own = dice.choices(topic, cum_weights=_zipf(_TOPIC_WORDS), k=length // 3)
    rare = dice.choices(lexicon.words, cum_weights=_zipf(_WORDS), k=length // 5)
    common = dice.choices(_COMMON, cum_weights=_zipf(len(_COMMON)), k=length - len(own) - len(rare) - 1)
    chosen = [*own, *rare, *common, *(word for word, share in ASPECTS.items() if dice.random() < share)]
    dice.shuffle(chosen)
    return f"{' '.join([*chosen, last]).capitalize()}."


@cache
def _zipf(size: int) -> tuple[float, ...]:
    return tuple(accumulate(1 / (rank + 2.7) for rank in range(size)))


@cache
def _lexicon() -> _Lexicon:
    dice = random.Random(_SEED)
    wanted = _WORDS + _TOPICS * _TOPIC_WORDS
    found: dict[str, None] = {}
    while len(found) < wanted:
        found["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4)))] = None
    words = tuple(found)
    starts = range(_WORDS, wanted, _TOPIC_WORDS)
    return _Lexicon(words[:_WORDS], tuple(words[start : start + _TOPIC_WORDS] for start in starts))


class SeededEmbedder:
    """An `Embedder` of seeded vectors. It may bear another one's name, so that the program opens what it filled."""

    dimensions = DIMENSIONS

    def __init__(self, identity: str = "seeded") -> None:
        self.identity = identity
        self._topic_of = _lexicon().topic_of
        self._rows: dict[str, int] = {}
        self._directions = np.zeros((1_024, DIMENSIONS), np.float32)

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """`(len(texts), 384)` unit rows, the same for the same text in every process."""
        words = [text.lower().replace(".", " ").replace("?", " ").split() or [""] for text in texts]
        rows = np.array([self._row(word) for found in words for word in found])
        starts = np.cumsum([0, *(len(found) for found in words[:-1])])
        summed = np.add.reduceat(self._directions[rows], starts, axis=0) if len(texts) else np.zeros((0, DIMENSIONS))
        unit: Vectors = (summed / np.linalg.norm(summed, axis=1, keepdims=True)).astype(np.float32)
        if on_progress:
            on_progress(len(texts))
        return unit

    def _row(self, word: str) -> int:
        """Where a word's direction stands."""
        if word not in self._rows:
            row = self._rows[word] = len(self._rows)
            if row == len(self._directions):
                self._directions = np.concatenate([self._directions, np.zeros_like(self._directions)])
            topic = self._topic_of.get(word)
            found = _direction(word) + 0.2 * _direction("all of them")
            found += 0 if topic is None else 0.5 * _direction(f"topic {topic}")
            self._directions[row] = found * (0.15 if word in _COMMON else 1)
        return self._rows[word]


def _direction(name: str) -> Vectors:
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest())
    found = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return found / np.linalg.norm(found)
