"""Settings and health: what the library is read with and why, what the doctor says, what models cost so far."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

import rag
from rag import settings
from rag.errors import NoLibrary
from rag.library import Library
from rag.search import model_files
from ui import frame, in_use
from ui import messages_library as messages
from ui.shared_library import open_shared, titles_of


def _body(path: Path) -> None:
    set_now = settings.load()
    found = model_files.find(set_now.model_dir, set_now.cache_dir)
    st.html(messages.in_use([*in_use.rows(set_now, settings.model_server(), path, found)]))
    st.subheader("Health", anchor=False)
    try:
        generation = open_shared(path).generation()
    except NoLibrary as error:
        st.html(messages.problem(error))
        return
    _health(path)
    st.subheader("Spent on models", anchor=False)
    spent, today = open_shared(path).run(lambda library: library.spending())
    st.html(messages.spent(spent, today, in_use.limits(set_now)))
    st.subheader("This library", anchor=False)
    titles = titles_of(path, generation)
    st.html(
        messages.terms(
            [
                ("Reviews", f"{sum(title.reviews for title in titles):,} of {len(titles):,} titles"),
                ("Generation", f"{generation}"),
                ("Pullquote", rag.__version__),
            ]
        )
    )


def _health(path: Path) -> None:
    if st.button("Check now"):
        # A library of its own: others go on asking while this one is looked at.
        with st.spinner("Looking at everything…"), Library.open(path) as opened:
            st.session_state["health"] = (opened.doctor(), f"{datetime.now():%H:%M}")
    checks, when = st.session_state.get("health", (None, ""))
    if checks is None:
        st.html(
            messages.small(
                "Looks at the database, the index and the model’s files; a model that is named is asked once."
            )
        )
        return
    st.html(messages.checks(checks))
    st.html(messages.small(f"Checked at {when}."))


frame.show("Settings and health", _body)
