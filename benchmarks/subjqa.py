"""SubjQA (Bjerva et al. 2020) as a search problem: one item's sentences, and those that a person marked."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.report import CannotMeasure
from rag import words
from rag.records import Sentence
from rag.reviews.split import sentences

KINDS = {"movies_dev": "film", "restaurants_dev": "place", "restaurants_train": "place"}
"""Every set with the taxonomy that a library would use for it."""
TOP = 5
"""A question counts as answered when a marked sentence is among this many."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """All sentences of an item's reviews but noise, in the order in which equal scores are resolved."""

    id: str
    sentences: tuple[Sentence, ...]
    stems: tuple[tuple[str, ...], ...]

    @property
    def views(self) -> list[str]:
        return [sentence.view for sentence in self.sentences]


@dataclass(frozen=True)
class Question:
    """A question about an item, asked of one of its reviews."""

    text: str
    item: Item
    gold: frozenset[int]
    """Rows of the item's sentences that overlap what any annotator marked."""
    annotations: int


def review_texts(data: Path, name: str) -> list[str]:
    """The different reviews of a set."""
    return list({row["review_id"]: row["review_text"] for row in read(data, name)}.values())


def questions(data: Path, name: str) -> list[Question]:
    """One for each question and review with a marked answer, annotations merged.

    Items of at most `TOP` sentences are left out: whatever one does there is a hit.
    """
    rows = read(data, name)
    items = _items(rows)
    answered: dict[str, list[Row]] = {}
    for row in rows:
        if row["answerable"] and row["answer_start"] is not None:
            answered.setdefault(row["id"], []).append(row)
    return [
        _question(items[group[0]["item_id"]], group)
        for group in answered.values()
        if len(items[group[0]["item_id"]].sentences) > TOP
    ]


def read(data: Path, name: str) -> list[Row]:
    """The rows of a set. Raises CannotMeasure where the file is missing or damaged."""
    path = data / "subjqa" / f"{name}.jsonl"
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except FileNotFoundError:
        raise CannotMeasure(f"{path} is not there: --data PATH must hold subjqa/{name}.jsonl.") from None
    except (OSError, ValueError) as error:
        raise CannotMeasure(f"{path} can't be read: {error}.") from None


def _items(rows: Sequence[Row]) -> dict[str, Item]:
    reviews: dict[str, dict[str, str]] = {}
    for row in rows:
        reviews.setdefault(row["item_id"], {}).setdefault(row["review_id"], row["review_text"])
    return {name: _item(name, texts) for name, texts in reviews.items()}


def _item(name: str, texts: dict[str, str]) -> Item:
    tiles = [tile for review, text in sorted(texts.items()) for tile in sentences(review, text) if tile.view]
    return Item(name, tuple(tiles), tuple(tuple(words.stems(tile.view)) for tile in tiles))


def _question(item: Item, group: Sequence[Row]) -> Question:
    spans = [(row["answer_start"], row["answer_end"]) for row in group]
    gold = frozenset(
        number
        for number, tile in enumerate(item.sentences)
        if tile.review_id == group[0]["review_id"]
        and any(tile.start < end and start < tile.end for start, end in spans)
    )
    return Question(group[0]["question"], item, gold, len(group))
