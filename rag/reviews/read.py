"""Paths → records. Finds the files, reads each in its format, names each review's title, reports the rest.

What comes out for each file: one `Source`, then its `Record`s, with `Rejected` and `Note` between them.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from rag.errors import InputError
from rag.records import Column, Note, Record, Rejected
from rag.reviews import columns, formats, identity
from rag.reviews.formats import RawRow
from rag.reviews.store import DATABASE

TITLE_FILE = "title.toml"
STDIN = "-"
_PEEKED_ROWS = 100
# From so many rows on, a title for so large a share of them is a headline rather than what is reviewed.
_MANY = 10
_NEARLY_ALL = 0.8
MAX_STDIN = 1_000_000_000


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
            raise InputError(f"There is no file or folder {formats.shown(path)}.", "Check the path; nothing was read.")
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
    for folder, names in _walk(root):
        if DATABASE in names:
            reason = "it is a Pullquote library, not reviews, and was left aside"
            yield (
                Rejected(formats.shown(root), None, reason) if folder == root else Note(formats.shown(folder), reason)
            )
            continue
        title, remarks = _title_of(folder, folder.resolve().name, options)
        yield from remarks
        for name in names:
            path = folder / name
            refusal = _refusal(path, root)
            if refusal:
                yield Rejected(formats.shown(path), None, refusal)
            elif path.suffix.lower() in formats.TABLE_FORMATS and title.guessed:
                yield from _read_file(path, options, replace(title, name=formats.shown(path.stem)))
            else:
                yield from _read_file(path, options, title)


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders below a root with their visible files, in name order; neither links nor libraries are entered."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(".") and DATABASE not in names)
        yield Path(folder), sorted(n for n in names if not n.startswith(".") and n != TITLE_FILE)


def _refusal(path: Path, root: Path) -> str | None:
    try:
        if not path.is_file():
            return "it is not a regular file"
        if not path.resolve().is_relative_to(root.resolve()):
            return "it is a link that leads out of the folder"
    except OSError as error:
        return f"it can't be reached: {error}"
    return None if path.suffix.lower() in formats.FORMATS else formats.unknown_format(path)


def _title_of(folder: Path, fallback: str, options: ReadOptions) -> tuple[_TitleOf, list[Rejected | Note]]:
    """The title that the `title.toml` of a folder gives, else the fallback; and what of it is of no use."""
    plain = _TitleOf(options.title or formats.shown(fallback), options.kind, guessed=options.title is None)
    path = folder / TITLE_FILE
    try:
        if not path.is_file():
            return plain, []
        raw = tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        return plain, [Rejected(formats.shown(path), None, f"it is not TOML ({error}) and was left aside")]
    name, kind, given = _name_in(raw.get("name")), raw.get("kind"), raw.get("aliases", [])
    if name is None:
        return plain, [Rejected(formats.shown(path), None, 'it needs a line name = "…" and was left aside')]
    given = given if isinstance(given, list) else [given]
    aliases = tuple(alias for value in given if (alias := _name_in(value)) is not None)
    left_out = len(given) - len(aliases)
    title = _TitleOf(
        options.title or name,
        options.kind or (kind if isinstance(kind, str) else None),
        aliases if options.title is None else (),
        guessed=False,
    )
    return title, [Note(formats.shown(path), f"{left_out} of its aliases are no names")] if left_out else []


def _name_in(value: object) -> str | None:
    """A name with its blanks folded; None for what is not a string, is blank, or can't be stored."""
    try:
        return " ".join(columns.storable(value).split()) or None if isinstance(value, str) else None
    except ValueError:
        return None


def _read_file(path: Path, options: ReadOptions, title: _TitleOf, source: str | None = None) -> Iterator[Item]:
    """Read one file. `source` is what its records call it, else its resolved path."""
    name = formats.shown(path)
    ending = path.suffix.lower()
    if ending not in formats.FORMATS:
        yield Rejected(name, None, formats.unknown_format(path))
        return
    if not path.is_file():
        yield Rejected(name, None, "it is not a regular file")
        return
    source = source or formats.shown(path.resolve())
    try:
        digest = _digest_of(path)
    except OSError as error:
        yield Rejected(name, None, f"it could not be read: {error}")
        return
    rows = formats.rows_of(path)
    peeked = list(itertools.islice(rows, _PEEKED_ROWS))
    seen = [row.values for row in peeked if isinstance(row, RawRow)]
    names = list(dict.fromkeys(column for values in seen for column in values))
    is_table = ending in formats.TABLE_FORMATS
    fields, problem = _fields(names, options.column_map if is_table else {})
    yield Source(source, digest, columns.describe(names, fields, seen) if is_table else ())
    if not names:
        yield from [row for row in peeked if isinstance(row, Rejected)] or [Rejected(name, None, "it holds no rows")]
    elif problem:
        yield Rejected(name, 1, problem)
    else:
        yield from _records(itertools.chain(peeked, rows), _File(name, source, is_table, fields, title, options))


