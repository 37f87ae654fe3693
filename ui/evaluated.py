"""Runs of evaluations as the page shows them. What counts lives in `evals`, whose extra may be missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import streamlit as st

from rag.errors import ExtraMissing, install_extra

try:
    from evals import reporting, runs, suites
except ModuleNotFoundError as error:
    _lacking: str | None = error.name
else:
    _lacking = None

FOLDER = "runs"
"""In the library's folder, as the command line has it."""


@dataclass(frozen=True)
class Evals:
    """The parts of `evals` that are used here."""

    runs: ModuleType
    suites: ModuleType
    reporting: ModuleType


def load() -> Evals:
    """The parts of `evals`. Raises ExtraMissing."""
    if _lacking is not None:
        raise ExtraMissing(f"Evaluations need a package: {_lacking}.", install_extra("evals"))
    return Evals(runs, suites, reporting)


def stamp(root: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a run is made or goes on; the names, times and sizes of the runs' files."""
    files = sorted(file for name in ("run.json", "cells.jsonl") for file in root.glob(f"*/{name}"))
    return tuple((str(file), stat.st_mtime_ns, stat.st_size) for file in files if (stat := _stat(file)) is not None)


def _stat(file: Path) -> Any:
    try:
        return file.stat()
    except OSError:  # it went while we looked
        return None


@st.cache_resource(show_spinner=False, max_entries=4)
def runs_in(root: Path, stamped: tuple[tuple[str, int, int], ...]) -> list[Any]:
    """Every run, the newest first, as they were at a stamp; do not change the list."""
    del stamped  # part of the key
    return list(load().runs.every(root))


@st.cache_resource(show_spinner=False, max_entries=8)
def report(
    root: Path, stamped: tuple[tuple[str, int, int], ...], run_id: str, before_id: str | None
) -> tuple[Any, str, str]:
    """A run's report, alone or beside another, with its page and its Markdown. Raises InputError."""
    evals = load()
    by_id = {run.id: run for run in runs_in(root, stamped)}
    run = by_id[run_id]
    suite = evals.suites.load(run.suite_file or run.suite)
    found = evals.reporting.report(suite, run, by_id[before_id] if before_id else None)
    return found, evals.reporting.html(found), evals.reporting.markdown(found)


def called(run: Any) -> str:
    """A run in a list."""
    when = str(run.started)[:16].replace("T", " ")
    state = "" if run.finished else ", stopped"
    return f"{run.suite}, {when}, {run.cases} cases{state} ({run.id})"


def others(runs: Sequence[Any], run: Any) -> list[Any]:
    """What a run can be compared with: other runs of its suite."""
    return [one for one in runs if one.id != run.id and (one.suite, one.suite_file) == (run.suite, run.suite_file)]


def rows(table: Any) -> tuple[list[str], list[list[str]], list[int]]:
    """The headers, the cells and the bad rows of a report's table."""
    if not table.compared:
        return (
            ["Metric", "Value", "95 % interval", "Titles"],
            [[row.label, row.value, row.interval, row.clusters] for row in table.rows],
            [],
        )
    cells = [
        [row.label, row.before, row.value, row.difference, row.bounds, row.smallest,
         f"{row.verdict}: {row.why}" if row.why else row.verdict]
        for row in table.rows
    ]  # fmt: skip
    headers = ["Metric", "Before", "After", "Difference", "Its bounds", "Smallest seen", "Verdict"]
    return headers, cells, [number for number, row in enumerate(table.rows) if row.bad]


def chart(row: Any) -> tuple[float, float | None, float | None, float | None] | None:
    """A row's figure, its interval and what it was, each a share of the scale; None where the figure has none."""
    if row.chart is None:
        return None
    at, low, high, was = (row.chart[name] for name in ("at", "low", "high", "was"))
    return None if at is None else (at, low, high, was)


def parts(case: Any) -> tuple[str, list[tuple[str, Sequence[str]]]]:
    """What is known of a case: its facts on a line, and its parts."""
    return f"{case.id}, {case.configuration}: {case.scores}", [(part.name, part.lines) for part in case.parts]


def slug(text: str) -> str:
    """A file's name of letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80] or "run"
