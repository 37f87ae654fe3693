"""The way of a review: files → stored reviews and sentences → vectors → index.

A review is safe once its transaction has committed; embedding and indexing follow from the journal and can be
broken off at any moment and taken up again.
"""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from rag import taxonomy
from rag.errors import NothingRead
from rag.records import AddReport, Column, Note, Progress, Record, Rejected, Title, TitleAdded
from rag.reviews import intake, journal, kinds
from rag.reviews.read import Item, Source
from rag.reviews.store import Reading, Store
from rag.safe_text import counted
from rag.search.base import Embedder, Index

STORED_AT_ONCE = 100
"""Reviews in one transaction: at most this many wait to be acknowledged; the sync at its end takes some 5 ms."""
_NOTED_TITLES = 3
_EMBEDDED_AT_ONCE = 2_048
_INDEXED_AT_ONCE = 500

OnProgress = Callable[[Progress], None]


@dataclass
class _Seen:
    """What the reader said beside the records."""

    columns: list[Column] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    records: int = 0


def add(store: Store, items: Iterable[Item], on_progress: OnProgress, *, dry_run: bool = False) -> AddReport:
    """Read everything and store what is new. Raises NothingRead where not one record could be used."""
    batch = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"
    seen = _Seen()
    if dry_run:
        with store.writing(keep=False) as writing:
            taking = intake.start(writing, batch, _now())
            for items_at_once in _groups(items):
                _take_all(writing, taking, items_at_once, seen)
                on_progress(Progress("read", seen.records, None))
            kinds.agree_on_kinds(writing, taking)
    else:
        with store.writing() as writing:
            taking = intake.start(writing, batch, _now())
        for items_at_once in _groups(items):
            with store.writing() as writing:
                ids = _take_all(writing, taking, items_at_once, seen)
            on_progress(Progress("read", seen.records, None, stored=tuple(ids)))
        with store.writing() as writing:
            kinds.agree_on_kinds(writing, taking)
            intake.finish(writing, batch, _now())
    report = _report(taking, seen, dry_run)
    if not seen.records:
        raise NothingRead(
            "No review could be read.",
            _what_to_do(report.rejected),
            columns=[vars(column) for column in report.columns],
            rejected=[vars(rejected) for rejected in report.rejected],
        )
    return report


def _take_all(writing: Reading, taking: intake.Intake, items: Sequence[Item], seen: _Seen) -> list[str]:
    """Store one group of items; the ids of the reviews that now stand for them."""
    ids = []
    for item in items:
        if isinstance(item, Source):
            intake.open_source(writing, taking, item)
            seen.columns.extend(c for c in item.columns if c not in seen.columns)
        elif isinstance(item, Record):
            ids.append(intake.take(writing, taking, item).review_id)
            seen.records += 1
        elif isinstance(item, Rejected):
            seen.rejected.append(item)
        else:
            seen.notes.append(item)
    kinds.settle_kinds(writing, taking)
    return list(dict.fromkeys(ids))


