"""The pages Consensus and Compare, without a browser: what they say in every state."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest

from rag.library import Library
from tests.ui.conftest import MakeLibrary, VisitPage
from tests.ui.pages import component, html
from ui import charts

pytestmark = pytest.mark.usefixtures("forget_libraries")
SALT, AUNT = "The Salt Ladder", "My Aunt the Weather"


def test_a_consensus_shows_statement_cards_charts_and_downloads(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, "consensus.py", title=AUNT)
    data = component(page)

    assert not page.exception and data is not None and AUNT in html(page)
    assert {block["block"] for block in data["blocks"]} >= {"claims", "whole", "cards"}
    assert [button.label for button in page.get("download_button")] == ["Markdown", "HTML", "JSON"]
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) >= 2


def test_another_title_is_picked_and_stands_in_the_url(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, "consensus.py")
    options = page.pills(key="consensus_title").options
    with Library.open(sample_library) as library:
        other = next(title for title in library.titles() if title.name == AUNT)
    page.pills(key="consensus_title").set_value(other.id).run()

    assert len(options) == 3 and page.query_params["title"] in (AUNT, [AUNT]) and AUNT in html(page)


def test_a_cell_is_read_with_its_review(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, "consensus.py", title=SALT)
    with Library.open(sample_library) as library:
        cells = library.summary(SALT).cells
    columns, rows = charts.order_of(cells)
    page.selectbox(key="matrix_cell").set_value(
        f"{columns.index(cells[3].review_id)}:{rows.index(cells[3].aspect)}"
    ).run()

    assert "The whole review" in html(page) and f"<mark>{escape(cells[3].quote.quote)}</mark>" in html(page)


def test_what_is_out_of_date_is_said_and_redone_on_demand(visit_page: VisitPage, make_library: MakeLibrary) -> None:
    rows = [
        {"title": "Salt", "critic": f"C{n}", "text": f"The acting is superb, number {n}. The ending is dull."}
        for n in range(6)
    ]
    path = make_library(*rows)
    with Library.open(path) as library:
        library.summary("Salt")
        library.remove(library.reviews("Salt")[0][0].id)
    page = visit_page(path, "consensus.py")

    assert "out of date" in html(page)
    page.button(key="consensus_redo").click().run()
    assert "out of date" not in html(page) and "Since the last summary" in html(page)


@pytest.mark.parametrize("page", ["consensus", "compare"])
def test_no_library_and_a_library_of_one_title_are_said(
    page: str, visit_page: VisitPage, tmp_path: Path, make_library: MakeLibrary
) -> None:
    assert "No library here yet" in html(visit_page(tmp_path / "none", f"{page}.py"))
    single = visit_page(
        make_library({"title": "Salt", "text": "The ending is dull and drags on for an hour."}), f"{page}.py"
    )
    assert not single.exception and ("One title is no comparison" in html(single)) is (page == "compare")


def test_two_titles_stand_side_by_side(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, "compare.py")
    data = component(page)

    assert not page.exception and data is not None and data["blocks"][0]["block"] == "cards"
    first = page.selectbox(key="compare_1").value
    page.selectbox(key="compare_2").set_value(first).run()
    assert "The same title twice" in html(page)


def test_hostile_reviews_are_text(visit_page: VisitPage, hostile_library: Path) -> None:
    for name in ("consensus", "compare"):
        page = visit_page(hostile_library, f"{name}.py")
        assert not page.exception
        assert not any(tag in html(page) for tag in ("<img", "<script", "<b ", 'javascript:alert(1))"'))
