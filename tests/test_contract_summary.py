"""The JSON of summaries, comparisons and coding: the documented fields, what they mean, and nothing that acts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from rag import contract, contract_summary
from rag.library import Library
from tests.doubles import WordCoder
from tests.written import put

# design.md, "The command line"; behind each |, what was added since.
SUMMARY = {
    "title", "totals", "overall", "statement", "findings", "disagreements", "minorities", "slices", "matrix",
    "citations", "engine", "coder", "changed", "usage", "warnings",
} | {"schema", "made", "dropped"}  # fmt: skip
TOTALS = {"reviews", "coded", "no_opinion", "failed", "uncoded"}
OVERALL = {
    "positive", "negative", "mixed", "positive_share", "negative_share", "unadjusted", "adjusted", "adjusted_why",
} | {"contradictions"}  # fmt: skip
FINDING = {
    "id", "aspect", "mentioning", "praised", "criticised", "mixed", "praised_share", "criticised_share", "adjusted",
    "adjusted_why", "words", "citations", "stale",
} | {"verdict", "themes"}  # fmt: skip
SHARE = {"value", "low", "high", "n", "k"}
SLICE = {"from", "to", "aspect_id", "totals", "praised_share", "criticised_share"}
CITATION = {
    "id", "review_id", "title_id", "critic", "outlet", "date", "url", "start", "end", "quote", "before", "after",
    "stance", "stance_score",
}  # fmt: skip
ENGINE = {"name", "model", "prompt", "coder", "embedder", "retrieval", "version", "generation", "fallback"}
COMPARISON = {"titles", "aspects", "citations", "warnings"} | {"schema", "totals"}
DIFFERENCE = {"aspect", "shares", "difference", "holds", "citations"} | {"counts"}


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    library = open_library(engine=WordCoder())
    for title, best in (("Salt\u202e", 3), ("Lamp", 1)):
        rows = [
            {"text": f"The ending\u009b31m is a {'lovely' if n < best else 'dreadful'} \u202epiece\x1b[2J.",
             "critic": f"A\x1bnn {n} =é", "date": f"2024-0{n + 1}-03", "rating": f"{n + 1}/5"}
            for n in range(4)
        ]  # fmt: skip
        put(library, *rows, "There was a fire in row nine.", "A keeper lives by the sea.", title=title)
    return library


@pytest.fixture
def shown(library: Library) -> dict[str, Any]:
    return contract_summary.summary(library.summary("Salt\u202e"))


def test_a_summary_has_every_documented_field_and_no_other(shown: dict[str, Any]) -> None:
    assert set(shown) == SUMMARY
    assert shown["schema"] == "pullquote.summary/1"
    assert set(shown["title"]) == {"id", "name"}
    assert set(shown["totals"]) == TOTALS
    assert set(shown["overall"]) == OVERALL
    assert set(shown["overall"]["unadjusted"]) == {"k", "n"}
    assert set(shown["statement"][0]) == {"kind", "text", "citations", "findings"}
    for finding in shown["findings"]:
        assert set(finding) == FINDING
        assert set(finding["aspect"]) == {"id", "name"}
        assert set(finding["words"]) == {"praised", "criticised"}
        assert set(finding["citations"]) == {"for", "against"}
        assert set(finding["praised_share"]) == set(finding["criticised_share"]) == SHARE
    assert set(shown["minorities"][0]) == {"category", "text", "reviews", "citations"}
    for one in shown["slices"]:
        assert set(one) == SLICE
    assert set(shown["matrix"]) == {"reviews", "aspects", "cells"}
    assert set(shown["matrix"]["cells"][0]) == {"review_id", "aspect_id", "stance", "score", "citation"}
    assert all(set(citation) == CITATION for citation in shown["citations"])
    assert set(shown["engine"]) == ENGINE
    assert set(shown["coder"]) == {"identity", "measured"}
    assert set(shown["usage"]) == {"prompt_tokens", "completion_tokens", "cost_usd"}


def test_the_sides_of_a_finding_are_those_that_only_praise_only_criticise_and_do_both(
    open_library: Callable[..., Library],
) -> None:
    library = open_library(engine=WordCoder())
    put(library, *({"text": "The ending is a lovely piece.", "critic": f"Critic {n}"} for n in range(4)),
        "The ending is a dreadful piece.", "The ending is a lovely piece. The ending is a dreadful one.",
        "The ending is mentioned here.")  # fmt: skip
    (finding,) = contract_summary.summary(library.summary("Salt"))["findings"]
    assert [finding[name] for name in ("mentioning", "praised", "criticised", "mixed")] == [7, 4, 1, 1]
    assert (finding["praised_share"]["k"], finding["praised_share"]["n"]) == (5, 7)
    assert (finding["criticised_share"]["k"], finding["criticised_share"]["n"]) == (2, 7)
    assert finding["words"] == {"praised": "most", "criticised": "some"}
    assert finding["adjusted"] is None and finding["adjusted_why"]


def test_ids_point_to_what_is_there(library: Library, shown: dict[str, Any]) -> None:
    cited = {citation["id"] for citation in shown["citations"]}
    findings = {finding["id"] for finding in shown["findings"]}
    used = [number for one in shown["statement"] for number in one["citations"]]
    used += [number for one in shown["findings"] for side in one["citations"].values() for number in side]
    used += [number for one in shown["minorities"] for number in one["citations"]]
    used += [cell["citation"] for cell in shown["matrix"]["cells"]]
    assert set(used) == cited
    assert {name for one in shown["statement"] for name in one["findings"]} | set(shown["disagreements"]) <= findings
    assert set(shown["matrix"]["reviews"]) <= {review.id for review in library.reviews("Salt\u202e")[0]}
    assert {cell["aspect_id"] for cell in shown["matrix"]["cells"]} <= set(shown["matrix"]["aspects"]) == findings


def test_the_whole_and_the_aspects_are_sliced_by_time(shown: dict[str, Any]) -> None:
    of_ending = [(one["from"], one["totals"]["reviews"]) for one in shown["slices"] if one["aspect_id"] == "ending"]
    whole = [(one["from"], one["totals"]["reviews"]) for one in shown["slices"] if one["aspect_id"] is None]
    assert of_ending == whole == [("2024-01", 1), ("2024-02", 1), ("2024-03", 1), ("2024-04", 1)]
    assert all(one["from"] == one["to"] for one in shown["slices"])


def test_what_coded_and_how_well_it_does_is_in_the_summary(shown: dict[str, Any]) -> None:
    assert shown["coder"]["identity"] == shown["engine"]["coder"]
    assert shown["coder"]["measured"] == []  # nobody measured this double
    assert shown["overall"]["adjusted_why"] == "how often this coder errs was not measured"


def test_a_comparison_has_every_documented_field_and_no_other(library: Library) -> None:
    found = contract_summary.comparison(library.compare("Salt\u202e", "Lamp"))
    assert set(found) == COMPARISON
    assert [set(title) for title in found["titles"]] == [{"id", "name"}] * 2
    (ending,) = (one for one in found["aspects"] if one["aspect"]["id"] == "ending")
    assert set(ending) == DIFFERENCE
    assert [set(share) for share in ending["shares"]] == [SHARE] * 2
    assert set(ending["difference"]) == {"value", "low", "high", "method"}
    assert len(ending["citations"]) == 2
    cited = {citation["id"] for citation in found["citations"]}
    assert {number for one in found["aspects"] for side in one["citations"] for number in side} == cited
    assert all(set(citation) == CITATION for citation in found["citations"])


def test_what_a_coding_run_did_is_told_by_title(library: Library) -> None:
    other = WordCoder()
    other.wording = "other words"
    with Library.open(library.path, engine=other, embedder=library.embedder, index=None) as again:
        found = contract_summary.coded(again.code(["Lamp"]))
    assert set(found) == {"schema", "titles", "usage", "warnings"}
    (title,) = found["titles"]
    assert set(title) == {"id", "name", "coder", "read", "opinions", "failed"}
    assert (title["name"], title["read"], title["opinions"], title["failed"]) == ("Lamp", 6, 5, 0)


def test_everything_is_printable_ascii(library: Library, shown: dict[str, Any]) -> None:
    for value in (shown, contract_summary.comparison(library.compare("Salt\u202e", "Lamp"))):
        assert contract.dump(value).isascii() and contract.dump(value).isprintable()
        assert json.loads(contract.dump(value)) == json.loads(json.dumps(value))
