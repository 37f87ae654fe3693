"""Public labelled texts, read from a folder given by path; none of them is in this project.

The folder holds `polarity/*.txt` (Pang and Lee 2004, 2005), `films/reviews.jsonl` (critics' snippets with the verdict
of their review) and `absa/*.jsonl` (SemEval-2014 task 4 and MAMS: sentences with aspect categories).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LETTERS = re.compile(r"[^a-z0-9]")


@dataclass(frozen=True)
class Labelled:
    """A text and whether the label holds: it is an opinion, or it praises."""

    text: str
    label: bool
    group: str = ""
    """What it must not be parted from when folds are made: its film."""


@dataclass(frozen=True)
class Categorised:
    """A sentence and the categories of aspects that it judges."""

    text: str
    categories: frozenset[str]
    stances: frozenset[str]
    """The polarities with which it judges them."""


def opinions(data: Path) -> list[Labelled]:
    """Sentences of reviews, which judge, and of plot summaries, which don't."""
    judging = (Labelled(text, True) for text in _lines(data, "subjective.quote.txt"))
    return [*judging, *(Labelled(text, False) for text in _lines(data, "objective.plot.txt"))]


def polar_sentences(data: Path) -> list[Labelled]:
    """Sentences of favourable and of unfavourable reviews (rt-polarity)."""
    praise = (Labelled(text, True) for text in _lines(data, "rt-polarity.pos.txt"))
    return [*praise, *(Labelled(text, False) for text in _lines(data, "rt-polarity.neg.txt"))]


def snippets(data: Path) -> list[Labelled]:
    """Critics' snippets, with the verdict of the review that they are of."""
    rows = _rows(data / "films" / "reviews.jsonl")
    return [Labelled(html.unescape(r["text"]), r["verdict"] == "fresh", r["film_id"]) for r in rows if r["verdict"]]


def categorised(data: Path, name: str) -> list[Categorised]:
    """Sentences of one of the `absa` files that name categories; what is of no category has none."""
    rows = _rows(data / "absa" / f"{name}.jsonl")
    return [
        Categorised(
            row["text"],
            frozenset(found["category"] for found in row["aspects"] if "category" in found),
            frozenset(found["polarity"] for found in row["aspects"] if "category" in found),
        )
        for row in rows
    ]


def key(text: str) -> str:
    """What two printings of one sentence share: its letters and digits, small."""
    return _LETTERS.sub("", text.lower())


def _lines(data: Path, name: str) -> list[str]:
    return (data / "polarity" / name).read_text("utf-8").splitlines()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
