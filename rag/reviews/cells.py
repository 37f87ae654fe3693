"""What a cell says, where it was wrapped or damaged on its way: mojibake, HTML, lists, segments. Knows ftfy."""

from __future__ import annotations

import ast
import html
import json
import re
import warnings
from dataclasses import dataclass
from html.entities import html5

import ftfy
from ftfy.badness import badness

from rag.reviews.formats import limits

# What a spreadsheet takes for the start of a formula, its full-width forms too (OWASP, "CSV Injection"). Apostrophes
# before it count, so that the one an export puts there is told from a reviewer's own.
FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# Where bytes were lost for good, ftfy would guess; we don't.
_CERTAIN = ftfy.TextFixerConfig(replace_lossy_sequences=False, explain=False)
_LOST = re.compile("\ufffd|â\\?\\?|Ã\\?|â€\\?")
# A blank may be what is left of a byte, or a blank: alone such a pair proves nothing.
_UNCERTAIN = re.compile("(?:Ã|â€) ")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Without attributes: a tag that has one is not simple, and stays as it is, as all others do.
_LINE_END = re.compile(r"<br\s{0,9}/?>[ \t]{0,9}\r?\n?", re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:p|div|ul|ol|li)\s{0,9}>", re.IGNORECASE)
_INLINE = re.compile(r"<(/?)(b|strong|i|em|u)\s{0,9}>", re.IGNORECASE)
_MANY, _OFTEN = 20, 0.2
"""So many cells, or such a part of them, show that entities belong to how a column is written."""
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


def computed(cell: str) -> str:
    """A cell of our own exports without the apostrophe that keeps spreadsheets from computing it."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


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


@dataclass
class HtmlCells:
    """The cells of a column, seen one by one: whether they are HTML, or only speak of it."""

    _filled: int = 0
    _tagged: int = 0
    _unpaired: int = 0
    _escaped: int = 0
    _bare: int = 0

    def see(self, cell: str) -> None:
        """Take one cell into account."""
        self._filled += bool(cell.strip())
        if "<" in cell:
            pairs = [not mark[1] for mark in _INLINE.finditer(cell)]
            paired = 2 * sum(pairs) == len(pairs)
            self._unpaired += not paired
            self._tagged += paired and bool(pairs or _LINE_END.search(cell) or _BLOCK.search(cell))
        if "&" in cell:
            escaped = any(_is_entity(found.group()) for found in _ENTITY.finditer(cell))
            self._escaped += escaped
            self._bare += not escaped

    @property
    def tags(self) -> bool:
        """Whether simple tags are markup here: more cells close what they open than do not."""
        return self._tagged > self._unpaired

    @property
    def entities(self) -> bool:
        """Whether entities stand for characters here: an export that writes them seldom leaves an "&" bare.

        Few in many cells may have come with the page that a review was copied from, and stay as they are.
        """
        enough = self._escaped >= _MANY or self._escaped >= _OFTEN * self._filled
        return self.tags or (enough and self._escaped > self._bare)


def _is_entity(written: str) -> bool:
    return written.startswith("&#") or written[1:] in html5


def without_tags(cell: str) -> str:
    """A cell of HTML with `<br>` and `<p>` as line ends and without `<b>`, `<i>` and the like. Others stay."""
    lines = _INLINE.sub("", _BLOCK.sub("\n\n", _LINE_END.sub("\n", cell)))
    return cell if lines == cell else re.sub(r"\n{3,}", "\n\n", lines).strip()


def without_entities(cell: str) -> str:
    """A cell with entities as the characters that they stand for, once: `&amp;lt;` is `&lt;`."""
    return _ENTITY.sub(lambda found: html.unescape(found.group()).replace("\xa0", " "), cell)
