"""Candidates → ranked passages → evidence. Pure: the candidates are handed in.

Word and vector scores are brought to one scale (z-scores over the candidates) and summed with weights chosen on
development data (see docs/benchmarks.md). Scores are rounded before they order anything, and ties go by id, so
the same library gives the same order on every run.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from rag.records import Passage, Plan, Sentence
from rag.words import content_stems

DENSE_WEIGHT = 0.6
"""Weight of the vector score; the word score has the rest."""
EXACT_LIMIT = 12_000
"""Up to this many sentences a scope is searched exactly; beyond, the indexes name the candidates."""
FETCHED = 400
"""How many candidates each index names in a large scope."""
ENOUGH = 100
"""Where a narrowed scope holds fewer of those that the vector index names, its vectors are compared one by one."""
PER_REVIEW = 2
EVIDENCE = 10
NEAR, HELD_WEIGHT = 0.5, 0.3
"""From this sum of likeness and, weighted, of how much of the focus it names on, a passage is about the question.
Of 34 questions of the corpus about a thing, 22 have such a passage; of 650 that were asked of another title, 34."""
ALSO = 0.4
"""From this sum on it is so too, where another passage shows that reviews speak of it."""
_K1 = 1.2
_B = 0.75
_DIGITS = 4

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Retrieval:
    """How evidence is found; evaluations vary it. Every answer says it."""

    dense_weight: float = DENSE_WEIGHT
    per_review: int = PER_REVIEW
    evidence: int = EVIDENCE

    def stamp(self) -> dict[str, float | int | str]:
        """What an answer says of it."""
        return {**asdict(self), "exact_limit": EXACT_LIMIT}


def bm25(
    stems: Sequence[Sequence[str]],
    terms: Sequence[str],
    counts: Mapping[str, int] | None = None,
    total: int | None = None,
) -> Scores:
    """Okapi BM25 (Robertson et al. 1994) of each sentence for these terms.

    `counts` (sentences that hold a term) and `total` describe the whole collection where only candidates are
    handed in; without them the sentences handed in are the collection.
    """
    lengths = np.array([len(s) for s in stems], np.float64)
    scores = np.zeros(len(stems))
    if not len(stems) or not terms:
        return scores
    mean = max(lengths.mean(), 1.0)
    norms = _K1 * (1 - _B + _B * lengths / mean)
    size = total if total is not None else len(stems)
    for term in dict.fromkeys(terms):
        tf = np.array([s.count(term) for s in stems], np.float64)
        held = counts.get(term, 0) if counts is not None else int((tf > 0).sum())
        idf = math.log(1 + (size - held + 0.5) / (held + 0.5))
        scores += idf * tf * (_K1 + 1) / (tf + norms)
    return scores


def query_vector(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """One unit vector for the vectors of a plan's queries, a row each: the direction of their sum."""
    summed = vectors.sum(axis=0)
    unit: NDArray[np.float32] = summed / np.linalg.norm(summed)
    return unit


def zscores(scores: Scores) -> Scores:
    """Scores with mean 0 and deviation 1; all 0 where they do not differ."""
    deviation = scores.std()
    return np.zeros_like(scores) if deviation < 1e-9 else (scores - scores.mean()) / deviation


def fuse(dense: Scores | None, lexical: Scores, weight: float = DENSE_WEIGHT) -> Scores:
    """The weighted sum of z-scores; words alone where there are no vectors."""
    if dense is None:
        return zscores(lexical)
    return weight * zscores(dense) + (1 - weight) * zscores(lexical)


def speaking(plan: Plan) -> Callable[[Sequence[str], Sequence[str]], bool]:
    """The test whether a sentence, by its stems and those of the one before it in its review, speaks of the focus.

    The focus itself must stand in the sentence. A name asked about may stand in the one before: a pronoun carries it
    on.
    """
    telling = frozenset().union(*plan.mentions)

    def speaks(stems: Sequence[str], before: Sequence[str]) -> bool:
        if plan.mentions:
            # Most sentences hold none of the words, and are done with here.
            if telling.isdisjoint(stems):
                return False
            held = frozenset(stems)
            if not any(phrase <= held for phrase in plan.mentions):
                return False
        return not plan.required or plan.required <= {*stems, *before}

    return speaks


