"""What the pages of library, evaluations and settings say, as HTML made of fixed tags and escaped words. Pure.

As `messages`, which holds what all pages say; those that are used here are handed on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.records import AddReport, Check, Rejected, Review, Usage
from ui.messages import fault, message, problem
from ui.safe import html

__all__ = ["fault", "problem"]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# ── library ──────────────────────────────────────────────────────────────────────────────────────

_FOR_A_TERMINAL = re.compile(r"; (?:else say|say otherwise with|see:) (?:--\w+|pullquote [\w -]+)$")
"""What a note advises at a command line; on the page the fields for it stand beside it."""
_SHOWN_REFUSED = 5
_SHOWN_TITLES = 8


def held(titles: int, reviews: int) -> str:
    """How much a library holds, below its page's heading."""
    return f'<p class="pq-lead pq-plain-page">{_number(titles, "title")} · {_number(reviews, "review")}</p>'


def nothing_held() -> str:
    """The same of a library that is empty or not there yet."""
    return (
        '<p class="pq-lead pq-plain-page">No reviews yet. Choose a file with reviews below: a table, a text, a page. '
        "You will see what is read from it before anything is stored.</p>"
    )


def said(sentence: str, *more: str) -> str:
    """What was just done, in a sentence or some."""
    body = "".join(f"<p>{html(line)}</p>" for line in more)
    return f'<div class="pq-said" role="status"><p><strong>{html(sentence)}</strong></p>{body}</div>'


def small(text: str) -> str:
    """A line in small type."""
    return f'<p class="pq-small"><bdi>{html(text)}</bdi></p>'


