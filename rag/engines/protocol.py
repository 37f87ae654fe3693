"""What a model wrote → drafted claims, line by line. Pure, and never raises, whatever the text.

The protocol: one claim a line, `- claim [S1][S2]`, and `END` last. A line that is anything else is a fault with a
reason; so is one that holds markup, a link or a control character, for a claim is shown as plain text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rag.records import BadLine, DraftClaim

MAX_LINE = 600
"""Characters of a claim."""
MAX_LINES = 40
"""Lines of a reply; a model that writes more does not stop by itself."""
_BULLET = re.compile(r"(?:[-*•–]|\d{1,2}[.)])\s+")
_IDS = re.compile(r"\s*\[\s*([A-Za-z][\w-]*(?:\s*[,;]\s*[A-Za-z][\w-]*)*)\s*\](?!\s*\()")
_MARKUP = re.compile(r"[<>\[\]`|]|\*\*|__|\w+://|javascript:|data:", re.IGNORECASE)
# An address needs no scheme to be typed by a reader: "see x.example", "write to a@b.example".
_ADDRESS = re.compile(r"[\w-]+\.[a-z]{2,}\b|\S@\S")
_BEFORE_STOP = re.compile(r"\s+(?=[.,;:!?](?:\s|$))")
_SIGNS = frozenset("°©®™")
_NO_PROSE = frozenset(("Cc", "Cf", "Co", "Cs", "Cn", "So", "Sk"))
_SHOWN_OF_A_FAULT = 200


@dataclass(frozen=True)
class End:
    """The model says that it is done."""


@dataclass(frozen=True)
class Line:
    """A sentence and the ids it cites, wherever in the line they stood."""

    text: str
    ids: tuple[str, ...]


class Lines:
    """Text that comes in pieces → whole lines, each as soon as it is complete. Bounded."""

    def __init__(self) -> None:
        self._rest = ""
        self._lines = 0

    def feed(self, piece: str) -> list[str]:
        """The lines that this piece completes."""
        *whole, rest = (self._rest + piece).replace("\r", "\n").split("\n")
        # What is longer than any claim is kept only as far as it is needed to say so; blanks before it don't count.
        self._rest = rest.lstrip()[: MAX_LINE + 1]
        kept = [line.lstrip()[: MAX_LINE + 1] for line in whole if line.strip()]
        self._lines += len(kept)
        return kept

    def close(self) -> list[str]:
        """The last line, which nothing ended."""
        rest, self._rest = self._rest, ""
        return [rest] if rest.strip() else []

    @property
    def too_many(self) -> bool:
        """Whether the model has written more lines than any answer has."""
        return self._lines > MAX_LINES


def claim(line: str, tag: str = "") -> DraftClaim | BadLine | End:
    """One line of an answer. `tag` marked the block of evidence, and no honest line holds it."""
    found = parse(line, tag)
    if isinstance(found, Line):
        return DraftClaim("paraphrase", found.text, found.ids)
    return found


def parse(line: str, tag: str = "") -> Line | BadLine | End:
    """One line of a draft whose every line ends with ids."""
    text = line.strip()
    if text.strip(".*` ").upper() == "END":
        return End()
    if len(text) > MAX_LINE:
        return _fault(text, f"a claim has at most {MAX_LINE} characters")
    if tag and tag in text:
        return _fault(text.replace(tag, "…"), "it repeats the mark of the evidence")
    bullet = _BULLET.match(text)
    if bullet is None:
        return _fault(text, "it is not of the form “- claim [S1]”")
    own, ids = _parted(text[bullet.end() :])
    why = _forbidden(own)
    if why is not None:
        return _fault(text, why)
    if not ids:
        return _fault(text, "it cites nothing")
    return Line(own, ids)


def _parted(text: str) -> tuple[str, tuple[str, ...]]:
    """The words, and the ids among them in the order they stand, each once."""
    ids = [name for match in _IDS.finditer(text) for name in re.split(r"\s*[,;]\s*", match[1])]
    own = " ".join(_IDS.sub(" ", text).split())
    return _BEFORE_STOP.sub("", own), tuple(dict.fromkeys(ids))


def _forbidden(text: str) -> str | None:
    if not text or not any(character.isalnum() for character in text):
        return "it says nothing"
    if _MARKUP.search(text):
        return "it holds markup or a link"
    if any(unicodedata.category(c) in _NO_PROSE and c not in _SIGNS for c in text):
        return "it holds a control character or a picture"
    if _ADDRESS.search(text):
        return "it holds an address"
    return None


def _fault(text: str, why: str) -> BadLine:
    shown = "".join(c if unicodedata.category(c)[0] != "C" else "�" for c in text[:_SHOWN_OF_A_FAULT])
    return BadLine(shown, why)
