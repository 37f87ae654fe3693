"""Quotations in a drafted sentence: copied from what is cited, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.evidence.cite import Refused
from rag.evidence.quoted import DOUBLE, SINGLE, exact

PASSAGE = "The ending  is a cheat,\nand it knows it — 'brave', said the critics' choir… A 65\" screen. 结局很好的。"
NAMES = ("Mara Quill", "Salt", "Bob “Ace” Hall", "Rock 'n' Roll")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Mara finds it “a cheat”.", "Mara finds it “a cheat”."),
        ('Mara finds "THE ENDING is a cheat".', "Mara finds “The ending  is a cheat”."),
        ("Mara finds it ‘a cheat.’", "Mara finds it “a cheat”."),
        ("Mara: “a cheat, and it knows it - ‘brave’, said”", "Mara: “a cheat,\nand it knows it — 'brave', said”"),
        ("«a cheat», „a cheat“, »a cheat«, 'a cheat'", "“a cheat”, “a cheat”, “a cheat”, “a cheat”"),
        ("The “critics’ choir…” sings.", "The “critics' choir…” sings."),
        ("“Salt” by Bob “Ace” Hall", "“Salt” by Bob “Ace” Hall"),
        ("Rock 'n' Roll isn't the critics' choice on a 65\" screen", "Rock 'n' Roll isn't the critics' choice on a 65″ screen"),
        ("It is “结局很好”.", "It is “结局很好”."),
    ],
)  # fmt: skip
def test_what_is_quoted_is_copied_from_what_is_cited(text: str, shown: str) -> None:
    assert exact(text, [PASSAGE], NAMES) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Mara finds it “a swindle”.", 'Mara finds it "a swindle".', "Mara finds it ‘a swindle’.",
        "Mara finds it 'a swindle'.", "Mara finds it ''a swindle''.", "Mara finds it «a swindle».",
        "Mara finds it „a swindle“.", "Mara finds it ”a swindle”.", "Mara finds it “a swindle\".",
        "Mara finds it “a cheat” and “a swindle”.", "Mara finds it “a cheat and a swindle”.", "Mara finds it “heat”.",
        "Mara: “Salt is a cheat”.", '"a cheat "swindle" a cheat"', '"a cheat"swindle"a cheat"', "“a cheat ”swindle“ a cheat”",
    ],
)  # fmt: skip
def test_a_quotation_of_its_own_is_refused(text: str) -> None:
    refused = exact(text, [PASSAGE], NAMES)
    assert isinstance(refused, Refused) and "quot" in refused.why


@pytest.mark.parametrize("text", ["“a cheat", "a cheat”", '"a cheat', "‘a cheat", "' a cheat '", "“…”", '""a cheat""'])
def test_a_mark_that_opens_or_closes_nothing_is_refused(text: str) -> None:
    assert isinstance(exact(text, [PASSAGE]), Refused)


def test_a_quotation_does_not_run_over_two_passages() -> None:
    assert exact("“the end”", ["on the end", "end"]) == "“the end”"
    assert isinstance(exact("“the end”", ["on the", "end of"]), Refused)


words = st.sampled_from(["the", "ending", "a", "cheat", "swindle", "isn't", "critics'", "9", ",", ".", " ", "–", "…"])
marks = st.sampled_from([*DOUBLE, *SINGLE])
texts = st.lists(st.one_of(words, marks, st.just(" ")), max_size=14).map("".join)
plain = st.lists(words, min_size=1, max_size=8).map("".join)


@given(texts, st.lists(plain, min_size=1, max_size=2))
def test_nothing_between_quotation_marks_is_shown_that_no_passage_says(text: str, passages: list[str]) -> None:
    shown = exact(text, passages)
    if isinstance(shown, Refused):
        return
    for said in re.findall(r"“([^”]*)”", shown):
        assert any(said in passage for passage in passages)
    own = re.sub(r"“[^”]*”", " ", shown)
    assert not set(DOUBLE) - {"″"} & set(own)
    assert not re.search(rf"(?<!\d)″|‘[^’]*’|(?<!\w)[{SINGLE}]\w[^{SINGLE}]*[{SINGLE}](?!\w)", own)


@given(st.text(max_size=80), st.lists(st.text(max_size=40), max_size=2), st.lists(st.text(max_size=8), max_size=2))
def test_no_text_is_too_odd(text: str, passages: list[str], names: list[str]) -> None:
    assert isinstance(exact(text, passages, names), str | Refused)


@given(plain, plain, plain, st.sampled_from(['"{}"', "“{}”", "«{}»", "„{}“"]))
def test_a_slice_of_a_passage_may_be_quoted(before: str, said: str, behind: str, form: str) -> None:
    assume(re.match(r"\w", said.strip()))
    assert isinstance(exact(f"Mara: {form.format(said.strip())}", [f"{before} {said} {behind}"]), str)


def test_text_without_marks_is_left_as_it_is() -> None:
    text = "Mara's ending isn't the actors' fault; it's a 6'2\" man."
    assert exact(text, [], []) == text.replace('"', "″")


@pytest.mark.parametrize(("said", "source"), [
    ("a" + "- " * 40 + "x", "a" + "-" * 400 + "y"),
    ("a" + " - " * 40 + "x", "a" + "- " * 400 + "y"),
    ("a" + "'-" * 40 + "x", "a" + "'-" * 400 + "y"),
    ("a" + "...-" * 40 + "x", "a" + "...-" * 400 + "y"),
    ("  a" + " " * 40 + "x", "a" + " " * 200_000 + "y"),
    ("'a-x", "'" * 200_000 + "y"),
])  # fmt: skip
def test_long_runs_are_refused_without_trying_every_way_to_part_them(said: str, source: str) -> None:
    """It would not end where they were tried."""
    assert isinstance(exact(f"He says “{said}”.", [source]), Refused)


def test_dashes_parted_by_blanks_are_one_dash() -> None:
    assert exact("He says “slow - - but good”.", ["It is slow -- but good."]) == "He says “slow -- but good”."
