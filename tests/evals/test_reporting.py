"""Reports: what reviews and models said is text in them, and nothing in one can act or load anything."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from evals import reporting, runs, suites
from evals.runs import Cell, Run

HOSTILE = (
    "<script>alert(1)</script> [x](http://evil.example) ![i](http://evil.example/a.png) **b** \x1b[31mred\u202e | `c`"
)
STORED = Path(__file__).parent / "a-stored-run"


@pytest.fixture
def hostile() -> Run:
    run = runs.read(STORED)
    outcome = {"status": "answered", "claims": [{"text": HOSTILE}], "evidence": [{"review": "a", "text": HOSTILE}],
               "dropped": [{"text": HOSTILE, "why": HOSTILE}], "right": [HOSTILE]}  # fmt: skip
    cells = [replace(cell, shown=HOSTILE, outcome=outcome, error=None, scores={"evidence_recall": 0.1, "tokens": 5.0})
             for cell in run.cells]  # fmt: skip
    return replace(run, cells=tuple(cells))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]


def test_the_page_holds_no_script_and_no_address_and_may_load_nothing(hostile: Run) -> None:
    page = reporting.html(reporting.report(suites.load("answers"), hostile))
    tags = Tags()
    tags.feed(page)

    assert not tags.found & {"script", "img", "a", "iframe", "link", "object", "form"} and tags.addresses == []
    assert "default-src 'none'" in page and "&lt;script&gt;" in page
    assert "\x1b" not in page and "\u202e" not in page


def test_in_markdown_it_is_no_link_no_image_and_no_html(hostile: Run) -> None:
    text = reporting.markdown(reporting.report(suites.load("answers"), hostile))

    assert not re.search(r"(?<!\\)\]\(|(?<!\\)<script|(?<!\\)!\[|://", text)
    assert "\x1b" not in text and "⟨U+202E⟩" in text


def test_a_report_shows_missing_cases_the_worst_first_and_beside_another_run_what_changed() -> None:
    suite, run = suites.load("answers"), runs.read(STORED)
    alone = reporting.report(suite, run)
    assert alone.notes == ["1 of 2 cases are missing. salt:why: It broke."]
    assert [case.id for case in alone.cases] == ["salt:dislike"]

    fallen = replace(
        run,
        cells=tuple(replace(c, scores={**c.scores, "evidence_recall": 0.25} if c.scores else {}) for c in run.cells),
    )
    beside = reporting.report(suite, fallen, run)
    (case,) = beside.cases
    assert "evidence recall@5 0.50 → 0.25" in case.scores
    assert any(part.name == "Before" for part in case.parts)
    assert "evidence recall@5" in reporting.markdown(beside)


def test_scripted_replies_are_said_to_show_nothing_of_a_model() -> None:
    run = runs.read(STORED)
    told = {**run.configurations["extractive"], "origin": "scripted"}
    shown = reporting.report(suites.load("answers"), replace(run, configurations={"extractive": told}))

    assert "says nothing of how good a model is" in shown.tables[0].about


def test_an_unknown_price_is_no_zero() -> None:
    cell = Cell("a", "t", "s", "extractive", "d", {"tokens": 100.0, "cost_usd": None})
    shown = reporting.report(suites.load("cost"), replace(runs.read(STORED), cells=(cell,)))

    assert "price unknown" in shown.tables[0].about and "$0" not in shown.tables[0].about