def held(focus: Sequence[str], names: frozenset[str], stems: Sequence[Sequence[str]]) -> Scores:
    """How much of a focus each sentence names, 0 to 1: the share of its stems, each weighing its idf.

    A word that no sentence holds weighs most: what nobody names is likely what nobody speaks of. Where some of its
    stems are names, a sentence has to hold one of them; and a name that none holds is of another title.
    """
    found, whole = np.zeros(len(stems)), 0.0
    for stem in dict.fromkeys(focus):
        holds = np.array([stem in one for one in stems], np.float64)
        if stem in names and not holds.any():
            return np.zeros(len(stems))
        idf = math.log(1 + (len(stems) - holds.sum() + 0.5) / (holds.sum() + 0.5))
        whole += idf
        found += idf * holds
    if names:
        found *= [not names.isdisjoint(one) for one in stems]
    return found / whole if whole else found


def rank(
    plan: Plan,
    sentences: Sequence[Sentence],
    title_ids: Sequence[str],
    stems: Sequence[Sequence[str]],
    dense: Scores | None,
    lexical: Scores,
    weight: float = DENSE_WEIGHT,
) -> list[Passage]:
    """All candidates as passages, best first. `weight` is the vector score's."""
    speaks = speaking(plan)
    place = {(s.review_id, s.ordinal): row for row, s in enumerate(sentences)} if plan.required else {}
    similarity = [None] * len(sentences) if dense is None else np.round(dense, _DIGITS).tolist()
    fused = np.round(fuse(dense, lexical, weight), _DIGITS).tolist()
    words = np.round(lexical, _DIGITS).tolist()
    named = np.round(held(content_stems(plan.focus), plan.names, stems), _DIGITS).tolist()
    passages = []
    for row, sentence in enumerate(sentences):
        before = place.get((sentence.review_id, sentence.ordinal - 1))
        passages.append(
            Passage(
                sentence=sentence,
                title_id=title_ids[row],
                similarity=similarity[row],
                bm25=words[row],
                score=fused[row],
                mentions=speaks(stems[row], () if before is None else stems[before]),
                held=named[row],
            )
        )
    return sorted(passages, key=_best_first)


def near(plan: Plan, passage: Passage, limit: float = NEAR) -> bool:
    """Whether a passage speaks of the focus in other words: it is like the question, and names a part of the focus.

    Below NEAR it need not name any. Of an aspect the opinions tell that better, and somebody's share in one is asked by
    name.
    """
    if plan.whole_aspect is not None or plan.required or not plan.mentions or passage.similarity is None:
        return False
    if not passage.held and (limit >= NEAR or plan.names):
        return False
    return passage.similarity + HELD_WEIGHT * passage.held >= limit


def _best_first(passage: Passage) -> tuple[float, str, int]:
    return -passage.score, passage.sentence.review_id, passage.sentence.ordinal


def spread(ranked: Sequence[Passage], per_review: int = PER_REVIEW, limit: int = EVIDENCE) -> list[Passage]:
    """The best passages, at most `per_review` from one review.

    Every review's best comes before any review's second; of these, each title's best, then each title's next best,
    so that one long review or one much-reviewed title cannot fill the evidence.
    """
    of_review: Counter[str] = Counter()
    of_title: Counter[tuple[int, str]] = Counter()
    placed = []
    said: set[tuple[str, str]] = set()
    for place, passage in enumerate(ranked):
        repeated = (passage.sentence.review_id, passage.sentence.view)
        if repeated in said:
            continue
        said.add(repeated)
        nth = of_review[passage.sentence.review_id]
        of_review[passage.sentence.review_id] += 1
        if nth < per_review:
            placed.append(((nth, of_title[nth, passage.title_id], place), passage))
            of_title[nth, passage.title_id] += 1
    return [passage for _, passage in sorted(placed, key=lambda pair: pair[0])][:limit]
