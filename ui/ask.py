"""The page on which a question is asked. Question, title and what was asked before stand in the URL, and a URL asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from rag import contract, report
from rag.errors import Cancelled
from rag.records import Answer, Review, Title
from ui import answer_component, answer_data, frame, messages, writing
from ui.frame import ALL, known_titles
from ui.safe import label
from ui.session import page_is_closed
from ui.shared_library import Found, Hear, open_shared
from ui.writing import Writing

# Comments, not strings: a string alone is shown on the page when somebody runs it with Streamlit's magic on.
_LOOKED_S = 0.4  # seconds between two looks at what a model has written
_HISTORY = 12
_TURNS = 5  # questions before the last one that a conversation keeps


def _body(path: Path) -> None:
    titles = known_titles(path)
    if not titles:
        return
    generation = open_shared(path).generation()
    _follow_url(titles)
    with st.form("ask", border=False):
        submitted = _question_box("question", "For example: What did critics dislike about the ending?", "Ask")
    if len(titles) > 1:
        frame.pick_title(titles, "title", with_all=True, on_change=_title_changed, args=(titles,))
    if submitted:
        _submit(titles)
    question, named, before = _in_url()
    if not question:
        st.html(messages.invitation(titles))
        _suggest(path, generation, titles)
        return
    if before:
        st.html(messages.going_on(before))
    found = _answer(path, generation, question, _resolved(named, titles), before)
    if found is not None:
        _show(*found)
        _follow_up(titles)
    _history(titles)


def _show(answer: Answer, reviews: Mapping[str, Review]) -> None:
    st.html(messages.meta(answer))
    asked = (answer.question, answer.engine.generation, tuple(title.id for title in answer.titles))
    answer_component.show(asked, lambda widened: answer_data.build(answer, reviews, widened))
    _take_away(answer)
    with st.expander("Why this answer"):
        st.html(messages.made(answer))
        if answer.candidates:
            st.html(messages.evidence(answer))


def _take_away(answer: Answer) -> None:
    """To copy, or as a file, with the citations."""
    with st.container(horizontal=True):
        blocks = report.of_answer(answer)
        markdown = frame.downloads("answer", answer.question, blocks, contract.answer(answer))
        with st.popover("Copy"):
            st.code(markdown, language=None, wrap_lines=True)


# ── question and title ───────────────────────────────────────────────────────────────────────────


def _question_box(key: str, placeholder: str, button: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Your question" if key == "question" else "A follow-up question",
            key=key,
            label_visibility="collapsed",
            placeholder=placeholder,
            autocomplete="off",
        )
        return st.form_submit_button(label(button), type="primary" if key == "question" else "secondary")


def _submit(titles: Sequence[Title]) -> None:
    question = " ".join(st.session_state["question"].split())
    if question:
        _go(question, titles)


def _title_changed(titles: Sequence[Title]) -> None:
    """Another title was picked: what was asked is asked of it."""
    question, _, _ = _in_url()
    if question:
        _go(question, titles)


def _suggest(path: Path, generation: int, titles: Sequence[Title]) -> None:
    """What there is to ask about, of the title that is picked or of the one with most reviews."""
    picked = st.session_state.get("title") or max(titles, key=lambda title: title.reviews).id
    title = next((one for one in titles if one.id == picked), titles[0])
    asked = _suggested(path, generation, title.id)
    if not asked:
        return
    st.html(messages.of_title(title))
    with st.container(horizontal=True):
        for number, question in enumerate(asked):
            st.button(
                label(question), key=f"suggested_{number}", on_click=_ask_suggested, args=(question, title.id, titles)
            )


@st.cache_resource(show_spinner=False, max_entries=64)
def _suggested(path: Path, generation: int, title_id: str) -> list[str]:
    del generation  # part of the key
    return open_shared(path).run(lambda library: library.suggestions(title_id))


def _ask_suggested(question: str, title_id: str, titles: Sequence[Title]) -> None:
    if len(titles) > 1:
        st.session_state["title"] = title_id
    _go(question, titles)
    st.session_state["question"] = question


def _follow_up(titles: Sequence[Title]) -> None:
    """A question that goes on from this one keeps its titles and, without a subject of its own, its subject."""
    with st.form("follow", border=False, clear_on_submit=True):
        if not _question_box("follow_up", "Ask on: and who liked it?", "Follow up"):
            return
        question = " ".join(st.session_state["follow_up"].split())
    if question:
        asked, _, before = _in_url()
        _go(question, titles, (*before, asked)[-_TURNS:])
        st.rerun()


def _history(titles: Sequence[Title]) -> None:
    """What was asked in this session, the newest first, to be asked again."""
    question, named, before = _in_url()
    asked = st.session_state.setdefault("asked_before", [])
    entry = (question, named, before)
    if entry not in asked:
        asked.insert(0, entry)
        del asked[_HISTORY:]
    others = [one for one in asked if one != entry]
    if not others:
        return
    with st.expander("Asked before"):
        for number, (text, title, turns) in enumerate(others):
            said = f"{text} · {title}" if title else text
            st.button(label(said), key=f"again_{number}", type="tertiary", on_click=_ask_again,
                      args=(text, title, turns, titles))  # fmt: skip


def _ask_again(question: str, named: str, before: tuple[str, ...], titles: Sequence[Title]) -> None:
    st.session_state["title"] = _resolved(named, titles) if named else ALL
    _go(question, titles, before)
    st.session_state["question"] = question


# ── URL ──────────────────────────────────────────────────────────────────────────────────────────


def _in_url() -> tuple[str, str, tuple[str, ...]]:
    """Question, title, and the questions before, the first first."""
    asked = st.query_params.get("q", "").strip()
    return asked, st.query_params.get("title", "").strip(), tuple(st.query_params.get_all("after"))[-_TURNS:]


def _go(question: str, titles: Sequence[Title], before: Sequence[str] = ()) -> None:
    """Put question, title and what came before into the URL: one entry in the browser's history."""
    title = _named(st.session_state.get("title", ALL), titles)
    told: dict[str, str | list[str]] = {"q": question}
    st.query_params.from_dict(told | ({"title": title} if title else {}) | ({"after": [*before]} if before else {}))
    st.session_state["followed"] = _in_url()


