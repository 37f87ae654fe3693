"""What opinions cost: coding as a part of an `add`, a summary of many reviews, and one more review after it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

from benchmarks import model, seeded
from benchmarks.clock import Say, same_threads
from benchmarks.libraries import embedder, every_tenth
from benchmarks.report import Bar, Report, Table
from rag import opinions
from rag.library import Library

REVIEWS, QUICK_REVIEWS = 10_000, 500
CODED, QUICK_CODED = 600, 60
"""Reviews that are added with the real model."""
CODING_BAR, SUMMARY_BAR, AGAIN_BAR = 0.15, 2.0, 0.1


def run(say: Say, *, quick: bool = False) -> Report:
    """Measure all three in one warm process."""
    with same_threads(), tempfile.TemporaryDirectory() as folder:
        model.open_minilm()
        _added(Path(folder) / "warm", 20, say)
        reviews = QUICK_CODED if quick else CODED
        without, with_coding = _added(Path(folder) / "added", reviews, say)
        first, nothing, again = _summarised(Path(folder), QUICK_REVIEWS if quick else REVIEWS, say)
    found = _report(reviews, without, with_coding, QUICK_REVIEWS if quick else REVIEWS, first, nothing, again)
    # What a run costs whatever its size is most of a small one.
    return replace(found, bars=()) if quick else found


def _added(folder: Path, reviews: int, say: Say) -> tuple[float, float]:
    """CPU seconds of an `add` with the real model: without its coding, and with it."""
    folder.mkdir()
    file = seeded.write_csv(folder / "reviews.csv", seeded.reviews(reviews * seeded.PER_REVIEW))
    spent = 0.0

    def timed(*given: object, **named: object) -> object:
        nonlocal spent
        start = time.process_time()
        try:
            return work(*given, **named)  # type: ignore[arg-type]
        finally:
            spent += time.process_time() - start

    work = opinions.code
    with Library.open(folder / "library") as library, mock.patch.object(opinions, "code", timed):
        whole = _cpu(lambda: library.add([file], kind="film", on_progress=every_tenth(say)))
    return whole - spent, whole


def _summarised(folder: Path, reviews: int, say: Say) -> tuple[float, float, float]:
    """CPU seconds of the first summary of one title, of the same again, and of one after another review."""
    rows = [{**row, "title": "Seeded"} for row in seeded.reviews(reviews * seeded.PER_REVIEW)]
    file, more = folder / "many.jsonl", folder / "one-more.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    last = {"title": "Seeded", "text": "The acting is a delight and the music is dull.", "critic": "One More"}
    more.write_text(json.dumps(last) + "\n", "utf-8")
    with Library.open(folder / "many", embedder=embedder()) as library:
        say(f"adding {reviews:,} reviews of one title")
        library.add([file], kind="film", on_progress=every_tenth(say))
        say("summarising")
        first = _cpu(lambda: library.summary("Seeded"))
        nothing = _cpu(lambda: library.summary("Seeded"))
        library.add([more], kind="film")
        again = _cpu(lambda: library.summary("Seeded"))
    return first, nothing, again


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _report(
    added: int, without: float, with_coding: float, reviews: int, first: float, nothing: float, again: float
) -> Report:
    share = with_coding / without - 1
    return Report(
        "summary",
        "CPU seconds in a warm process. Coding is measured with the real model; the summaries are of one title with "
        "seeded vectors.",
        (
            Table(
                ("", "CPU s"),
                (
                    (f"`add` of {added:,} reviews, before coding", f"{without:.2f}"),
                    ("the same with its coding", f"{with_coding:.2f}"),
                    (f"first summary of {reviews:,} reviews", f"{first:.3f}"),
                    ("the same again, nothing having changed", f"{nothing:.3f}"),
                    ("after one more review on two aspects", f"{again:.3f}"),
                ),
            ),
        ),
        (
            Bar("what coding adds to an `add`", share, CODING_BAR, "%", at_least=False),
            Bar("first summary", first, SUMMARY_BAR, "s", at_least=False),
            Bar("after one more review, against the first", again / first, AGAIN_BAR, at_least=False),
        ),
        (),
        {"add": without, "add_coded": with_coding, "first": first, "nothing": nothing, "again": again},
    )
