"""Rows of cells → named rows: where the header is, what stands before it, and what to do without one. Pure."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.records import Note, Rejected
from rag.reviews import columns
from rag.reviews.formats import limits
from rag.reviews.formats.rows import BrokenOffError, RawRow, RowItem
from rag.safe_text import counted

_LOOKED_AT = 50
"""Rows among which a header is sought; it may stand at most at place _MAX_PREAMBLE."""
_MAX_PREAMBLE = 15
_LABEL_LENGTH = 60
_LABEL_WORDS = 7
_SURELY_KNOWN = 2
_VALUE = re.compile(
    r"[\W\d_]*$|https?://|\d{4}-\d\d|\d{1,2}[./]\d{1,2}[./]\d|true$|false$|yes$|no$|pos$|neg$", re.IGNORECASE
)


@dataclass(frozen=True)
class GridRow:
    """The cells of a row that holds something, where it begins, and whether a blank row stands before it."""

    line: int
    cells: Sequence[str]
    after_blank: bool = False


def named(name: str, rows: Iterator[GridRow]) -> Iterator[RowItem]:
    """Rows under the names of their columns, with what was skipped or is wrong said on the way."""
    first, rows = _first(rows)
    if not first:
        yield from _body(name, rows, (), None)
        return
    header = find_header(first)
    width = _usual_width(first) if header is None else len(first[header].cells)
    if width > limits.MAX_COLUMNS:
        raise BrokenOffError(None, f"it has {width:,} columns; at most {limits.MAX_COLUMNS:,} are read")
    if header is None:
        names = [f"column {n}" for n in range(1, width + 1)]
        yield Note(name, f"it has no header row; its columns are called {names[0]} to {names[-1]}")
    else:
        names = _unique(first[header].cells)
        if header:
            line = first[header].line
            yield Note(name, f"what stands before its header row (line {line}) was skipped")
    body = itertools.chain(first if header is None else first[header + 1 :], rows)
    yield from _body(name, body, names, first[header].cells if header is not None else None)


def _first(rows: Iterator[GridRow]) -> tuple[list[GridRow], Iterator[GridRow]]:
    """The rows among which a header is sought, and the others; a table that breaks off does so behind what was read."""
    first: list[GridRow] = []
    try:
        first.extend(itertools.islice(rows, _LOOKED_AT))  # keeps what came before an error
    except BrokenOffError as error:
        return first, _broken_off(error)
    return first, rows


def _broken_off(error: BrokenOffError) -> Iterator[GridRow]:
    raise error
    yield


def _body(name: str, rows: Iterator[GridRow], names: Sequence[str], header: Sequence[str] | None) -> Iterator[RowItem]:
    repeated = 0
    for row in rows:
        if header is not None and row.cells[: len(names)] == header[: len(names)]:
            repeated += 1
        elif any(cell.strip() for cell in row.cells[len(names) :]):
            reason = f"it has {len(row.cells)} cells, and the header names {len(names)} columns"
            if header is None:
                reason = f"it has {len(row.cells)} cells where the others have {len(names)}"
            yield Rejected(name, row.line, reason)
        else:
            yield RawRow(row.line, dict(zip(names, row.cells, strict=False)))
    if repeated:
        times = counted(repeated, "time", "times")
        yield Note(name, f"its header row was repeated {times} among the rows and left out there")


def find_header(rows: Sequence[GridRow]) -> int | None:
    """Which of the first rows names the columns; None if none does."""
    width = _usual_width(rows)
    candidates = [
        i for i, row in enumerate(rows[:_MAX_PREAMBLE]) if _is_labels(row.cells) and width_of(row.cells) * 2 > width
    ]
    known = {i: columns.count_known(rows[i].cells) for i in candidates}
    # A single known word is enough only in the first row: among the rows it may be somebody's whole review.
    told = [i for i in candidates if known[i] >= _SURELY_KNOWN or (known[i] and (i == 0 or width > 2))]
    if told:
        # Behind a blank row another table may begin, as in exports that first describe themselves.
        later = [i for i in told if rows[i].after_blank and i <= 5]
        return later[-1] if later and rows[later[-1]].cells != rows[told[0]].cells else told[0]
    if _is_numbered(rows[0].cells):
        return 0
    wide = [i for i in candidates if width_of(rows[i].cells) == width]
    first = wide[0] if wide else None
    if first is None or any(width_of(row.cells) >= width for row in rows[:first]):
        return None
    return first if _differs(rows, first) else None


def _differs(rows: Sequence[GridRow], header: int) -> bool:
    """Whether what follows a row of labels looks unlike it: longer, or no labels."""
    following = [row.cells for row in rows[header + 1 :]]
    if not following:
        return True
    for place, label in enumerate(rows[header].cells):
        below = [cells[place] for cells in following if place < len(cells) and cells[place].strip()]
        if below and sum(not _is_label(value) or len(value) > 3 * len(label) for value in below) > len(below) / 2:
            return True
    return False


def _is_labels(cells: Sequence[str]) -> bool:
    """Whether cells could be names of columns: short, no values, none twice but blanks.

    Where two of them are known names, one may be odd ("Stars!!"), as long as it is short and no value.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    odd = [cell for cell in filled if not _is_label(cell)]
    if not filled or len(set(filled)) * 2 <= len(filled):
        return False
    return not odd or (len(odd) == 1 and _is_short(odd[0]) and columns.count_known(filled) >= _SURELY_KNOWN)


def _is_label(cell: str) -> bool:
    cell = cell.strip()
    return _is_short(cell) and len(cell.split()) <= _LABEL_WORDS and not cell.endswith((".", "!", "…", ","))


def _is_short(cell: str) -> bool:
    return len(cell) <= _LABEL_LENGTH and not _VALUE.match(cell) and "\n" not in cell


def _is_numbered(cells: Sequence[str]) -> bool:
    """A table saved without names may count its columns: 0, 1, 2."""
    numbers = [cell.strip() for cell in cells]
    return len(numbers) > 1 and numbers in (
        [str(n) for n in range(len(numbers))],
        ["", *map(str, range(len(numbers) - 1))],
    )


def width_of(cells: Sequence[str]) -> int:
    """Cells up to the last that holds something."""
    return max((i for i, cell in enumerate(cells, 1) if cell.strip()), default=0)


def _usual_width(rows: Sequence[GridRow]) -> int:
    """How many cells most rows have; the wider one of two that are as frequent."""
    counted = Counter(len(row.cells) for row in rows)
    return max(counted, key=lambda width: (counted[width], width))


def _unique(header: Sequence[str]) -> list[str]:
    """Names of columns: none blank, none twice."""
    names: list[str] = []
    for place, cell in enumerate(header, 1):
        name = cell.strip().lstrip("\ufeff") or f"column {place}"
        again = itertools.count(2)
        unique = name
        while unique in names:
            unique = f"{name} ({next(again)})"
        names.append(unique)
    while len(names) > 1 and not header[len(names) - 1].strip():
        names.pop()
    return names
