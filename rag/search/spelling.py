"""A slip of the keyboard in a question: "the endnig" is read as "the ending". Pure.

Only words that a question is understood by are offered (aspects, praise, blame), and only for a word that no review
holds: a rare name is no slip.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

SHORTEST = 5
"""Of fewer letters, one wrong letter makes another word."""
SHORTEST_COMPOUND = 4
"""A compound has two parts of two letters or more."""
_WORD = re.compile(r"[^\W\d_]+")


def suspects(question: str, known: Collection[str]) -> list[str]:
    """The words of a question that may be slips: small letters, long enough, and none that is understood."""
    found = (match.group() for match in _WORD.finditer(question))
    return [word for word in dict.fromkeys(found) if len(word) >= SHORTEST and word.islower() and word not in known]


def pairs(question: str) -> list[tuple[str, str]]:
    """Words in small letters that stand side by side, and may be one: "bed bugs"."""
    found = pairwise(re.split(r"\s+", question.strip(" ?.!")))
    return [(a, b) for a, b in found if all(_WORD.fullmatch(word) and word.islower() for word in (a, b))]


def compounds(question: str, known: Collection[str]) -> list[str]:
    """Words that may be two: long enough for that, and none that is understood."""
    found = (match.group() for match in _WORD.finditer(question))
    return [
        word for word in dict.fromkeys(found) if len(word) >= SHORTEST_COMPOUND and word.islower() and word not in known
    ]


def respelled(question: str, slips: Iterable[str], known: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    """The question with each slip as the one known word that it can be, and the pairs (written, read)."""
    pairs = []
    for slip in slips:
        meant = [word for word in known if len(word) >= SHORTEST and word[0] == slip[0] and is_slip(slip, word)]
        # Letters that changed places are the likeliest slip.
        meant = [word for word in meant if sorted(word) == sorted(slip)] or meant
        if len(meant) == 1:
            pairs.append((slip, meant[0]))
            question = put(question, slip, meant[0])
    return question, pairs


def put(question: str, written: str, meant: str) -> str:
    """The question with other words in place of those that are written, wherever these stand as words."""
    return re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", meant, question)


def is_slip_within(written: str, meant: str) -> bool:
    """The same, but no letter more or less at a word's end, which makes another form of it: "noisy" and "noise"."""
    return is_slip(written, meant) and (len(written) == len(meant) or written[-2:] == meant[-2:])


def is_slip(written: str, meant: str) -> bool:
    """Whether one edit lies between two words: a letter left out, added, changed, or two that changed places.

    The optimal string alignment distance of 1 (F. Damerau, "A Technique for Computer Detection and Correction of
    Spelling Errors", 1964).
    """
    if written == meant or abs(len(written) - len(meant)) > 1:
        return False
    if len(written) != len(meant):
        short, long = sorted((written, meant), key=len)
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    apart = [at for at, (a, b) in enumerate(zip(written, meant, strict=True)) if a != b]
    if len(apart) == 1:
        return True
    swapped = [(a, b) for a, b in pairwise(apart) if b == a + 1]
    return (
        len(apart) == 2
        and bool(swapped)
        and written[apart[0]] == meant[apart[1]]
        and written[apart[1]] == meant[apart[0]]
    )
