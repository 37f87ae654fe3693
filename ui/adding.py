"""The part of the library's page that takes files: preview, columns, adding, the report, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from rag import taxonomy
from rag.errors import PullquoteError
from rag.library import Library
from rag.records import AddReport, Column, Rejected
from ui import messages_library as messages
from ui import upload
from ui.safe import label
from ui.shared_library import open_shared
from ui.upload import LEAVE_OUT, Adding, Parcel, Sent

MAX_COLUMNS = 40
"""Columns of a file that can be chosen from; those beyond stay as they were recognised."""
GUESSED = ""
_KEPT_PREVIEWS = 40
_POLL_S = 0.4


def show(path: Path, generation: int | None) -> None:
    """Take files. `generation` is the library's, None where there is none yet."""
    work: Adding | None = st.session_state.get("adding")
    if work is not None and work.running:
        _progress()
        return
    _finish()
    _report(path)
    turn = st.session_state.setdefault("upload_turn", 0)
    chosen = st.file_uploader("Add reviews", type=upload.TYPES, accept_multiple_files=True, key=f"upload-{turn}")
    if chosen:
        sent = tuple(Sent(one.file_id, upload.safe_name(one.name), one.getvalue()) for one in chosen)
        with st.container(border=True, key="preview"):
            try:
                _preview(path, generation, sent, turn)
            except PullquoteError as error:
                st.html(messages.problem(error))
                st.button("Try again")


# ── preview ──────────────────────────────────────────────────────────────────────────────────────


def _preview(path: Path, generation: int | None, sent: Sequence[Sent], turn: int) -> None:
    with st.spinner("Reading what was sent…"):
        recognised = [(one, _read(path, generation, (one,)).columns) for one in sent]
    chosen = [
        (parcel, _columns(parcel, f"{turn}-{number}")) for number, parcel in enumerate(upload.parcels(recognised))
    ]
    title, kind = _title_and_kind(turn)
    with st.spinner("Reading it with these columns…"):
        reports = [_read(path, generation, parcel.files, title, kind, mapped) for parcel, mapped in chosen]
    for report in reports:
        st.html(messages.would_add(report))
    _buttons(path, chosen, reports, title, kind)


def _title_and_kind(turn: int) -> tuple[str | None, str | None]:
    name, kind = st.columns(spec=[3, 1])
    with name:
        title = st.text_input(
            "What do they review?",
            key=f"upload-title-{turn}",
            placeholder="What the file itself says, else the file’s name",
            max_chars=300,
            autocomplete="off",
        )
    with kind:
        sort = st.selectbox(
            "Kind",
            [GUESSED, *taxonomy.kinds()],
            key=f"upload-kind-{turn}",
            format_func=lambda one: one or "guessed from the reviews",
        )
    return title.strip() or None, sort or None


def _columns(parcel: Parcel, key: str) -> dict[str, str] | None:
    """The choice of columns, as `add` takes it; None where nothing was changed."""
    st.html(messages.files([one.name for one in parcel.files]))
    if not parcel.columns:
        return None
    offered = parcel.columns[:MAX_COLUMNS]
    keys = {column.column: f"column-{key}-{number}" for number, column in enumerate(offered)}
    for start in range(0, len(offered), 4):
        for place, column in zip(st.columns(4), offered[start : start + 4], strict=False):
            with place:
                _column(column, keys)
    if len(parcel.columns) > len(offered):
        st.html(messages.small(f"{len(parcel.columns) - len(offered):,} more columns stay as they were recognised."))
    if "text" not in (chosen := {name: st.session_state[own] for name, own in keys.items()}).values():
        st.html(messages.said("No column holds the reviews.", "Choose “Review text” for the one that does."))
    return upload.column_map(parcel.columns, chosen)


def _column(column: Column, keys: Mapping[str, str]) -> None:
    own = keys[column.column]
    st.session_state.setdefault(own, column.field or LEAVE_OUT)
    st.selectbox(
        label(column.column, 60) or "(no name)",
        [LEAVE_OUT, *upload.FIELDS],
        key=own,
        format_func=lambda field: upload.FIELDS.get(field, "(leave out)"),
        on_change=_only_one,
        args=(own, tuple(keys.values())),
    )
    st.html(messages.example(column.example))


def _only_one(changed: str, keys: Sequence[str]) -> None:
    """A field is read from one column: the column that had it before is left out."""
    for key in keys:
        if key != changed and st.session_state.get(key) == st.session_state[changed]:
            st.session_state[key] = LEAVE_OUT


