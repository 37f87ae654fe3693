from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import LibraryDamaged
from rag.library import Library
from rag.records import Answer, Dropped, Review
from ui import answer_data, messages

QUESTION = "How is the ending?"


def _joined(pieces: list[str | dict[str, str]]) -> str:
    return "".join(piece if isinstance(piece, str) else piece["raw"] for piece in pieces)


@pytest.fixture(scope="module")
def asked(hostile_library: Path) -> tuple[Answer, dict[str, Review]]:
    with Library.open(hostile_library) as library:
        answer = library.ask(QUESTION)
        return answer, {c.review_id: library.review(c.review_id) for c in answer.citations}


def test_marks_are_the_quotes_and_stand_in_their_reviews(asked: tuple[Answer, dict[str, Review]]) -> None:
    answer, reviews = asked
    data = answer_data.build(answer, reviews, {})
    assert [source["id"] for source in data["sources"]] == [c.id for c in answer.citations]
    for citation, source in zip(answer.citations, data["sources"], strict=True):
        assert _joined(source["mark"]) == citation.quote
        window = _joined(source["before"]) + citation.quote + _joined(source["after"])
        assert window in reviews[citation.review_id].text
        assert len(window) <= 2 * answer_data.WINDOW + len(citation.quote)


def test_segments_joined_are_the_claims(asked: tuple[Answer, dict[str, Review]]) -> None:
    answer, reviews = asked
    data = answer_data.build(answer, reviews, {})
    for claim, made in zip(answer.claims, data["claims"], strict=True):
        words = ""
        for segment in made["segments"]:
            words += f"“{_joined(segment['quote'])}”" if "quote" in segment else ""
            words += _joined(segment.get("text", segment.get("name", [])))
        assert words == claim.text
        assert tuple(s["chip"] for s in made["segments"] if "chip" in s) == claim.citations


def test_a_long_review_is_widened_until_it_is_whole(asked: tuple[Answer, dict[str, Review]]) -> None:
    answer, reviews = asked
    number = next(c.id for c in answer.citations if c.critic == "Lena Long")
    review = next(review for review in reviews.values() if review.critic == "Lena Long")
    seen = []
    for steps in range(3):
        source = next(s for s in answer_data.build(answer, reviews, {number: steps})["sources"] if s["id"] == number)
        seen.append(len(_joined(source["before"])))
        assert source["more"] == (steps < 2)
        assert source["cut_before"] == (steps < 2)
    assert seen == sorted(set(seen))
    assert _joined(source["before"]) + _joined(source["mark"]) + _joined(source["after"]) == review.text


def test_words_that_are_not_in_the_review_are_never_marked(asked: tuple[Answer, dict[str, Review]]) -> None:
    answer, reviews = asked
    moved = tuple(replace(c, start=c.start + 1) for c in answer.citations)
    with pytest.raises(LibraryDamaged):
        answer_data.build(replace(answer, citations=moved), reviews, {})


def test_what_was_dropped_is_counted_with_its_reason_and_as_text(asked: tuple[Answer, dict[str, Review]]) -> None:
    answer, _ = asked
    shown = messages.meta(replace(answer, dropped=(Dropped("<b>Most</b> agree.", "it counts people"),)))
    assert "<summary>1 sentence dropped</summary>" in shown
    assert "&lt;b&gt;Most&lt;/b&gt; agree." in shown
    assert "it counts people" in shown
