"""Summaries and comparisons → a file for other people: Markdown, HTML or CSV.

What is to be shown is put into a few plain blocks first, and the blocks are written in either form. Everything that
comes from a review is literal text: nothing of it is markup, a link, or a formula.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.contract_summary import severe
from rag.evidence import verdicts
from rag.export import literal, neutralised
from rag.findings import Comparison, Consensus, Finding, Side
from rag.records import Answer, Citation
from rag.safe_text import counted, one_line, visible

Cells = Sequence[str]
_SIDES: tuple[Side, Side] = ("praised", "criticised")


class ReportFormat(StrEnum):
    """What a report is written as."""

    json = "json"
    csv = "csv"
    markdown = "markdown"
    html = "html"


@dataclass(frozen=True)
class Heading:
    """Of level 1 to 3."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Some sentences."""

    text: str


@dataclass(frozen=True)
class Rows:
    """A table."""

    head: Cells
    rows: Sequence[Cells]


@dataclass(frozen=True)
class Quote:
    """Words of a review and who wrote them."""

    text: str
    who: str


Block = Heading | Paragraph | Rows | Quote


# ── what is shown ────────────────────────────────────────────────────────────────────────────────


def of_summary(found: Consensus) -> list[Block]:
    """A summary as blocks."""
    reviews = found.totals.read
    blocks: list[Block] = [Heading(1, found.title.name)]
    blocks += [Paragraph(f"{sentence.text}{_marks(sentence.quotes)}") for sentence in found.statement]
    blocks += [Paragraph(text) for text in (_totals(found), *_below_totals(found))]
    blocks += [Paragraph(f"Severe: {severe(m.reviews, m.name, found.totals.reviews)}") for m in found.minorities]
    blocks += [_quote(quote) for minority in found.minorities for quote in minority.quotes]
    blocks.append(
        Rows(("aspect", "mention it", "praise it", "criticise it", "do both", "take no side", "verdict"), _lines(found))
    )
    for one in found.findings:
        if one.praised or one.criticised:
            blocks.append(Heading(2, one.name[:1].upper() + one.name[1:]))
            praised, criticised = (verdicts.counted(one, side, reviews) for side in _SIDES)
            blocks.append(Paragraph(f"Praised by {praised}, criticised by {criticised}."))
            blocks += [_quote(quote) for quote in (*one.praised, *one.criticised)]
    if slices := _slices(found):
        blocks += [Heading(2, "Over time"), Rows(("of", "when", "reviews", "for it", "against"), slices)]
    blocks += [Paragraph(f"Since the last summary: {change}") for change in found.changed]
    blocks += [Paragraph(f"Note: {warning}") for warning in found.warnings]
    blocks.append(Paragraph(f"Made {found.made} by {found.engine.name}, Pullquote {found.engine.version}; opinions by "
                            f"{found.coder or 'nobody yet'}."))  # fmt: skip
    return blocks


def _totals(found: Consensus) -> str:
    totals, overall = found.totals, found.overall
    return (
        f"{counted(totals.reviews, 'review', 'reviews')}: {overall.positive} for it, {overall.negative} against, "
        f"{overall.mixed} between, {totals.reviews - overall.n} on no side; {totals.coded} with an opinion on a part, "
        f"{totals.no_opinion} without, {totals.failed} that could not be judged, {totals.uncoded} not coded."
    )


def _below_totals(found: Consensus) -> list[str]:
    overall, told = found.overall, []
    if overall.n:
        told.append(f"Of the {overall.n} that take a side or stand between, {overall.above} lean to praise.")
    if one := overall.adjusted:
        share = f"{one.value:.0%} for it ({100 * one.low:.0f}–{100 * one.high:.0f})".replace("%", " %")
        told.append(f"Allowing for how often the coder errs: {share}; {one.method}.")
    if overall.contradictions:
        told.append(f"Ratings that say the opposite of their words: {', '.join(overall.contradictions)}.")
    return told


