"""The page on which a question is asked. The question and the title stand in the URL, and a URL with them asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from rag.records import Answer, Review, Title
from ui import answer_component, answer_data, frame, messages
from ui.frame import ALL, known_titles
from ui.session import page_is_closed
from ui.shared_library import open_shared


def _body(path: Path) -> None:
    titles = known_titles(path)
    if not titles:
        return
    generation = open_shared(path).generation()
    _follow_url(titles)
    with st.form("ask", border=False):
        submitted = _question_box()
    _picker(titles)
    if submitted:
        _submit(titles)
    question, named = _in_url()
    if not question:
        st.html(messages.invitation(titles))
        return
    with st.spinner("Reading the reviews…"):
        answer, reviews = _answer(path, generation, question, _resolved(named, titles))
    _show(answer, reviews)


def _show(answer: Answer, reviews: Mapping[str, Review]) -> None:
    st.html(messages.meta(answer))
    asked = (answer.question, answer.engine.generation, tuple(title.id for title in answer.titles))
    answer_component.show(asked, lambda widened: answer_data.build(answer, reviews, widened))
    with st.expander("How this was made"):
        st.html(messages.made(answer))


# ── question and title ───────────────────────────────────────────────────────────────────────────


def _question_box() -> bool:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Your question",
            key="question",
            label_visibility="collapsed",
            placeholder="For example: What did critics dislike about the ending?",
            autocomplete="off",
        )
        return st.form_submit_button("Ask", type="primary")


def _picker(titles: Sequence[Title]) -> None:
    if len(titles) > 1:
        frame.pick_title(titles, "title", with_all=True, on_change=_title_changed, args=(titles,))


def _submit(titles: Sequence[Title]) -> None:
    question = " ".join(st.session_state["question"].split())
    if question:
        _go(question, titles)


def _title_changed(titles: Sequence[Title]) -> None:
    """Another title was picked: what was asked is asked of it."""
    question, _ = _in_url()
    if question:
        _go(question, titles)


# ── URL ──────────────────────────────────────────────────────────────────────────────────────────


def _in_url() -> tuple[str, str]:
    return st.query_params.get("q", "").strip(), st.query_params.get("title", "").strip()


def _go(question: str, titles: Sequence[Title]) -> None:
    """Put question and title into the URL: one entry in the browser's history."""
    title = _named(st.session_state.get("title", ALL), titles)
    st.query_params.from_dict({"q": question} | ({"title": title} if title else {}))
    st.session_state["followed"] = _in_url()


def _follow_url(titles: Sequence[Title]) -> None:
    """A link that was opened, or the back button: the widgets show what the URL says."""
    question, named = _in_url()
    if st.session_state.get("followed") != (question, named):
        st.session_state["followed"] = (question, named)
        st.session_state["question"] = question
        st.session_state["title"] = _resolved(named, titles) if named else ALL
    if st.session_state.get("title") not in {title.id for title in titles}:
        st.session_state["title"] = ALL


def _named(title_id: str, titles: Sequence[Title]) -> str:
    """How a title stands in the URL: by its name, or by its id where two have that name."""
    names = [title.name for title in titles]
    name = next((title.name for title in titles if title.id == title_id), "")
    return name if names.count(name) <= 1 else title_id


def _resolved(named: str, titles: Sequence[Title]) -> str:
    """The id of the title that is meant; what is no id and no name stays as it is, for the library to judge."""
    if any(title.id == named for title in titles):
        return named
    return next((title.id for title in titles if title.name == named), named)


# ── answer ───────────────────────────────────────────────────────────────────────────────────────


def _answer(path: Path, generation: int, question: str, title: str) -> tuple[Answer, dict[str, Review]]:
    """The answer in this session's hands, if it is to this question; else it is asked for."""
    asked = (path, generation, question, title)
    kept = st.session_state.get("answered")
    if kept is None or kept[0] != asked:
        kept = (asked, open_shared(path).ask(question, [title] if title else None, page_is_closed()))
        st.session_state["answered"] = kept
    return kept[1]


frame.show("Ask the reviews", _body)
