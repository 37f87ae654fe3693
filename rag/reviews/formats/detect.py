"""What a file is: its content decides, its name only where the content leaves it open."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.reviews.formats import decode, delimited, limits
from rag.reviews.formats.rows import Opened, RefusedError, shown

Format = Literal["text", "html", "delimited", "json", "jsonl", "workbook", "parquet"]

ENDINGS: Mapping[str, Format] = {
    ".txt": "text", ".text": "text", ".md": "text", ".markdown": "text",
    ".html": "html", ".htm": "html", ".xhtml": "html",
    ".csv": "delimited", ".tsv": "delimited", ".tab": "delimited",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".xlsx": "workbook", ".xlsm": "workbook", ".xls": "workbook",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
ONE_REVIEW: frozenset[Format] = frozenset({"text", "html"})
"""Formats of which a file is one review; the others are tables of them."""
_BINARY: frozenset[Format] = frozenset({"workbook", "parquet"})
_CALLED: Mapping[Format, str] = {
    "text": "plain text", "html": "a web page", "delimited": "a table of delimited text", "json": "JSON",
    "jsonl": "JSON, an object a line", "workbook": "a workbook", "parquet": "Parquet",
}  # fmt: skip
_HEAD = 1 << 16

_UNREAD = (
    (b"%PDF", "it is a PDF; save its text as a text file"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "it is in the old format of Office; save a workbook as .xlsx, a text as .txt",
    ),
    (b"{\\rtf", "it is rich text (RTF); save it as a text file"),
    (b"\x1f\x8b", "it is packed with gzip; unpack it first"),
    (b"BZh", "it is packed with bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "it is packed with xz; unpack it first"),
    (b"(\xb5/\xfd", "it is packed with zstd; unpack it first"),
    (b"7z\xbc\xaf", "it is a 7z archive; unpack it first"),
    (b"Rar!", "it is a RAR archive; unpack it first"),
    (b"SQLite format 3\0", "it is an SQLite database; export the table with the reviews as CSV"),
    (b"version https://git-lfs", "it is a pointer of Git LFS, not the data; run `git lfs pull` and add it again"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"GIF8", "it is a picture"),
    (b"MIME-Version:", "it is a web archive (MHTML); save the page as “HTML only”"),
    (b"From: <Saved by", "it is a web archive (MHTML); save the page as “HTML only”"),
)
_ARCHIVES = {
    "word/document.xml": "it is a Word document; save it as a text file",
    "ppt/presentation.xml": "it is a presentation; save its text as a text file",
    "content.xml": "it is an OpenDocument file; save a table as .xlsx, a text as .txt",
    "xl/workbook.bin": "it is a binary workbook (.xlsb); save it as .xlsx",
}
_PAGE = re.compile(
    r"\s*+(?:<\?xml[^>]{0,200}>\s*+|<!--(?:(?!-->).){0,2000}-->\s*+){0,5}<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_ANY_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>")
_JSON = re.compile(r'\s*+(?:\[\s*+(?:\{\s*+["}]|\])|\{\s*+["}])')
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A file's format, how it is opened, and what of this the user should know."""

    format: Format
    opened: Opened
    notes: tuple[str, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether a row of it is a review."""
        return self.format not in ONE_REVIEW


def look_into(path: Path, *, named: bool = True, is_table: bool = False) -> Found:
    """Tell a file's format and encoding. Raises RefusedError with why it is not read, and OSError.

    `named`: its ending says something (standard input has none). `is_table`: the user named columns of it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if size <= _HEAD and not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise RefusedError("it is empty")
    expected = ENDINGS[path.suffix.lower()] if named else None
    held = _packed(path, head)
    if held is None:
        sample = decode.sample_text(head)
        held = _text_format(sample, expected, shown(path.suffix), is_table=is_table)
    _check_size(held, size)
    notes = []
    if expected not in (None, held) and {expected, held} != {"json", "jsonl"}:
        notes.append(f"its name ends in {shown(path.suffix)}, but it holds {_CALLED[held]} and was read as that")
    if held in _BINARY:
        return Found(held, Opened(path), tuple(notes))
    encoding = decode.of_file(path, _declared(head) if held == "html" else None)
    notes += [encoding.note] if encoding.note else []
    return Found(held, Opened(path, encoding.name, encoding.errors), tuple(notes))


def _packed(path: Path, head: bytes) -> Format | None:
    """A format that its first bytes give away. Raises RefusedError for one that is not read."""
    for mark, reason in _UNREAD:
        if head.startswith(mark):
            raise RefusedError(reason)
    if head.startswith(b"PAR1"):
        return "parquet"
    if not head.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as packed:
            names = set(packed.namelist()[: limits.MAX_PARTS])
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise RefusedError(f"it is a damaged zip or workbook ({error})") from None
    if "xl/workbook.xml" in names:
        return "workbook"
    known = next((reason for name, reason in _ARCHIVES.items() if name in names), None)
    raise RefusedError(known or "it is a zip archive; unpack it first")


def _text_format(sample: str, expected: Format | None, ending: str, *, is_table: bool) -> Format:
    """What a text is, by its look and what its name promises. Raises RefusedError."""
    if _PAGE.match(sample):
        if expected in (None, "html", "text"):
            return "html"
        raise RefusedError(
            "it is a web page, not a table: a download that asked for a login, or a table saved as HTML; "
            "get the table itself, or rename a page that is a review to .html"
        )
    if _JSON.match(sample):
        return _json_form(sample, expected)
    if expected in ("delimited", "html") or (expected == "workbook" and ending.lower() == ".xls"):
        return (
            "text"
            if expected == "html" and not _ANY_TAG.search(sample)
            else "html"
            if expected == "html"
            else "delimited"
        )
    if (is_table and expected is None) or delimited.is_table(sample):
        return "delimited"
    if expected in _BINARY:
        raise RefusedError(f"it is text, and no {ending[1:]} file")
    return expected or "text"


def _json_form(sample: str, expected: Format | None) -> Format:
    """An object a line, or one document."""
    lines = [line for line in sample.splitlines() if line.strip()]
    if sample.lstrip().startswith("["):
        return "json"
    try:
        is_whole = isinstance(json.loads(lines[0]), dict)
    except (ValueError, RecursionError):
        is_whole = False
    if is_whole and len(lines) > 1 and lines[1].lstrip().startswith("{"):
        return "jsonl"
    return "json" if expected != "jsonl" or lines[0].strip() == "{" else "jsonl"


def _check_size(held: Format, size: int) -> None:
    limit = limits.MAX_PAGE if held == "html" else limits.MAX_TEXT_FILE if held == "text" else limits.MAX_FILE
    if size > limit:
        one = "one file is one review here, and" if held in ONE_REVIEW else "it has over"
        raise RefusedError(
            f"{one} this one has over {limit:,} bytes" if held in ONE_REVIEW else f"{one} {limit:,} bytes"
        )


def _declared(head: bytes) -> str | None:
    """The encoding that a web page says it is in."""
    found = _CHARSET.search(head)
    return found[1].decode("ascii") if found else None


def unknown_ending(path: Path) -> str:
    """Why a file whose ending is none of ours is not read."""
    return f"files ending in {shown(path.suffix) or 'nothing'} are not read; these are: {', '.join(ENDINGS)}"
