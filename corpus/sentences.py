"""The sentences of a marked review, found without the program that is measured on them.

Wikimedia's sentencex proposes the borders within a line, and a line ends a sentence. A marked span is never cut, over a
line of verse neither: whoever wrote it said that it lies in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import sentencex

from corpus.labels import Label

_LINE_END = re.compile(r"\n+")
_WORD = re.compile(r"\w")
# What sentencex takes for a sentence: "1." at the beginning of a list's line.
_LIST_NUMBER = re.compile(r"\(?\w{1,2}[.)]\s*")


@dataclass(frozen=True)
class SentenceSpan:
    """``text[start:end]`` is a sentence, without blanks at its ends; code points."""

    ordinal: int
    start: int
    end: int

    def holds(self, label: Label) -> bool:
        """Whether the label is one of this sentence's."""
        return self.start <= label.start and label.end <= self.end


def sentences(text: str, labels: Sequence[Label] = (), lang: str | None = None) -> tuple[SentenceSpan, ...]:
    """The sentences of a text in order; every label lies in exactly one. What holds no word is none."""
    borders = [0, *(border for border in _borders(text, lang or "en") if not _within(border, labels)), len(text)]
    spans = [_stripped(text, start, end) for start, end in pairwise(borders)]
    spoken = [(start, end) for start, end in spans if _WORD.search(text, start, end)]
    return tuple(SentenceSpan(ordinal, start, end) for ordinal, (start, end) in enumerate(spoken))


def _borders(text: str, lang: str) -> list[int]:
    """Offsets at which a sentence begins, the first left out."""
    lines = [0, *(match.end() for match in _LINE_END.finditer(text)), len(text)]
    found = []
    for start, end in pairwise(lines):
        pieces = [*accumulate(map(len, sentencex.segment(lang, text[start:end])), initial=start)]
        found += [at for first, at in pairwise(pieces) if not _LIST_NUMBER.fullmatch(text, first, at)]
    return [at for at in found if 0 < at < len(text)]


def _within(border: int, labels: Sequence[Label]) -> bool:
    return any(label.start < border < label.end for label in labels)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    return start, start + len(piece.strip())
