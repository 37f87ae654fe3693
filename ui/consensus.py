"""The page on which a title's reviews are summed up: what they agree on, what divides them, what is rare and severe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from rag import contract_summary, report
from rag.errors import InputError
from rag.findings import Cell, Consensus
from rag.library import Library
from rag.records import Review, Title
from ui import answer_component, charts, consensus_data, frame, messages
from ui.frame import known_titles
from ui.safe import one_line
from ui.shared_library import open_shared

_ASPECTS = (
    "Of the reviews that mention each aspect, the share that praises and the share that criticises it. Lines are 95 % "
    "intervals."
)
_MATRIX = "The most telling reviews, at most 50. Choose a cell, or a review and an aspect below, to read a sentence."
_NO_CELL = ""
_SHOWN_TEXT = 4_000


def _body(path: Path) -> None:
    titles = known_titles(path)
    if not titles:
        return
    title = _chosen(titles)
    with st.spinner("Summing up…"):
        found, reviews = _summary(path, title)
    _head(path, found)
    shown = consensus_data.consensus(found)
    what = (title.id, found.made, found.engine.generation)
    answer_component.show(what, lambda widened: consensus_data.build(shown, reviews, {}, widened))
    theme: charts.Theme = "dark" if st.context.theme.type == "dark" else "light"
    _aspects(found, theme)
    _review_by_review(found, reviews, theme)
    _over_time(found, theme)
    _below(found)


def _chosen(titles: Any) -> Title:
    """The title that the URL names, else the one with most reviews; picking another puts it into the URL."""
    by_name = {title.name: title for title in titles}
    named = by_name.get(st.query_params.get("title", "").strip())
    first = named or max(titles, key=lambda title: title.reviews)
    if st.session_state.get("consensus_title") not in {title.id for title in titles} or named:
        st.session_state["consensus_title"] = first.id
    if len(titles) > 1:
        frame.pick_title(titles, "consensus_title", on_change=_picked, args=({t.id: t.name for t in titles},))
    return next(title for title in titles if title.id == st.session_state["consensus_title"])


def _picked(names: Mapping[str, str]) -> None:
    st.query_params["title"] = names[st.session_state["consensus_title"]]


# ── the summary, stored or made ──────────────────────────────────────────────────────────────────


def _summary(path: Path, title: Title) -> tuple[Consensus, dict[str, Review]]:
    """What is stored, with what is out of date marked; made where nothing is stored, or where that was asked for."""
    anew = st.session_state.pop("consensus_anew", False)

    def read(library: Library) -> tuple[Consensus, dict[str, Review]]:
        try:
            found = library.summary(title.id, refresh=anew)
        except InputError:
            found = library.summary(title.id)
        cited = sorted({one.review_id for one in (*found.citations, *(cell.quote for cell in found.cells))})
        return found, {review_id: library.review(review_id) for review_id in cited}

    return open_shared(path).run(read)


def _anew() -> None:
    st.session_state["consensus_anew"] = True


def _head(path: Path, found: Consensus) -> None:
    totals = found.totals
    facts = [f"{totals.reviews:,} review{'' if totals.reviews == 1 else 's'}", f"{totals.coded:,} with an opinion"]
    facts += [f"{count:,} {words}" for count, words in (
        (totals.no_opinion, "without"), (totals.failed, "that could not be judged"), (totals.uncoded, "not coded yet")
    ) if count]  # fmt: skip
    st.html(messages.small(found.title.name, *facts))
    stale = sum(one.stale for one in found.findings)
    if stale or found.engine.generation != open_shared(path).generation():
        _stale(stale)
    if found.changed:
        st.html(messages.small("Since the last summary: " + "; ".join(found.changed)))
    for warning in found.warnings:
        st.html(messages.small(f"Note: {warning}"))
    if totals.uncoded and not totals.coded:
        st.html(messages.message("Nothing is coded yet", "No opinion in these reviews was read.",
                                 "Run: pullquote code"))  # fmt: skip


def _stale(stale: int) -> None:
    """Only what is out of date is made again; the rest is taken over."""
    if not stale:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(messages.small(f"{stale} finding{'' if stale == 1 else 's'} out of date: their reviews have changed."))
        st.button("Redo only these", on_click=_anew, key="consensus_redo")


# ── charts ───────────────────────────────────────────────────────────────────────────────────────


def _aspects(found: Consensus, theme: charts.Theme) -> None:
    chart = charts.aspects(found, theme)
    if chart is None:
        return
    st.subheader("What they talk about", anchor=False)
    st.html(messages.small(_ASPECTS))
    st.altair_chart(chart, width="stretch", theme=None, key="aspects")


@st.fragment
def _review_by_review(found: Consensus, reviews: Mapping[str, Review], theme: charts.Theme) -> None:
    names = {name: one.critic or one.outlet or "unsigned" for name, one in reviews.items()}
    chart = charts.reviews(found, names, theme)
    if chart is None:
        return
    st.subheader("Review by review", anchor=False)
    st.html(messages.small(_MATRIX))
    event = st.altair_chart(chart, width="stretch", theme=None, key="matrix", on_select="rerun",
                            selection_mode=charts.PICKED)  # fmt: skip
    cell = _picked_cell(found, names, event)
    if cell is not None:
        _sentence(cell, found, reviews[cell.review_id])


def _picked_cell(found: Consensus, names: Mapping[str, str], event: Any) -> Cell | None:
    """What was clicked, else what was chosen in the list, which the keyboard can reach."""
    columns, rows = charts.order_of(found.cells)
    by_key = {f"{columns.index(cell.review_id)}:{rows.index(cell.aspect)}": cell for cell in found.cells}
    clicked = [point.get("key") for point in event.selection.get(charts.PICKED, [])]
    if clicked and clicked[0] != st.session_state.get("matrix_seen"):
        st.session_state["matrix_seen"] = clicked[0]
        st.session_state["matrix_cell"] = clicked[0]
    aspects = {one.aspect: one.name for one in found.findings}
    told = {
        key: one_line(
            f"{columns.index(cell.review_id) + 1}. {names[cell.review_id]}: {aspects.get(cell.aspect, cell.aspect)}"
        )
        for key, cell in by_key.items()
    }
    if st.session_state.get("matrix_cell") not in by_key:
        st.session_state["matrix_cell"] = _NO_CELL
    chosen = st.selectbox(
        "Review and aspect",
        [_NO_CELL, *by_key],
        key="matrix_cell",
        format_func=lambda key: told.get(key, "Choose a sentence to read"),
    )
    return by_key.get(chosen)


def _sentence(cell: Cell, found: Consensus, review: Review) -> None:
    """The sentence, and the review around it."""
    name = next((one.name for one in found.findings if one.aspect == cell.aspect), cell.aspect)
    who = " · ".join(part for part in (review.critic or "Unsigned", review.outlet, review.date) if part)
    quote, text = cell.quote, review.text
    first, last = max(0, quote.start - _SHOWN_TEXT), min(len(text), quote.end + _SHOWN_TEXT)
    parts = (text[first : quote.start], text[quote.start : quote.end], text[quote.end : last])
    st.html(messages.sentence(quote.quote, who, name, parts))


def _over_time(found: Consensus, theme: charts.Theme) -> None:
    chart = charts.over_time(found.slices, theme)
    if chart is None:
        return
    st.subheader("Over time", anchor=False)
    st.html(messages.small("Of the reviews of each time that judge it, the share that is for it."))
    st.altair_chart(chart, width="stretch", theme=None, key="time")


# ── below ────────────────────────────────────────────────────────────────────────────────────────


def _below(found: Consensus) -> None:
    with st.container(horizontal=True):
        frame.downloads("consensus", found.title.name, report.of_summary(found), contract_summary.summary(found))
    with st.expander("How this was made"):
        st.html(messages.stamped(found.engine, {"Made": found.made, "Coder": found.coder or "none"}))


frame.show("Consensus", _body)
