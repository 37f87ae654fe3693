"""A run, alone or beside another, as rows that a terminal, Markdown and one self-contained page show alike.

Everything from reviews, models and files is text here: escaped in HTML, made visible in Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import jinja2

import rag
from evals import comparing
from evals.comparing import Compared
from evals.intervals import Interval
from evals.measures import MEASURES
from evals.runs import Cell, Run
from evals.suites import Suite
from rag.safe_text import one_line

MOST_CASES = 12
_LINES = 8
_OPEN = ("tokens", "cost_usd", "seconds", "wrong_cited", "minority_false")
"""Figures that are no share of one, and have no chart."""


@dataclass(frozen=True)
class Row:
    """A figure, written."""

    label: str
    value: str
    interval: str
    clusters: str
    chart: Mapping[str, float | None] | None
    """Where value, interval and the value before stand, from 0 to 1; None for what is no share."""
    before: str = ""
    difference: str = ""
    bounds: str = ""
    smallest: str = ""
    verdict: str = ""
    why: str = ""
    bad: bool = False


@dataclass(frozen=True)
class Table:
    """The figures of a configuration."""

    name: str
    about: str
    rows: Sequence[Row]
    compared: bool


@dataclass(frozen=True)
class Part:
    """Something about a case, line by line."""

    name: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Case:
    """A case with what it gave."""

    id: str
    shown: str
    configuration: str
    scores: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Report:
    """All that is shown of a run."""

    title: str
    purpose: str
    about: str
    tables: Sequence[Table]
    cases_title: str
    cases: Sequence[Case]
    notes: Sequence[str] = field(default_factory=tuple)


def report(suite: Suite, run: Run, before: Run | None = None) -> Report:
    """Of a run: its figures, the worst cases, what it cost; beside another run, what changed."""
    tables, cases = [], list[Case]()
    for name in run.configurations:
        after = run.of(name)
        was = before.of(name) if before is not None else {}
        compared = comparing.compare(suite.metrics, was, after, (before.smallest if before else {}).get(name))
        rows = [_compared_row(one) for one in compared] if was else [*_rows(suite, run, name)]
        tables.append(Table(name, _about(run, name), rows, bool(was)))
        chosen = comparing.by_fall(compared, was, after) if was else _worst(suite, after)
        cases += [_case(suite, after[one], was.get(one)) for one in chosen[:MOST_CASES]]
    missing = [cell for cell in run.cells if cell.error]
    notes = [f"{len(missing)} of {len(run.cells)} cases are missing. {one.case}: {one.error}" for one in missing[:1]]
    if run.judge:
        notes.append(_judge(run.judge))
    return Report(
        f"{suite.name}, {run.id}" + (f" beside {before.id}" if before is not None else ""),
        suite.purpose,
        f"{run.cases} cases, {run.split}; {run.seconds:.0f} s; Pullquote {run.version}; started {run.started}. "
        f"Suite {run.suite_digest}, reviews {run.library}.",
        tables,
        "Cases that got worse" if before is not None else "The worst cases",
        cases,
        notes,
    )


def figures(suite: Suite, run: Run) -> dict[str, dict[str, Any]]:
    """The figures for programs, by configuration and metric."""
    return {
        name: {metric: _json(comparing.figure(MEASURES[metric], [*run.of(name).values()])) for metric in suite.metrics}
        for name in run.configurations
    }


def compared_json(compared: Sequence[Compared]) -> list[dict[str, Any]]:
    """A comparison for programs."""
    return [
        {
            "metric": one.measure.name,
            "before": _json(one.before),
            "after": _json(one.after),
            "difference": _json(one.difference),
            "smallest": one.smallest,
            "margin": one.rule.margin,
            "verdict": one.verdict,
            "why": one.why,
            "changed": list(one.changed),
        }
        for one in compared
    ]


def html(shown: Report) -> str:
    """One page that needs nothing else and can load nothing."""
    source = (resources.files("evals") / "report.html.j2").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    page: str = environment.from_string(source).render(vars(shown) | {"version": rag.__version__})
    return page


def markdown(shown: Report) -> str:
    """The same for a terminal, a pull request or a file."""
    lines = [f"# {_md(shown.title)}", "", _md(shown.purpose), "", _md(shown.about), ""]
    lines += [line for note in shown.notes for line in (f"**{_md(note)}**", "")]
    for table in shown.tables:
        lines += [f"## {_md(table.name)}", "", _md(table.about), "", *_md_table(table), ""]
    lines += [f"## {shown.cases_title}", ""]
    for case in shown.cases:
        lines += [f"### {_md(case.shown)}", "", f"{_md(case.id)}, {case.configuration}: {case.scores}", ""]
        for part in case.parts:
            lines += [f"{part.name}:", "", *(f"- {_md(line)}" for line in part.lines), ""]
    return "\n".join(lines).rstrip() + "\n"


def _md_table(table: Table) -> Iterator[str]:
    headers = [
        "metric",
        "value",
        "95 %",
        *(["before", "difference", "bounds", "smallest seen", "verdict"] if table.compared else []),
    ]
    yield "| " + " | ".join(headers) + " |"
    yield "| --- |" + " ---: |" * (len(headers) - 1)
    for row in table.rows:
        cells = [row.label, row.value, row.interval]
        cells += [row.before, row.difference, row.bounds, row.smallest, row.verdict] if table.compared else []
        yield "| " + " | ".join(map(_md, cells)) + " |"


def _md(text: str) -> str:
    """A line of text that is no markup, no link and no HTML."""
    plain = one_line(text)
    for character in "\\`*_[]<>|#!":
        plain = plain.replace(character, f"\\{character}")
    return plain.replace("://", ":\u200b//")


def _rows(suite: Suite, run: Run, name: str) -> Iterator[Row]:
    cells = [*run.of(name).values()]
    scored = {metric for cell in cells for metric, value in cell.scores.items() if value is not None}
    metrics = [*suite.metrics, *(["supported"] if "supported" in scored else [])]
    for metric in metrics:
        found = comparing.figure(MEASURES[metric], cells)
        yield Row(MEASURES[metric].label, value(found), interval(found), clusters(found), _chart(metric, found, None))


def _compared_row(one: Compared) -> Row:
    return Row(
        one.measure.label,
        value(one.after),
        interval(one.after),
        clusters(one.after),
        _chart(one.measure.name, one.after, one.before),
        value(one.before),
        "–" if one.difference is None else f"{one.difference.value:+.3f}",
        _bounds(one.difference),
        "–" if one.smallest is None else f"{one.smallest:.3f}",
        one.verdict,
        one.why,
        one.verdict in ("worse", "broken") or (one.verdict == "cannot tell" and one.rule.powered),
    )


def value(found: Interval | None) -> str:
    """A figure."""
    return "–" if found is None else f"{found.value:.3f}"


def interval(found: Interval | None) -> str:
    """Its 95 % interval."""
    if found is None or found.low is None or found.high is None:
        return "–"
    return f"{found.low:.3f}–{found.high:.3f}"


def clusters(found: Interval | None) -> str:
    """How many titles it rests on."""
    return "–" if found is None else str(found.clusters)


def _bounds(found: Interval | None) -> str:
    if found is None or found.low is None or found.high is None:
        return "–"
    return f"{found.low:+.3f} to {found.high:+.3f}"


def _chart(metric: str, found: Interval | None, was: Interval | None) -> Mapping[str, float | None] | None:
    if found is None or metric in _OPEN:
        return None
    ends = {"at": found.value, "low": found.low, "high": found.high, "was": was.value if was else None}
    return {name: None if end is None else round(min(1.0, max(0.0, end)), 4) for name, end in ends.items()}


def _about(run: Run, name: str) -> str:
    told = run.configurations[name]
    stamp = told.get("stamp") or {}
    parts = [stamp.get("name") or stamp.get("coder") or told["engine"]]
    if len({cell.cluster for cell in run.of(name).values()}) < comparing.FEWEST_TITLES:
        parts.append("intervals by case, for want of titles: too narrow, if answers about one title go wrong together")
    if told.get("origin"):
        parts.append(f"{told['origin']} replies")
        if told["origin"] == "scripted":
            parts.append("a script's, which says nothing of how good a model is")
    cells = [cell for cell in run.of(name).values() if not cell.error]
    tokens = sum(cell.scores.get("tokens") or 0 for cell in cells)
    costs = [cell.scores.get("cost_usd") for cell in cells]
    if tokens:
        dollars = None if None in costs else sum(one or 0 for one in costs)
        parts.append(f"{tokens:,.0f} tokens, {'price unknown' if dollars is None else f'${dollars:.4f}'}")
    return "; ".join(parts)


def _judge(told: Mapping[str, Any]) -> str:
    if not told.get("heard"):
        return f"The judge, {told['judge']}, gave no valid answer to {told['pairs']} pairs; its metric says nothing."
    share = told["agreed"] / told["heard"]
    kappa = "–" if told["kappa"] is None else f"{told['kappa']:.2f}"
    return (f"The judge, {told['judge']}, agreed with people on {share:.0%} of {told['heard']} pairs "
            f"(kappa {kappa}); its metric is worth no more than that.")  # fmt: skip


def _worst(suite: Suite, cells: Mapping[str, Cell]) -> list[str]:
    """The cases whose figures are worst, those with a margin or hard: the mean distance from what would be perfect."""
    judged = [
        MEASURES[name] for name, rule in suite.metrics.items() if (rule.hard or rule.margin) and name not in _OPEN
    ]
    distance: dict[str, float] = {}
    for cell in cells.values():
        own = [(one, one.of(cell.scores)) for one in judged]
        gaps = [(1 - found if one.up else found) for one, found in own if found is not None]
        if gaps and not cell.error:
            distance[cell.case] = sum(gaps) / len(gaps)
    return [name for name, gap in sorted(distance.items(), key=lambda pair: (-pair[1], pair[0])) if gap > 0]


def _case(suite: Suite, cell: Cell, was: Cell | None) -> Case:
    scores = ", ".join(_scored(suite, cell, was))
    return Case(one_line(cell.case), one_line(cell.shown), cell.configuration, scores, [*_parts(cell, was)])


def _scored(suite: Suite, cell: Cell, was: Cell | None) -> Iterator[str]:
    for name in suite.metrics:
        now = MEASURES[name].of(cell.scores)
        before = MEASURES[name].of(was.scores) if was else None
        if now is not None and (was is None or now != before):
            yield f"{MEASURES[name].label} {f'{before:.2f} → ' if before is not None else ''}{now:.2f}"


def _parts(cell: Cell, was: Cell | None) -> Iterator[Part]:
    found = cell.outcome
    yield from _said("Answer", found)
    if was is not None and not was.error:
        yield from _said("Before", was.outcome)
    for name, lines in (
        ("What answers it", found.get("right", [])),
        ("Evidence", [f"{one['review']}: {one['text']}" for one in found.get("evidence", [])]),
        ("Dropped", [f"{one['text']} ({one['why']})" for one in found.get("dropped", [])]),
    ):
        if lines:
            yield Part(name, [one_line(line) for line in lines[:_LINES]])


def _said(name: str, found: Mapping[str, Any]) -> Iterator[Part]:
    lines = [claim["text"] for claim in found.get("claims") or []] + list(found.get("statement") or [])
    if found.get("status") == "abstained":
        lines = [f"The reviews don’t say. {found.get('reason') or ''}".strip()]
    if lines:
        yield Part(name, [one_line(line) for line in lines[:_LINES]])


def _json(found: Interval | None) -> dict[str, Any] | None:
    return None if found is None else {k: v for k, v in vars(found).items() if k != "error"}
