"""What a question costs in a small library and in a large one, in one warm process, and what the index finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from benchmarks import seeded
from benchmarks.clock import Say, in_turns, median_ratio
from benchmarks.libraries import LARGE, QUICK_LARGE, Libraries, embedder
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.library import Library
from rag.reviews import journal
from rag.reviews.store import Store
from rag.search import retrieve
from rag.search.base import Vectors
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex

SMALL = 1_000
ROUNDS, QUICK_ROUNDS = 25, 7
QUERIES = 200
TITLE_RATIO, WHOLE_RATIO, RECALL = 1.5, 3.0, 0.97
NEAREST = 10
_ROWS = 4_096
SCOPES = {"one title of 100 reviews": (seeded.title(0),), "whole library": None}


@dataclass(frozen=True)
class Timed:
    """CPU milliseconds of every question, and the ratio of each pair, by scope."""

    small_ms: list[float]
    large_ms: list[float]

    @property
    def ratio(self) -> float:
        return median_ratio(self.large_ms, self.small_ms)


@dataclass(frozen=True)
class Recall:
    """The share of the truly nearest that an index names."""

    of_ten: float
    """Of the ten nearest, asked for ten."""
    of_fetched: float
    """Of the ten nearest, among as many as a question fetches."""
    vectors: int
    queries: int


def run(libraries: Libraries, say: Say, *, quick: bool = False) -> Report:
    """Make both libraries, ask, look for neighbours, report."""
    size, rounds = (QUICK_LARGE, QUICK_ROUNDS) if quick else (LARGE, ROUNDS)
    small, large = libraries.of(SMALL, say), libraries.of(size, say)
    timed = {}
    with Library.open(small, embedder=embedder()) as few, Library.open(large, embedder=embedder()) as many:
        for name, titles in SCOPES.items():
            say(f"{name}: {rounds} rounds of {len(seeded.QUESTIONS)} questions in turns")
            timed[name] = _timed(few, many, titles, rounds)
    say(f"{QUERIES} queries of the index, compared with exact search")
    fresh = [row["text"] for row in seeded.reviews(QUERIES, per_review=1, seed=1)]
    return _report(timed, recall(large, embedder().embed(fresh)), size, rounds)


def _timed(small: Library, large: Library, titles: Sequence[str] | None, rounds: int) -> Timed:
    spent: dict[str, list[float]] = {"small": [], "large": []}
    for question in seeded.QUESTIONS:
        jobs = {"small": _job(small, question, titles), "large": _job(large, question, titles)}
        for job in jobs.values():
            job()
        for name, seconds in in_turns(jobs, rounds, lambda _: None).items():
            spent[name] += [1_000 * s for s in seconds]
    return Timed(spent["small"], spent["large"])


def _job(library: Library, question: str, titles: Sequence[str] | None) -> Callable[[], None]:
    def job() -> None:
        answer = library.ask(question, titles=titles)
        # Invented words hold no opinion that a coder is sure of, so the answer may be silence with what comes nearest.
        if not (answer.claims or answer.nearest) or answer.engine.embedder is None:
            raise CannotMeasure(f"{question!r} was not answered with vectors.")

    return job


def recall(library: Path, queries: Vectors) -> Recall:
    """What the index of a library names, compared with all its vectors."""
    names, vectors = stored(library)
    exact = np.argsort(-(queries @ vectors.T), axis=1)[:, :NEAREST]
    index = ChromaIndex(FolderIndex(library / "index"))
    ten = fetched = 0
    for query, rows in zip(queries, exact, strict=True):
        true = {names[row] for row in rows}
        ten += len(true & {name for name, _ in index.nearest(query, NEAREST)})
        fetched += len(true & {name for name, _ in index.nearest(query, retrieve.FETCHED)})
    index.close()
    total = NEAREST * len(queries)
    return Recall(ten / total, fetched / total, len(names), len(queries))


def stored(library: Path) -> tuple[list[str], Vectors]:
    """Every sentence's id and vector."""
    store = Store(library)
    pages = list(journal.pages_of_vectors(store, _ROWS))
    store.close()
    return [name for names, _ in pages for name in names], np.concatenate([vectors for _, vectors in pages])


def _report(timed: dict[str, Timed], found: Recall, size: int, rounds: int) -> Report:
    rows = tuple((name, *_cells(times)) for name, times in timed.items())
    title, whole = (times.ratio for times in timed.values())
    return Report(
        "ask",
        f"Libraries of {SMALL:,} and {size:,} seeded sentences, the same title in both, one warm process, "
        f"{rounds} rounds of {len(seeded.QUESTIONS)} questions in turns.",
        (Table(("scope", f"CPU ms in {SMALL:,}", f"in {size:,}", "ratio", "middle half of the ratios"), rows),),
        (
            Bar(f"one title, {size:,} sentences to {SMALL:,}", title, TITLE_RATIO, "×", at_least=False),
            Bar(f"whole library, {size:,} sentences to {SMALL:,}", whole, WHOLE_RATIO, "×", at_least=False),
            recall_bar(found),
        ),
        (recall_note(found), "The seeded embedder costs next to nothing, so the ratios are not softened by a model's."),
        {"ratio_title": title, "ratio_whole": whole} | vars(found) | {n: vars(t) for n, t in timed.items()},
    )


def recall_bar(found: Recall) -> Bar:
    """Asked for ten, which is the harder way."""
    return Bar("recall@10 of the index", found.of_ten, RECALL)


def recall_note(found: Recall) -> str:
    return (
        f"recall@10 of {found.queries} queries against exact search in {found.vectors:,} vectors: "
        f"{found.of_ten:.3f} asked for ten, {found.of_fetched:.3f} among the {retrieve.FETCHED} that a question gets."
    )


def _cells(timed: Timed) -> tuple[str, ...]:
    ratios = [large / small for small, large in zip(timed.small_ms, timed.large_ms, strict=True)]
    low, _, high = quantiles(ratios, n=4)
    times = (median(timed.small_ms), median(timed.large_ms))
    return (*(f"{ms:.1f}" for ms in times), f"{timed.ratio:.2f}×", f"{low:.2f}–{high:.2f}")
