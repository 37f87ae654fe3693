"""The JSON that leaves the program: records → the objects that docs/contract.md describes. Pure.

Each object has a `schema`; fields may be added under the same number, a removal is a new number.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.errors import PullquoteError
from rag.records import AddReport, Answer, Check, Passage, Plan, Removal, Review, Title

if TYPE_CHECKING:
    from rag.engines.prompts import Messages, Prompt
    from rag.health import Rebuilt

Json = dict[str, Any]


def dump(value: Json) -> str:
    """One line of JSON, ASCII-escaped: no control character of a review reaches a terminal."""
    return json.dumps(value, ensure_ascii=True)


def answer(found: Answer, *, explain: bool = False) -> Json:
    """`pullquote.answer/1`; with `explain`, every candidate with its scores."""
    result: Json = {
        "schema": "pullquote.answer/1",
        "question": found.question,
        "status": found.status,
        "reason": found.reason,
        "plan": plan(found.plan),
        "scope": {"titles": [{"id": t.id, "name": t.name} for t in found.titles], "reviews": found.reviews},
        "claims": [asdict(claim) for claim in found.claims],
        "citations": [asdict(citation) for citation in found.citations],
        "nearest": list(found.nearest),
        "coverage": [asdict(coverage) for coverage in found.coverage],
        "engine": asdict(found.engine),
        "dropped": [asdict(dropped) for dropped in found.dropped],
        "usage": asdict(found.usage),
        "warnings": list(found.warnings),
    }
    if explain:
        result["explain"] = {
            "candidates": [_candidate(passage, found.chosen) for passage in found.candidates],
            "drops": result["dropped"],
        }
    return result


def plan(found: Plan) -> Json:
    """What the question asks for."""
    return {
        "focus": found.focus,
        "aspect": found.aspect,
        "stance": found.stance,
        "kind": found.kind,
        "severe": list(found.severe),
        "filters": _filters(found),
    }


def _filters(found: Plan) -> Json:
    """Only what narrows: the people whom the question names, and what the asker set."""
    by = {"by": ", ".join(found.people)} if found.people else {}
    return by | {name: value for name, value in asdict(found.filters).items() if value}


def _candidate(passage: Passage, chosen: frozenset[str]) -> Json:
    sentence = passage.sentence
    return {
        "review_id": sentence.review_id,
        "start": sentence.start,
        "end": sentence.end,
        "scores": {"similarity": passage.similarity, "bm25": passage.bm25, "score": passage.score},
        "mentions": passage.mentions,
        "chosen": sentence.id in chosen,
    }


def titles(found: Sequence[Title], opinions: Mapping[str, int] | None = None) -> Json:
    """`pullquote.titles/1`; `opinions` are counted by title id."""
    counted = opinions or {}
    rows = [
        {"id": t.id, "name": t.name, "kind": t.kind, "reviews": t.reviews, "opinions": counted.get(t.id, 0)}
        for t in found
    ]
    return {"schema": "pullquote.titles/1", "titles": rows}


def review(found: Review) -> Json:
    """`pullquote.review/1`."""
    return {"schema": "pullquote.review/1", **one_review(found)}


def reviews(found: Sequence[Review], total: int) -> Json:
    """`pullquote.reviews/1`: one page, and how many there are in all."""
    return {"schema": "pullquote.reviews/1", "reviews": [one_review(one) for one in found], "total": total}


def one_review(found: Review) -> Json:
    """A review as it stands in every object that holds reviews."""
    return {
        "id": found.id,
        "title_id": found.title_id,
        "critic": found.critic,
        "outlet": found.outlet,
        "date": found.date,
        "rating": found.rating,
        "url": found.url,
        "lang": found.lang,
        "sources": list(found.sources),
        "near_duplicate_of": found.near_duplicate_of,
        "batch": found.batch,
        "state": found.state,
        "text": found.text,
    }


def removal(found: Removal) -> Json:
    """`pullquote.removal/1`: what `remove` and `restore` did."""
    return {"schema": "pullquote.removal/1", **asdict(found)}


def edited(title: Title, joined: int) -> Json:
    """`pullquote.title/1`: a title after an edit, and how many votes became one with another."""
    row = titles([title])["titles"][0]
    return {"schema": "pullquote.title/1", **row, "aliases": list(title.aliases), "joined": joined}


def backed_up(file: str, size: int) -> Json:
    """`pullquote.backup/1`: the file, and its size in bytes."""
    return {"schema": "pullquote.backup/1", "file": file, "bytes": size}


def added(report: AddReport) -> Json:
    """`pullquote.add/1`."""
    return {"schema": "pullquote.add/1", **asdict(report)}


def checks(found: Sequence[Check]) -> Json:
    """`pullquote.doctor/1`."""
    return {"schema": "pullquote.doctor/1", "checks": [asdict(check) for check in found]}


def rebuilt(done: Rebuilt) -> Json:
    """`pullquote.rebuild/1`: what the index held before and after."""
    return {"schema": "pullquote.rebuild/1", **asdict(done)}


def model(name: str, folder: str) -> Json:
    """`pullquote.model/1`: which model lies where."""
    return {"schema": "pullquote.model/1", "name": name, "folder": folder}


def error(found: PullquoteError) -> Json:
    """`pullquote.error/1`."""
    return {
        "schema": "pullquote.error/1",
        "error": {
            "code": found.code,
            "message": found.message,
            "hint": found.hint,
            "details": dict(found.details),
            "retryable": found.retryable,
        },
    }


def prompts(found: Sequence[Prompt]) -> Json:
    """`pullquote.prompts/1`"""
    return {
        "schema": "pullquote.prompts/1",
        "prompts": [
            {
                "identity": prompt.identity,
                "name": prompt.name,
                "version": prompt.version,
                "purpose": prompt.purpose,
                "variables": list(prompt.variables),
                "form": prompt.form,
                "settings": dict(prompt.settings),
                "system": prompt.system,
                "user": prompt.user,
            }
            for prompt in found
        ],
    }


def rendered(name: str, messages: Messages, tokens: int) -> Json:
    """`pullquote.rendered_prompt/1`"""
    told = [{"role": role, "text": text} for role, text in messages]
    return {"schema": "pullquote.rendered_prompt/1", "prompt": name, "messages": told, "tokens": tokens}
