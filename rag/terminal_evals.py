"""How runs, comparisons and the gate look in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from evals import reporting
from rag.safe_text import one_line
from rag.terminal import console

if TYPE_CHECKING:
    from rich.console import Console

    from evals.gate import Gated
    from evals.reporting import Case, Report, Row
    from evals.runs import Run

_CASES = 3


def run(found: Report, made: Run) -> None:
    """The figures of a run, and where the rest is."""
    out = console()
    _head(out, found)
    for table in found.tables:
        out.print(Text(f"\n{table.name}", style="bold"), Text(one_line(table.about), style="dim"))
        shown = _table("metric", "value", "95 %", "n")
        for row in table.rows:
            shown.add_row(row.label, row.value, row.interval, row.clusters)
        out.print(shown)
    out.print(Text(f"\nThe worst cases, and all else: pullquote eval report {made.id}", style="dim"))


def comparison(found: Report) -> None:
    """Two runs, and the cases that got worse."""
    out = console()
    _head(out, found)
    for table in found.tables:
        out.print(Text(f"\n{table.name}", style="bold"))
        out.print(_compared(table.rows))
    _cases(out, found.cases)


def gated(faults: Sequence[str], found: Sequence[Gated]) -> None:
    """What the gate lets through and what not, with reasons."""
    out = console()
    for fault in faults:
        out.print(Text(one_line(fault), style="bold red"))
    for one in found:
        word, style = {0: ("passes", "green"), 1: ("WORSE", "bold red"), 6: ("CAN’T TELL", "bold yellow")}[one.code]
        out.print(Text(f"{one.suite.name:12} {word}", style=style))
        for said in (*one.worse, *one.untold):
            out.print(Text(f"  {one_line(said)}"))
        if one.code and one.run and one.accepted:
            shown = reporting.report(one.suite, one.run, one.accepted)
            for table in shown.tables:
                out.print(Text(f"  {table.name}", style="bold"))
                out.print(_compared(table.rows))
            _cases(out, shown.cases)
            out.print(Text(f"  Everything: pullquote eval report {one.run.id}", style="dim"))


def _head(out: Console, found: Report) -> None:
    out.print(Text(one_line(found.title), style="bold"))
    out.print(Text(one_line(found.about), style="dim"))
    for note in found.notes:
        out.print(Text(one_line(note), style="bold yellow"))


def _compared(rows: Sequence[Row]) -> Table:
    shown = _table("metric", "before", "after", "difference", "bounds", "sees", "")
    for row in rows:
        verdict = Text(one_line(row.verdict), style="bold red" if row.bad else "")
        shown.add_row(row.label, row.before, row.value, row.difference, row.bounds, row.smallest, verdict)
    return shown


def _cases(out: Console, cases: Sequence[Case]) -> None:
    for case in cases[:_CASES]:
        out.print(Text(f"\n{one_line(case.shown)}", style="bold"), Text(case.id, style="dim"))
        out.print(Text(one_line(case.scores), style="dim"))
        for part in case.parts:
            out.print(Text(f"  {part.name}:"))
            for line in part.lines:
                out.print(Text(f"    {one_line(line)}"))


def _table(*headers: str) -> Table:
    made = Table(box=None, pad_edge=False)
    for number, header in enumerate(headers):
        made.add_column(Text(header, style="dim"), justify="left" if number == 0 else "right", no_wrap=number < 2)
    return made
