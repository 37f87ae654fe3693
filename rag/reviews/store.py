"""The truth: SQLite through SQLAlchemy Core. Opens the database, hands out transactions, reads reviews.

Reading sees one state of the library throughout (write-ahead log). Writing is one transaction, synced to disk
when it ends, and adds one to the generation, by which readers see that something changed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    create_engine,
    delete,
    event,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.engine import ExceptionContext

from rag.errors import (
    DiskFull,
    InputError,
    LibraryDamaged,
    LibraryLocked,
    LibraryTooNew,
    NoLibrary,
    PullquoteError,
    SchemaOutdated,
    UnknownReview,
)
from rag.records import Review, State
from rag.reviews.schema import REVISIONS, meta, reviews, sentences, sources

DATABASE = "library.db"
LIVE: State = "live"
SUPERSEDED: State = "superseded"
REMOVED: State = "removed"
_BUSY_MS = 5_000

Reading = Connection
"""What `Store.reading` hands out; opaque to callers."""


class Store:
    """An open library database. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Open `folder/library.db`. Raises NoLibrary, SchemaOutdated, LibraryTooNew, LibraryDamaged."""
        self.folder = folder
        self.path = folder / DATABASE
        if not self.path.exists():
            raise NoLibrary(f"There is no library at {folder}.", "Make one with: pullquote add PATH")
        self._engine = _connect(self.path)
        try:
            self._check_revision()
        except PullquoteError:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One unchanging view of the library."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, keep: bool = True, counts: bool = True) -> Iterator[Connection]:
        """One transaction, kept whole or not at all; `keep=False` undoes it at its end (a dry run).

        One that does not count as a change (a summary was stored) leaves the generation as it is.
        """
        with (
            self._engine.connect() as plain,
            plain.execution_options(writing=True) as connection,
            connection.begin() as transaction,
        ):
            yield connection
            if keep and counts:
                set_meta(connection, "generation", str(generation(connection) + 1))
            elif not keep:
                transaction.rollback()

    def scrub(self) -> None:
        """Write the file anew without what was deleted. Raises LibraryLocked where a reader holds on to the old one.

        Deleted rows stay in freed pages, in the word index's old segments and in the write-ahead log until then.
        """
        with self._outside_transactions() as run:
            run("INSERT INTO words(words) VALUES ('optimize')")
            run("VACUUM")
            busy, *_ = run("PRAGMA wal_checkpoint(TRUNCATE)")[0]
        if busy:
            raise LibraryLocked(
                "The library is being read, so purged text can't leave its write-ahead log yet.",
                "Close what reads it (a page, a backup), then run: pullquote rebuild",
            )

    @contextmanager
    def _outside_transactions(self) -> Iterator[Callable[..., list[Any]]]:
        """What runs one statement of SQLite's that may stand in no transaction."""
        borrowed = self._engine.raw_connection()

        def run(statement: str, *values: str) -> list[Any]:
            try:
                return list(borrowed.cursor().execute(statement, values).fetchall())
            except sqlite3.Error as error:
                _raise_ours(error)
                raise

        try:
            yield run
        finally:
            borrowed.close()

    def _check_revision(self) -> None:
        with self.reading() as connection:
            tables = set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))
            if "alembic_version" not in tables:
                raise LibraryDamaged(
                    f"{self.path} holds no library: it is empty, or something else.", "Restore a backup."
                )
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found not in REVISIONS:
            raise LibraryTooNew(
                f"The library at {self.folder} was written by a newer Pullquote (revision {found}).",
                "Use that version, or another library: --library PATH.",
            )
        if found != REVISIONS[-1]:
            raise SchemaOutdated(f"The library's tables are of revision {found}.", revision=found)


