"""Review → sentences with exact offsets. Pure.

The sentences of a review tile it: they follow one another without gap or overlap and together are the text.
Wikimedia's sentencex proposes the borders; noise, line ends, fragments and over-long sentences adjust them.
"""

from __future__ import annotations

import re
from itertools import pairwise

import sentencex

from rag import words
from rag.records import Sentence
from rag.reviews import mask

VERSION = "1"
"""Changes whenever other borders come out for the same text; stored offsets of another version are cut again."""

MAX_SENTENCE = 600
"""Longest sentence in code points: about half of what the embedding model reads. Longer ones are cut."""
_LONE_WORD = 12
"""A sentence of one word up to this long in code points ("Wow. ") is a fragment."""
_LOOK_BACK = 300

_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?=[\r\n])\s*")
_LIST_ITEM = re.compile(r"(?<=[\r\n])[ \t]*(?=(?:[-*•+]|\d{1,2}[.)])[ \t])")
_CUTS = (
    re.compile(r"[.!?…。！？]+[\"”’')\]]*\s+"),
    re.compile(r"[;:]\s+|\s+[–—-]\s+|—"),
    re.compile(r",\s+(?=(?:but|and|or|yet|so|because|although|though|while|which)\b)"),
    re.compile(r",\s+"),
    re.compile(r"\s+"),
)
# sentencex cuts behind these; they never end a sentence of a review.
_ABBREVIATED = re.compile(r"\b(?:vs|cf|approx|feat|ft|Nos?|Vol|pp|dir)\.\s*$")
_LIST_NUMBER = re.compile(r"\(?\d{1,2}[.)]")
_WORD = re.compile(r"\w")


def sentences(review_id: str, text: str, lang: str | None = None) -> list[Sentence]:
    """Cut a review into sentences. Blank text gives one sentence of noise; empty text gives none."""
    noise = [_with_blanks(text, start, end) for start, end in mask.noise_spans(text)]
    tiles = []
    for ordinal, (start, end) in enumerate(pairwise(_borders(text, lang, noise))):
        masked = any(a <= start and end <= b for a, b in noise) or mask.is_order(text[start:end])
        shown = "" if masked else mask.view(text[start:end])
        tiles.append(Sentence(review_id, ordinal, start, end, shown if _WORD.search(shown) else ""))
    return tiles


def _borders(text: str, lang: str | None, noise: list[tuple[int, int]]) -> list[int]:
    """Offsets at which a sentence begins, with the end of the text last."""
    if not text:
        return []
    fixed = {0, len(text)} | {offset for span in noise for offset in span}
    hard = fixed | {m.end() for m in _BLANK_LINE.finditer(text)} | {m.end() for m in _LIST_ITEM.finditer(text)}
    soft = _proposed(text, lang)
    borders = _join_fragments(text, sorted(hard | soft), hard)
    return sorted(set(borders) | {cut for a, b in pairwise(borders) for cut in _cuts(text, a, b)})


def _with_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span with the blanks behind it and none before it: blanks belong to the tile they follow."""
    first = end - len(text[start:end].lstrip())
    return first, len(text) - len(text[end:].lstrip())


def _proposed(text: str, lang: str | None) -> set[int]:
    """Sentence ends that sentencex sees, as offsets where the next sentence begins."""
    found, position = set(), 0
    for segment in sentencex.segment((lang or "en")[:2].lower(), text):
        position += len(segment)
        if not _ABBREVIATED.search(segment):
            found.add(position)
    return found if position == len(text) else {len(text)}


def _join_fragments(text: str, borders: list[int], hard: set[int]) -> list[int]:
    """Drop borders that leave a tile without a word, or with too few to mean anything alone.

    A fragment joins the sentence before it, and the number of a list what it counts, unless a hard border (noise,
    a new paragraph) parts them.
    """
    kept = [borders[0]]
    for index in range(1, len(borders) - 1):
        here, following = borders[index], borders[index + 1]
        numbered = _LIST_NUMBER.fullmatch(text[kept[-1] : here].strip())
        if here not in hard and (numbered or _is_fragment(text[here:following])):
            continue
        kept.append(here)
    return [*kept, borders[-1]]


def _is_fragment(tile: str) -> bool:
    if _LIST_NUMBER.fullmatch(tile.strip()):
        return False
    if not _WORD.search(tile):
        return True
    return len(tile.split()) == 1 and len(tile) <= _LONE_WORD and not words.UNSPACED.search(tile)


def _cuts(text: str, start: int, end: int) -> list[int]:
    """Where a sentence longer than MAX_SENTENCE is cut: at clauses, then at blanks, then anywhere."""
    cuts = []
    while end - start > MAX_SENTENCE:
        start = _cut(text, start, start + MAX_SENTENCE)
        cuts.append(start)
    return cuts


def _cut(text: str, start: int, limit: int) -> int:
    """The best cut in the last half before a limit."""
    for pattern in _CUTS:
        ends = [m.end() for m in pattern.finditer(text, limit - _LOOK_BACK, limit)]
        if ends:
            return ends[-1]
    return _between_characters(text, start, limit)


def _between_characters(text: str, start: int, limit: int) -> int:
    """A cut that parts no letter from its combining marks and no joined emoji, within reason."""
    cut = limit
    while cut > limit - 32 and cut > start + 1 and re.match(r"[\u0300-\u036f\u200d\ufe0f]", text[cut : cut + 1]):
        cut -= 1
    return cut
