"""Paths → records. Finds the files, reads each in its format, names each review's title, reports the rest.

What comes out for each file: one `Source`, then its `Record`s, with `Rejected` and `Note` between them.
"""

from __future__ import annotations

import hashlib
import itertools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from rag.errors import InputError
from rag.records import Column, Note, Record, Rejected
from rag.reviews import columns, dates, folders, identity
from rag.reviews.column_names import EXPORTED
from rag.reviews.folders import TITLE_FILE
from rag.reviews.formats import detect, limits, readers
from rag.reviews.formats.detect import Found
from rag.reviews.formats.rows import RawRow, RefusedError, RowItem, shown
from rag.reviews.mend import Mender
from rag.reviews.survey import NO_TABLE, Habits, survey
from rag.safe_text import counted

STDIN = "-"
UPLOAD = "upload:"
"""How the sources of uploaded files begin; what comes then is a name, and any other file may bear it too."""
_PEEKED_ROWS = 100
# From so many rows on, a title for so large a share of them is a headline rather than what is reviewed.
_MANY = 10
_NEARLY_ALL = 0.8
MAX_STDIN = limits.MAX_STDIN


@dataclass(frozen=True)
class Source:
    """A file is about to be read: its name, the hash of its bytes, and its columns if it is a table."""

    name: str
    digest: str
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class ReadOptions:
    """What the user said: `title` and `kind` for all, `column_map` as `{field: column}`."""

    title: str | None = None
    kind: str | None = None
    column_map: Mapping[str, str] = field(default_factory=dict)
    uploaded: bool = False
    """Whether files lie where they are only for now: they are known by their names, not by their places."""


@dataclass(frozen=True)
class _TitleOf:
    """Where a file's reviews belong unless a row says otherwise."""

    name: str
    kind: str | None = None
    aliases: tuple[str, ...] = ()
    guessed: bool = True
    """Whether the name is only the folder's or the file's."""


Item = Source | Record | Rejected | Note


def read_all(paths: Sequence[Path], options: ReadOptions, stdin: Path | None) -> Iterator[Item]:
    """Read paths, and what came through standard input where it was saved to the file `stdin`.

    Raises InputError, before anything is read, for a path that does not exist and for options that say nothing.
    """
    named = read([path for path in paths if str(path) != STDIN], options)
    return named if stdin is None else itertools.chain(named, _read_stdin(stdin, _checked(options)))


def read(paths: Sequence[Path], options: ReadOptions) -> Iterator[Item]:
    """Read files and folders in order. Raises InputError as `read_all` does."""
    checked = _checked(options)
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no file or folder {shown(path)}.", "Check the path; nothing was read.")
    return _read(paths, checked)


def _checked(options: ReadOptions) -> ReadOptions:
    """The options with blanks in the title folded. Raises InputError."""
    columns.check_fields(options.column_map)
    if options.title is None:
        return options
    title = _name_in(options.title)
    if title is None:
        raise InputError("--title is blank, or holds what no name can.", 'Say what is reviewed: --title "…".')
    return replace(options, title=title)


def _read(paths: Sequence[Path], options: ReadOptions) -> Iterator[Item]:
    said: set[Rejected | Note] = set()
    for path in paths:
        if path.is_dir():
            yield from _read_folder(path, options)
            continue
        title, remarks = _title_of(path.parent, path.stem, options)
        yield from (remark for remark in remarks if remark not in said)
        said.update(remarks)
        yield from _read_file(path, options, title)


def _read_folder(root: Path, options: ReadOptions) -> Iterator[Item]:
    for item in folders.below(root):
        if not isinstance(item, folders.Folder):
            yield item
            continue
        title, remarks = _title_of(item.path, item.path.resolve().name, options)
        yield from remarks
        for name in item.names:
            yield from _read_file(item.path / name, options, title)


def _title_of(folder: Path, fallback: str, options: ReadOptions) -> tuple[_TitleOf, list[Rejected | Note]]:
    """The title that the `title.toml` of a folder gives, else the fallback; and what of it is of no use."""
    plain = _TitleOf(options.title or shown(fallback), options.kind, guessed=options.title is None)
    path = folder / TITLE_FILE
    try:
        if not path.is_file():
            return plain, []
        raw = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        return plain, [Rejected(shown(path), None, f"it is not TOML ({error}) and was left aside")]
    name, kind, given = _name_in(raw.get("name")), raw.get("kind"), raw.get("aliases", [])
    if name is None:
        return plain, [Rejected(shown(path), None, 'it needs a line name = "…" and was left aside')]
    given = given if isinstance(given, list) else [given]
    aliases = tuple(alias for value in given if (alias := _name_in(value)) is not None)
    left_out = len(given) - len(aliases)
    title = _TitleOf(
        options.title or name,
        options.kind or (kind if isinstance(kind, str) else None),
        aliases if options.title is None else (),
        guessed=False,
    )
    said = counted(left_out, "of its aliases is no name", "of its aliases are no names")
    return title, [Note(shown(path), said)] if left_out else []


