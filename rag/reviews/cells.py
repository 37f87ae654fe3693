"""What a cell says, where it was wrapped or damaged on its way: mojibake, lists, segments. Knows ftfy."""

from __future__ import annotations

import ast
import json
import re

import ftfy
from ftfy.badness import badness

from rag.reviews.formats import limits

# Where bytes were lost for good, ftfy would guess; we don't.
_CERTAIN = ftfy.TextFixerConfig(replace_lossy_sequences=False, explain=False)
_LOST = re.compile("\ufffd|â\\?\\?|Ã\\?|â€\\?")
_SEGMENT = re.compile(r'\s*\{\s*"text"\s*:')


def mended(text: str) -> str:
    """The text with mojibake turned back ("cafÃ©" → "café"), or as it is where that is not certain."""
    if text.isascii():
        return text
    before = badness(text)
    if not before:
        return text
    fixed = ftfy.fix_encoding(text, _CERTAIN)
    return fixed if badness(fixed) < before else text


def has_lost(text: str) -> bool:
    """Whether a text holds what is left of characters that can't be told any more."""
    return _LOST.search(text) is not None


def unwrapped(text: str, between: str) -> str:
    """The strings of a cell that is wholly a list of them, joined; any other cell as it is.

    Lists are JSON or Python's (`['a', 'b']`); YouTube writes segments, `{"text":"…"},{"text":"…"}`.
    """
    cell = text.strip()
    if len(cell) > limits.MAX_LIST_CELL:
        return text
    if cell.startswith("[") and cell.endswith("]"):
        parts = _strings(_parsed(cell))
    elif _SEGMENT.match(cell) and cell.endswith("}"):
        segments = _parsed(f"[{cell}]")
        parts = _strings([s.get("text") if isinstance(s, dict) else None for s in segments or [None]])
        return text if parts is None else "".join(parts)
    else:
        return text
    return text if parts is None else between.join(part.strip() for part in parts)


def _parsed(cell: str) -> list[object] | None:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        try:
            found = ast.literal_eval(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    return found if isinstance(found, list) else None


def _strings(values: list[object] | None) -> list[str] | None:
    if values is None or not all(isinstance(value, str) for value in values):
        return None
    return [str(value) for value in values]
