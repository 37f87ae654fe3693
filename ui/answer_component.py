"""The answer and its source panel, as one component in the page.

Its HTML, style and script are files of this package; an answer reaches them as data only.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

import streamlit as st

from rag.records import Answer, Review
from ui import answer_data

KEY = "answer"
_WIDENED = "answer_widened"


def _read(name: str) -> str:
    return resources.files("ui").joinpath(name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "pullquote_answer", html=_read("answer.html"), css=_read("answer.css"), js=_read("answer.js")
)


@st.fragment
def show(answer: Answer, reviews: Mapping[str, Review]) -> None:
    """Show an answer. "Show more" of a review runs this fragment alone; all else happens in the browser."""
    asked = (answer.question, answer.engine.generation, tuple(title.id for title in answer.titles))
    kept_for, widened = st.session_state.get(_WIDENED, (None, {}))
    if kept_for != asked:
        widened = {}
        st.session_state[_WIDENED] = (asked, widened)
    _mount(key=KEY, data=answer_data.build(answer, reviews, widened), on_more_change=_widen)


def _widen() -> None:
    number = st.session_state[KEY].get("more")
    _, widened = st.session_state[_WIDENED]
    if isinstance(number, int):
        widened[number] = widened.get(number, 0) + 1
