"""XLSX: rows of the first sheet that has reviews, streamed and read-only. Knows openpyxl.

A workbook is a zip of XML, so its directory is checked before anything is unpacked; `zipfile` never gives more of a
part than the directory declares. Formulas give the value that was saved with them.
"""

from __future__ import annotations

import contextlib
import itertools
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import openpyxl
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from rag.records import Note, Rejected
from rag.reviews import columns
from rag.reviews.formats import grid, limits
from rag.reviews.formats.grid import GridRow
from rag.reviews.formats.rows import BrokenOffError, Opened, RowItem

_LOOKED_AT = 50
_AT_ONCE = 100
# What openpyxl and expat raise for parts that are not what they should be (ParseError is a SyntaxError).
_MALFORMED = (zipfile.BadZipFile, zlib.error, LookupError, ArithmeticError, RuntimeError, SyntaxError, TypeError,
              AttributeError, ValueError, EOFError)  # fmt: skip


def read(opened: Opened) -> Iterator[RowItem]:
    """The rows of a workbook, or why it has none."""
    try:
        if reason := _refusal(opened):
            yield Rejected(opened.name, None, reason)
            return
        with opened.path.open("rb") as file:  # by its path openpyxl would judge a workbook by its ending
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield from _sheets(opened.name, book.worksheets)
            finally:
                book.close()
    except BrokenOffError:
        raise
    except _MALFORMED as error:
        raise BrokenOffError(None, f"the workbook is damaged ({type(error).__name__}: {error})") from error


def _refusal(opened: Opened) -> str | None:
    """Why the parts of a zip are not unpacked, from what its directory declares."""
    with zipfile.ZipFile(opened.path) as packed:
        parts = packed.infolist()
    if len(parts) > limits.MAX_PARTS:
        return f"the workbook has over {limits.MAX_PARTS:,} parts"
    if any(part.flag_bits & 1 for part in parts):
        return "the workbook is locked with a password; save it without one"
    for part in parts:
        if part.file_size > limits.MIN_BOMB and part.file_size > limits.MAX_RATIO * part.compress_size:
            return f"a part of the workbook unpacks to {limits.MAX_RATIO} times its size or more, as a zip bomb does"
    if sum(part.file_size for part in parts) > limits.MAX_INFLATED:
        return f"the workbook unpacks to over {limits.MAX_INFLATED:,} bytes; save it as CSV"
    strings = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
    if strings > limits.MAX_SHARED_STRINGS:
        return f"the workbook's texts take over {limits.MAX_SHARED_STRINGS:,} bytes; save it as CSV"
    return None


def _sheets(name: str, sheets: list[Any]) -> Iterator[RowItem]:
    """The rows of the first sheet with a column for the text, else of the first that holds anything."""
    sheets = [sheet for sheet in sheets if isinstance(sheet, ReadOnlyWorksheet)]
    columns_of = {str(sheet.title): _columns(sheet) for sheet in sheets}
    filled = [sheet for sheet in sheets if columns_of[str(sheet.title)]]
    if not filled:
        return
    chosen = next((sheet for sheet in filled if columns.names_text(columns_of[str(sheet.title)])), filled[0])
    if len(sheets) > 1:
        others = ", ".join(str(sheet.title) for sheet in sheets if sheet is not chosen)
        yield Note(name, f"its sheet “{chosen.title}” was read; not read: {others[: limits.MAX_FIELD]}")
    yield from grid.named(name, _grid_rows(chosen))


def _columns(sheet: ReadOnlyWorksheet) -> list[str]:
    """The columns of a sheet; none where it holds nothing."""
    first: list[GridRow] = []
    with contextlib.suppress(BrokenOffError):
        first.extend(itertools.islice(_grid_rows(sheet), _LOOKED_AT))  # keeps what came before an error
    header = grid.find_header(first) if first else None
    return list(first[header or 0].cells) if first else []


def _grid_rows(sheet: ReadOnlyWorksheet) -> Iterator[GridRow]:
    # What a sheet says of its own size is often wrong; the rows are counted, whatever number they give themselves.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=limits.MAX_SHEET_ROWS, values_only=True)
    number, blank = 0, False
    while True:
        some, error = _some(rows)
        for row in some:
            number += 1
            cells = [_as_text(value) for value in row]
            width = grid.width_of(cells)
            if width:
                yield GridRow(number, cells[:width], blank)
            blank = not width
        if error:
            reason = f"the sheet is damaged ({type(error).__name__}: {error})"
            raise BrokenOffError(number + 1, reason) from error
        if not some:
            return


def _some(rows: Iterator[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], Exception | None]:
    """Rows until there are enough, or one can't be read; openpyxl's warnings of odd styles stay here."""
    some: list[tuple[Any, ...]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            some.extend(itertools.islice(rows, _AT_ONCE))  # keeps what came before an error
        except _MALFORMED as error:
            return some, error
    return some, None


def _as_text(value: object) -> str:
    """A cell as its reader would say it: whole numbers without a point, dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
