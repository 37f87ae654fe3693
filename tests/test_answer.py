"""Answers: every shown sentence is backed by exact quotes, what is not is dropped whole and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import Cancelled, InputError, UnknownTitle
from rag.evidence.support import THRESHOLD
from rag.library import Library
from rag.records import Answer, BadLine, Citation, Claim, DraftClaim, DraftEnd
from rag.search import model_files, retrieve
from tests.doubles import ListIndex, ScriptedEngine, WordEmbedder

REVIEWS = """critic,outlet,text
Mara Quill,Post,"The sea is grey. The ending is a cheat, and it knows it. I went home."
Ola Brandt,Courier,"What a brave ending! The cast is warm."
,,"It is about a lighthouse. The keeper is kind."
"""
ENDING = "What did critics dislike about the ending?"


@pytest.fixture
def ask(open_library: Callable[..., Library], tmp_path: Path) -> Callable[..., Answer]:
    """Asks a library of three reviews, with an engine that drafts what it is told."""
    (tmp_path / "x.csv").write_text(REVIEWS)
    open_library().add([tmp_path / "x.csv"], title="Salt", kind="film")

    def ask_it(question: str = ENDING, *drafts: DraftClaim | BadLine | DraftEnd, **given: object) -> Answer:
        engine = {"engine": ScriptedEngine(*drafts)} if drafts else {}
        library = open_library(**engine)
        found = library.ask(question, **given)  # type: ignore[arg-type]
        exact(library, found)
        return found

    return ask_it


def exact(library: Library, found: Answer) -> None:
    """Promise 1: every quote is a slice of its stored review, and every number in a claim names a citation."""
    for citation in found.citations:
        assert library.review(citation.review_id).text[citation.start : citation.end] == citation.quote
    known = {citation.id for citation in found.citations}
    assert all(set(claim.citations) <= known for claim in found.claims)


def test_who_says_what_with_the_counts_that_are_honest(ask: Callable[..., Answer]) -> None:
    found = ask()
    assert found.status == "answered"
    assert [claim.text for claim in found.claims] == [
        "At least 2 of the 3 reviews mention the ending.",
        "Ola Brandt (Courier) writes: “What a brave ending! The cast is warm.”",
        "Mara Quill (Post) says: “The ending is a cheat, and it knows it.”",
    ]
    (coverage,) = found.coverage
    assert (coverage.reviews, coverage.uncoded, coverage.coded, coverage.mentioning) == (3, 3, 0, None)
    assert any("not coded" in warning for warning in found.warnings)


def test_a_focus_that_is_no_aspect_is_counted_by_its_words(ask: Callable[..., Answer]) -> None:
    found = ask("Is the lighthouse in it?")
    assert found.coverage[0].mentioning == 1
    assert found.claims[0].text == "At least 1 of the 3 reviews mentions “lighthouse”."


@pytest.mark.parametrize("question", ["What did critics say about the soundtrack?", "How is the goat?"])
def test_what_no_review_speaks_of_is_not_answered(ask: Callable[..., Answer], question: str) -> None:
    found = ask(question)
    assert (found.status, found.claims) == ("abstained", ())
    assert "No sentence with “" in str(found.reason)
    assert set(found.nearest) == {citation.id for citation in found.citations} != set()


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (DraftClaim("quote", "A critic says: “{quote}”", ("S9",)), "not offered: S9"),
        (DraftClaim("quote", "A critic says: “{quote}”", ()), "not offered: nothing"),
        (DraftClaim("paraphrase", "Most critics call the ending a cheat.", ("S1", "S2")), "“Most” counts"),
        (DraftClaim("paraphrase", "12 critics call the ending a cheat.", ("S1",)), "“12” counts"),
        (DraftClaim("paraphrase", "The songs are clumsy, loud, endless.", ("S1",)), "does not say it"),
        (DraftClaim("paraphrase", "The ending made Renata cheat.", ("S1",)), "“Renata” is named"),
        (DraftClaim("quote", "Two say: “{quote}”", ("S1", "S3")), "one passage"),
        (BadLine("<b>hm</b>", "it is no claim"), "it is no claim"),
    ],
)
def test_a_claim_without_support_is_dropped_whole_with_its_reason(
    ask: Callable[..., Answer], draft: DraftClaim | BadLine, why: str
) -> None:
    found = ask(ENDING, draft, DraftEnd(complete=True))
    assert found.claims == ()
    assert found.status == "abstained"
    assert [why in dropped.why for dropped in found.dropped] == [True]


def test_a_paraphrase_that_its_passage_says_is_shown_with_its_score(ask: Callable[..., Answer]) -> None:
    said = "Mara Quill finds the ending a cheat, lazy, smug and thin."
    drafts = [DraftClaim("paraphrase", said, (number,)) for number in ("S1", "S2", "S3")]
    found = ask(ENDING, *drafts, DraftEnd(complete=True))
    (claim,) = [claim for claim in found.claims if claim.kind == "paraphrase"]  # the other sentences don't say it
    assert [c.critic for c in found.citations if c.id in claim.citations] == ["Mara Quill"]
    assert claim.support is not None and claim.support >= THRESHOLD
    assert len(found.dropped) == 2


@pytest.mark.parametrize("said", ["“lazy, smug and thin”", '"lazy, smug and thin"', "‘lazy, smug and thin’"])
def test_a_quotation_of_a_models_own_is_refused(ask: Callable[..., Answer], said: str) -> None:
    text = f"Mara Quill finds the ending a cheat, {said}."
    drafts = [DraftClaim("paraphrase", text, (number,)) for number in ("S1", "S2", "S3")]
    found = ask(ENDING, *drafts, DraftEnd(complete=True))
    assert found.claims == ()
    assert [(one.text, one.why) for one in found.dropped] == [
        (text, "“lazy, smug and thin” is quoted, and no cited passage says it")
    ] * 3


def test_a_quotation_in_a_models_sentence_is_shown_in_the_reviews_own_words(ask: Callable[..., Answer]) -> None:
    said = 'Mara Quill finds the close lazy, smug, thin and dishonest, "A CHEAT."'
    drafts = [DraftClaim("paraphrase", said, (number,)) for number in ("S1", "S2", "S3")]
    found = ask("What do critics say about the ending?", *drafts, DraftEnd(complete=True))
    assert [claim.text for claim in found.claims if claim.kind == "paraphrase"] == [
        "Mara Quill finds the close lazy, smug, thin and dishonest, “a cheat”."
    ]


def test_a_claim_that_repeats_its_source_is_shown_as_the_quote_it_is(ask: Callable[..., Answer]) -> None:
    said = "Mara Quill calls the ending a cheat that knows it."
    found = ask(ENDING, *[DraftClaim("paraphrase", said, (n,)) for n in ("S1", "S2", "S3")], DraftEnd(complete=True))
    (claim,) = [claim for claim in found.claims if claim.kind == "quote"]
    (quote,) = [c.quote for c in found.citations if c.id in claim.citations]
    assert claim.text == f"Mara Quill writes: “{quote}”"


def test_a_draft_that_breaks_off_is_partial_and_says_so(ask: Callable[..., Answer]) -> None:
    found = ask(ENDING, DraftClaim("quote", "A critic says: “{quote}”", ("S1",)))
    assert (found.status, found.reason) == ("partial", "The draft broke off.")


def test_a_question_of_how_many_is_partial_until_opinions_are_coded(ask: Callable[..., Answer]) -> None:
    found = ask("How many critics disliked the ending?")
    assert found.status == "partial"
    assert "not counted" in str(found.reason)


def test_who_liked_it_is_partial_until_opinions_are_coded(ask: Callable[..., Answer]) -> None:
    found = ask("Who praised the ending?")
    assert (found.status, "not told apart" in str(found.reason)) == ("partial", True)


def test_sentences_are_heard_as_they_are_verified(ask: Callable[..., Answer]) -> None:
    heard: list[tuple[Claim, tuple[Citation, ...]]] = []
    found = ask(on_claim=lambda claim, citations: heard.append((claim, citations)))
    assert [claim for claim, _ in heard] == list(found.claims)
    assert [citation.id for _, citations in heard for citation in citations] == [1, 2]


def test_it_stops_when_told_to(ask: Callable[..., Answer]) -> None:
    with pytest.raises(Cancelled):
        ask(cancelled=lambda: True)


def test_a_follow_up_keeps_title_and_focus(ask: Callable[..., Answer]) -> None:
    first = ask(titles=["Salt"])
    second = ask("And who liked it?", previous=first)
    assert (second.plan.focus, second.plan.stance, second.plan.kind) == ("ending", "positive", "what")
    assert second.titles == first.titles


@pytest.mark.parametrize(("question", "error"), [(" \n", InputError), ("x" * 100_000, InputError)])
def test_questions_that_are_none(ask: Callable[..., Answer], question: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask(question)


def test_an_unknown_title_names_the_nearest(ask: Callable[..., Answer]) -> None:
    with pytest.raises(UnknownTitle) as caught:
        ask(titles=["Slat"])
    assert caught.value.hint == "Did you mean Salt?"


def test_the_same_question_gives_the_same_answer(ask: Callable[..., Answer]) -> None:
    assert ask() == ask()


def test_a_large_scope_is_entered_through_the_indexes(
    ask: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = ask()
    monkeypatch.setattr(retrieve, "EXACT_LIMIT", 0)
    large = ask()
    assert large.engine.retrieval["exact_limit"] == 0
    assert {c.quote for c in large.citations} == {c.quote for c in small.citations}
    assert large.claims[0] == small.claims[0]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200))
def test_citations_are_exact_slices_of_any_review(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "a.txt").write_bytes(f"{text} The ending is here.".encode())
    with Library.open(folder / "library", embedder=WordEmbedder(), index=ListIndex()) as library:
        library.add([folder / "a.txt"], title="Salt", kind="film")
        exact(library, library.ask(ENDING))


def test_with_no_vectors_it_answers_on_words_and_says_so(
    open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.csv").write_text(REVIEWS)
    monkeypatch.setattr(model_files, "find", lambda *_: None)
    library = open_library(embedder=None)
    report = library.add([tmp_path / "x.csv"], title="Salt", kind="film")
    assert any("model fetch" in warning for warning in report.warnings)
    found = library.ask(ENDING)
    assert found.status == "answered"
    assert found.engine.embedder is None
    assert any("words alone" in warning for warning in found.warnings)


def test_a_thing_named_in_other_words_is_answered_by_what_comes_near_and_told_so(ask: Callable[..., Answer]) -> None:
    found = ask("Is the keeper kind to a stranger?")
    assert found.status == "partial"
    assert found.reason == "No sentence names all of “keeper stranger”; what is quoted comes near it."
    assert "The keeper is kind." in [citation.quote for citation in found.citations]
    assert found.coverage[0].mentioning == 0


def test_a_follow_up_that_only_names_something_asks_the_same_of_it(ask: Callable[..., Answer]) -> None:
    first = ask()
    assert (ask("And the cast?", previous=first).plan.stance, first.plan.kind) == ("negative", "what")
    assert ask("Who praised the cast?", previous=first).plan.stance == "positive"


def test_which_films_asks_the_films_alone_and_a_part_of_a_name_names_a_title(
    open_library: Callable[..., Library], tmp_path: Path
) -> None:
    library = open_library()
    for title, kind in (("Half an Hour, Miss Pym", "film"), ("The Eel Clerk", "place")):
        (tmp_path / "x.csv").write_text(f"text\nThe ending of {title} is good.\n")
        library.add([tmp_path / "x.csv"], title=title, kind=kind)

    assert [title.kind for title in library.ask("Which films have a good ending?").titles] == ["film"]
    assert len(library.ask("Who likes the ending?").titles) == 2
    assert [title.kind for title in library.ask("Is the end of Eel Clerk good?").titles] == ["place"]
