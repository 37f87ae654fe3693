from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.ui.pages import html
from tests.ui.stored_runs import store
from ui import evaluated

pytestmark = pytest.mark.usefixtures("forget_libraries")

HOSTILE = "<img src=x> ![i](http://127.0.0.2:9/i.png) \u202e **b** [x](javascript:alert(1))"


@pytest.fixture
def library(make_library: Any) -> Path:
    return Path(make_library({"title": "Film A", "text": "The ending drags."}))


def test_without_a_run_the_command_is_named(visit_page: Any, library: Path) -> None:
    page = visit_page(library, "evaluations.py")
    assert "Nothing was evaluated yet" in html(page)
    assert page.code[0].value == "pullquote eval run answers"
    assert not page.exception


def test_without_the_extra_it_says_what_to_install(
    visit_page: Any, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluated, "_lacking", "scipy")
    page = visit_page(library, "evaluations.py")
    assert "Evaluations need a package: scipy." in html(page)
    assert "pullquote[evals]" in html(page)
    assert not page.exception


def test_a_run_is_shown_with_intervals_and_its_worst_cases(visit_page: Any, library: Path) -> None:
    store(library, "20260301-answers")
    page = visit_page(library, "evaluations.py")
    shown = html(page)
    assert "95 % interval" in shown
    assert "1 of 2 cases are missing. salt:why: It broke." in shown
    assert "The worst cases" in shown
    assert len(page.expander) == 1
    assert "salt:dislike" in shown
    names = [button.label for button in page.get("download_button")]
    assert names == ["Report as a page", "Report as Markdown"]
    assert not page.exception


def test_two_runs_of_a_suite_are_compared(visit_page: Any, library: Path) -> None:
    store(library, "20260301-before")
    store(library, "20260302-after", fallen=True)
    store(library, "20260303-other", suite="summaries")
    page = visit_page(library, "evaluations.py")
    assert [option.split("(")[-1] for option in page.selectbox[0].options] == [
        "20260303-other)",
        "20260302-after)",
        "20260301-before)",
    ]
    page.selectbox[0].select("20260302-after").run()
    assert len(page.selectbox[1].options) == 2
    page.selectbox[1].select("20260301-before").run()
    shown = html(page)
    assert "Verdict" in shown
    assert "Cases that got worse" in shown
    assert len(page.expander) == 1
    assert not page.exception


def test_a_run_that_was_stopped_says_how_to_go_on(visit_page: Any, library: Path) -> None:
    store(library, "20260301-answers", finished=False)
    page = visit_page(library, "evaluations.py")
    assert "This run was stopped before its end." in html(page)
    assert page.code[0].value.endswith("--resume 20260301-answers")


def test_a_suite_that_is_gone_is_a_sentence(visit_page: Any, library: Path) -> None:
    store(library, "20260301-answers", suite_file="/gone/my-questions.toml")
    page = visit_page(library, "evaluations.py")
    assert "There is no suite" in html(page)
    assert not page.exception


def test_hostile_cases_are_text(visit_page: Any, library: Path) -> None:
    store(library, "20260301-answers", text=HOSTILE)
    page = visit_page(library, "evaluations.py")
    assert "&lt;img src=x&gt;" in html(page)
    assert not any(acting in html(page) for acting in ("<img", "\u202e"))
    assert not re.search(r"(?<!\\)[<!\[(]|\u202e", page.expander[0].label)
    assert [one.value for one in page.markdown] == []


def test_a_new_run_is_seen(visit_page: Any, library: Path) -> None:
    store(library, "20260301-answers")
    page = visit_page(library, "evaluations.py")
    store(library, "20260302-answers")
    page.run()
    assert len(page.selectbox[0].options) == 2


@pytest.mark.parametrize(("text", "made"), [("report ../../x", "report-x"), ("Ä<b>", "b"), ("", "run")])
def test_names_of_downloads_are_slugs(text: str, made: str) -> None:
    assert evaluated.slug(text) == made
