"""The offline engine: it selects and orders sentences of reviews and says who said them.

Its own words come from the closed set of patterns below, so there is nothing in them that could be untrue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.engines import coding, heads, statement
from rag.engines.base import AnswerRequest, CodingRequest, StatementRequest, Task
from rag.findings import DraftStatement
from rag.records import BadLine, DraftClaim, DraftEnd, DraftOpinions, Dropped, Evidence

VERSION = "1"
QUOTES = 5
"""At most this many quotes in an answer; a reader can take in no more."""
_MARGIN = 1.5
"""A second quote of one review must score within this of the best (z-scores), or it only repeats."""

_FIRST = (
    "{who} writes: “{quote}”",
    "{who} says: “{quote}”",
    "{who} notes: “{quote}”",
    "{who} puts it this way: “{quote}”",
)
_AGAIN = ("{who} adds: “{quote}”", "{who} also says: “{quote}”")
_UNSIGNED = ("An unsigned review", "Another unsigned review")
_SAME_UNSIGNED = "The same review"


class ExtractiveEngine:
    """An `Engine` that needs no model."""

    def identity(self, task: Task) -> str:
        """The engine and the version of its patterns."""
        if task == "code":
            return f"extractive@{VERSION}/{heads.identity(heads.model_card())}"
        return f"extractive@{VERSION}/{task}"

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        """By heads over vectors and words."""
        return coding.draft_opinions(heads.load(), request)

    def reads(self, embedder: str) -> bool:
        """The heads read the vectors of the model they were trained on."""
        return heads.knows(embedder)

    model = None

    def prompt(self, task: Task) -> None:
        """It has none."""

    def draft_statement(self, request: StatementRequest) -> DraftStatement:
        """From patterns."""
        return DraftStatement(tuple(statement.draft_statement(request)))

    def draft_answer(
        self, request: AnswerRequest, faults: Sequence[Dropped] = ()
    ) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        """One quote a claim, the best reviews first, a review's second quote right behind its first.

        What was refused of it stays refused: it would only write the same again.
        """
        if faults:
            yield DraftEnd(complete=True)
            return
        going_on = {item.continues: item.id for item in request.evidence if item.continues}
        several = len({item.title for item in request.evidence}) > 1
        unsigned = 0
        for number, group in enumerate(_by_review(_selected(request.evidence))):
            if request.cancelled():
                yield DraftEnd(complete=False)
                return
            first = group[0]
            who = _name(first) or _UNSIGNED[min(unsigned, 1)]
            about = f", on {first.title}," if several else ""
            unsigned += not first.critic and not first.outlet
            yield DraftClaim("quote", _fill(_FIRST[number % len(_FIRST)], who + about), _ids(first, going_on))
            for nth, other in enumerate(group[1:]):
                again = (first.critic or _SAME_UNSIGNED) if _name(first) is None or first.critic else who
                yield DraftClaim("quote", _fill(_AGAIN[nth % len(_AGAIN)], again), _ids(other, going_on))
        yield DraftEnd(complete=True)


def _selected(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence of each review, then second ones while there is room and they are nearly as good."""
    if not evidence:
        return []
    best = max(item.passage.score for item in evidence)
    seen: set[str] = set()
    firsts, seconds = [], []
    for item in (item for item in evidence if item.continues is None):
        review = item.passage.sentence.review_id
        if review not in seen:
            firsts.append(item)
        elif best - item.passage.score <= _MARGIN:
            seconds.append(item)
        seen.add(review)
    return [*firsts, *seconds][:QUOTES]


def _ids(item: Evidence, going_on: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence, with the one it goes on with where it is too short to stand alone."""
    return (item.id, going_on[item.id]) if item.id in going_on else (item.id,)


def _by_review(chosen: Sequence[Evidence]) -> list[list[Evidence]]:
    """Quotes of one review together and in the order it says them; reviews in the order they were chosen."""
    groups: dict[str, list[Evidence]] = {}
    for item in chosen:
        groups.setdefault(item.passage.sentence.review_id, []).append(item)
    return [sorted(group, key=lambda item: item.passage.sentence.ordinal) for group in groups.values()]


def _name(item: Evidence) -> str | None:
    if item.critic and item.outlet:
        return f"{item.critic} ({item.outlet})"
    return item.critic or (f"A review in {item.outlet}" if item.outlet else None)


def _fill(pattern: str, who: str) -> str:
    """A pattern with its speaker; the quote is filled in by code, from the review."""
    return pattern.replace("{who}", who.replace("{quote}", ""))
