"""Sentences written for training, with their labels: `evals/sentences/<kind>.txt`, `<kind>-reviews.txt`, `severe.txt`.

A line is `<labels> | <sentence>`, a label a sign (`+`, `-`, `0`) and an aspect's id, or `.` for no opinion. In
`<kind>-reviews.txt` the lines of a block are the sentences of one review. In `severe.txt` a kind and a category of
severe complaints (or `none`) stand before the labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "sentences"
SEVERE, REVIEWS = "severe", "-reviews"
_STANCES = {"+": "positive", "-": "negative", "0": "neutral"}


@dataclass(frozen=True)
class Written:
    """A sentence, and what it says of a title of this kind."""

    kind: str
    text: str
    aspects: frozenset[str]
    stances: frozenset[str]
    severity: str | None = None
    follows: bool = False
    """Whether it stands behind the one before it, in the same review."""


def written_sentences(folder: Path = FOLDER) -> list[Written]:
    """All of them, by file and line. Raises ValueError with file and line where one is wrong."""
    return [one for file in sorted(folder.glob("*.txt")) for one in _read(file)]


def _read(file: Path) -> Iterator[Written]:
    follows = False
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            follows = False
            continue
        head, bar, text = line.partition(" | ")
        try:
            if not bar or not text.strip():
                raise ValueError("it is not of the form LABELS | SENTENCE")
            kind, severity, labels = _head(file.stem, head.split())
            stances, aspects = parsed(labels)
        except (ValueError, KeyError, IndexError) as error:
            raise ValueError(f"{file.name}:{number}: {error}") from None
        yield Written(kind, text.strip(), aspects, stances, severity, follows)
        follows = REVIEWS in file.stem


def parsed(labels: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The stances and the aspects of labels as they are written. Raises ValueError and KeyError."""
    signs = [] if labels == ["."] else [(_STANCES[label[0]], label[1:]) for label in labels]
    if not all(aspect for _, aspect in signs):
        raise ValueError("a label is a sign and an aspect")
    return frozenset(stance for stance, _ in signs), frozenset(aspect for _, aspect in signs)


def _head(stem: str, words: list[str]) -> tuple[str, str | None, list[str]]:
    """Kind, category and labels."""
    if not words:
        raise ValueError("it has no labels")
    if stem != SEVERE:
        return stem.partition("-")[0], None, words
    kind, category, *labels = words
    if not labels:
        raise ValueError("it has no labels")
    return kind, None if category == "none" else category, labels
