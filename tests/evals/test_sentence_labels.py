"""Labelled sentences: the file of labels is what its README says, and it is joined with the texts that were read."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evals import sentence_labels
from evals.sentence_labels import LABELS, LabelledSentence, digest, labelled_sentences

ROWS: list[dict[str, Any]] = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
TEXT = "A baker finds a whale. “Lovely” from end to end."


def test_there_are_300_sentences_and_at_most_4_of_a_review() -> None:
    per_review = Counter(row["review"] for row in ROWS)

    assert len(ROWS) == 300
    assert max(per_review.values()) <= 4


def test_a_line_holds_ids_offsets_and_labels_and_no_text() -> None:
    for row in ROWS:
        assert list(row) == ["review", "text_digest", "start", "end", "label", "stance"]
        assert re.fullmatch(r"[0-9a-f]{32}", row["review"])
        assert re.fullmatch(r"[0-9a-f]{16}", row["text_digest"])


def test_labels_are_legal_and_opinions_alone_have_a_stance() -> None:
    for row in ROWS:
        assert row["label"] in {"opinion", "plot", "other"}
        assert row["stance"] in ({"+", "-", "+-", "0"} if row["label"] == "opinion" else {None})


def test_spans_hold_something_and_none_is_there_twice() -> None:
    assert all(0 <= row["start"] < row["end"] for row in ROWS)
    spans = sorted((row["review"], row["start"], row["end"]) for row in ROWS)
    for (review, _, end), (following, start, _) in pairwise(spans):
        assert review != following or end <= start


def test_a_review_has_one_digest() -> None:
    assert len({row["review"] for row in ROWS}) == len({(row["review"], row["text_digest"]) for row in ROWS})


def test_the_readme_counts_what_is_there() -> None:
    readme = (LABELS.parent / "README.md").read_text("utf-8")
    counted = Counter(row["label"] for row in ROWS)
    stances = Counter(row["stance"] for row in ROWS)

    shown = " | ".join(str(stances[stance]) for stance in ("+", "-", "+-", "0"))
    assert f"| opinion | {counted['opinion']} | {shown} |" in readme
    assert f"| plot | {counted['plot']} |" in readme
    assert f"| other | {counted['other']} |" in readme


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up review, asked about twice, with a label for each of its sentences."""
    labels = [
        {"review": "r1", "text_digest": digest(TEXT), "start": 0, "end": 23, "label": "plot", "stance": None},
        {"review": "r1", "text_digest": digest(TEXT), "start": 23, "end": 48, "label": "opinion", "stance": "+"},
    ]
    _write(tmp_path / "labels.jsonl", labels)
    monkeypatch.setattr(sentence_labels, "LABELS", tmp_path / "labels.jsonl")
    (tmp_path / "subjqa").mkdir()
    _write(tmp_path / "subjqa" / "movies_dev.jsonl", [{"review_id": "r1", "review_text": TEXT}] * 2)
    return tmp_path


def test_labels_are_joined_with_their_reviews(data: Path) -> None:
    found = labelled_sentences(data)

    assert found == [
        LabelledSentence("r1", TEXT, 0, 23, "plot", None),
        LabelledSentence("r1", TEXT, 23, 48, "opinion", "+"),
    ]
    assert [TEXT[s.start : s.end] for s in found] == ["A baker finds a whale. ", "“Lovely” from end to end."]


def test_another_text_under_the_same_id_is_refused(data: Path) -> None:
    _write(data / "subjqa" / "movies_dev.jsonl", [{"review_id": "r1", "review_text": TEXT + " "}])

    with pytest.raises(ValueError, match="r1 is not the one"):
        labelled_sentences(data)


def test_a_missing_review_is_refused(data: Path) -> None:
    _write(data / "subjqa" / "movies_dev.jsonl", [{"review_id": "r2", "review_text": TEXT}])

    with pytest.raises(ValueError, match="No review r1"):
        labelled_sentences(data)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
