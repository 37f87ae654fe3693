"""Bytes of a file → raw rows, one function a format. Further formats go beside these.

Each yields rows as they come, so a file larger than memory can be read, and reports what it cannot use.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import yaml

from rag.records import Rejected
from rag.reviews import columns

MAX_LINE = 10_000_000
MAX_TEXT_FILE = 20_000_000
_MAX_FRONT_MATTER = 16_384
_SNIFFED = 8_192
_MAX_COLUMN_NAME = 60
csv.field_size_limit(MAX_LINE)

if TYPE_CHECKING:
    from _csv import Reader as _CsvReader


@dataclass(frozen=True)
class RawRow:
    """The named values of one record, as read, and the line on which it begins."""

    line: int
    values: Mapping[str, str | None]


class _BrokenOffError(ValueError):
    """A file can't be read on from this line."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def shown(path: str | Path) -> str:
    """A path as text: what of its bytes is not UTF-8 is written as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def encoding_of(head: bytes) -> str:
    """The encoding that a file's first bytes announce, UTF-8 otherwise."""
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _open(path: Path) -> IO[str]:
    with path.open("rb") as raw:
        encoding = encoding_of(raw.read(2))
    return path.open(encoding=encoding, newline="")


def _lines(file: IO[str]) -> Iterator[str]:
    """The lines of a file, none longer than MAX_LINE. Raises _BrokenOffError."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise _BrokenOffError(number, f"a line is longer than {MAX_LINE:,} characters")
        yield line


def read_text(path: Path) -> Iterator[RawRow | Rejected]:
    """A text file is one review; `key: value` lines between two `---` at its top are its fields."""
    if path.stat().st_size > MAX_TEXT_FILE:
        yield Rejected(shown(path), None, f"a text file is one review, and this one has over {MAX_TEXT_FILE:,} bytes")
        return
    with _open(path) as file:
        text = file.read()
    fields, body = split_front_matter(text)
    yield RawRow(1, {**fields, "text": body})


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """`({field: value}, the text that follows)`; no front matter gives no fields and the text as it is.

    A value that is no string (`tags: [film, drama]`) is left out.
    """
    lines = text[:_MAX_FRONT_MATTER].splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return {}, text
    try:
        # BaseLoader makes strings of everything and calls nothing.
        values = yaml.load("".join(lines[1:end]), Loader=yaml.BaseLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError):
        return {}, text
    if not isinstance(values, dict):
        return {}, text
    return {str(k): v for k, v in values.items() if isinstance(v, str)}, text[sum(map(len, lines[: end + 1])) :]


def read_csv(path: Path) -> Iterator[RawRow | Rejected]:
    """A table with a header row; the delimiter is seen from the header."""
    with _open(path) as file:
        delimiter = _delimiter(file.read(_SNIFFED))
        file.seek(0)
        reader = csv.reader(_lines(file), delimiter=delimiter)
        try:
            yield from _csv_rows(path, reader)
        except csv.Error as error:
            raise _BrokenOffError(reader.line_num, str(error)) from error


def _csv_rows(path: Path, reader: _CsvReader) -> Iterator[RawRow | Rejected]:
    filled = _filled(reader)
    _, header = next(filled, (0, []))
    names = [name.strip() for name in header]
    for line, cells in filled:
        if any(cell.strip() for cell in cells[len(names) :]):
            yield Rejected(shown(path), line, f"it has {len(cells)} cells, and the header names {len(names)} columns")
        else:
            yield RawRow(line, dict(zip(names, cells, strict=False)))


def _filled(reader: _CsvReader) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, each with the line it begins on: a record may run over several lines."""
    last = 0
    for cells in reader:
        line, last = last + 1, reader.line_num
        if any(cell.strip() for cell in cells):
            yield line, cells


def _delimiter(sample: str) -> str:
    """The separator that the header line holds most often."""
    header = next((line for line in sample.splitlines() if line.strip()), "")
    return max(",;\t|", key=header.count)


def read_jsonl(path: Path) -> Iterator[RawRow | Rejected]:
    """One JSON object a line."""
    with _open(path) as file:
        for number, line in enumerate(_lines(file), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                row = {k: _as_text(v) for k, v in value.items()} if isinstance(value, dict) else None
            except (ValueError, RecursionError) as error:
                yield Rejected(shown(path), number, f"it is not JSON: {error}")
                continue
            if row is None:
                yield Rejected(shown(path), number, "it is not a JSON object in braces")
            else:
                yield RawRow(number, row)


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


Reader = Callable[[Path], Iterator[RawRow | Rejected]]

TEXT_FORMATS: Mapping[str, Reader] = {".txt": read_text, ".text": read_text, ".md": read_text}
TABLE_FORMATS: Mapping[str, Reader] = {".csv": read_csv, ".jsonl": read_jsonl, ".ndjson": read_jsonl}
FORMATS: Mapping[str, Reader] = {**TEXT_FORMATS, **TABLE_FORMATS}
_JSON = ".json"  # known, and not read


def rows_of(path: Path) -> Iterator[RawRow | Rejected]:
    """The rows of a file in one of our formats; where reading breaks off, a last Rejected says why."""
    try:
        yield from FORMATS[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        yield Rejected(shown(path), None, f"it is not UTF-8 text ({error.reason}); save it as UTF-8 and add it again")
    except _BrokenOffError as error:
        yield Rejected(shown(path), error.line, f"{error}; nothing was read from here on")
    except (ValueError, OSError) as error:
        yield Rejected(shown(path), None, f"it could not be read to its end: {error}")


def unknown_format(path: Path) -> str:
    """Why a file whose ending is none of ours is not read."""
    if path.suffix.lower() == _JSON:
        return "a JSON array is not read yet; give one object a line (JSONL)"
    return f"files ending in {shown(path.suffix) or 'nothing'} are not read; these are: {', '.join(FORMATS)}"


def sniff(head: str, *, is_table: bool) -> str:
    """The ending that fits what standard input holds. `is_table`: the user named columns of it."""
    if head.lstrip().startswith("{"):
        return ".jsonl"
    if re.match(r"\s*\[\s*[{\"]", head):
        return _JSON
    return ".csv" if is_table or _is_header(next(filter(str.strip, head.splitlines()), "")) else ".txt"


def _is_header(line: str) -> bool:
    """Whether a line names columns, one of them for a review's text, and is no sentence that holds such a word."""
    names = next(csv.reader([line], delimiter=_delimiter(line)), [])
    if len(names) < 2 or line.rstrip().endswith((".", "!", "?")) or max(map(len, names)) > _MAX_COLUMN_NAME:
        return False
    return "text" in columns.recognise(names, {})
