"""Reading one made-up file, and what came of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from rag.records import Note, Record, Rejected
from rag.reviews.read import Item, ReadOptions, Source, read, read_all, save_stdin

PROSE = (
    "The lamp is lit and the whole bay listens to it",
    "Ann drew the keeper with a steady and patient hand",
    "I slept through the second half of it, twice over",
)


class Told:
    """What reading told, by its sort."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.records = [item for item in items if isinstance(item, Record)]
        self.rejected = [item for item in items if isinstance(item, Rejected)]
        self.notes = [item.text for item in items if isinstance(item, Note)]

    @property
    def texts(self) -> list[str]:
        return [record.text for record in self.records]

    @property
    def lines(self) -> list[int]:
        return [record.line for record in self.records]

    @property
    def reasons(self) -> list[str]:
        return [bad.reason for bad in self.rejected]

    @property
    def reason(self) -> str:
        """Why nothing was read, in one line."""
        assert self.texts == []
        (only,) = self.reasons
        assert "\n" not in only
        return only

    @property
    def fields(self) -> dict[str, str]:
        (source,) = [item for item in self.items if isinstance(item, Source)]
        return {column.field: column.column for column in source.columns if column.field}

    def noted(self, words: str) -> bool:
        return any(words in note for note in self.notes)


def told(path: Path, content: bytes | str | None = None, **options: Any) -> Told:
    """Read a file, written before if `content` is given; under a title, so that no note speaks of that."""
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Told(list(read([path], ReadOptions(**{"title": "Salt", **options}))))


def piped(folder: Path, content: bytes, **options: Any) -> Told:
    """What standard input told."""
    said = ReadOptions(**{"title": "Salt", **options})
    return Told(list(read_all([Path("-")], said, save_stdin(io.BytesIO(content), folder))))


def lines_of(*rows: dict[str, object]) -> str:
    return "\n".join(map(json.dumps, rows))
