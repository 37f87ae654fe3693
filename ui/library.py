"""The library's page: add files, look through the reviews, correct, remove and bring back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from rag import taxonomy
from rag.errors import InputError, NoLibrary, PullquoteError
from rag.library import Library
from rag.records import Filters, Review, Title
from ui import adding, frame, review_table
from ui import messages_library as messages
from ui.review_table import ROWS, Wanted
from ui.safe import one_line
from ui.shared_library import open_shared, removed_titles_of, reviews_of, titles_of

_FILTERS = {
    "since": ("From", "2024, 2024-03 or 2024-03-15"),
    "until": ("Until", "2025, that year included"),
    "outlet": ("Outlet", "The Tidewater Post; Night Reel"),
    "min_rating": ("Rated at least", "3/5, 60% or B+"),
    "max_rating": ("Rated at most", "2/5"),
    "lang": ("Language", "en"),
}
_NONE = ""


def _body(path: Path) -> None:
    try:
        generation: int | None = open_shared(path).generation()
    except NoLibrary:
        generation = None
    titles: Sequence[Title] = () if generation is None else titles_of(path, generation)
    st.html(messages.held(len(titles), sum(one.reviews for one in titles)) if titles else messages.nothing_held())
    adding.show(path, generation)
    if generation is None:
        return
    _said(path)
    if titles:
        st.subheader("Reviews", anchor=False)
        _reviews(path, generation, titles)
    _removed_titles(path, generation)


# ── what was done ────────────────────────────────────────────────────────────────────────────────


def _attempt(path: Path, verb: Callable[[Library], str], undo: str | None = None) -> None:
    """Change the library, and say so on the page drawn next; or say here why it could not be done.

    `undo` is the name under which what `verb` removes can be restored.
    """
    try:
        with st.spinner("Changing the library…"):
            sentence = open_shared(path).run(verb)
    except PullquoteError as error:
        st.html(messages.problem(error))
        return
    st.session_state["library_said"] = (sentence, undo)
    st.rerun()


def _said(path: Path) -> None:
    sentence, undo = st.session_state.get("library_said", (None, None))
    if sentence is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="library-said"):
        st.html(messages.said(sentence))
        if undo and st.button("Bring back"):
            _attempt(path, lambda library: _restored(library, undo))
        if st.button("Close", type="tertiary", key="close-said"):
            del st.session_state["library_said"]
            st.rerun()


def _restored(library: Library, what: str) -> str:
    return f"Restored {_count(len(library.restore(what).reviews), 'review')}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


# ── looking through ──────────────────────────────────────────────────────────────────────────────


def _reviews(path: Path, generation: int, titles: Sequence[Title]) -> None:
    if st.session_state.get("library_title") not in {title.id for title in titles}:
        st.session_state["library_title"] = titles[0].id
    title_id = frame.pick_title(titles, "library_title")
    title = next(one for one in titles if one.id == title_id)
    query, filters, removed = _narrowing()
    narrowed = (title.id, query, filters, removed)
    if st.session_state.get("library_narrowed") != narrowed:
        st.session_state["library_narrowed"] = narrowed
        st.session_state["library_offset"] = 0
    wanted = Wanted(*narrowed, offset=st.session_state["library_offset"])
    try:
        page, total = reviews_of(path, generation, wanted)
    except InputError as error:  # a date or an outlet that is none: the rest of the page stays
        st.html(messages.problem(error))
    else:
        _table(page, wanted)
        _pager(wanted, len(page), total)
        opened = _opened(page)
        if opened is not None:
            _panel(path, opened, title, titles)
    _change_title(path, title, titles)


def _narrowing() -> tuple[str, Filters, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        query = st.text_input(
            "Search the reviews",
            key="library_query",
            placeholder="Words in the review, a critic, an outlet",
            autocomplete="off",
        )
        removed = st.toggle("Show removed", key="library_removed")
    with st.expander("Filters"):
        given = {}
        for names in (("since", "until", "lang"), ("outlet", "min_rating", "max_rating")):
            for place, name in zip(st.columns(3), names, strict=True):
                words, hint = _FILTERS[name]
                with place:
                    given[name] = st.text_input(words, key=f"library_{name}", placeholder=hint, autocomplete="off")
    return query.strip(), review_table.filters(given), removed


def _table(page: Sequence[Review], wanted: Wanted) -> None:
    if not page:
        return
    key = f"rows-{abs(hash((wanted, page[0].id)))}"

    def choose() -> None:
        rows = st.session_state[key].selection.rows
        st.session_state["library_open"] = page[rows[0]].id if rows else _NONE

    st.dataframe(
        data=review_table.rows(page),
        key=key,
        hide_index=True,
        height=min(35 * (len(page) + 1) + 2, 387),
        on_select=choose,
        selection_mode="single-row",
        column_config={"Opening": st.column_config.TextColumn(width="large")},
        alt="Reviews of the title",
    )


def _pager(wanted: Wanted, shown: int, total: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        st.html(messages.page_of(wanted.offset, shown, total, removed=wanted.removed))
        if total > ROWS:
            st.button("Earlier page", disabled=not wanted.offset, on_click=_turn, args=(wanted.offset - ROWS,))
            last = wanted.offset + ROWS >= total
            st.button("Next page", disabled=last, on_click=_turn, args=(wanted.offset + ROWS,))


def _turn(offset: int) -> None:
    st.session_state["library_offset"] = max(0, offset)


def _opened(page: Sequence[Review]) -> Review | None:
    """The review that is read: chosen in the table, or here by name."""
    by_id = {review.id: review for review in page}
    if not by_id:
        return None
    # Set anew each time: a select box forgets a choice whose words change, as they do when a critic is corrected.
    chosen = st.session_state.get("library_open", _NONE)
    st.session_state["library_review"] = chosen if chosen in by_id else _NONE
    st.selectbox(
        "Read a review",
        [_NONE, *by_id],
        key="library_review",
        format_func=lambda one: review_table.called(by_id[one]) if one else "Choose one here or in the table",
        on_change=_open_chosen,
    )
    return by_id.get(chosen)


def _open_chosen() -> None:
    st.session_state["library_open"] = st.session_state["library_review"]


# ── one review ───────────────────────────────────────────────────────────────────────────────────


def _panel(path: Path, review: Review, title: Title, titles: Sequence[Title]) -> None:
    with st.container(border=True, key="review-panel"):
        kept_for, steps = st.session_state.get("library_more", (None, 0))
        steps = steps if kept_for == review.id else 0
        length = review_table.shown_length(review, steps)
        st.html(messages.review(review, title.name, length))
        if length < len(review.text):
            st.button("Show more", on_click=_more, args=(review.id, steps + 1))
        with st.expander("Where it comes from"):
            st.html(messages.sources(review))
        if review.state == "removed":
            if st.button("Bring this review back", type="primary"):
                _attempt(path, lambda library: _restored(library, review.id))
            return
        with st.expander("Correct critic, outlet, date or title"):
            _edit(path, review, titles)
        with st.popover("Remove…"):
            st.html(messages.said("Take this review out of every answer?", "It can be brought back."))
            if st.button("Remove this review", type="primary"):
                _attempt(path, lambda library: _removed(library, review.id), review.id)


def _more(review_id: str, steps: int) -> None:
    st.session_state["library_more"] = (review_id, steps)


def _removed(library: Library, what: str) -> str:
    return f"Removed {_count(len(library.remove(what).reviews), 'review')}."


def _edit(path: Path, review: Review, titles: Sequence[Title]) -> None:
    names = {title.id: title.name for title in titles}
    with st.form(key=f"edit-{review.id}", border=False):
        first, second, third = st.columns(spec=[2, 2, 1])
        with first:
            critic = st.text_input("Critic", review.critic or "", autocomplete="off")
        with second:
            outlet = st.text_input("Outlet", review.outlet or "", autocomplete="off")
        with third:
            date = st.text_input("Date", review.date or "", placeholder="2024-03-15", autocomplete="off")
        ids = list(names)
        moved = st.selectbox(
            "Title", ids, index=ids.index(review.title_id), format_func=lambda one: one_line(names[one])
        )
        saved = st.form_submit_button("Save", type="primary")
    if saved:
        given = {"critic": critic, "outlet": outlet, "date": date, "title": moved}
        changes = review_table.changed(review, given)
        _attempt(path, lambda library: _edited(library, review.id, changes))


def _edited(library: Library, review_id: str, changes: dict[str, str]) -> str:
    library.edit_review(
        review_id,
        title=changes.get("title"),
        critic=changes.get("critic"),
        outlet=changes.get("outlet"),
        date=changes.get("date"),
    )
    return "Saved."


# ── one title ────────────────────────────────────────────────────────────────────────────────────


def _change_title(path: Path, title: Title, titles: Sequence[Title]) -> None:
    with st.expander("Change this title"):
        st.html(
            messages.terms(
                [("Name", title.name), ("Kind", title.kind), ("Also called", ", ".join(title.aliases) or "–")]
            )
        )
        first, second, third = st.columns(3)
        with first, st.form(key=f"rename-{title.id}", border=False):
            name = st.text_input("New name", title.name, autocomplete="off")
            if st.form_submit_button("Rename"):
                _attempt(path, lambda library: _title_edited(library, title, name=name))
        with second, st.form(key=f"kind-{title.id}", border=False):
            kinds = list(taxonomy.kinds())
            at = kinds.index(title.kind) if title.kind in kinds else 0
            kind = st.selectbox("Kind", kinds, index=at)
            if st.form_submit_button("Change kind"):
                _attempt(path, lambda library: _title_edited(library, title, kind=kind))
        others = {one.id: one.name for one in titles if one.id != title.id}
        if others:
            with third, st.form(key=f"merge-{title.id}", border=False):
                into = st.selectbox("Is the same as", [*others], format_func=lambda one: one_line(others[one]))
                if st.form_submit_button("Merge into it"):
                    _attempt(path, lambda library: _title_edited(library, title, into=into))
        with st.popover("Remove this title…"):
            st.html(messages.said("Take all its reviews out of every answer?", "They can be brought back."))
            if st.button("Remove this title", type="primary"):
                _attempt(path, lambda library: _removed(library, title.id), title.id)
    if len(titles) > 1:
        with st.expander("All titles"):
            st.dataframe(
                data={
                    "Title": [one_line(one.name) for one in titles],
                    "Kind": [one.kind for one in titles],
                    "Reviews": [one.reviews for one in titles],
                },
                hide_index=True,
                height=min(35 * (len(titles) + 1) + 2, 387),
                alt="All titles with their kind and the number of their reviews.",
            )


def _title_edited(
    library: Library, title: Title, *, name: str | None = None, kind: str | None = None, into: str | None = None
) -> str:
    edited, joined = library.edit_title(title.id, name=name, kind=kind, into=into)
    same = (
        f" {_count(joined, 'review')} said what one there says already, and are one vote with it now." if joined else ""
    )
    return f"“{edited.name}” ({edited.kind}): {_count(edited.reviews, 'review')}.{same}"


def _removed_titles(path: Path, generation: int) -> None:
    gone = {one.id: one for one in removed_titles_of(path, generation)}
    if not gone:
        return
    with st.expander("Bring back a removed title"):
        with st.form("restore-title", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = st.selectbox("Removed titles", [*gone], format_func=lambda one: _named(gone[one]))
            asked = st.form_submit_button("Bring back")
        if asked:
            _attempt(path, lambda library: _restored(library, chosen))


def _named(title: Title) -> str:
    return f"{one_line(title.name)} ({_count(title.reviews, 'review')})"


frame.show("Library", _body)
