"""How summaries and comparisons look in a terminal: counts with bars, and a quote for each side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rag import terminal
from rag.contract_summary import severe
from rag.evidence import verdicts
from rag.findings import AspectDifference, Comparison, Consensus, Side
from rag.records import Citation, Counts, Share
from rag.safe_text import one_line

if TYPE_CHECKING:
    from rag.opinions import CodingCost, CodingReport

_BAR = 10
_QUOTE = 160
"""Characters of a quote that are shown; the whole stands in --json and in the exports."""


def summary(out: Console, found: Consensus) -> None:
    """The statement, the counts with bars, the quotes, and what they rest on."""
    out.print(Text(one_line(found.title.name), style="bold"))
    out.print(_totals(found))
    out.print()
    for sentence in found.statement:
        out.print(Text(one_line(sentence.text)).append(_marks(sentence.quotes), style="bold cyan"))
    if found.statement:
        out.print()
    _counts(out, found)
    for minority in found.minorities:
        line = Text(f"! {severe(minority.reviews, minority.name, found.totals.reviews)}", style="bold red")
        out.print(line)
        for quote in minority.quotes:
            out.print(_quote(quote, "red"))
    _quotes(out, found)
    for change in found.changed:
        out.print(Text(f"Since the last summary: {one_line(change)}", style="cyan"))
    _below(out, found)


def _totals(found: Consensus) -> Text:
    totals, overall = found.totals, found.overall
    parts = [f"{totals.reviews} review{'' if totals.reviews == 1 else 's'}"]
    if totals.read > 1:
        parts.append(f"{overall.positive} for, {overall.negative} against, {overall.mixed} between")
    parts += [f"{totals.no_opinion} without an opinion"] if totals.no_opinion else []
    parts += [f"{totals.failed} that the coder can’t judge"] if totals.failed else []
    parts += [f"{totals.uncoded} not coded"] if totals.uncoded else []
    return Text(" · ".join(parts), style="dim")


def _counts(out: Console, found: Consensus) -> None:
    table = Table(box=None, pad_edge=False)
    for head, justify in (("", "left"), ("of", "right"), ("praise", "left"), ("criticise", "left")):
        table.add_column(head, justify="right" if justify == "right" else "left", no_wrap=True)
    reviews = found.totals.read
    for one in found.findings:
        marks = (" ≠" if one.verdict == "divided" else "") + (" (stale)" if one.stale else "")
        table.add_row(
            Text(one_line(one.name.removeprefix("the ")) + marks),
            str(one.counts.mentioning),
            _bar(one.total_praised, reviews, "green").append(_share(one.counts, "praised", reviews)),
            _bar(one.total_criticised, reviews, "red").append(_share(one.counts, "criticised", reviews)),
        )
    out.print(table if found.findings else "No review was found to judge anything yet.")
    if found.disagreements:
        out.print(Text("≠ divides the reviewers", style="dim"))
    for theme in (theme for one in found.findings for theme in one.themes):
        out.print(Text(f"Also talked of: {one_line(theme.name)} ({theme.reviews} reviews)", style="dim"))
    out.print()


def _bar(k: int, reviews: int, colour: str) -> Text:
    """As long as the side's part of all reviews; never empty where somebody is on it."""
    full = max(round(_BAR * k / max(1, reviews)), 1 if k else 0)
    return Text("█" * full, style=colour).append("·" * (_BAR - full) + " ", style="dim")


def _share(counts: Counts, side: Side, reviews: int) -> str:
    """A short one: "7 (64 %, 35–85)"; how many mention the aspect stands before it."""
    found = verdicts.side_share(counts, side, reviews)
    only = counts.positive if side == "praised" else counts.negative
    if found is None or not only + counts.mixed:
        return str(only + counts.mixed)
    return f"{found.k} ({found.value:.0%}, {100 * found.low:.0f}–{100 * found.high:.0f})".replace("%", " %")


def _quotes(out: Console, found: Consensus) -> None:
    for one in found.findings:
        if not one.praised and not one.criticised:
            continue
        out.print(Text(one_line(one.name), style="bold"))
        for quote in one.praised[:1]:
            out.print(_quote(quote, "green"))
        for quote in one.criticised[:1]:
            out.print(_quote(quote, "red"))
    out.print()


