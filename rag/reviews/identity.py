"""Which records are the same review, the same title, the same sentence. Pure.

A review's id is made once, from what it was when it came, and survives every later correction.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection

from rag import words

SYNDICATION_LENGTH = 100
"""From this many characters up, equal texts are one review whoever signed them (a reprint, not a second vote)."""

_SHINGLE_WORDS = 5
KEPT_SHINGLES = 4
NEAR_DUPLICATE = 0.7
"""Two texts that share this much of their five-word runs (Jaccard) are flagged as near-duplicates."""


def digest(*parts: str | None) -> str:
    """A 32-digit hash of some strings, kept apart from one another."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:32]


def title_id(name: str, taken: Collection[str]) -> str:
    """The id of a new title: the hash of its name, numbered where another title already has it."""
    number, found = 1, digest("title", name)[:12]
    while found in taken:
        number += 1
        found = f"{digest('title', name)[:12]}-{number}"
    return found


def folded(name: str) -> str:
    """A name as it is compared: case, blanks and the ways to write an accent folded."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def author(critic: str | None) -> str | None:
    """A critic's name as it is compared."""
    return folded(critic) if critic else None


def review_id(title: str, text: str, critic: str | None, ordinal: int = 1) -> str:
    """The id of a review. `ordinal` tells apart votes that would have one id: short unsigned texts that are equal."""
    number = str(ordinal) if ordinal > 1 or is_anonymous_short(text, critic) else None
    return digest("review", title, text.strip(), author(critic), number)[:16]


def is_anonymous_short(text: str, critic: str | None) -> bool:
    """Whether equal texts of this sort are votes of their own."""
    return author(critic) is None and len(text.strip()) < SYNDICATION_LENGTH


def text_digest(text: str) -> str:
    """What equal texts share: surrounding blanks do not count."""
    return digest("text", text.strip())


def _shingles(text: str) -> frozenset[int]:
    found = words.tokens(text)
    # Words are joined by what stands in none of them; a plain hash, for a review has as many runs as words.
    runs = (" ".join(found[i : i + _SHINGLE_WORDS]) for i in range(max(1, len(found) - _SHINGLE_WORDS + 1)))
    return frozenset(
        int.from_bytes(hashlib.blake2b(run.encode("utf-8", "surrogatepass"), digest_size=7).digest(), "big")
        for run in runs
    )


def near_keys(text: str) -> tuple[int, ...]:
    """The smallest hashes of a text's five-word runs (Broder 1997): near-duplicates share at least one.

    Empty for texts too short to be called a near-duplicate of anything.
    """
    if len(text.strip()) < SYNDICATION_LENGTH:
        return ()
    return tuple(sorted(_shingles(text))[:KEPT_SHINGLES])


def are_near_duplicates(one: str, other: str) -> bool:
    """Whether two texts share at least NEAR_DUPLICATE of their five-word runs."""
    a, b = _shingles(one), _shingles(other)
    return len(a & b) >= NEAR_DUPLICATE * len(a | b)
