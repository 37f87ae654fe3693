"""What a benchmark found, and how it is written: Markdown for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


class CannotMeasure(Exception):
    """Something that a benchmark needs is missing or wrong; the message is one line."""


@dataclass(frozen=True)
class Bar:
    """A promise: a figure and the limit that it must keep."""

    what: str
    measured: float
    limit: float
    unit: str = ""
    at_least: bool = True

    @property
    def held(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(frozen=True)
class Table:
    """Rows under headers; every cell is written already."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Report:
    """One benchmark's result. `figures` holds the unrounded values for programs."""

    name: str
    sentence: str
    tables: tuple[Table, ...]
    bars: tuple[Bar, ...]
    notes: tuple[str, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)


def markdown(report: Report) -> str:
    """A heading, the tables, the bars, the notes."""
    return f"## {report.name}\n\n{body(report)}"


def body(report: Report) -> str:
    """What stands under the heading."""
    notes = "\n".join(f"- {note}" for note in report.notes)
    tables = [_table(table) for table in report.tables]
    parts = [report.sentence, *tables, _bars(report.bars), notes]
    return "\n\n".join(part for part in parts if part) + "\n"


def merged(name: str, reports: Sequence[Report]) -> Report:
    """Several reports as one, with the figures of each under its name."""
    parts = [[*part] for part in zip(*((one.tables, one.bars, one.notes) for one in reports), strict=True)]
    tables, bars, notes = (tuple(item for found in part for item in found) for part in parts)
    sentence = " ".join(one.sentence for one in reports)
    return Report(name, sentence, tables, bars, notes, {one.name: one.figures for one in reports})


def exit_code(reports: Iterable[Report]) -> int:
    """0 when every bar held, 1 when one was missed."""
    return 0 if all(bar.held for report in reports for bar in report.bars) else 1


def as_json(reports: Iterable[Report]) -> str:
    """Every report's figures and bars, by name."""
    found = {report.name: {"figures": report.figures, "bars": [_bar(b) for b in report.bars]} for report in reports}
    return json.dumps(found, indent=2, ensure_ascii=False)


def _bar(bar: Bar) -> dict[str, object]:
    sign = "at least" if bar.at_least else "at most"
    return {"what": bar.what, "measured": bar.measured, sign: bar.limit, "unit": bar.unit, "held": bar.held}


def _bars(bars: Sequence[Bar]) -> str:
    if not bars:
        return ""
    rows = tuple((bar.what, _number(bar.measured, bar.unit), _limit(bar), _verdict(bar)) for bar in bars)
    return _table(Table(("bar", "measured", "limit", ""), rows))


def _limit(bar: Bar) -> str:
    return ("≥ " if bar.at_least else "≤ ") + _number(bar.limit, bar.unit)


def _verdict(bar: Bar) -> str:
    return "held" if bar.held else "**missed**"


def _number(value: float, unit: str) -> str:
    """`60 %` of .6, `14.2×`, `1.85 s`, `312 MB`, `3 modules`."""
    if not unit:
        return f"{value:.3f}".rstrip("0").rstrip(".") if value else "0"
    if unit == "%":
        return f"{100 * value:.0f} %"
    if unit == "×":
        return f"{value:.2f}×"
    return f"{value:.0f} {unit}" if unit != "s" else f"{value:.2f} s"


def _table(table: Table) -> str:
    """A Markdown table; columns after the first stand right."""
    lines = [_row(table.headers), _row(["---", *["---:"] * (len(table.headers) - 1)])]
    return "\n".join([*lines, *(_row(row) for row in table.rows)])


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