def _slices(found: Consensus) -> list[Cells]:
    """The whole by month or year, then each aspect."""
    names = {one.aspect: one.name for one in found.findings}
    every = (*found.slices, *(part for one in found.findings for part in one.slices))
    return [
        (
            "the whole" if part.aspect is None else names[part.aspect],
            part.since,
            str(part.counts.mentioning),
            str(part.counts.positive + part.counts.mixed),
            str(part.counts.negative + part.counts.mixed),
        )
        for part in every
    ]


def _lines(found: Consensus) -> list[Cells]:
    return [
        (
            one.name,
            str(one.counts.mentioning),
            _side(one, "praised", found.totals.read),
            _side(one, "criticised", found.totals.read),
            str(one.counts.mixed),
            str(one.counts.neutral),
            "divides" if one.verdict == "divided" else "" if one.verdict == "neither" else one.verdict,
        )
        for one in found.findings
    ]


def _side(one: Finding, side: Side, reviews: int) -> str:
    found = verdicts.side_share(one.counts, side, reviews)
    count = one.total_praised if side == "praised" else one.total_criticised
    return str(count) if found is None else str(found)


def _quote(quote: Citation) -> Quote:
    who = " · ".join(part for part in (quote.critic or "unsigned", quote.outlet, quote.date) if part)
    return Quote(quote.quote, f"[{quote.id}] {who}" if quote.id else who)


def _marks(quotes: Sequence[Citation]) -> str:
    return "".join(f" [{quote.id}]" for quote in quotes)


def of_answer(found: Answer) -> list[Block]:
    """An answer as blocks: its sentences with the numbers of their sources, and the sources with their words."""
    blocks: list[Block] = [Heading(1, found.question)]
    blocks += [Paragraph(f"{one.text}{''.join(f' [{number}]' for number in one.citations)}") for one in found.claims]
    if found.status == "abstained":
        blocks.append(Paragraph("The reviews don’t say."))
    if found.reason:
        blocks.append(Paragraph(found.reason))
    if found.citations:
        blocks.append(Heading(2, "The nearest passages, which do not answer it" if found.nearest else "Sources"))
    blocks += [_quote(citation) for citation in found.citations]
    blocks += [Paragraph(f"Note: {warning}") for warning in found.warnings]
    stamp = found.engine
    read = f"{counted(found.reviews, 'review', 'reviews')} of {', '.join(title.name for title in found.titles)}"
    were = "was" if found.reviews == 1 else "were"
    blocks.append(Paragraph(f"{read} {were} read. Made by {stamp.name}, Pullquote {stamp.version}."))
    return blocks


def of_comparison(found: Comparison) -> list[Block]:
    """A comparison as blocks."""
    first, second = found.titles
    rows = [
        (
            row.name,
            *(str(share) if share is not None else "-" for share in row.shares),
            "-"
            if row.difference is None
            else f"{100 * row.difference.value:+.0f} "
            f"({100 * row.difference.low:+.0f} to {100 * row.difference.high:+.0f})",
            "holds" if row.holds else "could be chance",
        )
        for row in found.aspects
    ]
    blocks: list[Block] = [
        Heading(1, f"{first.name} and {second.name}"),
        Paragraph(
            "How many of the reviews that mention something praise it, and the difference in points with its "
            "95 % interval."
        ),
        Rows(("praised", first.name, second.name, "difference", ""), rows),
    ]
    for row in found.aspects:
        blocks.append(Heading(2, row.name[:1].upper() + row.name[1:]))
        for title, quotes in zip(found.titles, row.quotes, strict=True):
            blocks += [Quote(quote.quote, f"{title.name}: {_quote(quote).who}") for quote in quotes]
    return blocks + [Paragraph(f"Note: {warning}") for warning in found.warnings]


# ── how it is written ────────────────────────────────────────────────────────────────────────────


def markdown(blocks: Iterable[Block]) -> Iterator[str]:
    """Blocks as Markdown, each character of a review literal."""
    for block in blocks:
        match block:
            case Heading(level, text):
                yield f"{'#' * level} {_line(text)}\n\n"
            case Paragraph(text):
                yield f"{_line(text)}\n\n"
            case Quote(text, who):
                lines = literal(visible(text)).splitlines() or [""]
                yield "".join(f"> {line.strip()}\n" for line in lines) + f">\n> — {_line(who)}\n\n"
            case Rows(head, rows):
                yield _cells_of(head) + f"|{' --- |' * len(head)}\n"
                yield "".join(map(_cells_of, rows)) + "\n"


