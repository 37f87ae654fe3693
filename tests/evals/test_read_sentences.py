"""Sentences labelled by reading: the labels are joined with the texts that were read, and with no others."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from evals import read_sentences as module
from evals.read_sentences import LABELS, SUMMARIES, read_sentences
from evals.sentence_labels import digest
from rag import taxonomy
from rag.taxonomy import OVERALL

FILM = "A baker finds a whale.\nIt&#39;s  lovely,\nbut long."
BOARDS = ("It cuts bread.", "It caught fire. Never again.")
STEAM = "messy/06_steam_mixed_newlines_multiline.csv"


def label(file: str, review: str, text: str, said: str, *labels: str, kind: str = "film") -> dict[str, Any]:
    start = text.index(said)
    return {"kind": kind, "file": file, "review": review, "text_digest": digest(text), "start": start,
            "end": start + len(said), "labels": list(labels)}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three made-up files in the forms of the public ones, and labels of some of their sentences."""
    rows = [
        label("films/reviews.jsonl", "f1", FILM, "A baker finds a whale.\n", "."),
        label("films/reviews.jsonl", "f1", FILM, "It&#39;s  lovely,\nbut long.", "+overall", "-pacing"),
        label(SUMMARIES, "b#1", BOARDS[1], "Never again.", "-overall", kind="product"),
        label(SUMMARIES, "b#1", BOARDS[1], "It caught fire.", "-quality", "!danger", kind="product"),
        label(STEAM, "7", "Runs\r\nwell.", "Runs\r\nwell.", "0stability", kind="game"),
    ]
    _write(tmp_path / "labels.jsonl", rows)
    monkeypatch.setattr(module, "LABELS", tmp_path / "labels.jsonl")
    for folder in ("films", "opinion_summaries", "messy"):
        (tmp_path / folder).mkdir()
    _write(tmp_path / "films/reviews.jsonl", [{"review_id": "f0", "text": "Hm."}, {"review_id": "f1", "text": FILM}])
    _write(tmp_path / SUMMARIES, [{"id": "b", "reviews": list(BOARDS)}])
    with (tmp_path / STEAM).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["recommendationid", "review"], ["7", "Runs\r\nwell."]])
    return tmp_path


def test_labels_are_joined_with_their_reviews_as_they_are_read(data: Path) -> None:
    found = read_sentences(data)

    assert [one.text for one in found] == [
        "A baker finds a whale.",
        "It's lovely, but long.",
        "Never again.",
        "It caught fire.",
        "Runs well.",
    ]
    assert [one.kind for one in found] == ["film", "film", "product", "product", "game"]
    assert [set(one.aspects) for one in found] == [
        set(),
        {"overall", "pacing"},
        {"overall"},
        {"quality"},
        {"stability"},
    ]
    assert [set(one.stances) for one in found] == [set(), {"positive", "negative"}, {"negative"}, {"negative"}, {"neutral"}]  # fmt: skip
    assert [one.severity for one in found] == [None, None, None, "danger", None]


def test_a_sentence_follows_the_one_before_it_in_its_review_alone(data: Path) -> None:
    # The last two labels of the second review are not in the order of its text.
    assert [one.follows for one in read_sentences(data)] == [False, True, False, False, False]


def test_another_text_under_the_same_id_is_refused(data: Path) -> None:
    _write(data / "films/reviews.jsonl", [{"review_id": "f1", "text": FILM + " "}])

    with pytest.raises(ValueError, match=r"films/reviews.jsonl does not hold the review f1"):
        read_sentences(data)


def test_a_review_that_is_missing_is_refused(data: Path) -> None:
    _write(data / SUMMARIES, [{"id": "b", "reviews": ["It cuts bread."]}])

    with pytest.raises(ValueError, match=r"does not hold the review b#1"):
        read_sentences(data)


def test_the_labels_that_are_here_hold_ids_and_no_text() -> None:
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]

    assert rows
    for row in rows:
        assert list(row) == ["kind", "file", "review", "text_digest", "start", "end", "labels"]
        assert re.fullmatch(r"[0-9a-f]{16}", row["text_digest"])
        assert 0 <= row["start"] < row["end"]
        assert not re.search(r"\s", row["review"])


def test_the_labels_that_are_here_are_aspects_and_categories_that_there_are() -> None:
    categories = {category.id for category in taxonomy.severities()}
    for row in map(json.loads, LABELS.read_text("utf-8").splitlines()):
        known = {aspect.id for aspect in taxonomy.load(row["kind"]).aspects} | {OVERALL}
        assert row["labels"]
        for one in row["labels"]:
            assert one == "." or one[1:] in (categories if one[0] == "!" else known), row
            assert one[0] in ".+-0!"


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
