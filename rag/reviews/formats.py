"""Bytes of a file → raw rows, one function a format. Further formats go beside these.

Each yields rows as they come, so a file larger than memory can be read, and reports what it cannot use.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import yaml

from rag.records import Rejected

MAX_LINE = 10_000_000
MAX_TEXT_FILE = 20_000_000
_MAX_FRONT_MATTER = 16_384
_SNIFFED = 8_192
csv.field_size_limit(MAX_LINE)

if TYPE_CHECKING:
    from _csv import Reader as _CsvReader


@dataclass(frozen=True)
class RawRow:
    """The named values of one record, as read, and the line on which it begins."""

    line: int
    values: Mapping[str, str | None]


def encoding_of(head: bytes) -> str:
    """The encoding that a file's first bytes announce, UTF-8 otherwise."""
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _open(path: Path) -> IO[str]:
    with path.open("rb") as raw:
        encoding = encoding_of(raw.read(2))
    return path.open(encoding=encoding, newline="")


def _lines(file: IO[str]) -> Iterator[str]:
    """The lines of a file, none longer than MAX_LINE. Raises ValueError."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise ValueError(f"a line is longer than {MAX_LINE:,} characters")
        yield line


def read_text(path: Path) -> Iterator[RawRow | Rejected]:
    """A text file is one review; `key: value` lines between two `---` at its top are its fields."""
    if path.stat().st_size > MAX_TEXT_FILE:
        yield Rejected(str(path), None, f"a text file is one review, and this one has over {MAX_TEXT_FILE:,} bytes")
        return
    with _open(path) as file:
        text = file.read()
    fields, body = split_front_matter(text)
    yield RawRow(1, {**fields, "text": body})


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """`({field: value}, the text that follows)`; no front matter gives no fields and the text as it is."""
    lines = text[:_MAX_FRONT_MATTER].splitlines(keepends=True)
    if not lines or lines[0].rstrip() != "---":
        return {}, text
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if end is None:
        return {}, text
    try:
        # BaseLoader makes strings of everything and calls nothing.
        values = yaml.load("".join(lines[1:end]), Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.YAMLError:
        return {}, text
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        return {}, text
    return {str(k): v for k, v in values.items()}, text[sum(map(len, lines[: end + 1])) :]


def read_csv(path: Path) -> Iterator[RawRow | Rejected]:
    """A table with a header row; the delimiter is seen from the header."""
    with _open(path) as file:
        delimiter = _delimiter(file.read(_SNIFFED))
        file.seek(0)
        reader = csv.reader(_lines(file), delimiter=delimiter)
        try:
            yield from _csv_rows(path, reader)
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def _csv_rows(path: Path, reader: _CsvReader) -> Iterator[RawRow | Rejected]:
    filled = _filled(reader)
    _, header = next(filled, (0, []))
    names = [name.strip() for name in header]
    for line, cells in filled:
        if any(cell.strip() for cell in cells[len(names) :]):
            yield Rejected(str(path), line, f"it has {len(cells)} cells, and the header names {len(names)} columns")
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
            except (ValueError, RecursionError) as error:
                yield Rejected(str(path), number, f"it is not JSON: {error}")
                continue
            if isinstance(value, dict):
                yield RawRow(number, {str(k): _as_text(v) for k, v in value.items()})
            else:
                yield Rejected(str(path), number, "it is not a JSON object in braces")


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


Reader = Callable[[Path], Iterator[RawRow | Rejected]]

TEXT_FORMATS: Mapping[str, Reader] = {".txt": read_text, ".text": read_text, ".md": read_text}
TABLE_FORMATS: Mapping[str, Reader] = {".csv": read_csv, ".jsonl": read_jsonl, ".ndjson": read_jsonl}
FORMATS: Mapping[str, Reader] = {**TEXT_FORMATS, **TABLE_FORMATS}


def sniff(head: str) -> str:
    """The ending that fits what standard input holds: `.jsonl`, `.csv` or `.txt`."""
    first = next((line for line in head.splitlines() if line.strip()), "").strip()
    if first.startswith("{"):
        return ".jsonl"
    looks_like_header = any(first.count(mark) >= 1 for mark in ",;\t|") and len(first) < 300
    named = {cell.strip(' "').casefold() for cell in first.replace(";", ",").replace("\t", ",").split(",")}
    return ".csv" if looks_like_header and named & {"text", "review", "content", "body"} else ".txt"
