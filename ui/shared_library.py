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
from rag.records import Answer, Review, Title

_Done = TypeVar("_Done")


@dataclass
class SharedLibrary:
    """A library that several sessions use: one verb at a time.

    `Library` opens its store, model and index when they are first needed, and it refreshes the index under a
    search; neither may happen twice at once. A question takes a tenth of a second, so waiting is the simple way.
    """

    library: Library
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def ask(
        self, question: str, titles: Sequence[str] | None, cancelled: Callable[[], bool] = lambda: False
    ) -> tuple[Answer, dict[str, Review]]:
        """The answer, and the reviews it cites by id; Cancelled once `cancelled()` is true. Raises PullquoteError."""
        with self._turn:
            found = self.library.ask(question, titles=titles, cancelled=cancelled)
            cited = sorted({citation.review_id for citation in found.citations})
            reviews = {review_id: self.library.review(review_id) for review_id in cited}
        return replace(found, candidates=()), reviews

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
