"""The page on which two titles stand side by side."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag import contract_summary, report
from rag.findings import Comparison
from rag.library import Library
from rag.records import Review
from ui import answer_component, consensus_data, frame, messages
from ui.frame import known_titles
from ui.safe import one_line
from ui.shared_library import open_shared

_ABOUT = (
    "Shares of the reviews that mention each aspect and praise it; differences in points, with their 95 % interval."
)


def _body(path: Path) -> None:
    titles = known_titles(path)
    if len(titles) < 2:
        if titles:
            st.html(messages.message("One title is no comparison", "This library holds a single title.",
                                     "Add reviews of another one on the page Library."))  # fmt: skip
        return
    names = {title.id: title.name for title in titles}
    by_reviews = sorted(titles, key=lambda title: -title.reviews)
    columns = st.columns(2)
    chosen = []
    for number, (column, default) in enumerate(zip(columns, by_reviews, strict=False), 1):
        with column:
            options = [title.id for title in titles]
            chosen.append(
                st.selectbox(("First title", "Second title")[number - 1], options, index=options.index(default.id),
                             key=f"compare_{number}", format_func=lambda title_id: one_line(names[title_id]))
            )  # fmt: skip
    if chosen[0] == chosen[1]:
        st.html(messages.message("The same title twice", "Choose two different titles."))
        return
    with st.spinner("Comparing…"):
        found, reviews = _compared(path, chosen[0], chosen[1])
    _show(found, reviews, open_shared(path).generation())


def _compared(path: Path, first: str, second: str) -> tuple[Comparison, dict[str, Review]]:
    def read(library: Library) -> tuple[Comparison, dict[str, Review]]:
        found = library.compare(first, second)
        cited = sorted({quote.review_id for row in found.aspects for quotes in row.quotes for quote in quotes})
        return found, {review_id: library.review(review_id) for review_id in cited}

    return open_shared(path).run(read)


def _show(found: Comparison, reviews: dict[str, Review], generation: int) -> None:
    counts = [
        f"{title.name}: {totals.reviews:,} reviews" for title, totals in zip(found.titles, found.totals, strict=True)
    ]
    st.html(messages.small(*counts))
    st.html(messages.small(_ABOUT))
    for warning in found.warnings:
        st.html(messages.small(f"Note: {warning}"))
    shown = consensus_data.comparison(found)
    titles = {title.id: title.name for title in found.titles}
    if not shown.blocks:
        st.html(messages.message("Nothing to compare", "No aspect is mentioned in the reviews of both."))
        return
    what = (generation, *titles)
    answer_component.show(what, lambda widened: consensus_data.build(shown, reviews, titles, widened))
    with st.container(horizontal=True):
        blocks = report.of_comparison(found)
        frame.downloads("comparison", " and ".join(titles.values()), blocks, contract_summary.comparison(found))


frame.show("Compare", _body)
