"""What `doctor` looks at: is what is stored whole, does every offset hold, does the index hold what it should?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rag.errors import EmbedderUnavailable, IndexReadOnly, IndexUnreachable, LibraryDamaged, PullquoteError
from rag.records import Check
from rag.reviews import journal
from rag.reviews import store as stores
from rag.reviews.changes import SCRUB
from rag.reviews.store import Store
from rag.search import trust

_PAGE = 5_000
_SAMPLES = 32


@dataclass(frozen=True)
class IndexState:
    """What a vector index holds, against what it should."""

    address: str
    vectors: int | None
    """None where it could not be opened; `problem` says why."""
    missing: int | None
    """Sentences that should stand in it and do not."""
    stale: int | None
    """What stands in it and is no sentence of the library (any more)."""
    problem: str | None
    harmless: bool = False
    """Whether the problem is the medium's, which can't be written, and nothing is lost."""


@dataclass(frozen=True)
class Rebuilt:
    """What `rebuild` did: the index before and after."""

    generation: int
    before: IndexState
    after: IndexState

    @property
    def whole(self) -> bool:
        """Whether the index now holds everything it should."""
        return self.after.problem is None and not self.after.missing


def check_store(store: Store) -> list[Check]:
    """The database itself, the tiling of every review, and what the journal holds."""
    with store.reading() as reading:
        problems = stores.integrity(reading)
        counts = stores.counts(reading)
        untiled = stores.reviews_not_tiled(reading)
        half_purged = stores.get_meta(reading, SCRUB) is not None
    checks = [
        Check("database", "damaged", f"SQLite reports: {problems[0]}. Restore a backup.")
        if problems
        else Check("database", "ok", f"{counts['reviews']} reviews, {counts['sentences']} sentences"),
        Check(
            "sentences",
            "damaged",
            f"{len(untiled)} reviews are not covered by their sentences: {untiled[0]} …",
        )
        if untiled
        else Check("sentences", "ok", "every review is covered by its sentences without gap or overlap"),
    ]
    if half_purged:
        text = "Purged text may still lie in freed pages: a purge was broken off. Finish it with: pullquote rebuild"
        checks.append(Check("purge", "note", text))
    waiting = journal.waiting(store)
    if waiting:
        steps = ", ".join(f"{count} wait for the step “{step}”" for step, count in sorted(waiting.items()))
        checks.append(Check("journal", "note", f"Of the reviews, {steps}. Go on with: pullquote rebuild"))
    else:
        checks.append(Check("journal", "ok", "nothing is left to do"))
    return checks


def check_index(state: IndexState) -> Check:
    """Whether the index holds every sentence it should, and nothing else."""
    mend = "Mend it with: pullquote rebuild"
    if state.problem is not None:
        return Check("index", "note" if state.harmless else "damaged", state.problem)
    if state.missing:
        wanted = (state.vectors or 0) - (state.stale or 0) + state.missing
        return Check("index", "damaged", f"{state.missing} of {wanted} vectors are missing in {state.address}. {mend}")
    if state.stale:
        said = f"{state.vectors} vectors in {state.address}, {state.stale} of them of sentences that are gone. {mend}"
        return Check("index", "note", said)
    return Check("index", "ok", f"{state.vectors} vectors in {state.address}")


def index_state(store: Store, address: str, held: Callable[[], Iterable[str]]) -> IndexState:
    """Compare the ids that an index holds with those it should hold."""
    try:
        ids = set(held())
    except IndexReadOnly as error:
        return IndexState(address, None, None, None, f"{error.message} {error.hint}", harmless=True)
    except (LibraryDamaged, IndexUnreachable, EmbedderUnavailable) as error:
        return IndexState(address, None, None, None, " ".join(filter(None, (error.message, error.hint))))
    missing, stale = 0, ids.difference(journal.to_unindex(store))
    for page in journal.pages_of_ids(store, _PAGE):
        missing += sum(settled and name not in ids for name, settled in page)
        stale.difference_update(name for name, _ in page)
    return IndexState(address, len(ids), missing, len(stale), None)


def held_in_folder(store: Store, folder: Path) -> frozenset[str]:
    """The ids in an index folder, read in a child process that may die of it. Raises LibraryDamaged, IndexReadOnly."""
    if not (folder / trust.DATABASE).exists() and not folder.is_file():
        return frozenset()
    trust.check_writable(folder)
    examined = trust.examine(folder, journal.some_vectors(store, _SAMPLES), with_ids=True)
    if examined.problem is not None:
        raise LibraryDamaged(
            f"The vector index in {folder} can't be used: {examined.problem}.", "Mend it with: pullquote rebuild"
        )
    return examined.ids


def no_chat(*, keyed: bool, model: str) -> Check:
    """What is to be said where no model writes."""
    if model:
        return Check("chat", "note", f"The model {model} is named and not used: the setting engine is extractive.")
    key = "OPENAI_API_KEY is set, and no model is named: nothing is sent anywhere. " if keyed else ""
    return Check("chat", "note", f"{key}The offline engine writes. Name a model with PULLQUOTE_MODEL.")


def check_chat(name: str, probe: Callable[[], str]) -> Check:
    """Whether a configured model answers one small call."""
    try:
        return Check("chat", "ok", probe())
    except PullquoteError as error:
        return Check("chat", "damaged", f"{name}: {error.message} {error.hint or ''}".strip())


def check_embedder(name: str, answer: Callable[[], str]) -> Check:
    """Whether a configured embedding server answers one small call, and is the one that made the vectors."""
    try:
        return Check("model", "ok", answer())
    except PullquoteError as error:
        return Check("model", "damaged", f"{name}: {error.message} {error.hint or ''}".strip())
