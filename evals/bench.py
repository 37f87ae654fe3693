"""What a suite runs on: a library, made anew or there already, and the cases that are asked of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import loader
from corpus.loader import Corpus
from corpus.orders import orders
from corpus.reader import Split
from evals import corpus_cases
from evals.cases import Case
from evals.corpus_library import Names, add_reviews, names_in
from evals.suites import Source, Suite
from rag.errors import InputError
from rag.export import ExportFormat
from rag.library import Library
from rag.records import Progress
from rag.reviews.store import DATABASE

Hear = Callable[[Progress], None]

_OF_CORPUS: Mapping[Source, Callable[[Corpus], Sequence[Case]]] = {
    "questions": corpus_cases.questions,
    "unanswered": corpus_cases.unanswered,
    "variants": corpus_cases.variants,
    "titles": corpus_cases.titles,
}


@dataclass(frozen=True)
class Bench:
    """A library, what its reviews are called in the cases, and the cases."""

    library: Path
    names: Names
    cases: Sequence[Case]
    digest: str
    """Of what the library holds, the first 16 digits of a SHA-256."""


def prepare(suite: Suite, split: Split, folder: Path, on_progress: Hear) -> Bench:
    """The bench of a suite; what has to be made is made in `folder`, once. Raises PullquoteError."""
    if suite.cases == "own":
        return _own(suite, folder, on_progress)
    corpus = loader.load(split)
    if suite.cases == "orders":
        return _orders(corpus, folder / f"orders-{split}", on_progress)
    place = folder / f"corpus-{split}"
    with Library.open(place, engine="extractive") as library:
        if (place / DATABASE).exists():
            names = names_in(library, corpus.reviews)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            names = add_reviews(corpus.titles, corpus.reviews, library, folder, on_progress)
    return Bench(place, names, _OF_CORPUS[suite.cases](corpus), _digest(names))


def _orders(corpus: Corpus, place: Path, on_progress: Hear) -> Bench:
    """An order a title, in our own invented reviews."""
    reviews, cases = corpus_cases.with_orders(corpus, orders())
    if not (place / DATABASE).exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        file = place.with_suffix(".jsonl")
        file.write_text("".join(json.dumps({"title": t, "text": x}) + "\n" for t, _, x in reviews), "utf-8")
        with Library.open(place, engine="extractive") as library:
            library.add([file], kind=reviews[0][1], on_progress=on_progress)
    return Bench(place, {}, cases, _digest([text for _, _, text in reviews]))


def _own(suite: Suite, folder: Path, on_progress: Hear) -> Bench:
    """A user's own suite."""
    place = own_library(suite, folder, on_progress)
    with Library.open(place, engine="extractive") as library:
        held = [review["id"] for review in json.loads("".join(library.export(ExportFormat.json)))["reviews"]]
    if not suite.case:
        raise InputError(
            f"{suite.file} holds no case yet.", f'Add one with: pullquote eval add {suite.file} "QUESTION"'
        )
    return Bench(place, {}, suite.case, _digest(sorted(held)))


def own_library(suite: Suite, folder: Path, on_progress: Hear) -> Path:
    """The library of a user's own suite; one of the files that it names is made in `folder`. Raises PullquoteError."""
    if suite.library:
        place = suite.path(suite.library)
        if not (place / DATABASE).exists():
            raise InputError(f"{suite.file}: there is no library {place}.", "Make it with: pullquote add PATH")
        return place
    place = folder / f"own-{suite.name}"
    if not (place / DATABASE).exists():
        with Library.open(place, engine="extractive") as library:
            files = [suite.path(file) for file in suite.reviews]
            library.add(files, title=suite.title, kind=suite.kind, column_map=suite.map, on_progress=on_progress)
    return place


def _digest(held: object) -> str:
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]
