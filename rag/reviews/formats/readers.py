"""A file whose format is known → its rows, by the one module that reads it."""

from __future__ import annotations

import importlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import cast

from rag.records import Rejected
from rag.reviews.formats.detect import Format, Found
from rag.reviews.formats.rows import BrokenOffError, Reader, RowItem

_FROM_1904 = re.compile(rb"date1904\s*=\s*[\"'](?:1|true)[\"']")
_HEAD = 1 << 20
_MODULES: Mapping[Format, str] = {
    "text": "rag.reviews.formats.text",
    "html": "rag.reviews.formats.page",
    "delimited": "rag.reviews.formats.delimited",
    "json": "rag.reviews.formats.json_records",
    "jsonl": "rag.reviews.formats.json_lines",
    "workbook": "rag.reviews.formats.workbook",
    "parquet": "rag.reviews.formats.parquet",
}


def _reader(form: Format) -> Reader:
    """The module for a format, loaded when such a file is met: pyarrow and openpyxl take longer than most files."""
    return cast("Reader", importlib.import_module(_MODULES[form]))


def rows_of(found: Found) -> Iterator[RowItem]:
    """The rows of a file; where reading breaks off, a last Rejected says why."""
    name = found.opened.name
    try:
        yield from _reader(found.format).read(found.opened)
    except UnicodeDecodeError as error:
        reason = f"it is not {found.opened.encoding.upper()} text to its end ({error.reason}); save it as UTF-8"
        yield Rejected(name, None, reason)
    except BrokenOffError as error:
        yield Rejected(name, error.line, f"{error}; nothing was read from here on" if error.line else str(error))
    except (ValueError, OSError, MemoryError) as error:
        yield Rejected(name, None, f"it could not be read to its end: {error}")


def counts_days(found: Found) -> bool:
    """Whether a bare number in a column of dates counts days since 1900: so a workbook saves it."""
    if found.format != "workbook":
        return False
    try:
        with zipfile.ZipFile(found.opened.path) as packed, packed.open("xl/workbook.xml") as part:
            return not _FROM_1904.search(part.read(_HEAD))  # old workbooks of a Mac begin four years later
    except (zipfile.BadZipFile, zlib.error, LookupError, RuntimeError, OSError, EOFError):
        return False
