"""CSV, TSV and their kin: the delimiter and the manner of quoting are seen from the first rows."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rag.records import Rejected
from rag.reviews import columns
from rag.reviews.formats import decode, grid, limits
from rag.reviews.formats.grid import GridRow
from rag.reviews.formats.rows import BrokenOffError, Opened, RowItem

_SAMPLE = 1 << 18
_SAMPLE_ROWS = 200
_DELIMITERS = ",;\t|"
_NOTHING = _DELIMITERS + " \r\n\v\f\xa0"
"""A row of nothing else is blank, also in a table of one column, whose commas part no cells."""
_NO_DELIMITER = "\x1f"
_EVEN = 0.5
"""A mark that parts fewer of the rows alike is a mark of their sentences."""
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=(.)\r?\n")
_EVEN_QUOTES = re.compile(r'(?<!")(?:"")+(?!")')
_SWALLOWED = 3
_MAX_STRAYS = 100
_NARROW = 3
csv.field_size_limit(limits.MAX_RECORD)


@dataclass(frozen=True)
class Dialect:
    """How a table is written. `skip` lines of it come first and say only that."""

    delimiter: str
    quoting: int = csv.QUOTE_MINIMAL
    skip: int = 0


def read(opened: Opened) -> Iterator[RowItem]:
    """The rows of a table, with its header found or done without."""
    with decode.open_text(opened) as file:
        dialect = dialect_of(file.read(_SAMPLE))
        file.seek(0)
        lines = _Lines(itertools.islice(decode.lines(file), dialect.skip, None), dialect.skip)
        rejected: list[Rejected] = []
        try:
            for item in grid.named(opened.name, _filled(opened.name, lines, dialect, rejected)):
                yield item
                yield from rejected
                rejected.clear()
        except BrokenOffError:
            yield from rejected
            raise
        yield from rejected


class _Lines:
    """Lines for a reader of records, which can be given back from the second of a record on."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self.number = number
        self.record: list[str] = []
        """The lines of the record that is being read; its reader clears them."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line

    def give_back(self) -> None:
        self._back.extendleft(reversed(self.record[1:]))
        self.number -= len(self.record) - 1


def _filled(name: str, lines: _Lines, dialect: Dialect, rejected: list[Rejected]) -> Iterator[GridRow]:
    """Rows that hold something, each with the line it begins on: a record may run over several lines.

    A stray quotation mark costs the line that it opens on; the lines it swallowed are read again.
    """
    reader = _reader(lines, dialect)
    blank, width, strays = 0, 0, 0
    while True:
        line = lines.number + 1
        lines.record.clear()
        try:
            cells = next(reader)
            stray = len(lines.record) > _SWALLOWED and _swallows_rows(cells, dialect.delimiter, width or len(cells))
        except StopIteration:
            return
        except csv.Error:  # a cell longer than MAX_RECORD
            cells, stray = [], True
        if stray:
            strays += 1
            if strays > _MAX_STRAYS:
                raise BrokenOffError(line, f"over {_MAX_STRAYS} quotation marks are not closed where a row ends")
            rejected.append(Rejected(name, line, "a quotation mark on it is not closed before other rows follow"))
            lines.give_back()
            reader = _reader(lines, dialect)
        elif any(cell.strip(_NOTHING) for cell in cells):
            width = width or len(cells)
            yield GridRow(line, [_undoubled(cell) for cell in cells] if dialect.delimiter == "\t" else cells, blank > 0)
            blank = 0
        else:
            blank += 1
            if blank > limits.MAX_BLANK:
                raise BrokenOffError(line, f"{blank:,} blank rows stand before it")


def _reader(lines: Iterable[str], dialect: Dialect) -> csv._reader:  # type: ignore[name-defined]
    return csv.reader(lines, delimiter=dialect.delimiter, quoting=dialect.quoting)  # type: ignore[arg-type]


def _swallows_rows(cells: list[str], delimiter: str, width: int) -> bool:
    """Whether a quoted cell holds several lines with as many delimiters as a row has.

    One or two commas a line are in prose as well: there all lines must be such, and the record must lack cells.
    """
    inner = max(cells, key=len).splitlines()[1:-1]
    alike = sum(line.count(delimiter) == width - 1 for line in inner)
    if width <= _NARROW and (alike < len(inner) or len(cells) >= width):
        return False
    return alike >= _SWALLOWED


def _undoubled(cell: str) -> str:
    """Exports of tabs double quotation marks and then don't quote the cell."""
    if '""' not in cell or _EVEN_QUOTES.sub("", cell).strip('"') != _EVEN_QUOTES.sub("", cell):
        return cell
    return cell if '"' in _EVEN_QUOTES.sub("", cell) else _EVEN_QUOTES.sub(lambda m: m[0][: len(m[0]) // 2], cell)


def dialect_of(sample: str) -> Dialect:
    """The delimiter that parts the rows most evenly, known names of columns counting most."""
    if said := _SEPARATOR_LINE.match(sample):
        return Dialect(said[1], skip=1)
    evenness = {mark: _evenness(_rows(sample, Dialect(mark))) for mark in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda mark: evenness[mark])
    if evenness[delimiter][0] < _EVEN or _has_one_column(_rows(sample, Dialect(delimiter))):
        return Dialect(_NO_DELIMITER)
    plain, bare = Dialect(delimiter), Dialect(delimiter, csv.QUOTE_NONE)
    # Tabs are rare in prose: a quoted cell that holds them beside line ends is a stray quotation mark.
    if delimiter == "\t" and any("\t" in cell and "\n" in cell for cells in _rows(sample, plain) for cell in cells):
        return bare
    return plain


def _has_one_column(rows: list[list[str]]) -> bool:
    """Whether only the text is named: what then looks like delimiters are the commas of sentences."""
    if not rows or len(rows[0]) > 1 or not columns.names_text(rows[0]):
        return False
    return all(columns.count_known(cells) < 2 for cells in rows[:20])


def _rows(sample: str, dialect: Dialect) -> list[list[str]]:
    """The first rows of a sample, without the last, which may be cut."""
    lines = sample.splitlines(keepends=True)
    whole = lines if len(sample) < _SAMPLE or len(lines) < 2 else lines[:-1]
    try:
        found = [
            cells for cells in itertools.islice(_reader(whole, dialect), _SAMPLE_ROWS) if any(map(str.strip, cells))
        ]
    except csv.Error:
        return []
    return found if len(sample) < _SAMPLE or len(found) < 2 else found[:-1]


def _evenness(rows: list[list[str]]) -> tuple[float, int]:
    """How well a delimiter fits: (known names it parts and share of rows of one width, that width)."""
    if not rows:
        return (0, 0)
    wide = Counter(len(cells) for cells in rows)
    width = max(wide, key=lambda w: (wide[w] * (w > 1), w))
    if width == 1:
        return (0, 1)
    known = max(columns.count_known(cells) if len(cells) > 1 else 0 for cells in rows[:20])
    header_fits = len(rows[0]) > 1 or (len(rows) > 1 and len(rows[1]) > 1)
    return (min(known, 3) / 2 + wide[width] / len(rows) * (1 if header_fits else 0.5), width)


def is_table(sample: str) -> bool:
    """Whether text that doesn't call itself a table is one: it names columns, one for the text, and keeps to them."""
    dialect = dialect_of(sample)
    rows = _rows(sample, dialect)
    if not rows or len(rows[0]) < 2 or grid.find_header([GridRow(1, cells) for cells in rows[:1]]) != 0:
        return False
    if not columns.names_text(rows[0]):
        return False
    return all(len(cells) <= len(rows[0]) for cells in rows[1:2])