def _read(
    path: Path,
    generation: int | None,
    files: Sequence[Sent],
    title: str | None = None,
    kind: str | None = None,
    mapped: Mapping[str, str] | None = None,
) -> AddReport:
    """What adding these would do, asked once as long as nothing changes. Raises PullquoteError."""
    kept: dict[object, AddReport] = st.session_state.setdefault("previews", {})
    asked = (generation, tuple(one.id for one in files), title, kind, tuple((mapped or {}).items()))
    if asked not in kept:
        while len(kept) >= _KEPT_PREVIEWS + len(files):
            del kept[next(iter(kept))]
        kept[asked] = upload.read(path, files, title=title, kind=kind, column_map=mapped, dry_run=True)
    return kept[asked]


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


def _buttons(
    path: Path,
    chosen: Sequence[tuple[Parcel, Mapping[str, str] | None]],
    reports: Sequence[AddReport],
    title: str | None,
    kind: str | None,
) -> None:
    new = sum(report.added + report.superseded for report in reports)
    known = sum(report.duplicates for report in reports)
    with st.container(horizontal=True):
        st.button(
            label(f"Add {new:,} review{'' if new == 1 else 's'}" if new or not known else "Add where they stand too"),
            type="primary",
            disabled=not new and not known,
            on_click=_start,
            args=(Adding(path, chosen, title, kind),),
        )
        _download([one for report in reports for one in report.rejected])
        st.button("Cancel", type="tertiary", on_click=_clear)


def _download(rejected: Sequence[Rejected]) -> None:
    if rejected:
        st.download_button(
            "Refused rows",
            data=upload.refused_csv(rejected),
            file_name="refused-rows.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _clear() -> None:
    """An uploader under another key holds nothing."""
    st.session_state["upload_turn"] = st.session_state.get("upload_turn", 0) + 1
    st.session_state.pop("previews", None)


def _start(work: Adding) -> None:
    st.session_state.pop("added", None)
    st.session_state["adding"] = work
    work.start()
    work.wait(_POLL_S)  # most uploads are small: no bar for them


@st.fragment(run_every=_POLL_S)
def _progress() -> None:
    """How far the work has come; this part of the page alone is drawn again."""
    work: Adding | None = st.session_state.get("adding")
    if work is None or not work.running:
        st.rerun()
    share, words = work.told()
    with st.container(border=True, key="adding-now"):
        st.html(messages.said("Adding your reviews.", "You may read on; leaving this page does not stop it."))
        st.progress(share, text=label(words))


def _finish() -> None:
    """The work is done: its report takes its place, and the files are let go unless something went wrong."""
    work: Adding | None = st.session_state.pop("adding", None)
    if work is not None:
        st.session_state["added"] = {"reports": work.reports, "error": work.error, "broke": work.broke, "undone": False}
        if work.error is None and not work.broke:
            _clear()
        touched = [title.id for report in work.reports for title in report.titles if title.added]
        if touched:  # what was just added is what a reader wants to look at
            st.session_state["library_title"] = touched[0]


# ── report and undo ──────────────────────────────────────────────────────────────────────────────


def _report(path: Path) -> None:
    done = st.session_state.get("added")
    if not done:
        return
    with st.container(border=True, key="added"):
        if done["error"] is not None:
            st.html(messages.problem(done["error"]))
        elif done["broke"]:
            st.html(messages.fault())
        reports: list[AddReport] = done["reports"]
        batches = [report.batch for report in reports if report.added or report.superseded]
        if done["undone"]:
            st.html(messages.said("The upload is undone.", "Its reviews are in no answer; they can be put back."))
        else:
            st.html(messages.added(reports))
        with st.container(horizontal=True):
            if batches and done["undone"]:
                _reversal(path, "Put them back", batches, undo=False)
            elif batches:
                _reversal(path, "Undo this upload", batches, undo=True)
            _download([one for report in reports for one in report.rejected] if not done["undone"] else [])
            st.button("Close", type="tertiary", on_click=lambda: st.session_state.pop("added", None))


def _reversal(path: Path, words: str, batches: Sequence[str], *, undo: bool) -> None:
    if st.button(label(words)):
        with st.spinner("Changing the library…"):
            _each(path, batches, undo=undo)
        st.session_state["added"]["undone"] = undo
        st.rerun()


def _each(path: Path, batches: Sequence[str], *, undo: bool) -> None:
    """Every batch, the last first when they are taken out. Raises PullquoteError."""
    shared = open_shared(path)
    for batch in reversed(batches) if undo else batches:
        shared.run(partial(Library.remove if undo else Library.restore, batch=batch))
