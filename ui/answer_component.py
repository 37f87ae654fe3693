"""What cites and its source panel, as one component in the page.

Its HTML, style and script are files of this package; an answer reaches them as data only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from importlib import resources

import streamlit as st

from ui import answer_data

KEY = "answer"
_WIDENED = "answer_widened"


def _read(name: str) -> str:
    return resources.files("ui").joinpath(name).read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "pullquote_answer", html=_read("answer.html"), css=_read("answer.css"), js=_read("answer.js")
)


Build = Callable[[Mapping[int, int]], answer_data.Json]
"""From how often more was asked for, by citation id, to the component's data."""


@st.fragment
def show(what: Hashable, build: Build) -> None:
    """Show what cites: an answer, a consensus, a comparison. `what` says which, so that another one starts anew.

    "Show more" of a review runs this fragment alone; all else happens in the browser.
    """
    kept_for, widened = st.session_state.get(_WIDENED, (None, {}))
    if kept_for != what:
        widened = {}
        st.session_state[_WIDENED] = (what, widened)
    _mount(key=KEY, data=build(widened), on_more_change=_widen)


def mount(data: answer_data.Json) -> None:
    """Show what is there of an answer that is still written."""
    _mount(key=KEY, data=data)


def _widen() -> None:
    number = st.session_state[KEY].get("more")
    _, widened = st.session_state[_WIDENED]
    if isinstance(number, int):
        widened[number] = widened.get(number, 0) + 1