def files(names: Sequence[str]) -> str:
    """The files of a preview as its heading."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f'<h3 class="pq-file"><bdi>{html(shown)}</bdi></h3>'


def example(text: str) -> str:
    """A value of a column, below its name."""
    return f'<p class="pq-example"><bdi>{html(text) or "<i>always empty</i>"}</bdi></p>'


def would_add(report: AddReport) -> str:
    """What adding would do; nothing is stored yet."""
    counts = [
        f"{_number(report.added, 'review')} would be added",
        *([f"{report.superseded:,} would replace an older text"] if report.superseded else []),
        *([f"{report.unchanged:,} are there already"] if report.unchanged else []),
        *([f"{report.duplicates:,} in another review’s words"] if report.duplicates else []),
        *([f"{len(report.rejected):,} can’t be used"] if report.rejected else []),
    ]
    return _told(", ".join(counts) + ".", report, "Nothing is stored yet.")


def added(reports: Sequence[AddReport]) -> str:
    """What was added."""
    return "".join(_told(_added(report) + ".", report, None) for report in reports)


def _added(report: AddReport) -> str:
    counts = [
        f"Added {_number(report.added, 'review')}",
        *([f"{report.superseded:,} replaced an older text"] if report.superseded else []),
        *([f"{report.unchanged:,} were there already"] if report.unchanged else []),
        *([f"{report.duplicates:,} in another review’s words"] if report.duplicates else []),
        *([f"{len(report.rejected):,} could not be used"] if report.rejected else []),
    ]
    return ", ".join(counts)


def _told(sentence: str, report: AddReport, after: str | None) -> str:
    titles = [
        f"<li><bdi>{html(title.name)}</bdi> ({html(title.kind)}): {_number(title.added, 'new review')}</li>"
        for title in report.titles[:_SHOWN_TITLES]
    ]
    rest = len(report.titles) - _SHOWN_TITLES
    titles += [f"<li>and {_number(rest, 'more title')}</li>"] if rest > 0 else []
    notes = [
        f"<li>{html(note.file)}: {html(_FOR_A_TERMINAL.sub('', note.text))}</li>"
        for note in report.notes[:_SHOWN_TITLES]
    ]
    warnings = [f"<p>Note: {html(warning)}</p>" for warning in report.warnings]
    return (
        f'<div class="pq-said" role="status"><p><strong>{html(sentence)}</strong>{" " + html(after) if after else ""}'
        f"</p>{_list(titles)}{_refused(report.rejected)}{_noted(notes)}{''.join(warnings)}</div>"
    )


def _refused(rejected: Sequence[Rejected]) -> str:
    if not rejected:
        return ""
    rows = [f"<li>{html(_place(one))}: {html(one.reason)}</li>" for one in rejected[:_SHOWN_REFUSED]]
    rest = len(rejected) - _SHOWN_REFUSED
    rows += [f"<li>and {rest:,} more</li>"] if rest > 0 else []
    return f'<p class="pq-refused">Refused:</p>{_list(rows)}'


def _noted(notes: Sequence[str]) -> str:
    return f'<p class="pq-part">Worth knowing:</p>{_list(notes)}' if notes else ""


def _place(one: Rejected) -> str:
    return f"{one.file}, line {one.line}" if one.line else one.file


def _list(rows: Sequence[str]) -> str:
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def review(found: Review, title: str, length: int) -> str:
    """A review with its facts; of its text, the first `length` characters."""
    facts = [title, found.outlet, found.date, found.rating, found.lang]
    spans = " · ".join(f"<bdi>{html(fact)}</bdi>" for fact in facts if fact)
    gone = {"removed": "Removed: it is in no answer.", "superseded": "Replaced by a newer text: it is in no answer."}
    state = f'<p class="pq-small">{gone[found.state]}</p>' if found.state in gone else ""
    cut = len(found.text) > length
    text = found.text[:length] + ("…" if cut else "")
    shown = f'<p class="pq-small">The first {length:,} of {len(found.text):,} characters.</p>' if cut else ""
    return (
        f'<article class="pq-whole" aria-label="Review"><h3><bdi>{html(found.critic or "Unsigned review")}</bdi></h3>'
        f'<p class="pq-small">{spans}</p>{state}'
        f'<div class="pq-whole-text" dir="auto" tabindex="0" role="region" aria-label="Its text">'
        f"{html(text)}</div>{shown}</article>"
    )


def sources(found: Review) -> str:
    """Where a review was read, and what it is called at the command line."""
    names = [source.replace("\\", "/").rsplit("/", 1)[-1] for source in found.sources]
    rows = [("Read from", ", ".join(dict.fromkeys(names))), ("Web address", found.url or ""), ("Id", found.id)]
    return terms([(name, value) for name, value in rows if value])


def page_of(first: int, shown: int, total: int, *, removed: bool) -> str:
    """Which of how many reviews a page shows."""
    if not total:
        why = "No review of this title was removed." if removed else "No review of this title is like that."
        return f'<p class="pq-small" role="status">{why}</p>'
    what = "removed review" if removed else "review"
    return f'<p class="pq-small" role="status">{first + 1:,}–{first + shown:,} of {_number(total, what)}</p>'


# ── evaluations, settings ────────────────────────────────────────────────────────────────────────


def terms(rows: Sequence[tuple[str, str]]) -> str:
    """Terms and what they are."""
    body = "".join(f"<dt>{html(name)}</dt><dd><bdi>{html(value)}</bdi></dd>" for name, value in rows)
    return f'<dl class="pq-stamp">{body}</dl>'


def in_use(rows: Sequence[tuple[str, str, str]]) -> str:
    """Terms, what they are, and why, in small type below."""
    body = "".join(
        f"<dt>{html(name)}</dt><dd><bdi>{html(value)}</bdi>{f'<br><small>{html(why)}</small>' if why else ''}</dd>"
        for name, value, why in rows
    )
    return f'<dl class="pq-stamp pq-in-use pq-plain-page">{body}</dl>'


_MARKS = {"ok": "✓", "note": "○", "damaged": "✕"}
_STATES = {"ok": "fine", "note": "note", "damaged": "damaged"}


def checks(found: Sequence[Check]) -> str:
    """What the doctor says, a line a check."""
    bad = sum(check.state == "damaged" for check in found)
    head = f"{_number(bad, 'check')} found damage." if bad else "Nothing is damaged."
    rows = "".join(
        f'<li class="pq-{check.state}"><span aria-hidden="true">{_MARKS[check.state]}</span>'
        f"<div><strong>{html(check.name)}</strong> <span>({_STATES[check.state]})</span>: {html(check.text)}</div></li>"
        for check in found
    )
    return f'<p role="status"><strong>{head}</strong></p><ul class="pq-checks">{rows}</ul>'


def spent(rows: Sequence[tuple[str, Usage]], today: float, limits: Sequence[str]) -> str:
    """What calls of models cost so far."""
    if not rows:
        return '<p class="pq-small">No model was called for this library yet.</p>'
    said = [
        (model, f"{_dollars(usage.cost_usd)}; {usage.prompt_tokens:,} tokens sent, {usage.completion_tokens:,} written")
        for model, usage in rows
    ]
    return terms([*said, ("Today", _dollars(today)), *(("Limit", limit) for limit in limits)])


def _dollars(cost: float | None) -> str:
    return "price not known" if cost is None else f"{cost:.4f} dollars"


Chart = tuple[float, float | None, float | None, float | None]
"""A figure between 0 and 1, the ends of its interval, and what it was before."""


def figures(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    charts: Sequence[Chart | None],
    bad: Sequence[int] = (),
) -> str:
    """A table of figures, the first column their names, the second drawn; the rows in `bad` stand out."""
    heads = [f'<th scope="col">{html(one)}</th>' for one in headers]
    head = "".join([heads[0], '<td aria-hidden="true"></td>', *heads[1:]])
    body = "".join(
        f'<tr{" class=pq-bad" if number in bad else ""}><th scope="row">{html(cells[0])}</th>'
        + f"<td>{_drawn(charts[number])}</td>"
        + "".join(f"<td>{html(cell)}</td>" for cell in cells[1:])
        + "</tr>"
        for number, cells in enumerate(rows)
    )
    compared = " pq-compared" if len(headers) > 4 else ""
    return (
        f'<div class="pq-figures-box" role="region" tabindex="0" aria-label="{html(caption)}">'
        f'<table class="pq-figures{compared}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _drawn(chart: Chart | None) -> str:
    """The interval as a line, the figure as a dot on it, what it was as a ring; the numbers stand beside it."""
    if chart is None:
        return ""
    at, low, high, was = (None if one is None else 100 * one for one in chart)
    line = "" if low is None or high is None else f'<i style="left:{low:.1f}%;width:{max(0.0, high - low):.1f}%"></i>'
    ring = "" if was is None else f'<u style="left:{was:.1f}%"></u>'
    return f'<div class="pq-drawn" aria-hidden="true">{line}{ring}<b style="left:{at:.1f}%"></b></div>'


def parts(facts: str, found: Sequence[tuple[str, Sequence[str]]]) -> str:
    """What is known of a case, each part with its lines."""
    body = "".join(
        f'<p class="pq-part">{html(name)}</p>{_list([f"<li><bdi>{html(line)}</bdi></li>" for line in lines])}'
        for name, lines in found
    )
    return f'<div class="pq-case"><p class="pq-small">{html(facts)}</p>{body}</div>'


def heading(name: str, about: str) -> str:
    """A heading of a page's part, with a line below it."""
    below = f'<p class="pq-small">{html(about)}</p>' if about else ""
    return f'<div class="pq-heading"><h3><bdi>{html(name)}</bdi></h3>{below}</div>'


def run(purpose: str, about: str, notes: Sequence[str]) -> str:
    """What a run of an evaluation measured, and on what."""
    warned = "".join(f"<p><strong>{html(note)}</strong></p>" for note in notes)
    return f'<p class="pq-lead pq-plain-page">{html(purpose)}</p><p class="pq-small">{html(about)}</p>{warned}'


def no_runs() -> str:
    """What is said where nothing was evaluated yet."""
    said = message(
        "Nothing was evaluated yet",
        "An evaluation asks questions with known answers, and says how often the answers were right, with intervals.",
        "Run one in the terminal, with the library that this page shows; it takes a minute or two:",
    )
    return f'<div class="pq-plain-page">{said}</div>'
