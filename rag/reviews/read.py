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

TITLE_FILE = "title.toml"
STDIN = "-"
_PEEKED_ROWS = 100
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


def read(paths: Sequence[Path], options: ReadOptions) -> Iterator[Item]:
    """Read files and folders in order. Raises InputError for a path that does not exist."""
    for path in paths:
        if not path.exists():
            raise InputError(f"There is no file or folder {path}.", "Check the path; nothing was read.")
    for path in paths:
        if path.is_dir():
            yield from _read_folder(path, options)
        else:
            yield from read_file(path, options, _title_of(path, path.stem, options))


def _read_folder(root: Path, options: ReadOptions) -> Iterator[Item]:
    for folder, names in _walk(root):
        title = _title_of(folder / TITLE_FILE, folder.resolve().name, options)
        if isinstance(title, Rejected):
            yield title
            title = _TitleOf(options.title or folder.resolve().name, options.kind)
        for name in names:
            path = folder / name
            refusal = _refusal(path, root)
            if refusal:
                yield Rejected(str(path), None, refusal)
            elif path.suffix.lower() in formats.TABLE_FORMATS and title.guessed and not options.title:
                yield from read_file(path, options, _TitleOf(path.stem, options.kind))
            else:
                yield from read_file(path, options, title)


def _walk(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders below a root with their visible files, in name order; links to folders are not followed."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield Path(folder), sorted(n for n in names if not n.startswith(".") and n != TITLE_FILE)


def _refusal(path: Path, root: Path) -> str | None:
    if not path.resolve().is_relative_to(root.resolve()):
        return "it is a link that leads out of the folder"
    if not path.is_file():
        return "it is not a regular file"
    if path.suffix.lower() not in formats.FORMATS:
        return _unknown_format(path)
    return None


def _unknown_format(path: Path) -> str:
    return f"files ending in {path.suffix or 'nothing'} are not read; these are: {', '.join(formats.FORMATS)}"


def _title_of(title_file: Path, fallback: str, options: ReadOptions) -> _TitleOf | Rejected:
    """The title of a folder or a lone file. `title_file` counts only when it is a `title.toml`."""
    if title_file.name != TITLE_FILE or not title_file.is_file():
        return _TitleOf(options.title or fallback, options.kind, guessed=options.title is None)
    try:
        raw = tomllib.loads(title_file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        return Rejected(str(title_file), None, f"it is not TOML ({error}); the folder's name was used")
    name, kind, aliases = raw.get("name"), raw.get("kind"), raw.get("aliases", [])
    if not isinstance(name, str) or not name.strip() or not isinstance(aliases, list):
        return Rejected(str(title_file), None, 'it needs a line name = "…"; the folder\'s name was used')
    return _TitleOf(
        options.title or " ".join(name.split()),
        options.kind or (kind if isinstance(kind, str) else None),
        tuple(str(alias) for alias in aliases) if options.title is None else (),
        guessed=False,
    )


def read_file(path: Path, options: ReadOptions, title: _TitleOf | Rejected, name: str | None = None) -> Iterator[Item]:
    """Read one file. `name` is what its records call their source, else its resolved path."""
    source = name or str(path.resolve())
    if isinstance(title, Rejected):
        yield title
        return
    reader = formats.FORMATS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        yield Rejected(str(path), None, _unknown_format(path) if reader is None else "it is not a regular file")
        return
    is_table = path.suffix.lower() in formats.TABLE_FORMATS
    try:
        rows = reader(path)
        peeked = list(itertools.islice(rows, _PEEKED_ROWS))
        names = list(dict.fromkeys(n for row in peeked if isinstance(row, RawRow) for n in row.values))
        fields = columns.recognise(names, options.column_map if is_table else {})
        described = _described(names, fields, peeked) if is_table else ()
        yield Source(source, _digest_of(path), described)
        if is_table and "text" not in fields:
            yield _no_text(path, names)
            return
        yield from _records(itertools.chain(peeked, rows), _File(path, source, is_table, fields, title, options))
    except UnicodeDecodeError as error:
        yield Rejected(str(path), None, f"it is not UTF-8 text ({error.reason}); save it as UTF-8 and add it again")
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno is None:
            raise
        yield Rejected(str(path), None, f"it could not be read to its end: {error}")


def _described(names: list[str], fields: Mapping[str, str], peeked: Sequence[RawRow | Rejected]) -> tuple[Column, ...]:
    return columns.describe(names, fields, [row.values for row in peeked if isinstance(row, RawRow)])


def _no_text(path: Path, names: list[str]) -> Rejected:
    if not names:
        return Rejected(str(path), None, "it holds no rows")
    return Rejected(
        str(path),
        1,
        f"no column holds the review text; say which with --map text=COLUMN (it has {', '.join(names)})",
    )


@dataclass(frozen=True)
class _File:
    path: Path
    source: str
    is_table: bool
    fields: Mapping[str, str]
    title: _TitleOf
    options: ReadOptions


def _records(rows: Iterator[RawRow | Rejected], file: _File) -> Iterator[Item]:
    unread_dates: list[str] = []
    titled_by_file = 0
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        try:
            valid = columns.validate({field: row.values.get(column) for field, column in file.fields.items()})
        except ValueError as error:
            yield Rejected(str(file.path), row.line, str(error))
            continue
        if valid.date and columns.iso_date(valid.date) is None:
            unread_dates.append(valid.date)
        record = _record(row, valid, file)
        titled_by_file += record.title == file.title.name
        yield record
    yield from _notes(file, titled_by_file, unread_dates)


def _notes(file: _File, titled_by_file: int, unread_dates: Sequence[str]) -> Iterator[Note]:
    if titled_by_file and file.title.guessed:
        yield Note(
            str(file.path),
            f"no title was given for {titled_by_file} of its reviews; “{file.title.name}” was used",
        )
    if unread_dates:
        first = unread_dates[0]
        yield Note(str(file.path), f"{len(unread_dates)} dates could not be read and are left empty; first: {first}")


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
    """What names a record for good: never its row number."""
    if row.id:
        return f"id:{file.source}#{row.id}"
    if row.url:
        return f"url:{row.url}"
    return None if file.is_table else f"path:{file.source}"


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def read_all(paths: Sequence[Path], options: ReadOptions, stdin: Path | None) -> Iterator[Item]:
    """Read paths, and what came through standard input where it was saved to the file `stdin`."""
    yield from read([path for path in paths if str(path) != STDIN], options)
    if stdin is not None:
        yield from _read_stdin(stdin, options)


def _read_stdin(path: Path, options: ReadOptions) -> Iterator[Item]:
    """Its ending says the format. Raises InputError where nothing names what is reviewed."""
    title = _TitleOf(options.title or "", options.kind, guessed=False)
    for item in read_file(path, options, title, name=STDIN):
        if isinstance(item, Record) and not item.title:
            raise InputError("Reviews on standard input need a title.", 'Say it with --title "…".')
        yield replace(item, file=STDIN) if isinstance(item, Rejected | Note) else item


def save_stdin(stream: IO[bytes], folder: Path) -> Path:
    """Copy a stream into a file of `folder` whose ending says the format. Raises InputError when it is too large."""
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
    return saved.rename(saved.with_suffix(formats.sniff(head.decode(formats.encoding_of(head), "replace"))))
