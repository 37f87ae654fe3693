"""Does the cited passage say what the claim says? Pure.

The words of a claim that are its own (not the quote's, not names, titles or aspects it may always use) must stand
in what it cites; numbers, names and quantifiers must stand there without exception. The threshold is provisional:
it is calibrated when a chat model writes claims of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rag import words

THRESHOLD = 0.5
_DIGITS = 4
LEANS = 0.5
"""From this score on, a sentence clearly praises or blames."""

# Words by which a sentence says that somebody says something; they need no support.
_REPORTING = frozenset(
    words.stem(word)
    for word in """critic critics reviewer reviewers review reviews outlet writes write wrote says say said adds add
    notes note calls call puts put another same one also answers anonymous unsigned unnamed way""".split()
)


@dataclass(frozen=True)
class Verdict:
    """How well a claim is supported, 0 to 1, and what stands against it (empty: nothing)."""

    score: float
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the claim may be shown."""
        return not self.faults and self.score >= THRESHOLD


def check(
    claim: str,
    passages: Iterable[str],
    allowed: Iterable[str],
    similarity: float | None = None,
    stances: tuple[float, float | None] | None = None,
) -> Verdict:
    """Judge a claim against the passages it cites.

    `claim` is the engine's own wording, without the quote. `allowed` are critics, outlets, titles and aspect names
    it may use. `similarity` is the cosine of claim and passages where vectors exist, `stances` how each of the two
    leans, -1 to 1, where that is known.
    """
    given = " ".join(passages)
    free = " ".join(allowed)
    faults = [*_foreign_numbers(claim, given, free), *foreign_names(claim, given, free)]
    if stances is not None and stances[1] is not None and _contrary(stances[0], stances[1]):
        faults.append("it praises what the cited passage blames, or the other way round")
    overlap = _overlap(claim, given, free)
    score = overlap if similarity is None else (overlap + max(similarity, 0.0)) / 2
    return Verdict(round(score, _DIGITS), tuple(faults))


def _contrary(claim: float, passage: float) -> bool:
    """Whether both lean clearly, and to different sides."""
    return claim * passage < 0 and min(abs(claim), abs(passage)) >= LEANS


def _overlap(claim: str, given: str, free: str) -> float:
    """The share of the claim's own content words that stand in the passages; 1 where it has none."""
    own = set(words.content_stems(claim)) - set(words.stems(free)) - _REPORTING
    return len(own & set(words.stems(given))) / len(own) if own else 1.0


def _foreign_numbers(claim: str, given: str, free: str) -> list[str]:
    """Numbers and quantifiers that no passage and no name holds: a count is code's to make."""
    known = {found.casefold() for text in (given, free) for found in (*words.numbers(text), *words.quantifiers(text))}
    used = [*words.numbers(claim), *words.quantifiers(claim)]
    return [f"“{found}” counts something, and no cited passage does" for found in used if found.casefold() not in known]


def foreign_names(claim: str, given: str, free: str) -> list[str]:
    """What a claim names that stands neither in the passages given nor in what it may always name, as faults."""
    known = set(words.tokens(given)) | set(words.tokens(free))
    return [
        f"“{name}” is named in no cited passage" for name in words.names(claim) if not set(words.tokens(name)) <= known
    ]
