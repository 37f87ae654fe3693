"""Libraries of seeded reviews, made by the same `add` that everybody uses; each size once a run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import model, seeded
from benchmarks.clock import Say
from benchmarks.report import CannotMeasure
from rag.library import Library
from rag.records import Progress

LARGE, QUICK_LARGE = 100_900, 12_900
"""Sentences. The last 900 stand where the index has not yet been synced, which is when opening it costs most."""


class Libraries:
    """A folder of them, which goes with the run."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._made: dict[tuple[int, int], Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._folder.cleanup()

    def of(self, sentences: int, say: Say, *, per_review: int = seeded.PER_REVIEW) -> Path:
        """The library with this many sentences. Its first titles are those of every larger one."""
        if (sentences, per_review) not in self._made:
            place = Path(self._folder.name) / f"{sentences}-{per_review}"
            say(f"making a library of {sentences:,} seeded sentences")
            file = seeded.write_csv(place.with_suffix(".csv"), seeded.reviews(sentences, per_review=per_review))
            with Library.open(place, embedder=embedder()) as library:
                library.add([file], kind="film", on_progress=every_tenth(say))
            self._made[sentences, per_review] = place
        return self._made[sentences, per_review]


def embedder() -> seeded.SeededEmbedder:
    """Seeded vectors under the name of the model's, where its files are: the program itself opens such a library."""
    try:
        return seeded.SeededEmbedder(model.open_minilm().identity)
    except CannotMeasure:
        return seeded.SeededEmbedder()


def every_tenth(say: Say) -> Callable[[Progress], None]:
    """Says progress in ten steps a stage; where the end is not known, one in five thousand."""
    last: list[tuple[str, int]] = []

    def heard(progress: Progress) -> None:
        step = 10 * progress.done // progress.total if progress.total else progress.done // 5_000
        if last[-1:] != [(progress.stage, step)]:
            last.append((progress.stage, step))
            say(f"{progress.stage}: {progress.done:,}" + (f" of {progress.total:,}" if progress.total else ""))

    return heard