def _follow_url(titles: Sequence[Title]) -> None:
    """A link that was opened, or the back button: the widgets show what the URL says."""
    question, named, before = _in_url()
    if st.session_state.get("followed") != (question, named, before):
        st.session_state["followed"] = (question, named, before)
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


def _answer(path: Path, generation: int, question: str, title: str, before: Sequence[str]) -> Found | None:
    """The answer in this session's hands, if it is to this question; else it is asked for. None while it is written."""
    asked = (path, generation, question, title, tuple(before))
    kept = st.session_state.get("answered")
    if kept is not None and kept[0] == asked:
        found: Found = kept[1]
        return found
    library, titles = open_shared(path), [title] if title else None
    previous: Answer | None = None
    if not library.by_model:
        with st.spinner("Reading the reviews…"):
            for turn in before:
                previous, _ = library.ask(turn, titles, page_is_closed(), previous)
            found = library.ask(question, titles, page_is_closed(), previous)
        st.session_state["answered"] = (asked, found)
        return found
    return _written(path, asked, titles, before)


def _written(path: Path, asked: tuple[object, ...], titles: list[str] | None, before: Sequence[str]) -> Found | None:
    """What a model writes, sentence by sentence as each is verified."""
    question = str(asked[2])
    begun = st.session_state.get("writing")
    if begun is None or begun[0] != asked:
        library = open_shared(path)

        def ask(cancelled: Callable[[], bool], hear: Hear) -> Found:
            previous: Answer | None = None
            for turn in before:
                previous, _ = library.ask(turn, titles, cancelled, previous)
            return library.ask(question, titles, cancelled, previous, hear)

        begun = (asked, writing.begin(ask, page_is_closed()))
        st.session_state["writing"] = begun
    going: Writing = begun[1]
    if not going.is_done:
        _watch(going, question)
        return None
    del st.session_state["writing"]
    if isinstance(going.error, Cancelled):
        st.html(messages.message("Stopped", "The answer was stopped before it was whole. Ask again to have it."))
        return None
    if going.error is not None:
        raise going.error
    assert going.found is not None
    st.session_state["answered"] = (asked, going.found)
    return going.found


@st.fragment(run_every=_LOOKED_S)
def _watch(going: Writing, question: str) -> None:
    """The sentences so far, and a way to stop. Once it is done the whole page is drawn once more."""
    if going.is_done:
        st.rerun()
    claims, reviews = list(going.claims), dict(going.reviews)
    st.html(messages.writing(len(claims)))
    if st.button("Stop", key="stop"):
        going.stopped = True
    if claims:
        data = answer_data.partial(question, claims, reviews)
        answer_component.mount(data)


frame.show("Ask the reviews", _body)
