"""The benchmarks of growth: seeded reviews and vectors, stages, recall, peaks, and the document that is written."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import add, ask, document, films, memory, seeded
from benchmarks.__main__ import SPEED
from benchmarks.clock import median_ratio
from benchmarks.libraries import every_tenth
from benchmarks.report import Bar, CannotMeasure, Report
from rag.library import Library
from rag.records import Progress
from rag.reviews.split import sentences

REPORT = Report("ask", "Two libraries.", (), (Bar("ratio", 1.04, 1.5, "×", at_least=False),), ("A note \\1.",))


# ── seeded ───────────────────────────────────────────────────────────────────────────────────────


def test_seeded_reviews_have_the_sentences_that_were_asked_for_and_few_begin_many() -> None:
    few, many = list(seeded.reviews(200)), list(seeded.reviews(1_000))
    assert many[:40] == few
    cut = [tile.view for row in many for tile in sentences("r", row["text"])]
    assert len(cut) == 1_000
    assert len({row["title"] for row in many}) == 2
    for word, share in seeded.ASPECTS.items():
        assert share / 3 < sum(word in view.lower() for view in cut) / 1_000 < share * 2


def test_a_seeded_vector_is_the_text_s_own_and_lies_among_its_topic() -> None:
    texts = [row["text"] for row in seeded.reviews(2_000, per_review=1)]
    first, second = seeded.SeededEmbedder().embed(texts), seeded.SeededEmbedder().embed(texts[::-1])[::-1]
    assert np.allclose(first, second, atol=1e-6)
    assert np.allclose(np.linalg.norm(first, axis=1), 1, atol=1e-5)
    cosines = np.sort(first[:100] @ first.T, axis=1)
    assert cosines[:, -6:-1].mean() > 0.45
    assert np.median(cosines) < 0.25


# ── what is measured ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = seeded.write_csv(tmp_path / "reviews.csv", seeded.reviews(1_000))
    with Library.open(tmp_path / "library", embedder=seeded.SeededEmbedder()) as opened:
        opened.add([file], kind="film")
    return tmp_path / "library"


def test_recall_is_that_of_the_index_against_every_vector(library: Path) -> None:
    names, vectors = ask.stored(library)
    found = ask.recall(library, vectors[:20])
    assert len(set(names)) == found.vectors == 1_000
    assert found.of_ten > 0.9
    assert found.of_fetched >= found.of_ten


def test_both_libraries_answer_and_the_ratio_is_that_of_pairs(library: Path) -> None:
    with Library.open(library, embedder=seeded.SeededEmbedder()) as opened:
        timed = ask._timed(opened, opened, ask.SCOPES["one title of 100 reviews"], 2)
    assert len(timed.small_ms) == len(timed.large_ms) == 2 * len(seeded.QUESTIONS)
    assert timed.ratio == median_ratio(timed.large_ms, timed.small_ms)


def test_the_stages_of_add_are_told_apart() -> None:
    with add._stages() as spent:
        add.journal.embedding_done  # noqa: B018 - only the three are watched
    assert set(spent) == {"embedding", "keeping vectors", "index"}
    assert not any(spent.values())


def test_a_peak_is_that_of_a_process_of_its_own() -> None:
    found = memory._measured(200, lambda _: None)
    assert found["start"] <= found["read"] <= found["embed"] <= found["index"] < 500


def test_a_lost_a_doubled_and_a_changed_review_are_seen(library: Path) -> None:
    rows = [{"title": r["title"], "text": r["text"], "critic": r["critic"]} for r in seeded.reviews(1_000)]
    lost = {"title": rows[0]["title"], "text": "Never there.", "critic": ""}
    found = films._problems([*rows, lost], library, frozenset({"no such id"}))
    assert found[:2] == [f"missing: a review of {lost['title']}", "acknowledged and gone: no such id"]


_PROGRAM = """
import json, sys, time
for done in (1, 5, 10):
    print(json.dumps({"stage": "embed", "done": done, "total": 10, "stored": [str(done)]}), file=sys.stderr, flush=True)
    time.sleep(0.05 if LONG else 0)
time.sleep(60 if LONG else 0)
print(json.dumps({"unchanged": 3, "titles": ["x" * 80] * 3_000}))
"""


def test_a_process_with_much_to_say_ends_and_one_to_be_killed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def program(*, long: bool) -> list[str]:
        return [sys.executable, "-c", _PROGRAM.replace("LONG", str(long))]

    monkeypatch.setattr(films, "program", lambda: program(long=False))
    ended = films._add(tmp_path / "films.jsonl", tmp_path / "library", lambda _: None)
    assert ended.acknowledged == {"1", "5", "10"}
    assert ended.report is not None
    assert ended.report["unchanged"] == 3
    monkeypatch.setattr(films, "program", lambda: program(long=True))
    killed = films._add(tmp_path / "films.jsonl", tmp_path / "library", lambda _: None, kill=True)
    assert killed.report is None
    assert killed.acknowledged == {"1", "5"}
    assert killed.wall_s < 30


def test_progress_is_said_in_tenths() -> None:
    said: list[str] = []
    heard = every_tenth(said.append)
    for done in range(1, 101):
        heard(Progress("embed", done, 100))
    assert len(said) == 11
    assert said[-1] == "embed: 100 of 100"


# ── the document ─────────────────────────────────────────────────────────────────────────────────


def test_a_full_run_replaces_its_own_block_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(
        "Before.\n<!-- benchmarks:ask -->\nold\n<!-- /benchmarks:ask -->\n"
        "<!-- benchmarks:add -->\nkept\n<!-- /benchmarks:add -->\nAfter.\n",
        "utf-8",
    )
    for _ in range(2):
        document.write(REPORT, "python -m benchmarks ask --data DATA", page)
    text = page.read_text("utf-8")
    assert text.startswith("Before.\n<!-- benchmarks:ask -->\nTwo libraries.\n\n| bar | measured")
    assert text.endswith("<!-- benchmarks:add -->\nkept\n<!-- /benchmarks:add -->\nAfter.\n")
    assert text.count("python -m benchmarks ask --data DATA") == text.count("A note \\1.") == 1
    assert "old" not in text


def test_a_block_that_is_missing_is_said(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("Nothing.\n", "utf-8")
    with pytest.raises(CannotMeasure, match="no single block for ask"):
        document.write(REPORT, "", page)


def test_the_document_has_a_block_for_every_benchmark_with_figures_from_a_full_run() -> None:
    text = document.DOCUMENT.read_text("utf-8")
    for name in SPEED:
        inside = text.partition(f"<!-- benchmarks:{name} -->")[2].partition(f"<!-- /benchmarks:{name} -->")[0]
        assert f"`uv run python -m benchmarks {name} --data DATA`" in inside, name
        assert "| bar |" in inside


def test_the_document_of_quality_has_the_figures_of_a_full_run() -> None:
    text = document.QUALITY.read_text("utf-8")
    inside = text.partition("<!-- benchmarks:quality:dev -->")[2].partition("<!-- /benchmarks:quality:dev -->")[0]
    assert "`uv run python -m benchmarks quality --split dev`" in inside
    assert "`uv run python -m benchmarks opinions --data DATA`" in text
    for metric in ("evidence recall@5", "citation precision", "abstention F1"):
        assert re.search(rf"\| {metric} \| \d\.\d{{3}} \(\d\.\d{{3}}–\d\.\d{{3}}\) \|", inside)


def test_the_machine_has_no_name_and_no_path() -> None:
    told = document.machine()
    assert os.uname().nodename not in told
    assert "/" not in told
    assert "chromadb" in told
    assert json.dumps(told)