def _groups(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while group := list(itertools.islice(iterator, STORED_AT_ONCE)):
        yield group


def _report(taking: intake.Intake, seen: _Seen, dry_run: bool) -> AddReport:
    known = {title.id: title for title in taking.titles.values()}
    touched = sorted((known[title_id] for title_id in taking.touched), key=lambda title: title.name)
    outcomes = taking.outcomes
    guessed = _guessed_kinds([t for t in touched if t.id in taking.guessed and t.kind != taxonomy.GENERAL])
    stay = ("of these was added under this title before, and stays there",
            "of these were added under this title before, and stay there")  # fmt: skip
    elsewhere = [
        Note(known[title_id].name, counted(count, *stay)) for title_id, count in taking.elsewhere.items() if count
    ]
    removed = [Note("removed", f"{_removed(taking.removed)}; see: pullquote restore --help")] if taking.removed else []
    return AddReport(
        batch=taking.batch,
        added=outcomes["added"],
        unchanged=outcomes["unchanged"],
        superseded=outcomes["superseded"],
        duplicates=outcomes["duplicate"],
        columns=tuple(seen.columns),
        rejected=tuple(seen.rejected),
        titles=tuple(TitleAdded(t.id, t.name, t.kind, taking.added_to[t.id]) for t in touched),
        notes=(*seen.notes, *guessed, *elsewhere, *removed),
        dry_run=dry_run,
    )


def _removed(count: int) -> str:
    return counted(count, "was removed earlier and stays so", "were removed earlier and stay so")


def _what_to_do(rejected: Sequence[Rejected]) -> str:
    """What helps where nothing could be read; columns help only a table that has some."""
    if any("--map" in one.reason for one in rejected):
        return "Set columns with --map FIELD=COLUMN, and look first with --dry-run."
    return "Mend what is named, or add another file; docs/reading.md says what can be read."


def _guessed_kinds(titles: Sequence[Title]) -> list[Note]:
    """A note for each title whose kind was guessed, or for each kind where there are many."""
    if len(titles) <= _NOTED_TITLES:
        said = "taken for a {} by its reviews' words; say otherwise with --kind"
        return [Note(title.name, said.format(title.kind)) for title in titles]
    of_kind = Counter(title.kind for title in titles)
    said = "taken for this kind by the words of their reviews; say otherwise with --kind"
    return [Note(kind, f"{counted(n, 'title was', 'titles were')} {said}") for kind, n in sorted(of_kind.items())]


def catch_up(store: Store, embedder: Embedder | None, index: Callable[[], Index], on_progress: OnProgress) -> None:
    """Do what the journal still holds: embed if there is an embedder, then index what has vectors."""
    if embedder is not None:
        _embed(store, embedder, on_progress)
    _index(store, index, on_progress)


def _embed(store: Store, embedder: Embedder, on_progress: OnProgress) -> None:
    waiting = journal.views_to_embed(store)
    for start in range(0, len(waiting), _EMBEDDED_AT_ONCE):
        group = waiting[start : start + _EMBEDDED_AT_ONCE]

        def heard(done: int, start: int = start) -> None:
            on_progress(Progress("embed", start + done, len(waiting)))

        vectors = embedder.embed([view for _, view in group], heard)
        journal.keep_vectors(store, embedder.identity, [key for key, _ in group], vectors)
    if journal.waiting(store).get("embed"):
        journal.embedding_done(store)


def _index(store: Store, index: Callable[[], Index], on_progress: OnProgress) -> None:
    gone = journal.to_unindex(store)
    total = journal.waiting(store).get("index", 0)
    if not gone and not total:
        return
    opened = index()
    if gone:
        opened.delete(gone)
        journal.unindexed(store, gone)
    done = 0
    while True:
        reviews, ids, vectors = journal.next_to_index(store, _INDEXED_AT_ONCE)
        if not reviews:
            return
        if ids:
            opened.upsert(ids, vectors)
        journal.indexed(store, reviews)
        done += len(reviews)
        on_progress(Progress("index", done, max(total, done)))


def rebuild(
    store: Store,
    embedder: Embedder | None,
    index: Callable[[], Index],
    on_progress: OnProgress,
    *,
    embed: bool,
) -> None:
    """Make the index anew from the stored vectors; with `embed`, make the vectors anew first."""
    journal.start_over(store, embed=embed)  # first: a run that is killed now knows that everything is left to do
    index().clear()
    catch_up(store, embedder, index, on_progress)


def fill(store: Store, index: Index) -> None:
    """Put every stored vector into an index that forgets between processes."""
    index.clear()
    for ids, vectors in journal.pages_of_vectors(store, _EMBEDDED_AT_ONCE):
        index.upsert(ids, vectors)


def with_warnings(report: AddReport, store: Store, has_embedder: bool) -> AddReport:
    """The report, with what is left undone said."""
    if has_embedder or not journal.waiting(store).get("embed"):
        return report
    warning = (
        "There are no model files, so sentences have no vectors and questions are answered on words alone. "
        "Get the model with `pullquote model fetch`, then run `pullquote rebuild`."
    )
    return replace(report, warnings=(*report.warnings, warning))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
