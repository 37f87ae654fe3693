"""The generated files: JSON lines, for programs that know nothing of the markup."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from importlib.resources.abc import Traversable

from corpus.loader import Corpus
from corpus.questions import Question
from corpus.reader import Review
from corpus.sentences import sentences

SAMPLE_FILE = "sample.reviews.jsonl"
SAMPLE = ("my-aunt-the-weather", "nine-minutes-to-dunmarrow", "the-salt-ladder")
"""The titles that ``pullquote demo`` shows."""

REVIEW_KEYS = ("id", "title", "critic", "outlet", "date", "rating", "url", "lang", "text")


def built_folder() -> Traversable:
    """The folder of the generated files."""
    return files("corpus") / "built"


def built_files(corpora: Iterable[Corpus]) -> dict[str, str]:
    """What each generated file must contain, by its name; the same corpora give the same bytes."""
    found: dict[str, str] = {}
    for corpus in corpora:
        found |= {
            f"{corpus.split}.reviews.jsonl": _lines(map(review_record, corpus.reviews)),
            f"{corpus.split}.sentences.jsonl": _lines(r for review in corpus.reviews for r in sentence_records(review)),
            f"{corpus.split}.labels.jsonl": _lines(r for review in corpus.reviews for r in label_records(review)),
            f"{corpus.split}.questions.jsonl": _lines(map(question_record, corpus.questions)),
        }
        sample = [review for review in corpus.reviews if review.slug in SAMPLE]
        found |= {SAMPLE_FILE: _lines(map(review_record, sample))} if sample else {}
    return found


def review_record(review: Review) -> dict[str, object]:
    """A review as it is written out: what is absent is left out."""
    values = {key: getattr(review, key) for key in REVIEW_KEYS}
    return {key: value for key, value in values.items() if value is not None}


def sentence_records(review: Review) -> list[dict[str, object]]:
    """The sentences of a review, those without an opinion too."""
    found = sentences(review.text, review.labels, review.lang)
    return [{"id": review.id, **asdict(sentence)} for sentence in found]


def label_records(review: Review) -> list[dict[str, object]]:
    """The labels of a review with the ordinal of their sentence; every key is always there."""
    spans = sentences(review.text, review.labels, review.lang)
    return [
        {"id": review.id, "sentence": next(s.ordinal for s in spans if s.holds(label)), **asdict(label)}
        for label in review.labels
    ]


def question_record(question: Question) -> dict[str, object]:
    """A question with everything that is known of its answer; every key is always there."""
    return asdict(question)


def _lines(records: Iterable[dict[str, object]]) -> str:
    return "".join(json.dumps(record, ensure_ascii=True) + "\n" for record in records)