def _cells_of(cells: Cells) -> str:
    return f"| {' | '.join(_line(cell) for cell in cells)} |\n"


def _line(text: str) -> str:
    return literal(one_line(text))


_STYLE = (
    "body{font:16px/1.5 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd}"
    "blockquote{margin:.6rem 0;padding-left:1rem;border-left:3px solid #bbb}footer{color:#666;font-size:.85em}"
)


def page(title: str, blocks: Iterable[Block]) -> Iterator[str]:
    """Blocks as one HTML page that loads nothing and runs nothing."""
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    yield f"<title>{html.escape(one_line(title))}</title><style>{_STYLE}</style></head><body>\n"
    for block in blocks:
        match block:
            case Heading(level, text):
                yield f"<h{level}>{_escaped(text)}</h{level}>\n"
            case Paragraph(text):
                yield f"<p>{_escaped(text)}</p>\n"
            case Quote(text, who):
                said = "<br>".join(html.escape(line) for line in visible(text).splitlines())
                yield f"<blockquote><bdi>{said}</bdi><footer>{_escaped(who)}</footer></blockquote>\n"
            case Rows(head, rows):
                yield f"<table><thead><tr>{_cells('th', head)}</tr></thead><tbody>\n"
                yield "".join(f"<tr>{_cells('td', row)}</tr>\n" for row in rows) + "</tbody></table>\n"
    yield "</body></html>\n"


def _cells(tag: str, cells: Cells) -> str:
    return "".join(f"<{tag}>{_escaped(cell)}</{tag}>" for cell in cells)


def _escaped(text: str) -> str:
    return f"<bdi>{html.escape(one_line(text))}</bdi>"


_COLUMNS = (
    "title", "aspect", "mentioning", "praised", "criticised", "mixed", "praised_share", "praised_low", "praised_high",
    "criticised_share", "criticised_low", "criticised_high", "verdict", "reviews", "for", "against",
)  # fmt: skip


_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def table_of_summaries(found: Iterable[Consensus]) -> Iterator[str]:
    """CSV, a row a finding with its best quote on each side; no cell starts a formula."""
    yield _row(_COLUMNS)
    for one in found:
        for finding in one.findings:
            counts = finding.counts
            shares = [verdicts.side_share(counts, side, one.totals.read) for side in _SIDES]
            numbers = [
                f"{value:.4f}" if s else "" for s in shares for value in ((s.value, s.low, s.high) if s else (0,) * 3)
            ]
            quotes = [side[0].quote if side else "" for side in (finding.praised, finding.criticised)]
            held = (counts.mentioning, counts.positive, counts.negative, counts.mixed)
            cells = [one.title.name, finding.aspect, *map(str, held), *numbers, finding.verdict, str(one.totals.read)]
            yield _row([*cells, *quotes])


def table_of_comparison(found: Comparison) -> Iterator[str]:
    """CSV, a row an aspect."""
    columns = [f"{title.name} {part}" for title in found.titles for part in ("mentioning", "praised")]
    yield _row(("aspect", *columns, "difference", "low", "high", "holds"))
    for row in found.aspects:
        held = [str(n) for counts in row.counts for n in (counts.mentioning, counts.positive + counts.mixed)]
        one = row.difference
        numbers = [f"{value:.4f}" for value in (one.value, one.low, one.high)] if one else [""] * 3
        yield _row([row.aspect, *held, *numbers, "yes" if row.holds else "no"])


def _row(cells: Cells) -> str:
    line = io.StringIO(newline="")
    # A negative number is no formula, and text where it has an apostrophe.
    csv.writer(line).writerow([cell if _NUMBER.fullmatch(cell) else neutralised(cell) for cell in cells])
    return line.getvalue()
