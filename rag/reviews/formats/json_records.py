"""JSON: an array of objects, an object that holds one, a single object, or an object a line. One object = one review.

Objects are taken from the stream one at a time with the standard decoder, so that memory stays flat, lines are known,
and the `NaN` that Python and pandas write is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import IO, Any

from rag.records import Note, Rejected
from rag.reviews import columns
from rag.reviews.formats import decode, limits
from rag.reviews.formats.rows import BrokenOffError, Opened, RawRow, RowItem

_CHUNK = 1 << 16
_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\r\n]*")
_FORMS = "an array of objects, an object that holds one, or an object a line"


def read(opened: Opened) -> Iterator[RowItem]:
    """The records of a JSON document, or of several that follow one another."""
    with decode.open_text(opened) as file:
        stream = _Stream(file)
        try:
            while mark := stream.peek():
                if mark == "[":
                    yield from _array(opened.name, stream)
                elif mark == "{":
                    yield from _object(opened.name, stream)
                else:
                    raise BrokenOffError(
                        stream.line, f"it holds {_of(stream.value())} where JSON of reviews is {_FORMS}"
                    )
                if stream.peek() == ",":
                    stream.take(",")
        except ValueError as error:
            if isinstance(error, BrokenOffError):
                raise
            # Where the decoder says it is counts from the piece it was given.
            reason = error.msg.removesuffix(" starting at") if isinstance(error, json.JSONDecodeError) else str(error)
            raise BrokenOffError(stream.line, f"it is not JSON: {reason}") from error
        except RecursionError as error:
            raise BrokenOffError(stream.line, "it is nested too deep") from error


def _array(name: str, stream: _Stream) -> Iterator[RowItem]:
    stream.take("[")
    if stream.peek() == "]":
        stream.take("]")
        return
    while True:
        line = stream.line_of_next()
        yield _row(name, line, stream.value())
        if stream.peek() != ",":
            break
        stream.take(",")
    stream.take("]")


def _row(name: str, line: int, value: object) -> RowItem:
    if not isinstance(value, dict):
        return Rejected(name, line, f"it is {_of(value)}, not an object in braces")
    try:
        return RawRow(line, as_texts(value))
    except RecursionError:
        return Rejected(name, line, "it is nested too deep")


def _object(name: str, stream: _Stream) -> Iterator[RowItem]:
    """The array of objects that an object holds, or the object itself."""
    line = stream.line_of_next()
    stream.take("{")
    values: dict[str, Any] = {}
    found: str | None = None
    while stream.peek() != "}":
        key = stream.value()
        if not isinstance(key, str):
            raise BrokenOffError(stream.line, "it is not JSON: a name in an object is no string")
        stream.take(":")
        if stream.peek() == "[" and stream.opens_objects() and not columns.names_text(list(values)):
            if found is None:
                found = key
                yield Note(name, f"its records were taken from “{key}”")
                yield from _array(name, stream)
            else:
                stream.skip_array()
                yield Note(name, f"its list “{key}” was not read, because “{found}” was")
        else:
            values[key] = stream.value()
        if stream.peek() == ",":
            stream.take(",")
    stream.take("}")
    if found is None:
        yield _row(name, line, values)


def as_texts(values: dict[str, Any]) -> dict[str, str | None]:
    """The values of an object as text: what is no string is written as JSON, and pandas' NaN is nothing."""
    return {key: _as_text(value) for key, value in values.items()}


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return None if isinstance(value, float) and math.isnan(value) else json.dumps(value)


def _of(value: object) -> str:
    for kind, said in ((bool, "a truth value"), (int | float, "a number"), (str, "a string"), (list, "a list")):
        if isinstance(value, kind):
            return said
    return "null" if value is None else "an object"


class _Stream:
    """A JSON text read piece by piece; at most one value of it is held, of at most MAX_RECORD characters."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._held = ""
        self._place = 0
        self.line = 1

    def _more(self, size: int = _CHUNK) -> bool:
        piece = self._file.read(size)
        self._held = self._held[self._place :] + piece
        self._place = 0
        return bool(piece)

    def _advance(self, place: int) -> None:
        self.line += self._held.count("\n", self._place, place)
        self._place = place

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            match = _BLANKS.match(self._held, self._place)
            self._advance(match.end() if match else self._place)
            if self._place < len(self._held):
                return self._held[self._place]
            if not self._more():
                return ""

    def line_of_next(self) -> int:
        """The line on which the next value begins."""
        self.peek()
        return self.line

    def take(self, mark: str) -> None:
        """Step over a mark. Raises ValueError where another stands."""
        there = self.peek()
        if there != mark:
            raise ValueError(f"{mark} is missing" + (f" before {there}" if there else "; it breaks off"))
        self._place += 1

    def value(self) -> Any:
        """The next value. Raises ValueError, also for one that is too long."""
        self.peek()
        size = _CHUNK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._place)
            except ValueError:
                held = len(self._held) - self._place
                if held > limits.MAX_RECORD:
                    reason = f"a value is no JSON, or longer than {limits.MAX_RECORD:,} characters"
                    raise BrokenOffError(self.line, reason) from None
                size = max(size, min(held, limits.MAX_RECORD))  # twice as much each time, or the work would be a square
                if not self._more(size):
                    raise
                continue
            if end == len(self._held) and not isinstance(value, dict | list | str) and self._more():
                continue  # a number may go on
            self._advance(end)
            return value

    def opens_objects(self) -> bool:
        """Whether a list begins here whose first value is an object."""
        while len(self._held) - self._place < limits.MAX_RECORD:
            match = re.compile(r"\[[ \t\r\n]*([^ \t\r\n])").match(self._held, self._place)
            if match:
                return match[1] == "{"
            if not self._more():
                return False
        return False

    def skip_array(self) -> None:
        """Step over a list, value by value."""
        self.take("[")
        while self.peek() != "]":
            self.value()
            if self.peek() == ",":
                self.take(",")
        self.take("]")
