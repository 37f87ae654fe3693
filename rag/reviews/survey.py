"""What the whole of a table shows of how its cells are written, before a row of it is taken: one look cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.reviews.dates import ALONE, DateColumn, DateForm
from rag.reviews.formats.rows import RawRow, RowItem


@dataclass(frozen=True)
class Habits:
    """How the cells of a file are written."""

    dates: DateForm = ALONE


NO_TABLE = Habits()
"""What is known of a file that is one review."""


def survey(rows: Iterable[RowItem], fields: Mapping[str, str], *, serials: bool) -> Habits:
    """Look through all rows. `fields` is `{field: column}`; `serials`: numbers may count days, as in a workbook."""
    dates = DateColumn(serials)
    for row in rows:
        if isinstance(row, RawRow) and "date" in fields:
            dates.see(row.values.get(fields["date"]) or "")
    return Habits(dates.form())