def _name_in(value: object) -> str | None:
    """A name with its blanks folded; None for what is not a string, is blank, or can't be stored."""
    try:
        return " ".join(columns.storable(value).split()) or None if isinstance(value, str) else None
    except ValueError:
        return None


def _read_file(path: Path, options: ReadOptions, title: _TitleOf) -> Iterator[Item]:
    """Read one file that has a name. A table that nobody gave a title is called after its file."""
    name = shown(path)
    if reason := folders.refusal(path):
        yield Rejected(name, None, reason)
        return
    try:
        found = detect.look_into(path, is_table=bool(options.column_map))
    except (RefusedError, OSError) as error:
        reason = str(error) if isinstance(error, RefusedError) else f"it could not be read: {error}"
        yield Rejected(name, None, reason)
        return
    if found.is_table and title.guessed:
        title = replace(title, name=shown(path.stem))
    source = f"{UPLOAD}{shown(path.name)}" if options.uploaded else shown(path.resolve())
    yield from _read_found(found, source, title, options)


def _read_found(found: Found, source: str, title: _TitleOf, options: ReadOptions) -> Iterator[Item]:
    """Read a file whose format is known. `source` is what its records call it."""
    name = found.opened.name
    try:
        digest = _digest_of(found.opened.path)
    except OSError as error:
        yield Rejected(name, None, f"it could not be read: {error}")
        return
    rows = readers.rows_of(found)
    peeked = _peek(rows)
    seen = [row.values for row in peeked if isinstance(row, RawRow)]
    names = list(dict.fromkeys(column for values in seen for column in values))[: limits.MAX_COLUMNS]
    recognised, problem = _recognised(
        names, options.column_map if found.is_table else {}, seen if found.is_table else []
    )
    yield Source(source, digest, columns.describe(names, recognised.fields, seen) if found.is_table else ())
    yield from (Note(name, text) for text in found.notes)
    yield from (item for item in peeked if isinstance(item, Note))
    yield from (Note(name, text) for text in recognised.notes)
    peeked = [item for item in peeked if not isinstance(item, Note)]
    if not names:
        yield from (item for item in peeked if not isinstance(item, RawRow))
        if not any(isinstance(item, Rejected) for item in peeked):
            yield Rejected(name, None, "it holds no rows")
    elif problem:
        yield Rejected(name, 1, problem)
    else:
        habits = _habits(found, recognised.fields)
        exported = found.format == "delimited" and tuple(names) == EXPORTED
        file = _File(name, source, found.is_table, recognised.fields, title, options, habits, exported)
        yield from _limited(name, _records(itertools.chain(peeked, rows), file))


def _habits(found: Found, fields: Mapping[str, str]) -> Habits:
    """What a table shows of how its cells are written. It is read twice: the last row may settle the first."""
    if not found.is_table:
        return NO_TABLE
    return survey(readers.rows_of(found), fields, serials=readers.counts_days(found))


def _peek(rows: Iterator[RowItem]) -> list[RowItem]:
    """The first rows of a file, of which the columns are told."""
    peeked: list[RowItem] = []
    size = 0
    for row in itertools.islice(rows, _PEEKED_ROWS):
        peeked.append(row)
        if isinstance(row, RawRow):
            size += sum(len(value or "") for value in row.values.values())
        if size > limits.MAX_RECORD:
            break
    return peeked


def _limited(name: str, items: Iterator[Item]) -> Iterator[Item]:
    """The items of a file; of very many rejected rows the first ones, and the number of the others."""
    rejected = 0
    for item in items:
        rejected += isinstance(item, Rejected)
        if not isinstance(item, Rejected) or rejected <= limits.MAX_REPORTED:
            yield item
    if more := max(0, rejected - limits.MAX_REPORTED):
        yield Rejected(name, None, f"{counted(more, 'more of its rows was', 'more of its rows were')} rejected")


def _recognised(
    names: Sequence[str], chosen: Mapping[str, str], seen: columns.Rows
) -> tuple[columns.Recognised, str | None]:
    """What the columns are, and why that is of no use if it is not."""
    try:
        found = columns.recognise(names, chosen, seen)
    except ValueError as error:
        return columns.Recognised({}), str(error)
    if "text" in found.fields:
        return found, None
    return found, f"no column holds the review text; say which with --map text=COLUMN (it has {', '.join(names)})"


@dataclass(frozen=True)
class _File:
    name: str
    source: str
    is_table: bool
    fields: Mapping[str, str]
    title: _TitleOf
    options: ReadOptions
    habits: Habits
    exported: bool
    """Whether it is one of our own exports as CSV."""


