"""Does the cited passage say what the claim says? Pure.

Numbers, names and quantifiers of a claim must stand in what it cites, without exception, and it must not praise what
that blames. For the rest there is one score: the chance, by a logistic regression over two things, that a careful
reader would agree. These are the cosine of claim and passage, and the share of the claim's own content words (not
names, titles or aspects, which it may use) that stand there. Weights and threshold were fitted on claims about
development titles, paraphrased by hand (`evals/support_pairs.py`); `benchmarks support` measures them on other titles.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rag import words

THRESHOLD = 0.65
"""A claim below it is not shown."""
REPEATS = 0.5
"""From this share of its own content words on that stand in the passages, a claim repeats them."""
SIMILARITY, OVERLAP, OFFSET = 10.9, 3.6, -3.0
"""Log-odds: of a cosine of 1, of all words, and of neither."""
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
    overlap = overlap_of(claim, given, free)
    return Verdict(round(_score(overlap, similarity), _DIGITS), tuple(faults))


def repeats(claim: str, passages: Iterable[str], allowed: Iterable[str]) -> bool:
    """Whether a claim says little but the words of its passages, or has none of its own: a quote without its marks."""
    overlap = overlap_of(claim, " ".join(passages), " ".join(allowed))
    return overlap is None or overlap >= REPEATS


def _score(overlap: float | None, similarity: float | None) -> float:
    """The chance that the passage says it; without vectors, the overlap stands for it.

    A claim without content words of its own says nothing that needs support, but neither do they speak for it.
    """
    if similarity is None:
        return 1.0 if overlap is None else overlap
    overlap = overlap or 0.0
    return 1 / (1 + math.exp(-(SIMILARITY * similarity + OVERLAP * overlap + OFFSET)))


def _contrary(claim: float, passage: float) -> bool:
    """Whether both lean clearly, and to different sides."""
    return claim * passage < 0 and min(abs(claim), abs(passage)) >= LEANS


def overlap_of(claim: str, given: str, free: str) -> float | None:
    """The share of the claim's own content words that stand in the passages; None where it has none."""
    own = set(words.content_stems(claim)) - set(words.stems(free)) - _REPORTING
    return len(own & set(words.stems(given))) / len(own) if own else None


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
