"""The offline statement: it reads as prose, names what it rests on, and holds no number of its own.

Its wording is free to change; what is checked is what any wording must keep.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from rag.engines.base import StatementRequest
from rag.engines.statement import draft_statement
from rag.evidence import verdicts
from rag.evidence.statement import MOST_SENTENCES, fill
from rag.findings import DraftSentence, Finding
from rag.records import Counts
from rag.taxonomy import OTHER, OVERALL
from tests.some_findings import any_counts, counts, finding

NAMES = ["the acting", "the visuals", "the music", "the ease of use", "the prices", "the script", "the loudness", "the ads"]  # fmt: skip
_SLOT = re.compile(r"\{(?:praised|criticised):([a-z-]+)(?::(?:short|each))?\}")
REVIEWS = 60


@st.composite
def requests(draw: st.DrawFn) -> StatementRequest:
    """Any title's findings, those that say most first, with or without a verdict on the whole."""
    names = draw(st.lists(st.sampled_from([*NAMES, OTHER]), unique=True, max_size=9))
    found = [
        finding(name.removeprefix("the ").replace(" ", "-"), draw(any_counts), name, quoted=draw(st.booleans()))
        for name in names
    ]
    said = [one for one in found if one.counts.mentioning]
    overall = whole(draw(any_counts)) if draw(st.booleans()) else None
    return StatementRequest(draw(st.text(max_size=12)), REVIEWS, verdicts.ranked(said, REVIEWS), overall)


def whole(found: Counts) -> Finding:
    one = finding(OVERALL, found, "the whole")
    return Finding(one.id, one.aspect, one.name, found, verdicts.verdict_on_whole(found), one.praised, one.criticised)


def known(request: StatementRequest) -> dict[str, Finding]:
    return {one.id: one for one in (*request.findings, request.overall) if one is not None}


@given(requests())
def test_every_sentence_names_the_findings_its_slots_are_of(request: StatementRequest) -> None:
    for draft in draft_statement(request):
        assert draft.findings
        assert set(_SLOT.findall(draft.text)) <= set(draft.findings) <= known(request).keys()
        assert OTHER not in draft.findings


@given(requests())
def test_no_digit_stands_outside_a_slot_and_at_most_three_aspects_share_a_sentence(request: StatementRequest) -> None:
    for draft in draft_statement(request):
        assert not re.search(r"\d", _SLOT.sub("", draft.text))
        assert len(draft.findings) == len(set(draft.findings)) <= 3


@given(requests())
def test_an_aspect_is_spoken_of_once(request: StatementRequest) -> None:
    named = [name for draft in draft_statement(request) for name in draft.findings]

    assert len(named) == len(set(named))


@given(requests())
def test_every_sentence_holds_and_reads_as_prose(request: StatementRequest) -> None:
    drafts = draft_statement(request)

    filled, dropped = fill(drafts, known(request), REVIEWS, [one.name for one in request.findings])

    assert dropped == []
    assert len(filled) == len(drafts) <= MOST_SENTENCES
    for one in filled:
        assert not re.search(r"[{}]|  |\bthe the\b|\b(\w+) \1\b|\s[.,;:]|\(\)|,\.", one.text, re.IGNORECASE), one.text
        assert re.match(r"[A-Z]", one.text), one.text
        assert one.text.endswith(".")
        assert one.text.count("(") == one.text.count(")")


@given(requests())
def test_something_is_said_wherever_an_aspect_is_mentioned(request: StatementRequest) -> None:
    mentioned = any(one.aspect != OTHER for one in request.findings)

    assert draft_statement(request) or not mentioned


def test_of_what_nobody_mentions_nothing_is_said() -> None:
    assert draft_statement(StatementRequest("Salt", 20, [])) == []
    assert draft_statement(StatementRequest("Salt", 20, [finding(OTHER, counts(5))])) == []


@given(requests())
def test_a_verdict_on_the_whole_and_a_side_of_an_aspect_are_two_sentences(request: StatementRequest) -> None:
    sides = {one.verdict for one in request.findings if _worth_saying(one) and one.praised and one.criticised}
    whole_said = request.overall is not None and request.overall.verdict != "neither"

    told = draft_statement(request)

    if whole_said and sides - {"neither"}:
        assert 2 <= len(told) <= 5
        assert told[0].findings == (OVERALL,)


def _worth_saying(one: Finding) -> bool:
    return one.aspect != OTHER and one.counts.mentioning >= max(2, REVIEWS / 10)


@given(requests())
def test_a_sentence_with_a_side_rests_on_quotes(request: StatementRequest) -> None:
    for draft in draft_statement(request):
        for side, name in re.findall(r"\{(praised|criticised):([a-z-]+)", draft.text):
            one = known(request)[name]
            if one.verdict in (side, "divided"):
                assert one.praised if side == "praised" else one.criticised


@given(requests())
def test_the_same_title_always_reads_the_same(request: StatementRequest) -> None:
    assert draft_statement(request) == draft_statement(request)


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1), any_counts)
def test_a_single_review_is_one_sentence_without_a_count(names: list[str], found: Counts) -> None:
    one = [finding(name.removeprefix("the ").replace(" ", "-"), counts(1), name) for name in names]

    (draft,) = draft_statement(StatementRequest("Salt", 1, one, whole(found)))

    assert "{" not in draft.text
    assert draft.findings == tuple(item.id for item in one[:3])
    assert all(item.name in draft.text for item in one[:3])


def said(*findings: Finding, title: str = "Salt") -> Sequence[DraftSentence]:
    return draft_statement(StatementRequest(title, 20, findings))


def test_praise_comes_before_blame_and_blame_before_what_divides() -> None:
    found = said(finding("ending", counts(6, 6)), finding("pacing", counts(1, 8)), finding("acting", counts(9)))

    assert [draft.findings for draft in found] == [("acting",), ("pacing",), ("ending",)]
    assert "{praised:acting" in found[0].text
    assert "{criticised:pacing" in found[1].text
    assert {"{praised:ending", "{criticised:ending"} <= set(re.findall(r"\{\w+:\w+", found[2].text))


def test_more_than_three_that_are_praised_make_a_second_sentence() -> None:
    praised = [finding(name, counts(9)) for name in ("acting", "music", "script", "pace", "ending", "humour", "plot")]

    found = said(*praised)

    assert [draft.findings for draft in found] == [("acting", "music", "script"), ("pace", "ending", "humour")]


def test_where_nobody_takes_a_side_that_is_said_without_a_count() -> None:
    (draft,) = said(finding("plot", counts(0, 0, 0, 5)))

    assert draft.findings == ("plot",)
    assert "{" not in draft.text


def test_what_one_review_mentions_is_left_out_where_others_are_mentioned_more() -> None:
    found = said(finding("acting", counts(9)), finding("plot", counts(0, 1)))

    assert [draft.findings for draft in found] == [("acting",)]
    assert [draft.findings for draft in said(finding("plot", counts(0, 1)))] == [("plot",)]


def test_titles_differ_in_their_wording() -> None:
    found = finding("acting", counts(9))

    assert len({said(found, title=f"Salt {number}")[0].text for number in range(40)}) > 1