def copy_database(database: Path, target: Path) -> None:
    """Copy a database into one new file, whole or not at all. Raises DiskFull, LibraryDamaged, InputError."""
    part = target.with_name(f"{target.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch()  # says what SQLite would not: which file it is, and why it can't be made
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("VACUUM INTO ?", (str(part),))
        with part.open("rb+") as written:
            os.fsync(written.fileno())
        part.rename(target)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        _raise_ours(error)
        raise
    except OSError as error:
        raise InputError(f"The file {target} can't be written: {error.strerror}.") from error


def _connect(path: Path) -> Engine:
    read_only = _read_only_query(path)
    address = f"file:{quote(str(path.absolute()))}" if read_only else str(path)
    engine = create_engine(URL.create("sqlite", database=address, query=read_only))
    pragmas = [f"busy_timeout={_BUSY_MS}", "foreign_keys=ON"]
    pragmas += [] if read_only else ["journal_mode=WAL", "synchronous=FULL"]

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # BEGIN is ours, below
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.Error as error:
            _raise_ours(error)
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        wanted = "BEGIN IMMEDIATE" if connection.get_execution_options().get("writing") else "BEGIN"
        connection.exec_driver_sql(wanted)

    event.listen(engine, "handle_error", translate)
    return engine


def _read_only_query(path: Path) -> dict[str, str]:
    """How SQLite is told to open a library on a medium that can't be written; empty where it can.

    `immutable` is needed there, for a log can't be opened without writing beside it. It also passes over a log that
    is there, so it must not be used then: the last changes would be missing without a word. Raises InputError.
    """
    if os.access(path.parent, os.W_OK) and os.access(path, os.W_OK):
        return {}
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or log.stat().st_size == 0:
        return {"mode": "ro", "immutable": "1", "uri": "true"}
    raise InputError(
        f"The library {path.parent} can't be written, and its last changes still lie in {log.name}.",
        "Copy the folder to a disk that can be written, or open it once where it can be.",
    )


def translate(context: ExceptionContext) -> None:
    """Listens to an engine's errors and says them in ours."""
    _raise_ours(context.original_exception)


def _raise_ours(error: BaseException) -> None:
    """Say SQLite's errors in ours; what is none of these stays as it is."""
    message = str(error)
    for signs, ours, text_, hint in _TRANSLATIONS:
        if any(sign in message for sign in signs):
            raise ours(f"{text_} ({message}).", hint) from error


_TRANSLATIONS: tuple[tuple[tuple[str, ...], type[PullquoteError], str, str], ...] = (
    (
        ("disk is full", "disk I/O error"),
        DiskFull,
        "The disk is full, or failing, where the library lives",
        "What was acknowledged is kept. Make room, then run the same command again.",
    ),
    (("locked",), LibraryLocked, "The library is being written", "Try again in a moment."),
    (
        ("not a database", "malformed", "no such table", "no such column", "decode to UTF-8"),
        LibraryDamaged,
        "The library's database is damaged",
        "Run pullquote doctor, or restore a backup.",
    ),
    (
        ("unable to open", "readonly"),
        InputError,
        "The library's database can't be opened for writing",
        "Check the folder's permissions; a copy of the library on a disk that can be written works.",
    ),
)


# ── the few values that describe the library ─────────────────────────────────────────────────────


def get_meta(connection: Connection, key: str) -> str | None:
    """A value of the library's own description."""
    return connection.scalar(select(meta.c.value).where(meta.c.key == key))


def set_meta(connection: Connection, key: str, value: str | None) -> None:
    """Set a value of the library's own description; None removes it."""
    if value is None:
        connection.execute(delete(meta).where(meta.c.key == key))
        return
    changed = connection.execute(update(meta).where(meta.c.key == key).values(value=value))
    if not changed.rowcount:
        connection.execute(insert(meta).values(key=key, value=value))


def library_id(connection: Connection) -> str:
    """What tells this library from every other one, wherever its folder lies."""
    return get_meta(connection, "id") or ""


def generation(connection: Connection) -> int:
    """How many times the library was written."""
    return int(get_meta(connection, "generation") or 0)


# ── reviews ──────────────────────────────────────────────────────────────────────────────────────


def get_reviews(connection: Connection, ids: Sequence[str]) -> dict[str, Review]:
    """Reviews by id, whatever their state. Ids that do not exist are left out."""
    rows = connection.execute(select(reviews).where(reviews.c.id.in_(ids))).all()
    read_in = _sources_of(connection, [row.id for row in rows])
    return {row.id: _review(row, read_in.get(row.id, ())) for row in rows}


def get_review(connection: Connection, review_id: str) -> Review:
    """A review by its id. Raises UnknownReview."""
    found = get_reviews(connection, [review_id]).get(review_id)
    if found is None:
        raise UnknownReview(f"There is no review {review_id!r}.", "See a title's reviews with: pullquote show TITLE")
    return found


def page_of_reviews(
    connection: Connection,
    title_id: str,
    *,
    state: State = LIVE,
    query: str | None = None,
    narrowed: Sequence[ColumnElement[bool]] = (),
    offset: int,
    limit: int,
) -> tuple[list[Review], int]:
    """Reviews of a title that hold `query` in text, critic or outlet, and how many there are in all."""
    wanted = select(reviews).where(reviews.c.title_id == title_id, reviews.c.state == state, *narrowed)
    if query:
        fields = (reviews.c.text, reviews.c.critic, reviews.c.outlet)
        wanted = wanted.where(or_(*(field.icontains(query, autoescape=True) for field in fields)))
    total = connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = connection.execute(_in_order(wanted).offset(offset).limit(limit)).all()
    read_in = _sources_of(connection, [row.id for row in rows])
    return [_review(row, read_in.get(row.id, ())) for row in rows], total


def reviews_after(connection: Connection, title_id: str, last: str, limit: int) -> list[Review]:
    """Live reviews of a title in the order of their ids, those behind `last`."""
    wanted = select(reviews).where(reviews.c.title_id == title_id, reviews.c.state == LIVE, reviews.c.id > last)
    rows = connection.execute(wanted.order_by(reviews.c.id).limit(limit)).all()
    read_in = _sources_of(connection, [row.id for row in rows])
    return [_review(row, read_in.get(row.id, ())) for row in rows]


def _in_order(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(reviews.c.date.desc().nulls_last(), reviews.c.id)


def _sources_of(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in connection.execute(
        select(sources.c.review_id, sources.c.name).where(sources.c.review_id.in_(ids)).order_by(sources.c.id)
    ):
        found.setdefault(row.review_id, []).append(row.name)
    return {review_id: tuple(dict.fromkeys(names)) for review_id, names in found.items()}


def _review(row: Row[*tuple[Any, ...]], read_in: tuple[str, ...]) -> Review:
    return Review(
        id=row.id,
        title_id=row.title_id,
        text=row.text,
        critic=row.critic,
        outlet=row.outlet,
        date=row.date,
        rating=row.rating,
        url=row.url,
        lang=row.lang,
        sources=read_in,
        near_duplicate_of=row.near_duplicate_of,
        batch=row.batch_id,
        state=row.state,
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many live reviews, sentences and distinct vectors there are."""
    live = select(func.count()).select_from(reviews).where(reviews.c.state == LIVE)
    said = select(func.count()).select_from(sentences).where(sentences.c.vector_key.is_not(None))
    return {"reviews": connection.scalar(live) or 0, "sentences": connection.scalar(said) or 0}


def integrity(connection: Connection) -> list[str]:
    """What SQLite's own check finds wrong; empty where all is well."""
    found = list(connection.scalars(text("PRAGMA quick_check(5)")))
    return [] if found == ["ok"] else found


def reviews_not_tiled(connection: Connection) -> list[str]:
    """Live reviews whose sentences do not cover them from the first character to the last without a gap.

    Lengths are compared in code points; SQLite's length() counts those, for there is no NUL in a stored text.
    """
    following = func.lead(sentences.c.start).over(partition_by=sentences.c.review_id, order_by=sentences.c.ordinal)
    tiles = select(
        sentences.c.review_id,
        sentences.c.ordinal,
        sentences.c.start,
        sentences.c.end,
        following.label("next"),
    )
    part = tiles.subquery()
    gaps = select(part.c.review_id).where(
        or_(
            (part.c.ordinal == 0) & (part.c.start != 0),
            part.c.next.is_not(None) & (part.c.next != part.c.end),
        )
    )
    ends = (
        select(sentences.c.review_id, func.max(sentences.c.end).label("end")).group_by(sentences.c.review_id).subquery()
    )
    short = (
        select(reviews.c.id)
        .join(ends, ends.c.review_id == reviews.c.id, isouter=True)
        .where(reviews.c.state == LIVE, func.coalesce(ends.c.end, 0) != func.length(reviews.c.text))
    )
    return sorted({*connection.scalars(gaps), *connection.scalars(short)})
