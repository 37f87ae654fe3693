"""Questions as people type them, against reviews that write things otherwise: what is read, counted and shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.library import Library
from rag.records import Answer, Filters

pytestmark = pytest.mark.usefixtures("needs_model")
ALMA = (
    ("Kim", "We found bedbugs in the room. The breakfast was superb.", "2024-01-01"),
    ("Olu", "The Wi-Fi never worked. Breakfast is a sad roll.", "2024-02-01"),
    ("Ann", "I got food poisoning from the buffet and spent two nights in hospital.", "2023-01-01"),
    ("Bea", "A quiet house by the lake. Breakfast is lovely, and the staff are kind.", "2023-02-01"),
)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Answer]:
    rows = [{"critic": who, "text": text, "date": when, "title": "Alma"} for who, text, when in ALMA]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(tmp_path / "library") as library:
        library.add([tmp_path / "a.jsonl"], kind="place")

    def ask_it(question: str, filters: Filters | None = None) -> Answer:
        with Library.open(tmp_path / "library") as library:
            return library.ask(question, filters=filters)

    return ask_it


@pytest.mark.parametrize(("question", "read", "by"), [
    ("Are there bed bugs?", "“bed bugs” was read as “bedbugs”.", "Kim"),
    ("is the wifi good", "“wifi” was read as “wi-fi”.", "Olu"),
    ("hows the brekfast", "“brekfast” was read as “breakfast”.", "Kim"),
])  # fmt: skip
def test_a_word_is_read_as_the_reviews_write_it(ask: Callable[..., Answer], question: str, read: str, by: str) -> None:
    found = ask(question)
    assert found.warnings == (read,)
    assert by in {one.critic for one in found.citations} and found.claims


@pytest.mark.parametrize("question", ["Did anyone get sick after eating there?", "Any severe complaints?"])
def test_what_is_severe_is_found_in_whatever_words_it_is_told(ask: Callable[..., Answer], question: str) -> None:
    found = ask(question)
    assert [one.critic for one in found.citations] == ["Ann"]
    assert found.claims[0].text.startswith("1 of the 4 reviews tells of ")


def test_without_a_severe_complaint_the_question_for_them_is_answered_by_silence(ask: Callable[..., Answer]) -> None:
    found = ask("Any severe complaints?", Filters(since="2024"))
    assert (found.status, found.claims) == ("abstained", ())
    assert str(found.reason).startswith("None of the 2 reviews was read as telling of something severe (illness, ")


@pytest.mark.parametrize("question", ["so whats the verdict on Alma", "is it any good?"])
def test_a_question_for_the_verdict_gets_the_counts(ask: Callable[..., Answer], question: str) -> None:
    assert ask(question).claims[0].text.startswith("Of the 4 reviews that were read, ")


def test_a_single_review_in_scope_is_told_to_be_in_scope(ask: Callable[..., Answer]) -> None:
    found = ask("How is the breakfast?", Filters(since="2024-02"))
    assert "in scope" in found.claims[0].text or found.claims[0].text.startswith("The only review")


def test_a_question_without_a_word_is_none(ask: Callable[..., Answer]) -> None:
    from rag.errors import InputError

    with pytest.raises(InputError, match="holds no word"):
        ask("???")


def test_reviews_without_a_date_are_told_where_a_span_of_time_leaves_them_out(tmp_path: Path) -> None:
    rows = [{"text": "The breakfast was superb.", "date": "2024-01-01"}, {"text": "Breakfast was a sad roll."}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with Library.open(tmp_path / "library") as library:
        library.add([tmp_path / "a.jsonl"], title="Alma", kind="place")
        found = library.ask("How is the breakfast?", filters=Filters(since="2020"))
    assert "1 review has no date and is in no span of time." in found.warnings
    assert len(found.citations) == 1
