"""Exports: complete, and nothing in them acts in a spreadsheet or a Markdown reader."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import UnknownTitle
from rag.export import ExportFormat, neutralised
from rag.library import Library
from rag.reviews.cells import computed
from rag.safe_text import visible
from tests.written import put

HOSTILE = (
    '=HYPERLINK("http://evil.example","x") <img src=x onerror=alert(1)> [a](javascript:b) \x1b[2J\n\n# head\n    code'
)


@pytest.fixture
def filled(library: Library, tmp_path: Path) -> Library:
    rows = [{"text": HOSTILE, "critic": "@Ann", "rating": "-1"}, {"text": "Fine.\r\nReally.", "critic": "Bob"}]
    (tmp_path / "x.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    library.add([tmp_path / "x.jsonl"], title="*Salt*")
    (tmp_path / "y.txt").write_text("The lamp glows.")
    library.add([tmp_path / "y.txt"], title="Lamp")
    return library


def written(library: Library, form: str, titles: list[str] | None = None) -> str:
    return "".join(library.export(ExportFormat(form), titles))


def test_json_holds_every_live_review_and_can_be_limited_to_titles(filled: Library) -> None:
    whole = json.loads(written(filled, "json"))
    assert whole["schema"] == "pullquote.export/1"
    assert ({title["name"] for title in whole["titles"]}, len(whole["reviews"])) == ({"*Salt*", "Lamp"}, 3)
    assert HOSTILE in {review["text"] for review in whole["reviews"]}
    one = json.loads(written(filled, "json", ["lamp"]))
    assert [review["title"] for review in one["reviews"]] == ["Lamp"]
    with pytest.raises(UnknownTitle):
        written(filled, "json", ["Sugar"])


def test_no_cell_of_the_csv_starts_a_formula_and_every_row_has_its_columns(filled: Library) -> None:
    rows = list(csv.DictReader(io.StringIO(written(filled, "csv"))))
    assert len(rows) == 3
    for row in rows:
        assert None not in row and None not in row.values()
        assert all(not cell.startswith(tuple("=+-@\t\r")) for cell in row.values())
    assert {row["critic"] for row in rows} == {"'@Ann", "Bob", ""}


@given(st.text())
def test_a_neutralised_cell_is_never_a_formula(cell: str) -> None:
    assert neutralised(cell)[:1] not in set("=+-@\t\r\n＝＋－＠")


@given(st.text())
def test_the_apostrophe_before_a_formula_can_be_taken_off_again(cell: str) -> None:
    assert computed(neutralised(cell)) == visible(cell)


def test_an_export_that_is_added_again_brings_no_new_text(open_library: Callable[..., Library], tmp_path: Path) -> None:
    library = open_library()
    said = [
        "=1+1 is what the harbour sings.",
        "'=2 is a quotation.",
        "- a list, and it glows.",
        "'Tis a pity.",
        "@Ann glows.",
    ]
    put(library, *said, title="=Salt")
    (tmp_path / "out.csv").write_text(written(library, "csv"))
    again = library.add([tmp_path / "out.csv"])
    assert {review.text for review in library.reviews("=Salt")[0]} == set(said)
    assert [title.name for title in library.titles()] == ["=Salt"] and again.superseded == 0
    (tmp_path / "other.csv").write_text("text,critic\n'=1 is what somebody else wrote.,Bo\n")
    library.add([tmp_path / "other.csv"], title="Lamp")
    assert library.reviews("Lamp")[0][0].text == "'=1 is what somebody else wrote."


def test_nothing_in_the_markdown_is_markup(filled: Library) -> None:
    text = written(filled, "markdown")
    assert "\x1b" not in text
    assert "\\<img src=x onerror=alert\\(1\\)\\>" in text
    assert "\n# head" not in text and "\n> # head" not in text and "> \\# head" in text
    assert ">     code" not in text
    assert text.startswith("# \\*Salt\\*\n")


def test_an_export_can_be_read_back(filled: Library, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text(written(filled, "csv", ["Lamp"]))
    with Library.open(tmp_path / "other", embedder=filled.embedder) as other:
        assert other.add([tmp_path / "out.csv"], dry_run=True).added == 1
