"""The contract: the JSON of every verb has the fields it promises, and nothing in it can act on a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag import contract
from rag.errors import UnknownTitle
from rag.library import Library

ANSWER = {
    "schema", "question", "status", "reason", "plan", "scope", "claims", "citations", "nearest", "coverage", "engine",
    "dropped", "usage", "warnings",
}  # fmt: skip
CITATION = {
    "id", "review_id", "title_id", "critic", "outlet", "date", "url", "start", "end", "quote", "before", "after",
    "stance", "stance_score",
}  # fmt: skip
COVERAGE = {
    "title_id", "reviews", "coded", "no_opinion", "failed", "uncoded", "mentioning", "positive", "negative", "mixed",
    "positive_share", "negative_share", "words",
}  # fmt: skip
ENGINE = {"name", "model", "prompt", "coder", "embedder", "retrieval", "version", "generation", "fallback"}


@pytest.fixture
def hostile(library: Library, tmp_path: Path) -> Library:
    (tmp_path / "x.jsonl").write_text(
        json.dumps({"text": "The ending\u009b31m \u202eburns\x1b[2J it.", "critic": "A\x1bnn"})
    )
    library.add([tmp_path / "x.jsonl"], title="Salt", kind="film")
    return library


def test_an_answer_has_every_field(hostile: Library) -> None:
    found = contract.answer(hostile.ask("How is the ending?"), explain=True)
    assert set(found) == ANSWER | {"explain"}
    assert set(found["citations"][0]) == CITATION
    assert set(found["coverage"][0]) == COVERAGE
    assert set(found["engine"]) == ENGINE
    assert set(found["claims"][0]) == {"kind", "text", "citations", "support"}
    assert set(found["plan"]) == {"focus", "aspect", "stance", "kind", "severe", "filters"}
    assert set(found["explain"]["candidates"][0]) == {"review_id", "start", "end", "scores", "mentions", "chosen"}
    assert found["coverage"][0]["words"] == {"positive": None, "negative": None}


def test_everything_is_printable_ascii(hostile: Library) -> None:
    (review,), total = hostile.reviews("Salt")
    for value in (
        contract.answer(hostile.ask("How is the ending?")),
        contract.review(review),
        contract.reviews([review], total),
        contract.titles(hostile.titles()),
        contract.error(UnknownTitle("no \x1b[2J", "hm", nearest=["\u202e"])),
    ):
        assert contract.dump(value).isascii() and contract.dump(value).isprintable()
        assert json.loads(contract.dump(value))["schema"].startswith("pullquote.")
