"""JSONL: one JSON object a line; a line that is none costs only itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rag.records import Rejected
from rag.reviews.formats import decode
from rag.reviews.formats.json_records import as_texts
from rag.reviews.formats.rows import Opened, RawRow, RowItem


def read(opened: Opened) -> Iterator[RowItem]:
    """A row a line."""
    with decode.open_text(opened) as file:
        for number, line in enumerate(decode.lines(file), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
                row = as_texts(value) if isinstance(value, dict) else None
            except RecursionError:
                yield Rejected(opened.name, number, "it is nested too deep")
                continue
            except json.JSONDecodeError as error:
                yield Rejected(
                    opened.name,
                    number,
                    f"it is not JSON: {error.msg.removesuffix(' starting at')} at character {error.colno}",
                )
                continue
            except ValueError as error:  # a number of more digits than Python converts
                yield Rejected(opened.name, number, f"it is not JSON: {error}")
                continue
            if row is None:
                yield Rejected(opened.name, number, "it is not a JSON object in braces")
            else:
                yield RawRow(number, row)
