"""Sentences of film reviews labelled by reading: opinion, plot or other.

The labels are in this project (`evals/labels/README.md`), the texts are not: they are read from a folder given by
path, which holds `subjqa/movies_dev.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LABELS = Path(__file__).parent / "labels" / "movies_sentences.jsonl"


@dataclass(frozen=True)
class LabelledSentence:
    """A sentence in its review, and what a reader called it."""

    review: str
    """The review's id."""
    text: str
    """The whole review."""
    start: int
    end: int
    label: str
    """`opinion`, `plot` or `other`."""
    stance: str | None
    """`+`, `-`, `+-` or `0` for an opinion, else nothing."""


def labelled_sentences(data: Path) -> list[LabelledSentence]:
    """The labels joined with their reviews; ValueError where a review is missing or is not the one that was read."""
    texts = {row["review_id"]: row["review_text"] for row in _rows(data / "subjqa" / "movies_dev.jsonl")}
    return [_joined(row, texts.get(row["review"])) for row in _rows(LABELS)]


def digest(text: str) -> str:
    """What tells whether a text is the one that was read: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _joined(row: dict[str, Any], text: str | None) -> LabelledSentence:
    if text is None:
        raise ValueError(f"No review {row['review']} in the data.")
    if digest(text) != row["text_digest"]:
        raise ValueError(f"The text of review {row['review']} is not the one that was labelled.")
    return LabelledSentence(row["review"], text, row["start"], row["end"], row["label"], row["stance"])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
