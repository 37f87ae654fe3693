"""How good an answer is, against what is known of the right one. Pure.

A metric of one question is None where it does not apply, and then the question is left out of the mean; it is never
counted as 0. Passages are spans of a review's text in code points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ir_measures


@dataclass(frozen=True)
class Passage:
    """``text[start:end]`` of a review."""

    review: str
    start: int
    end: int

    def overlaps(self, other: Passage) -> bool:
        """Whether they share at least one code point."""
        return self.review == other.review and self.start < other.end and other.start < self.end


def evidence_recall(retrieved: Sequence[Passage], gold: Sequence[Sequence[Passage]], k: int) -> float | None:
    """hits@k / min(k, gold): of the gold items that could be among the first k retrieved, the share that is.

    A gold item is what one retrieved passage can answer, a sentence say, given as its places: the clauses that do so.
    It is hit when a retrieved passage overlaps one of them. Dividing by min(k, gold), rather than by gold as plain
    recall@k does, leaves 1 reachable where there are more than k right items ("R-precision at a cutoff"; trec_eval's
    plain recall@5 of a question with 20 gold items cannot exceed .25). One long retrieved passage may hit several
    items, so the value is capped at 1. None without gold.

    >>> gold = [[Passage("a", 0, 9)], [Passage("b", 5, 9), Passage("b", 14, 19)], [Passage("c", 0, 4)]]
    >>> evidence_recall([Passage("a", 4, 20), Passage("b", 9, 14)], gold, k=2)
    0.5
    """
    if not gold:
        return None
    first = retrieved[:k]
    hits = sum(any(found.overlaps(place) for found in first for place in places) for places in gold)
    return min(1.0, hits / min(k, len(gold)))


def citation_precision(cited: Sequence[Passage], gold: Sequence[Passage]) -> float | None:
    """The share of the cited passages that overlap a gold one; a passage that is nowhere, or of no review, is wrong.

    After ALCE (Gao et al., "Enabling Large Language Models to Generate Text with Citations", 2023), where a citation is
    right when it supports the sentence. That is judged there by a model; here the gold passages say what answers the
    question, so a true quote that answers another question is wrong too. It says nothing of what was left out.
    None where nothing is cited.

    >>> citation_precision([Passage("a", 0, 9), Passage("z", 0, 9)], [Passage("a", 5, 7)])
    0.5
    """
    if not cited:
        return None
    return sum(any(passage.overlaps(right) for right in gold) for passage in cited) / len(cited)


def count_error(counted: int, right: int, of: int) -> float:
    """How far a count is from the right one, as a part of what is counted: |counted - right| / of.

    The absolute error of a prevalence (G. Forman, "Quantifying Counts and Costs via Classification", 2008). Errors that
    cancel out, one review missed and another wrongly counted, are none. Raises ValueError where nothing is counted.

    >>> count_error(7, 9, of=20)
    0.1
    """
    if of <= 0:
        raise ValueError("a count is of something")
    return abs(counted - right) / of


def quotes_verbatim(quotes: Iterable[tuple[str, str]]) -> float | None:
    """The share of pairs (quote, the text at its place) that are equal, code point by code point. None without quotes.

    Anything below 1 is an invented quote: there is no tolerance, and nearly verbatim is not verbatim.

    >>> quotes_verbatim([("Dull.", "Dull."), ("dull.", "Dull.")])
    0.5
    """
    kept = [quote == there for quote, there in quotes]
    return sum(kept) / len(kept) if kept else None


def ndcg(retrieved: Sequence[Passage], gold: Sequence[Sequence[Passage]], k: int) -> float | None:
    """nDCG@k with binary gains (Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", 2002).

    Computed by ir-measures (pytrec_eval). A gold item counts once, at its first place; a retrieved passage that
    overlaps several counts for one of them. It rewards order, which evidence recall does not, and where there are more
    gold items than k it never reaches what a reader would call complete. None without gold.

    >>> round(ndcg([Passage("a", 0, 9), Passage("b", 0, 9)], [[Passage("b", 2, 5)]], k=10), 3)
    0.631
    """
    if not gold:
        return None
    hit: dict[int, int] = {}
    for place, found in enumerate(retrieved[:k]):
        items = (n for n, places in enumerate(gold) if n not in hit and any(found.overlaps(one) for one in places))
        item = next(items, None)
        if item is not None:
            hit[item] = place
    qrels = {"q": {f"gold{n}": 1 for n in range(len(gold))}}
    by_place = {place: f"gold{item}" for item, place in hit.items()}
    run = {"q": {by_place.get(place, f"other{place}"): float(-place) for place in range(min(k, len(retrieved)))}}
    return (
        float(ir_measures.calc_aggregate([ir_measures.nDCG @ k], qrels, run)[ir_measures.nDCG @ k]) if run["q"] else 0.0
    )


def wording(text: str, must: Sequence[Sequence[str]], must_not: Sequence[str]) -> float | None:
    """Of the groups of wordings, the share of which one stands in the text; 0 where a forbidden one does.

    As whole words, in any case of letters. It knows no synonyms, so a right answer in other words fails. None where
    nothing is asked.

    >>> wording("None of them cried.", [["none", "nobody"], ["laughed"]], ["everyone"])
    0.5
    """
    if not must and not must_not:
        return None
    if any(_holds(text, word) for word in must_not):
        return 0.0
    return sum(any(_holds(text, word) for word in group) for group in must) / len(must) if must else 1.0


def _holds(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word.casefold())}(?!\w)", text.casefold()) is not None


def coverage(found: Iterable[str], right: Iterable[str]) -> float | None:
    """The share of the right names that are among the found; None without right ones. More found cost nothing here.

    >>> coverage(["acting", "sound"], ["acting", "ending"])
    0.5
    """
    wanted = set(right)
    return len(wanted & set(found)) / len(wanted) if wanted else None


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are there; None of none."""
    kept = [value for value in values if value is not None]
    return sum(kept) / len(kept) if kept else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
