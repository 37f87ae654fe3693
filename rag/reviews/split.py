"""Review → sentences with exact offsets. Pure.

The sentences of a review tile it: they follow one another without gap or overlap and together are the text.
Wikimedia's sentencex proposes the borders; noise, line ends, fragments and over-long sentences adjust them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, pairwise

import sentencex

from rag import words
from rag.records import Sentence
from rag.reviews import mask

MAX_SENTENCE = 600
"""Longest sentence in code points: about half of what the embedding model reads. Longer ones are cut."""
_LONE_WORD = 12
"""A sentence of one word up to this long in code points ("Wow. ") is a fragment."""
_LOOK_BACK = 300
_PIECE = 10_000
"""Most bytes sentencex is handed at a time, some 1,700 words; from 10,240 on it drops blank lines between chunks."""
_DENSE = re.compile(r"(?:[\w\s]*+[^\w\s]){500}")
"""Nor is it handed more marks than this, several times those of ordinary prose: unpaired quotes cost it most."""

_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?=[\r\n])\s*")
_LIST_ITEM = re.compile(r"(?<=[\r\n])[ \t]*(?=(?:[-*•+]|\d{1,2}[.)])[ \t])")
_CUTS = (
    re.compile(r"[.!?…。！？]++[\"”’')\]]*+\s+"),
    re.compile(r"[;:]\s+|\s++[–—-]\s+|—"),
    re.compile(r",\s+(?=(?:but|and|or|yet|so|because|although|though|while|which)\b)"),
    re.compile(r",\s+"),
    re.compile(r"\s+"),
)
# sentencex cuts behind these; they never end a sentence of a review.
_ABBREVIATED = re.compile(r"\b(?:vs|cf|approx|feat|ft|Nos?|Vol|pp|dir)\.\s*$")
_LIST_NUMBER = re.compile(r"\(?\d{1,2}[.)]")
# Where one opinion ends and a contrary one begins: "funny, but hollow". Not in "nothing but", "all but".
_TURN = re.compile(
    r"(?:[,;:—–]|\s-)\s*+(?=(?:but|yet|though|although|whereas)\b)|;\s++"
    r"|(?<!\bnothing)(?<!\banything)(?<!\beverything)(?<!\ball)(?<!\bnone)(?<!\bhelp)\s++(?=but\b)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&#?\w{1,10};\Z")
"""Its semicolon is no turn: "the cast &amp; the crew"."""
_LEAST_CLAUSE = 3
"""Words of a clause that can be judged alone."""
_WORD = re.compile(r"\w")
_NOT_BLANK = re.compile(r"\S")


def sentences(review_id: str, text: str, lang: str | None = None) -> list[Sentence]:
    """Cut a review into sentences. Blank text gives one sentence of noise; empty text gives none."""
    # Where noise begins and ends, by turns: a tile lies in noise if it begins behind an odd number of these.
    noise = [edge for start, end in mask.noise_spans(text) for edge in _with_blanks(text, start, end)]
    tiles = []
    for ordinal, (start, end) in enumerate(pairwise(_borders(text, lang, noise))):
        masked = bisect_right(noise, start) % 2 == 1 or mask.is_order(text[start:end])
        shown = "" if masked else mask.view(text[start:end])
        tiles.append(Sentence(review_id, ordinal, start, end, shown if _WORD.search(shown) else ""))
    return tiles


def clauses(text: str) -> list[tuple[int, int]]:
    """The clauses of a sentence that may say contrary things, as offsets in it; they tile it. Mostly there is one."""
    found, start = [], 0
    for match in _TURN.finditer(text):
        cut, mark = match.end(), match.start() + 1
        if _ENTITY.search(text, max(0, mark - 13), mark):
            continue
        if all(len(part.split()) >= _LEAST_CLAUSE for part in (text[start:cut], text[cut:])):
            found.append((start, cut))
            start = cut
    return [*found, (start, len(text))]


def _borders(text: str, lang: str | None, noise: list[int]) -> list[int]:
    """Offsets at which a sentence begins, with the end of the text last."""
    if not text:
        return []
    fixed = {0, len(text), *noise}
    hard = fixed | {m.end() for m in _BLANK_LINE.finditer(text)} | {m.end() for m in _LIST_ITEM.finditer(text)}
    soft = _proposed(text, lang)
    borders = _join_fragments(text, sorted(hard | soft), hard)
    return sorted(set(borders) | {cut for a, b in pairwise(borders) for cut in _cuts(text, a, b)})


def _with_blanks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span with the blanks behind it and none before it: blanks belong to the tile they follow."""
    following = _NOT_BLANK.search(text, end)
    return end - len(text[start:end].lstrip()), following.start() if following else len(text)


def _proposed(text: str, lang: str | None) -> set[int]:
    """Sentence ends that sentencex sees, as offsets where the next sentence begins.

    Its work grows with the square of a long paragraph, so it is handed a piece at a time. The last sentence of a piece
    may go on behind it and opens the next piece, unless it is over half of the piece.
    """
    found, start = {len(text)}, 0
    while start < len(text):
        end = _piece_end(text, start)
        ends = _sentence_ends(text, start, end, lang)
        if end < len(text):
            ends = [offset for offset in ends if offset < end]
            if ends and ends[-1] - start > (end - start) // 2:
                end = ends[-1]
        found.update(ends)
        start = end
    return found


def _piece_end(text: str, start: int) -> int:
    """Where a piece that starts here ends: behind a blank line in its second half, or else anywhere."""
    end = start + len(text[start : start + _PIECE].encode()[:_PIECE].decode(errors="ignore"))
    if dense := _DENSE.match(text, start, end):
        end = dense.end()
    blank_line = text.rfind("\n\n", (start + end) // 2, end)
    return end if end == len(text) or blank_line < 0 else blank_line + 2


def _sentence_ends(text: str, start: int, end: int, lang: str | None) -> list[int]:
    segments = sentencex.segment((lang or "en")[:2].lower(), text[start:end])
    offsets = list(accumulate(map(len, segments), initial=start))[1:]
    if not offsets or offsets[-1] != end:
        return []
    return [offset for offset, segment in zip(offsets, segments, strict=True) if not _ABBREVIATED.search(segment)]


def _join_fragments(text: str, borders: list[int], hard: set[int]) -> list[int]:
    """Drop borders that leave a tile without a word, or with too few to mean anything alone.

    A fragment joins the sentence before it, and the number of a list what it counts, unless a hard border (noise,
    a new paragraph) parts them.
    """
    kept = [borders[0]]
    for index in range(1, len(borders) - 1):
        here, following = borders[index], borders[index + 1]
        # In this order: the tile before grows as fragments join it, and is looked at only where the next one does not.
        if here not in hard and (_is_fragment(text[here:following]) or _is_number(text[kept[-1] : here])):
            continue
        kept.append(here)
    return [*kept, borders[-1]]


def _is_number(tile: str) -> bool:
    return bool(_LIST_NUMBER.fullmatch(tile.strip()))


def _is_fragment(tile: str) -> bool:
    if _is_number(tile):
        return False
    if not _WORD.search(tile):
        return True
    return len(tile) <= _LONE_WORD and len(tile.split()) == 1 and not words.UNSPACED.search(tile)


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
