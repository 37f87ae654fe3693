from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag.errors import NothingRead
from rag.library import Library
from tests.ui.conftest import VisitPage
from tests.ui.pages import component, html
from ui.messages import FAULT
from ui.shared_library import SharedLibrary, open_shared

ENDING = "What did critics dislike about the ending?"
pytestmark = pytest.mark.usefixtures("forget_libraries")


def _ask(page: AppTest, question: str) -> AppTest:
    page.text_input(key="question").input(question)
    page.button[0].click()
    return page.run()


def test_no_library_says_how_to_make_one(visit_page: VisitPage, tmp_path: Path) -> None:
    page = visit_page(tmp_path / "nothing")
    assert "No library here yet" in html(page)
    assert "pullquote add PATH" in html(page)
    assert not page.exception
    assert not page.text_input


def test_empty_library_says_so(visit_page: VisitPage, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text('{"title": "A", "text": ""}\n')
    with Library.open(tmp_path / "library") as library, pytest.raises(NothingRead):
        library.add([tmp_path / "empty.jsonl"])
    page = visit_page(tmp_path / "library")
    assert "No reviews yet" in html(page)
    assert not page.exception


def test_first_visit_invites(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library)
    assert "29 reviews of 3 titles" in html(page)
    assert page.pills(key="title").value == ""
    assert component(page) is None


def test_an_answer_with_its_sources(visit_page: VisitPage, sample_library: Path) -> None:
    page = _ask(visit_page(sample_library), ENDING + " (The Salt Ladder)")
    data = component(page)
    assert data is not None
    assert data["status"] == "answered"
    assert data["sources"]
    with Library.open(sample_library) as library:
        answer = library.ask(ENDING + " (The Salt Ladder)")
        texts = {c.id: library.review(c.review_id).text[c.start : c.end] for c in answer.citations}
    assert {source["id"]: "".join(source["mark"]) for source in data["sources"]} == texts
    assert "11 reviews read" in html(page)
    assert f"{len({c.review_id for c in answer.citations})} cited" in html(page)
    assert "extractive@" in html(page)
    assert not page.exception


def test_the_question_and_the_title_stand_in_the_url(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library)
    page.pills(key="title").set_value(_id_of(sample_library, "The Salt Ladder")).run()
    _ask(page, f"  {ENDING} ")
    assert dict(page.query_params) == {"q": ENDING, "title": "The Salt Ladder"}


def test_another_title_asks_again(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q=ENDING, title="The Salt Ladder")
    page.pills(key="title").set_value(_id_of(sample_library, "My Aunt the Weather")).run()
    assert page.query_params["title"] == "My Aunt the Weather"
    assert "8 reviews read" in html(page)


def test_a_url_asks_on_load(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q=ENDING, title="The Salt Ladder")
    assert page.text_input(key="question").value == ENDING
    assert page.pills(key="title").value == _id_of(sample_library, "The Salt Ladder")
    assert component(page)["status"] == "answered"
    assert "11 reviews read" in html(page)


def test_a_url_with_an_unknown_title_names_the_nearest(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q=ENDING, title="The Salt Lader")
    assert "That did not work" in html(page)
    assert "Did you mean The Salt Ladder?" in html(page)
    assert not page.exception


def test_a_question_that_is_too_long_is_refused_in_words(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q="why " * 5_000)
    assert "characters" in html(page)
    assert not page.exception


def test_silence_shows_the_nearest_passages_as_such(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q="Is the popcorn any good?", title="The Salt Ladder")
    data = component(page)
    assert data["status"] == "abstained"
    assert "".join(data["reason"])
    assert data["claims"] == []
    assert {one["chip"] for one in data["nearest"]} == {source["id"] for source in data["sources"]}
    assert "none cited" in html(page)


def test_hostile_reviews_are_text_everywhere(
    visit_page: VisitPage, hostile_library: Path, hostile: dict[str, str]
) -> None:
    page = visit_page(hostile_library, q="How is the ending?", title=hostile["title"])
    data = component(page)
    mark = "".join(p if isinstance(p, str) else p["raw"] for p in data["sources"][0]["mark"])
    assert mark in hostile["text"]
    assert "<img" in mark
    assert not any(acting in html(page) for acting in ("<img", "<script", "<b ", "\u202e"))
    pills = "".join(str(option.content) for option in page.pills(key="title").proto.options)
    assert not re.search(r"(?<!\\)[<!\[(]|\u202e|http:/", pills)
    assert [one.value for one in page.markdown] == []
    assert not page.exception


def test_many_titles_are_picked_from_a_list(visit_page: VisitPage, make_library: Any) -> None:
    library = make_library(*({"title": f"Film {n} *{n}*", "text": f"The ending of film {n} drags."} for n in range(12)))
    page = visit_page(library)
    assert not page.pills
    assert len(page.selectbox(key="title").options) == 13
    assert page.selectbox(key="title").options[0] == "All titles"
    assert page.selectbox(key="title").options[1] == "Film 0 *0*"


def test_a_fault_is_a_fixed_sentence_and_goes_to_the_log(
    visit_page: VisitPage, sample_library: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret <b>detail</b>")

    monkeypatch.setattr(SharedLibrary, "ask", broken)
    with caplog.at_level(logging.ERROR, "pullquote.ui"):
        page = visit_page(sample_library, q=ENDING)
    assert FAULT in html(page)
    assert "secret" not in html(page)
    assert not page.exception
    assert "secret" in caplog.text


def test_sessions_share_one_library(visit_page: VisitPage, sample_library: Path) -> None:
    visit_page(sample_library, q=ENDING)
    before = open_shared(sample_library.absolute())
    visit_page(sample_library, q=ENDING)
    assert open_shared(sample_library.absolute()) is before


def test_new_reviews_are_seen_without_a_restart(visit_page: VisitPage, make_library: Any, tmp_path: Path) -> None:
    library = make_library({"title": "Film A", "text": "The ending drags."})
    page = visit_page(library, q="How is the ending?")
    assert "1 review read" in html(page)
    (tmp_path / "more.jsonl").write_text(json.dumps({"title": "Film A", "text": "I loved the ending of it."}))
    with Library.open(library) as other:
        other.add([tmp_path / "more.jsonl"])
    assert "2 reviews read" in html(page.run())


def _id_of(library: Path, name: str) -> str:
    with Library.open(library) as opened:
        return opened.title(name).id