def _quote(quote: Citation, colour: str) -> Text:
    said = one_line(quote.quote)
    said = said if len(said) <= _QUOTE else f"{said[:_QUOTE].rstrip()} …"
    sign = "+" if colour == "green" else "-"
    who = " · ".join(one_line(part) for part in (quote.critic or "unsigned", quote.outlet) if part)
    line = Text(f"  {sign} ", style=colour).append(f"“{said}”", style="default")
    return line.append(f"  {who}", style="dim").append(f" [{quote.id}]" if quote.id else "", style="cyan")


def _marks(quotes: Sequence[Citation]) -> str:
    return "".join(f" [{quote.id}]" for quote in quotes)


def _below(out: Console, found: Consensus) -> None:
    if found.overall.contradictions:
        told, shown = len(found.overall.contradictions), ", ".join(found.overall.contradictions[:3])
        more = ", …" if told > 3 else ""
        out.print(Text(f"Ratings that say the opposite of their words: {told} ({shown}{more}).", style="yellow"))
    if found.overall.adjusted:
        one = found.overall.adjusted
        out.print(Text(f"Allowing for how often the coder errs: {one.value:.0%} for it "
                       f"({100 * one.low:.0f}–{100 * one.high:.0f}).".replace("%", " %"), style="dim"))  # fmt: skip
    for warning in found.warnings:
        out.print(Text(f"Note: {one_line(warning)}", style="yellow"))
    writer = "offline, in the model’s place" if found.engine.fallback else found.engine.name
    out.print(Text(f"{found.coder or 'not coded'} · {writer} · {found.made}", style="dim"))
    terminal.usage(out, found.usage)


def comparison(out: Console, found: Comparison) -> None:
    """A line an aspect, those whose difference holds first, and a quote for each side of these."""
    first, second = (one_line(title.name) for title in found.titles)
    table = Table("praised", first, second, "difference", "", box=None, pad_edge=False)
    for row in found.aspects:
        shares = [_shown(one, counts) for one, counts in zip(row.shares, row.counts, strict=True)]
        table.add_row(Text(one_line(row.name)), *shares, _difference(row), "holds" if row.holds else "could be chance")
    out.print(table if found.aspects else "No aspect is mentioned in the reviews of both.")
    for row in (row for row in found.aspects if row.holds):
        out.print(Text(f"\n{one_line(row.name)}", style="bold"))
        for title, quotes in zip(found.titles, row.quotes, strict=True):
            for quote in quotes:
                out.print(Text(f"  {one_line(title.name)}", style="dim"))
                out.print(_quote(quote, "red" if quote.stance == "negative" else "green"))
    for warning in found.warnings:
        out.print(Text(f"Note: {one_line(warning)}", style="yellow"))


def _shown(found: Share | None, counts: Counts) -> str:
    return str(found) if found is not None else f"{counts.positive + counts.mixed} of {counts.mentioning}"


def _difference(row: AspectDifference) -> str:
    if row.difference is None:
        return "-"
    one = row.difference
    return f"{100 * one.value:+.0f} ({100 * one.low:+.0f} to {100 * one.high:+.0f})"


def coded(out: Console, report: CodingReport) -> None:
    """What a coding run did."""
    for title in report.titles:
        failed = f", {title.failed} that the coder can’t judge" if title.failed else ""
        out.print(one_line(f"{title.name}: {title.read} reviews read, {title.opinions} opinions{failed}."))
    if not report.titles:
        out.print("Everything is coded already.")
    for warning in report.warnings:
        out.print(Text(f"Note: {one_line(warning)}", style="yellow"))
    terminal.usage(out, report.usage)


def coding_cost(cost: CodingCost) -> str:
    """What coding by a model would cost, in a sentence."""
    dollars = "no price of it is known" if cost.cost_usd is None else f"about {cost.cost_usd:.2f} dollars"
    return (
        f"{cost.reviews:,} reviews are to be read by the model: about {cost.prompt_tokens:,} tokens are sent and "
        f"{cost.completion_tokens:,} come back; {dollars}."
    )
