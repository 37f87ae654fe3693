"""The page of evaluations: a run's figures with their intervals, two runs beside each other, and the cases behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from ui import evaluated, frame
from ui import messages_library as messages
from ui.safe import label, one_line

_NONE = ""


def _body(path: Path) -> None:
    root = path / evaluated.FOLDER
    with st.spinner("Fetching what evaluates…"):
        evaluated.load()
        stamp = evaluated.stamp(root)
        runs = evaluated.runs_in(root, stamp)
    if not runs:
        st.html(messages.no_runs())
        st.code("pullquote eval run answers", language=None)
        return
    by_id = {run.id: run for run in runs}
    chosen, before = st.columns(2)
    with chosen:
        run_id = st.selectbox("Run", [*by_id], format_func=lambda one: one_line(evaluated.called(by_id[one])))
    rest = {run.id: run for run in evaluated.others(runs, by_id[run_id])}
    with before:
        before_id = st.selectbox(
            "Compare with",
            [_NONE, *rest],
            disabled=not rest,
            format_func=lambda one: one_line(evaluated.called(rest[one])) if one else "no other run",
        )
    with st.spinner("Working out the figures…"):
        report, page, markdown = evaluated.report(root, stamp, run_id, before_id or None)
    st.html(messages.run(report.purpose, report.about, report.notes))
    if not by_id[run_id].finished:
        st.html(messages.said("This run was stopped before its end.", "The command line goes on with it:"))
        st.code(body=one_line(f"pullquote eval run {by_id[run_id].suite} --resume {run_id}"), language=None)
    table = _configuration(report)
    headers, cells, bad = evaluated.rows(table)
    charts = [evaluated.chart(row) for row in table.rows]
    st.html(messages.heading(table.name, table.about))
    st.html(messages.figures(headers, cells, caption=f"Figures of {table.name}", charts=charts, bad=bad))
    _cases(report, table.name)
    with st.container(horizontal=True):
        name = evaluated.slug(f"report {run_id}" + (f" beside {before_id}" if before_id else ""))
        for words, data, ending, mime in (
            ("Report as a page", page, "html", "text/html"),
            ("Report as Markdown", markdown, "md", "text/markdown"),
        ):
            st.download_button(
                label(words),
                data=data,
                file_name=f"{name}.{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
            )


def _configuration(report: Any) -> Any:
    """The table that is shown: of the one configuration, or of the one that is chosen."""
    if len(report.tables) == 1:
        return report.tables[0]
    by_name = {table.name: table for table in report.tables}
    return by_name[st.selectbox("Configuration", [*by_name], format_func=one_line)]


def _cases(report: Any, configuration: str) -> None:
    cases = [case for case in report.cases if case.configuration == configuration]
    st.html(messages.heading(report.cases_title, "" if cases else "None."))
    for number, case in enumerate(cases):
        with st.expander(label=label(case.shown, 120), key=f"case-{number}"):
            st.html(messages.parts(*evaluated.parts(case)))


frame.show("Evaluations", _body)
