"""Sentences of public reviews that were labelled by reading: opinion, aspects, stances, severe complaints.

The labels are in this project (`evals/labels/README.md`), the texts are not: they are read from a folder given by path.
"""

from __future__ import annotations

import csv
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.sentence_labels import digest
from evals.written import parsed

LABELS = Path(__file__).parent / "labels" / "sentences.jsonl"
_IDS = {
    "subjqa/movies_dev.jsonl": ("review_id", "review_text"),
    "subjqa/restaurants_train.jsonl": ("review_id", "review_text"),
    "films/reviews.jsonl": ("review_id", "text"),
    "messy/06_steam_mixed_newlines_multiline.csv": ("recommendationid", "review"),
    "messy/01_goodreads_excel_isbn_html_reviews.csv": ("Book Id", "My Review"),
}
"""The columns with a review's id and text."""
SUMMARIES = "opinion_summaries/fewsum_train.jsonl"
"""A line there holds several reviews: the id is the line's and the number among them."""


@dataclass(frozen=True)
class ReadSentence:
    """A sentence of a public review, and what a reader found in it."""

    kind: str
    file: str
    text: str
    """As it is read: entities decoded, one blank between words."""
    aspects: frozenset[str]
    stances: frozenset[str]
    severity: str | None
    follows: bool
    """Whether it stands behind the one before it, in the same review."""


def read_sentences(data: Path) -> list[ReadSentence]:
    """The labels joined with their reviews; ValueError where a review is missing or is not the one that was read."""
    rows = list(map(json.loads, LABELS.read_text("utf-8").splitlines()))
    texts = {file: _texts(data, file) for file in sorted({row["file"] for row in rows})}
    found, last = [], (None, 0)
    for row in rows:
        text = texts[row["file"]].get(row["review"])
        if text is None or digest(text) != row["text_digest"]:
            raise ValueError(f"{row['file']} does not hold the review {row['review']} that was labelled.")
        follows = last[0] == row["review"] and last[1] <= row["start"]
        found.append(_joined(row, text, follows))
        last = (row["review"], row["end"])
    return found


def _joined(row: dict[str, Any], text: str, follows: bool) -> ReadSentence:
    severity = next((label[1:] for label in row["labels"] if label.startswith("!")), None)
    stances, aspects = parsed([label for label in row["labels"] if not label.startswith("!")])
    said = " ".join(html.unescape(text[row["start"] : row["end"]]).split())
    return ReadSentence(row["kind"], row["file"], said, aspects, stances, severity, follows)


def _texts(data: Path, file: str) -> dict[str, str]:
    with (data / file).open(encoding="utf-8", newline="") as lines:
        if file == SUMMARIES:
            return {f"{row['id']}#{n}": text for row in map(json.loads, lines) for n, text in enumerate(row["reviews"])}
        name, column = _IDS[file]
        rows: Iterator[dict[str, Any]] = csv.DictReader(lines) if file.endswith(".csv") else map(json.loads, lines)
        return {row[name]: row[column] for row in rows}
