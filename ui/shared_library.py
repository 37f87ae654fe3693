"""One open library for all sessions of a server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import streamlit as st

from rag import settings
from rag.library import Library
from rag.records import Answer, Citation, Claim, Review, Title
from ui.review_table import ROWS, Wanted

_Done = TypeVar("_Done")
Found = tuple[Answer, dict[str, Review]]
"""An answer, and the reviews it cites, by id."""
Hear = Callable[[Claim, tuple[Citation, ...], dict[str, Review]], None]
"""A sentence, what it cites, and the reviews that stands in."""


@dataclass
class SharedLibrary:
    """A library that several sessions use: one verb at a time.

    `Library` opens its store, model and index when they are first needed, and it refreshes the index under a
    search; neither may happen twice at once. A question takes a tenth of a second, so waiting is the simple way.
    """

    library: Library
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def by_model(self) -> bool:
        """Whether a model writes answers, so that one may take a while. Raises InputError where it is set wrongly."""
        with self._turn:
            return self.library.engine.model is not None

    def ask(
        self,
        question: str,
        titles: Sequence[str] | None,
        cancelled: Callable[[], bool] = lambda: False,
        previous: Answer | None = None,
        hear: Hear = lambda _claim, _citations, _reviews: None,
    ) -> Found:
        """The answer, and the reviews it cites by id; Cancelled once `cancelled()` is true. Raises PullquoteError.

        `hear` gets each sentence the moment it is verified, with what it cites. While a model writes, other sessions
        go on: it has a library object of its own, with the same model and embedder behind it.
        """
        if not self.by_model:
            with self._turn:
                return _asked(self.library, question, titles, cancelled, previous, hear)
        with self._turn:
            engine, embedder = self.library.engine, self.library.embedder
        with Library.open(self.library.path, engine=engine, embedder=embedder) as own:
            return _asked(own, question, titles, cancelled, previous, hear)

    def run(self, verb: Callable[[Library], _Done]) -> _Done:
        """Do something with the library in its turn; what it gives back must not be a promise of more."""
        with self._turn:
            return verb(self.library)

    def generation(self) -> int:
        """A number that grows with every change of the library. Raises NoLibrary."""
        with self._turn:
            return self.library.generation

    def titles(self) -> list[Title]:
        """Every title that has reviews."""
        with self._turn:
            return [title for title in self.library.titles() if title.reviews]

    def close(self) -> None:
        """Let go of the library."""
        with self._turn:
            self.library.close()


def _asked(
    library: Library,
    question: str,
    titles: Sequence[str] | None,
    cancelled: Callable[[], bool],
    previous: Answer | None,
    hear: Hear,
) -> Found:
    def heard(claim: Claim, citations: tuple[Citation, ...]) -> None:
        hear(claim, citations, {one.review_id: library.review(one.review_id) for one in citations})

    found = library.ask(question, titles=titles, cancelled=cancelled, previous=previous, on_claim=heard)
    cited = sorted({citation.review_id for citation in found.citations})
    chosen = tuple(passage for passage in found.candidates if passage.sentence.id in found.chosen)
    return replace(found, candidates=chosen), {review_id: library.review(review_id) for review_id in cited}


def library_path() -> Path:
    """The library's folder: PULLQUOTE_LIBRARY, else the setting, else `.pullquote`. Raises InputError."""
    return settings.load().library.absolute()


@st.cache_resource(show_spinner=False, on_release=SharedLibrary.close)
def open_shared(path: Path) -> SharedLibrary:
    """The library at a path, opened once for all sessions."""
    return SharedLibrary(Library.open(path))


@st.cache_resource(show_spinner=False, max_entries=8)
def titles_of(path: Path, generation: int) -> list[Title]:
    """The titles of a library as they stood at a generation; do not change the list."""
    del generation  # part of the key: a changed library is read anew
    return open_shared(path).titles()


@st.cache_resource(show_spinner=False, max_entries=8)
def removed_titles_of(path: Path, generation: int) -> list[Title]:
    """The titles all of whose reviews were removed, as they stood at a generation; do not change the list."""
    del generation  # part of the key
    return open_shared(path).run(lambda library: library.titles(removed=True))


@st.cache_resource(show_spinner=False, max_entries=16)
def reviews_of(path: Path, generation: int, wanted: Wanted) -> tuple[list[Review], int]:
    """A page of a title's reviews as they stood at a generation, and how many there are in all; do not change them."""
    del generation  # part of the key
    return open_shared(path).run(
        lambda library: library.reviews(
            wanted.title,
            query=wanted.query or None,
            filters=wanted.filters,
            removed=wanted.removed,
            offset=wanted.offset,
            limit=ROWS,
        )
    )