def _fields(names: Sequence[str], chosen: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
    """`{field: column}`, and why that is of no use if it is not."""
    try:
        fields = columns.recognise(names, chosen)
    except ValueError as error:
        return {}, str(error)
    if "text" in fields:
        return fields, None
    return fields, f"no column holds the review text; say which with --map text=COLUMN (it has {', '.join(names)})"


@dataclass(frozen=True)
class _File:
    name: str
    source: str
    is_table: bool
    fields: Mapping[str, str]
    title: _TitleOf
    options: ReadOptions


@dataclass
class _Tally:
    """What the notes about a file are made of."""

    records: int = 0
    titled_by_file: int = 0
    too_long: int = 0
    titles: set[str] = field(default_factory=set)
    """Titles that rows gave themselves."""
    unread_dates: list[str] = field(default_factory=list)


def _records(rows: Iterator[RawRow | Rejected], file: _File) -> Iterator[Item]:
    tally = _Tally()
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        values = {field: row.values.get(column) for field, column in file.fields.items()}
        kept = columns.without_too_long(values)
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
            tally.unread_dates.append(valid.date)
        yield record
    yield from (Note(file.name, text) for text in _notes(file, tally))


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
        yield f"{tally.too_long} values are too long for their field and are left empty"
    if tally.unread_dates:
        first = tally.unread_dates[0]
        yield f"{len(tally.unread_dates)} dates could not be read and are left empty; first: {first}"


def _record(row: RawRow, valid: columns.Row, file: _File) -> Record:
    own_title = valid.title if file.options.title is None else None
    return Record(
        source=file.source,
        line=row.line,
        digest=identity.digest(*itertools.chain.from_iterable(sorted(row.values.items()))),
        text=valid.text or "",
        title=own_title or file.title.name,
        key=_key(valid, file),
        kind=file.title.kind if own_title in (None, file.title.name) else file.options.kind,
        aliases=file.title.aliases if own_title in (None, file.title.name) else (),
        critic=valid.critic,
        outlet=valid.outlet,
        date=columns.iso_date(valid.date),
        rating=valid.rating,
        url=valid.url,
        lang=valid.lang,
    )


def _key(row: columns.Row, file: _File) -> str | None:
    """What names a record for good: never its row number, and never a place in standard input."""
    if row.id and file.source != STDIN:
        return f"id:{file.source}#{row.id}"
    if row.url:
        return f"url:{row.url}"
    return None if file.is_table or file.source == STDIN else f"path:{file.source}"


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _read_stdin(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Its ending says the format. Raises InputError where nothing names what is reviewed."""
    title = _TitleOf(options.title or "", options.kind, guessed=False)
    for item in _read_file(path, options, title, STDIN):
        if isinstance(item, Record) and not item.title:
            raise InputError("Reviews on standard input need a title.", 'Say it with --title "…".')
        yield replace(item, file=STDIN) if isinstance(item, Rejected | Note) else item


def save_stdin(stream: IO[bytes], folder: Path, options: ReadOptions | None = None) -> Path:
    """Copy a stream into a file of `folder` whose ending says the format. Raises InputError when it is too large."""
    is_table = options is not None and bool(options.column_map)
    saved = folder / "stdin"
    size = 0
    with saved.open("wb") as file:
        while piece := stream.read(1 << 20):
            size += len(piece)
            if size > MAX_STDIN:
                raise InputError(f"Standard input holds over {MAX_STDIN:,} bytes.", "Save it to a file and add that.")
            file.write(piece)
    with saved.open("rb") as file:
        head = file.read(8_192)
    text = head.decode(formats.encoding_of(head), "replace")
    return saved.rename(saved.with_suffix(formats.sniff(text, is_table=is_table)))
