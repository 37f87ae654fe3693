"""Statements: every number is filled in by code, and a sentence that counts by itself is dropped whole."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.statement import MOST_SENTENCES, fill
from rag.findings import DraftSentence
from rag.records import Counts
from tests.some_findings import any_counts, counts, finding

ACTING, VISUALS = finding("acting", counts(9, 2, 1)), finding("visuals", counts(1, 4))
KNOWN = {one.id: one for one in (ACTING, VISUALS)}


def kept(text: str, *allowed: str, names: tuple[str, ...] = ("acting",)) -> list[str]:
    found, _ = fill([DraftSentence(text, names)], KNOWN, 20, allowed)
    return [one.text for one in found]


def why(text: str, *allowed: str, names: tuple[str, ...] = ("acting",)) -> str:
    found, dropped = fill([DraftSentence(text, names)], KNOWN, 20, allowed)
    assert found == []
    (one,) = dropped
    return one.why


def test_slots_are_filled_from_the_counts() -> None:
    # Acting: 9 + 1 of 12 praise, 2 + 1 blame; visuals: 4 of 5 blame.
    assert kept("It lives by the acting: {praised:acting}, {criticised:acting:short}.") == [
        "It lives by the acting: 10 of the 12 reviews that mention it, 3 of 12."
    ]
    assert kept("Seen: {criticised:visuals}.", names=("visuals",)) == ["Seen: 4 of the 5 reviews that mention them."]
    assert kept("Seen: {criticised:visuals:each}.", names=("visuals",)) == ["Seen: 4 of the 5 reviews that mention it."]


def test_a_sentence_keeps_the_names_of_its_findings() -> None:
    (one,), _ = fill([DraftSentence("So.", ("visuals", "acting"))], KNOWN, 20)

    assert one.findings == ("visuals", "acting")


@given(any_counts.filter(lambda one: one.mentioning > 0), st.sampled_from(["", ":short", ":each"]), st.integers(1, 60))
def test_no_slot_is_left_open(found: Counts, form: str, reviews: int) -> None:
    one = finding("acting", found)
    (said,), dropped = fill(
        [DraftSentence(f"So {{praised:acting{form}}} and {{criticised:acting{form}}}.", ("acting",))],
        {"acting": one},
        reviews,
    )

    assert dropped == []
    assert not re.search(r"[{}]", said.text)
    assert {int(n) for n in re.findall(r"\d+", said.text)} <= {
        one.total_praised,
        one.total_criticised,
        found.mentioning,
    }


@pytest.mark.parametrize(
    "text",
    [
        "9 of 12 praise the acting.",
        "Two thirds praise the acting.",
        "Most praise the acting.",
        "Nearly all of {praised:acting} like it.",
        "Everyone likes the acting.",
        "A 90 % success: {praised:acting}.",
        "A fifth of critics praise the acting.",
        "Every critic praises the acting.",
        "Critics unanimously praise the acting.",
    ],
)
def test_a_sentence_that_counts_by_itself_is_dropped_whole(text: str) -> None:
    assert "counts are filled in by code" in why(text)


@given(st.sampled_from(["7", "half", "most", "Many", "nobody", "3.5 %", "dozens"]), st.integers(0, 3))
def test_a_count_of_its_own_is_seen_wherever_it_stands(counting: str, place: int) -> None:
    parts = ["It", "is", "{praised:acting}"]
    text = " ".join([*parts[:place], counting, *parts[place:]]) + "."

    assert f"“{counting}”" in why(text)


@pytest.mark.parametrize("said", ["“best of the decade”", "'best of the decade'", "“It drags”", "“{praised:acting}”"])
def test_a_quotation_that_it_does_not_cite_is_refused(said: str) -> None:
    assert "no cited passage says it" in why(f"Reviewers love the acting: {said}, one writes.")


def test_a_quotation_is_shown_in_the_words_of_the_quote_it_cites() -> None:
    assert kept('The acting shines, "it GLOWS", says one.') == ["The acting shines, “It glows”, says one."]


def test_what_is_dropped_is_shown_without_its_slots() -> None:
    _, (one,) = fill([DraftSentence("Most like it: {praised:acting}.", ("acting",))], KNOWN, 20)

    assert one.text == "Most like it: …."


def test_a_number_in_a_name_is_no_count() -> None:
    assert kept("The Ninth Car has it: {praised:acting}.", "The Ninth Car")
    assert kept("Seven Days lives.", "Seven", "Seven Days")
    assert "“Seven”" in why("Seven days are enough.", "Seven Days")


def test_a_name_is_taken_as_a_whole_word_and_hides_no_count() -> None:
    assert "“Most”" in why("Most like M.", "M")
    assert "“12”" in why("All 12 of them.", "1", "All")


def test_an_aspect_with_a_number_may_open_a_sentence() -> None:
    assert kept("The first half carries it.", "the first half") == ["The first half carries it."]


def test_findings_that_are_none_are_refused() -> None:
    assert why("So.", names=("acting", "smell")) == "it rests on a finding that is none: smell"
    assert why("So {praised:smell}.") == "it rests on a finding that is none: smell"
    assert why("So.", names=()) == "it rests on no finding"


@pytest.mark.parametrize("text", ["So {praised:Acting}.", "So {praised:acting:long}.", "So {acting}.", "So {praised:acting"])  # fmt: skip
def test_what_looks_like_a_slot_and_is_none_is_not_shown(text: str) -> None:
    assert "slot" in why(text)


def test_a_statement_has_five_sentences_and_a_dropped_one_takes_no_place() -> None:
    drafts = [DraftSentence(text, ("acting",)) for text in ("Most do.", *(f"So {word}." for word in "abcdefg"))]

    found, dropped = fill(drafts, KNOWN, 20)

    assert [one.text for one in found] == ["So a.", "So b.", "So c.", "So d.", "So e."]
    assert len(found) == MOST_SENTENCES
    assert [one.text for one in dropped] == ["Most do.", "So f.", "So g."]
    assert dropped[-1].why == "a statement has 5 sentences"


@given(st.lists(st.sampled_from(["So.", "Most do.", "So {praised:acting}.", "So {praised:smell}."]), max_size=12))
def test_every_draft_is_kept_or_dropped_with_a_reason(texts: list[str]) -> None:
    found, dropped = fill([DraftSentence(text, ("acting",)) for text in texts], KNOWN, 20)

    assert len(found) + len(dropped) == len(texts)
    assert all(one.why for one in dropped)
