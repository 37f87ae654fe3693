"""What every reader of a format is given and what it yields."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.records import Note, Rejected


@dataclass(frozen=True)
class RawRow:
    """The named values of one record, as read, and where it begins: its line, or its number where lines say nothing."""

    line: int
    values: Mapping[str, str | None]
    read_as: str | None = None
    """What adding again compares where the values are not what was read: the source of a web page."""


@dataclass(frozen=True)
class Opened:
    """A file whose format and, for text, encoding are known."""

    path: Path
    encoding: str = "utf-8"
    errors: str = "strict"

    @property
    def name(self) -> str:
        """The path as reports show it."""
        return shown(self.path)


RowItem = RawRow | Rejected | Note


class Reader(Protocol):
    """A module that reads one format."""

    def read(self, opened: Opened) -> Iterator[RowItem]: ...


class BrokenOffError(ValueError):
    """A file can't be read on from this line."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class RefusedError(ValueError):
    """A file that is not read at all; the message is the reason with what to do about it."""


def shown(path: str | Path) -> str:
    """A path as text: what of its bytes is not UTF-8 is written as `\\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
