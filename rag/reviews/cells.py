"""What a cell says, where it was wrapped or damaged on its way: mojibake, lists, segments. Knows ftfy."""

from __future__ import annotations

import ast
import json
import re
import warnings

import ftfy
from ftfy.badness import badness

from rag.reviews.formats import limits

# Where bytes were lost for good, ftfy would guess; we don't.
_CERTAIN = ftfy.TextFixerConfig(replace_lossy_sequences=False, explain=False)
_LOST = re.compile("\ufffd|â\\?\\?|Ã\\?|â€\\?")
# A blank may be what is left of a byte, or a blank: alone such a pair proves nothing.
_UNCERTAIN = re.compile("(?:Ã|â€) ")
_SEGMENT = re.compile(r'\s*\{\s*"text"\s*:')


def mended(text: str) -> str:
    """The text with mojibake turned back ("cafÃ©" → "café"), or as it is where that is not certain."""
    if text.isascii():
        return text
    before = badness(text)
    if not before:
        return text
    rest = _UNCERTAIN.sub("", text)
    if rest != text and ftfy.fix_encoding(rest, _CERTAIN) == rest:
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
        if parts is not None and len(parts) > 1:
            parts = [part.strip() for part in parts]
    elif _SEGMENT.match(cell) and cell.endswith("}"):
        segments = _parsed(f"[{cell}]")
        parts = _strings([s.get("text") if isinstance(s, dict) else None for s in segments or [None]])
        between = ""
    else:
        return text
    return text if parts is None else between.join(parts)


def _parsed(cell: str) -> list[object] | None:
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        try:
            with warnings.catch_warnings():  # a backslash in a stranger's cell is no concern of the user's
                warnings.simplefilter("ignore")
                found = ast.literal_eval(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return None
    return found if isinstance(found, list) else None


def _strings(values: list[object] | None) -> list[str] | None:
    if values is None or not all(isinstance(value, str) for value in values):
        return None
    return [str(value) for value in values]
