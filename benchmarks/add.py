"""Where the time of an `add` goes: reading and storing, embedding, keeping vectors, the index."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import model, seeded, subjqa
from benchmarks.clock import Say, same_threads
from benchmarks.libraries import every_tenth
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.library import Library
from rag.reviews import journal
from rag.search.index import ChromaIndex
from rag.search.minilm import MiniLM

REVIEWS, QUICK_REVIEWS = 600, 60
SNIPPETS = 3_000
EMBEDDING = 0.7
_STAGES = {
    "embedding": (MiniLM, "embed"),
    "keeping vectors": (journal, "keep_vectors"),
    "index": (ChromaIndex, "upsert"),
}
REST = "reading and storing"


def run(data: Path | None, say: Say, *, quick: bool = False) -> Report:
    """Add each set of reviews to a library of its own, in one warm process."""
    with same_threads():
        model.open_minilm()
        _spent(list(seeded.reviews(20)), lambda _: None)  # imports, and a first write of everything
        sets = _sets(data, quick=quick)
        return _report({name: (len(rows), *_spent(rows, say)) for name, rows in sets.items()})


def _sets(data: Path | None, *, quick: bool) -> dict[str, list[dict[str, str]]]:
    if data is None or quick:
        wanted = QUICK_REVIEWS if quick else REVIEWS
        return {"seeded reviews": list(seeded.reviews(wanted * seeded.PER_REVIEW))}
    reviews = [
        {"title": f"{name} {row['item_id']}", "text": row["review_text"], "id": row["review_id"]}
        for name in subjqa.KINDS
        for row in {row["review_id"]: row for row in subjqa.read(data, name)}.values()
    ]
    return {"SubjQA reviews": reviews[:REVIEWS], "critics' snippets of films": snippets(data)[:SNIPPETS]}


def snippets(data: Path) -> list[dict[str, str]]:
    """The rows of films/reviews.jsonl. Raises CannotMeasure where they are missing."""
    path = data / "films" / "reviews.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise CannotMeasure(f"{path} can't be read: --data PATH must hold films/reviews.jsonl ({error}).") from None
    return [{"title": row["film_id"], "text": row["text"], "critic": row["critic"] or ""} for row in rows]


def _spent(rows: Sequence[dict[str, str]], say: Say) -> tuple[int, dict[str, float]]:
    """How many sentences there were, and CPU seconds by stage."""
    with tempfile.TemporaryDirectory() as folder, _stages() as spent:
        file = Path(folder) / "reviews.jsonl"
        file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
        with Library.open(Path(folder) / "library") as library:
            start = time.process_time()
            library.add([file], kind="film", on_progress=every_tenth(say))
            total = time.process_time() - start
            sentences = sum(len(names) for names, _ in journal.pages_of_vectors(library._opened(), 4_096))
    return sentences, {REST: total - sum(spent.values())} | spent


@contextmanager
def _stages() -> Iterator[dict[str, float]]:
    """CPU seconds inside each stage's function, all threads."""
    spent = dict.fromkeys(_STAGES, 0.0)

    def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return work(*given, **named)
            finally:
                spent[stage] += time.process_time() - start

        return watched

    patches = [mock.patch.object(at, name, timed(stage, getattr(at, name))) for stage, (at, name) in _STAGES.items()]
    for patch in patches:
        patch.start()
    try:
        yield spent
    finally:
        for patch in patches:
            patch.stop()


def _report(found: dict[str, tuple[int, int, dict[str, float]]]) -> Report:
    stages = (REST, *_STAGES)
    rows = []
    for name, (reviews, sentences, spent) in found.items():
        total = sum(spent.values())
        cells = [f"{spent[stage]:.1f} ({spent[stage] / total:.0%})" for stage in stages]
        rows.append((name, f"{reviews:,}", f"{sentences:,}", *cells, f"{total:.1f}"))
    shares = {name: spent["embedding"] / sum(spent.values()) for name, (_, _, spent) in found.items()}
    return Report(
        "add",
        "CPU seconds of `add` with the real model, from file to index, in a warm process.",
        (Table(("reviews of", "reviews", "sentences", *stages, "all"), tuple(rows)),),
        tuple(Bar(f"share of embedding, {name}", share, EMBEDDING, "%") for name, share in shares.items()),
        ("Every session has 1 thread. Opinions are not coded.",),
        {name: {"reviews": reviews, "sentences": n, "cpu_s": spent} for name, (reviews, n, spent) in found.items()},
    )
