"""What running a case gave, as plain JSON: what a run keeps of it, and what its scores are made of.

Reviews go by the names that the cases use: those of our corpus, else the library's ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evals.cases import AskCase, OrderCase, TitleCase
from rag.errors import InputError, UnknownReview
from rag.evidence import overall
from rag.export import ExportFormat
from rag.findings import Consensus
from rag.library import Library
from rag.records import Answer, Citation, Opinion, Passage
from rag.search import retrieve

Outcome = dict[str, Any]
Names = Mapping[str, str]
_EVIDENCE = 12
_SHOWN_RIGHT = 6


def ask(library: Library, case: AskCase | OrderCase, names: Names) -> Outcome:
    """The answer to a case's question, behind the answers to those asked before it. Raises PullquoteError."""
    previous: Answer | None = None
    if isinstance(case, OrderCase):
        return _answer(library, library.ask(case.question, titles=[case.title]), names)
    for turn in case.before:
        previous = library.ask(turn.question, titles=turn.titles or None, previous=previous)
    found = _answer(library, library.ask(case.question, titles=case.titles or None, previous=previous), names)
    return found | {"right": _right(library, case, names)}


def _right(library: Library, case: AskCase, names: Names) -> list[str]:
    """The words that answer it, for whoever reads a report."""
    ids = {name: id_ for id_, name in names.items()}
    spans = [item[0] for item in case.evidence]
    try:
        texts = {name: library.review(ids.get(name, name)).text for name in {span.review for span in spans}}
    except UnknownReview as error:
        raise InputError(
            f"The right answer cites a review that is not there any more: {error.message}",
            "If the reviews were changed on purpose, delete the case and approve it anew with: pullquote eval add",
        ) from None
    return [texts[one.review][one.start : one.end] for one in spans[:_SHOWN_RIGHT]]


def _answer(library: Library, found: Answer, names: Names) -> Outcome:
    # In the order in which the engine was handed them.
    handed = retrieve.spread([p for p in found.candidates if p.sentence.id in found.chosen], limit=_EVIDENCE)
    titles = {title.id: title.name for title in found.titles}
    return {
        "status": found.status,
        "focus": found.plan.focus,
        "reason": found.reason,
        "claims": [asdict(claim) for claim in found.claims],
        "citations": [_citation(library, one, names) for one in found.citations],
        "nearest": list(found.nearest),
        "evidence": [_passage(one, names) for one in handed],
        "counts": [_counted(asdict(one), titles) for one in found.coverage],
        "dropped": [asdict(one) for one in found.dropped],
        "fallback": found.engine.fallback,
        "usage": asdict(found.usage),
        "warnings": list(found.warnings),
        "engine": asdict(found.engine),
    }


def _citation(library: Library, one: Citation, names: Names) -> Outcome:
    """A quote beside what stands at its place in the stored review."""
    there = library.review(one.review_id).text[one.start : one.end]
    found = {"id": one.id, "review": names.get(one.review_id, one.review_id), "start": one.start, "end": one.end}
    return found | {"quote": one.quote, **({} if there == one.quote else {"there": there})}


def _passage(one: Passage, names: Names) -> Outcome:
    sentence = one.sentence
    review = names.get(sentence.review_id, sentence.review_id)
    return {"review": review, "start": sentence.start, "end": sentence.end, "text": sentence.view}


def _counted(coverage: Mapping[str, Any], titles: Mapping[str, str]) -> Outcome:
    kept = ("reviews", "mentioning", "positive", "negative", "mixed")
    return {"title": titles[coverage["title_id"]]} | {name: coverage[name] for name in kept}


def summary(library: Library, case: TitleCase, names: Names) -> Outcome:
    """The consensus of a title. Raises PullquoteError."""
    found: Consensus = library.summary(case.title)
    return {
        "statement": [sentence.text for sentence in found.statement],
        "counts": [{"title": one.aspect, "reviews": found.totals.read, **_sides(one.counts)} for one in found.findings],
        "verdicts": {one.aspect: one.verdict for one in found.findings},
        "severe": [
            {"category": one.category, "reviews": sorted({names.get(q.review_id, q.review_id) for q in one.quotes})}
            for one in found.minorities
        ],
        "citations": [_citation(library, one, names) for one in found.citations],
        "dropped": [asdict(one) for one in found.dropped],
        "usage": asdict(found.usage),
        "warnings": list(found.warnings),
        "engine": asdict(found.engine),
    }


def _sides(counts: Any) -> Outcome:
    kept = ("mentioning", "positive", "negative", "mixed")
    return {name: getattr(counts, name) for name in kept}


def code(library: Library, case: TitleCase, names: Names) -> Outcome:
    """What the active coder says each review does with each aspect. Raises PullquoteError."""
    exported = json.loads("".join(library.export(ExportFormat.json, [case.title])))
    said: dict[tuple[str, str], list[Opinion]] = {}
    for row in exported["opinions"]:
        opinion = Opinion(**row)
        said.setdefault((names.get(opinion.review_id, opinion.review_id), opinion.aspect), []).append(opinion)
    stances: dict[str, dict[str, str]] = {}
    for (review, aspect), opinions in said.items():
        stances.setdefault(review, {})[aspect] = overall.stance_on(opinions)
    return {"stances": stances, "coder": next((row["coder"] for row in exported["opinions"]), None)}


RUN: Mapping[str, Callable[[Library, Any, Names], Outcome]] = {
    "ask": ask,
    "order": ask,
    "summary": summary,
    "code": code,
}
"""By task."""


def quoted_out(text: str, quotes: Sequence[str]) -> str:
    """A sentence without the exact quotes that it shows as quotes."""
    for quote in sorted(filter(None, quotes), key=len, reverse=True):
        text = text.replace(f"“{quote}”", "“”")
    return text
