"""What the whole of a table shows of how its cells are written, before a row of it is taken: one look cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.reviews.cells import HtmlCells
from rag.reviews.dates import ALONE, DateColumn, DateForm
from rag.reviews.formats.rows import RawRow, RowItem

_WORDS = ("text", "title", "critic", "outlet")
"""Fields of words; HTML is not looked for in others."""


@dataclass(frozen=True)
class Habits:
    """How the cells of a file are written."""

    dates: DateForm = ALONE
    tags: frozenset[str] = frozenset()
    """Fields whose cells are HTML: simple tags in them are markup."""
    entities: frozenset[str] = frozenset()
    """Fields whose cells hold entities for characters."""


NO_TABLE = Habits()
"""What is known of a file that is one review."""


def survey(rows: Iterable[RowItem], fields: Mapping[str, str], *, serials: bool) -> Habits:
    """Look through all rows. `fields` is `{field: column}`; `serials`: numbers may count days, as in a workbook."""
    dates = DateColumn(serials)
    words = {field: HtmlCells() for field in _WORDS if field in fields}
    for row in rows:
        if isinstance(row, RawRow):
            dates.see(row.values.get(fields.get("date", "")) or "")
            for field, seen in words.items():
                seen.see(row.values.get(fields[field]) or "")
    return Habits(
        dates.form(),
        frozenset(field for field, seen in words.items() if seen.tags),
        frozenset(field for field, seen in words.items() if seen.entities),
    )
