"""Heads of a word or two, and requests to code with them: nothing here depends on the weights that are shipped."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rag import taxonomy
from rag.engines.base import CodingRequest, Vectors
from rag.engines.heads import OPINION, SEVERE, STANCE, Floats, Head, Heads, Vocabulary
from rag.records import Unit
from rag.taxonomy import OVERALL, Aspect, Taxonomy

PLAIN = {name: {"own": 1.0, "other": 0.0, "bias": 0.0} for name in (OPINION, STANCE)}
"""Heads say what they alone say."""


def known(*found: str) -> Vocabulary:
    """These grams, each weighing one."""
    return Vocabulary(
        np.array(sorted(zlib.crc32(f.encode()) for f in found), np.uint32), np.ones(len(found), np.float32)
    )


def weights(vocabulary: Vocabulary, **by_gram: float) -> Floats:
    at = {int(gram): place for place, gram in enumerate(vocabulary.grams)}
    found = np.zeros(len(at), np.float32)
    for gram, weight in by_gram.items():
        found[at[zlib.crc32(gram.replace("_", " ").encode())]] = weight
    return found


def aspect(name: str, *mentions: str) -> Aspect:
    """An aspect of these words alone."""
    return Aspect(name, f"the {name}", "", (tuple(frozenset({mention}) for mention in mentions),))


EATING = Taxonomy("place", (), (aspect("food", "soup"), aspect("service", "waiter"), aspect("price", "bill")))
"""Stems: a text with one of these words is on the aspect, and no other text is."""


def small_heads(combined: Mapping[str, Any] = PLAIN, **limits: float) -> Heads:
    """A vector's three numbers are its log-odds of opinion, of praise, and of being a verdict on the whole.

    Aspects and severe complaints have no heads, so that their words decide: log-odds 1 with one, -1 without.
    """
    nothing = Vocabulary(np.empty(0, np.uint32), np.empty(0, np.float32))
    rows = zip((OPINION, STANCE, OVERALL), np.eye(3, dtype=np.float32), strict=True)
    heads = {name: Head(row, np.empty(0, np.float32), 0.0) for name, row in rows}
    return Heads(nothing, nothing, heads, {"digest": "0" * 64, "limits": limits, "combined": combined})


Said = tuple[str, float, float]
"""A unit's words, its log-odds of opinion and those of praise."""


def request(
    *reviews: Sequence[Said], rating: float | None = None, lang: str = "en", whole: float = -9
) -> CodingRequest:
    """Units of these reviews, one behind the other."""
    units, vectors = [], []
    for number, said in enumerate(reviews):
        for place, (text, opinion, stance) in enumerate(said):
            name = f"r{number}"
            units.append(Unit(f"{name}.{place}", name, text, "", rating, lang, 0, len(text)))
            vectors.append((opinion, stance, whole))
    return CodingRequest(units, np.array(vectors, np.float32).reshape(-1, 3), EATING, no_examples(EATING))


def no_examples(aspects: Taxonomy, width: int = 3) -> dict[str, Vectors]:
    """Examples that are near to nothing."""
    names = [*(one.id for one in aspects.aspects), *(SEVERE + one.id for one in taxonomy.severities())]
    return dict.fromkeys(names, np.zeros((1, width), np.float32))
