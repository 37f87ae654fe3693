"""The generated files: the sample as JSON lines, for programs that know nothing of the markup."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from importlib.resources.abc import Traversable

from corpus.sample import Review

REVIEWS_FILE = "sample.reviews.jsonl"
LABELS_FILE = "sample.labels.jsonl"

REVIEW_KEYS = ("id", "title", "critic", "outlet", "date", "rating", "url", "lang", "text")


def built_folder() -> Traversable:
    """The folder of the generated files."""
    return files("corpus") / "built"


def built_files(reviews: Iterable[Review]) -> dict[str, str]:
    """What each generated file must contain, by its name; the same reviews give the same bytes."""
    kept = list(reviews)
    return {
        REVIEWS_FILE: "".join(_line(review_record(review)) for review in kept),
        LABELS_FILE: "".join(_line(record) for review in kept for record in label_records(review)),
    }


def review_record(review: Review) -> dict[str, object]:
    """A review as it is written out: what is absent is left out."""
    values = {key: getattr(review, key) for key in REVIEW_KEYS}
    return {key: value for key, value in values.items() if value is not None}


def label_records(review: Review) -> list[dict[str, object]]:
    """The labels of a review as they are written out, every key always there."""
    return [{"id": review.id, **asdict(label)} for label in review.labels]


def _line(record: dict[str, object]) -> str:
    return json.dumps(record, ensure_ascii=True) + "\n"