@dataclass
class _Tally:
    """What the notes about a file are made of."""

    records: int = 0
    titled_by_file: int = 0
    too_long: int = 0
    titles: set[str] = field(default_factory=set)
    """Titles that rows gave themselves."""
    unread_dates: int = 0
    unread_date: str = ""
    """The first of them."""


def _records(rows: Iterator[RowItem], file: _File) -> Iterator[Item]:
    tally, mender = _Tally(), Mender(file.fields, file.is_table, file.habits, file.exported)
    for row in rows:
        if not isinstance(row, RawRow):
            yield row
            continue
        values = {field: row.values.get(column) for field, column in file.fields.items()}
        kept = columns.without_too_long(mender.mend(values))
        try:
            valid = columns.validate(kept)
        except ValueError as error:
            yield Rejected(file.name, row.line, str(error))
            continue
        record = _record(row, valid, file)
        tally.records += 1
        tally.too_long += len(values) - len(kept)
        tally.titled_by_file += record.title == file.title.name
        if valid.title:
            tally.titles.add(valid.title)
        if valid.date and record.date is None:
            tally.unread_dates += 1
            tally.unread_date = tally.unread_date or valid.date
        yield record
    yield from (Note(file.name, text) for text in (*_notes(file, tally), *mender.notes()))


def _notes(file: _File, tally: _Tally) -> Iterator[str]:
    if tally.titled_by_file and file.title.guessed:
        yield f"no title was given for {tally.titled_by_file} of its reviews; “{file.title.name}” was used"
    enough = tally.records >= _MANY and len(tally.titles) >= _NEARLY_ALL * tally.records
    if enough and file.is_table and file.options.title is None:
        yield (
            f"the column {file.fields['title']!r} gives {len(tally.titles)} titles for {tally.records} reviews; "
            "if it holds headlines, leave it out with --map title="
        )
    if tally.too_long:
        one, many = "value is too long for its field and is", "values are too long for their field and are"
        yield f"{counted(tally.too_long, one, many)} left empty"
    if tally.unread_dates:
        one, many = "date could not be read and is", "dates could not be read and are"
        yield f"{counted(tally.unread_dates, one, many)} left empty; first: {tally.unread_date}"


def _record(row: RawRow, valid: columns.Row, file: _File) -> Record:
    own_title = valid.title if file.options.title is None else None
    return Record(
        source=file.source,
        line=row.line,
        digest=_digest_of_row(row),
        text=valid.text or "",
        title=own_title or file.title.name,
        key=_key(valid, file),
        kind=file.title.kind if own_title in (None, file.title.name) else file.options.kind,
        aliases=file.title.aliases if own_title in (None, file.title.name) else (),
        critic=valid.critic,
        outlet=valid.outlet,
        date=dates.iso_date(valid.date, file.habits.dates),
        rating=valid.rating,
        url=valid.url,
        lang=valid.lang,
    )


def _digest_of_row(row: RawRow) -> str:
    """What was read, before anything was mended or extracted: a better reader must not make it another record."""
    if row.read_as is not None:
        return identity.digest(row.read_as)
    return identity.digest(*itertools.chain.from_iterable(sorted(row.values.items())))


def _key(row: columns.Row, file: _File) -> str | None:
    """What names a record for good: never its row number, and never a place in standard input."""
    if row.id and file.source != STDIN:
        return f"id:{file.source}#{row.id}"
    if row.url:
        return f"url:{row.url}"
    nameless = file.is_table or file.source == STDIN or file.options.uploaded
    return None if nameless else f"path:{file.source}"


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _read_stdin(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Read what came through standard input. Raises InputError where nothing names what is reviewed."""
    try:
        found = detect.look_into(path, named=False, is_table=bool(options.column_map))
    except RefusedError as error:
        yield Rejected(STDIN, None, str(error))
        return
    title = _TitleOf(options.title or "", options.kind, guessed=False)
    for item in _read_found(found, STDIN, title, options):
        if isinstance(item, Record) and not item.title:
            raise InputError("Reviews on standard input need a title.", 'Say it with --title "…".')
        yield replace(item, file=STDIN) if isinstance(item, Rejected | Note) else item


def save_stdin(stream: IO[bytes], folder: Path) -> Path:
    """Copy a stream into a file of `folder`. Raises InputError when it is too large."""
    saved = folder / "stdin"
    size = 0
    with saved.open("wb") as file:
        while piece := stream.read(1 << 20):
            size += len(piece)
            if size > MAX_STDIN:
                raise InputError(f"Standard input holds over {MAX_STDIN:,} bytes.", "Save it to a file and add that.")
            file.write(piece)
    return saved
