"""What the page says around an answer, as HTML made of fixed tags and escaped words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.errors import NoLibrary, PullquoteError
from rag.records import AddReport, Answer, Check, Dropped, EngineStamp, Rejected, Review, Title, Usage
from ui.safe import html

FAULT = (
    "Something went wrong that should not have. Your reviews are untouched. "
    "What happened is in the log of the terminal in which the page was started."
)


def message(heading: str, *lines: str | None) -> str:
    """A heading and sentences below it."""
    body = "".join(f"<p>{html(line)}</p>" for line in lines if line)
    return f'<div class="pq-message" role="alert"><h2>{html(heading)}</h2>{body}</div>'


def problem(error: PullquoteError) -> str:
    """What went wrong and what to do about it."""
    heading = "No library here yet" if isinstance(error, NoLibrary) else "That did not work"
    return message(heading, error.message, error.hint)


def fault() -> str:
    """What is said when we did not expect it."""
    return message("Something broke", FAULT)


def empty() -> str:
    """What is said of a library without reviews."""
    return message("No reviews yet", "This library holds no reviews.", "Add some with: pullquote add PATH")


def invitation(titles: Sequence[Title]) -> str:
    """What there is to ask about, before the first question."""
    reviews = sum(title.reviews for title in titles)
    holds = f"{_number(reviews, 'review')} of {_number(len(titles), 'title')}."
    return f'<div class="pq-meta"><p>{html(holds)} Every quote in an answer opens the review it stands in.</p></div>'


def meta(answer: Answer) -> str:
    """In small type above an answer: what was read, cited and dropped, and what the reader should know."""
    cited = len({c.review_id for c in answer.citations}) if answer.claims else 0
    facts = [f"{_number(answer.reviews, 'review')} read", f"{cited or 'none'} cited"]
    if len(answer.titles) == 1:
        facts.insert(0, answer.titles[0].name)
    spans = " · ".join(f"<bdi>{html(fact)}</bdi>" for fact in facts)
    notes = "".join(f"<p>Note: {html(warning)}</p>" for warning in answer.warnings)
    return f'<div class="pq-meta"><p>{spans}</p>{_dropped(answer.dropped)}{notes}</div>'


def _dropped(dropped: Sequence[Dropped]) -> str:
    if not dropped:
        return ""
    rows = "".join(f"<li><bdi>{html(one.text)}</bdi><br>Dropped: {html(one.why)}</li>" for one in dropped)
    return f"<details><summary>{_number(len(dropped), 'sentence')} dropped</summary><ul>{rows}</ul></details>"


def made(answer: Answer) -> str:
    """What produced an answer, as a list of terms."""
    rows = "".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in _made(answer))
    return f'<dl class="pq-stamp">{rows}</dl>'


def stamped(stamp: EngineStamp, more: Mapping[str, str]) -> str:
    """What produced something else than an answer."""
    rows = [(name, value) for name, value in (*more.items(), *_stamp(stamp)) if value]
    return (
        f'<dl class="pq-stamp">{"".join(f"<dt>{html(name)}</dt><dd>{html(value)}</dd>" for name, value in rows)}</dl>'
    )


def _made(answer: Answer) -> list[tuple[str, str]]:
    plan, stamp = answer.plan, answer.engine
    asked = [
        plan.focus or "the whole",
        plan.aspect and f"aspect {plan.aspect}",
        plan.stance and f"stance {plan.stance}",
    ]
    rows = [
        ("Read as", ", ".join(part for part in asked if part)),
        ("Titles", ", ".join(title.name for title in answer.titles)),
        *_stamp(stamp),
    ]
    return [(name, value) for name, value in rows if value]


def _stamp(stamp: EngineStamp) -> list[tuple[str, str]]:
    return [
        ("Engine", stamp.name),
        ("Instead of", stamp.fallback or ""),
        ("Model", stamp.model or "none"),
        ("Prompt", stamp.prompt or "none"),
        ("Coder", stamp.coder or "none"),
        ("Sentence vectors", stamp.embedder or "none: words alone"),
        ("Retrieval", ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in stamp.retrieval.items())),
        ("Pullquote", stamp.version),
        ("Library generation", str(stamp.generation)),
    ]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


# ── library ──────────────────────────────────────────────────────────────────────────────────────

_SHOWN_REFUSED = 5
_SHOWN_TITLES = 8


def held(titles: int, reviews: int) -> str:
    """How much a library holds, below its page's heading."""
    return f'<p class="pq-lead">{_number(titles, "title")} · {_number(reviews, "review")}</p>'


def nothing_held() -> str:
    """The same of a library that is empty or not there yet."""
    return (
        '<p class="pq-lead">No reviews yet. Choose a file with reviews below: a table, a text, a page. '
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
        *([f"{report.duplicates:,} say what another review says"] if report.duplicates else []),
        *([f"{report.rejected and len(report.rejected):,} can’t be used"] if report.rejected else []),
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
        *([f"{report.duplicates:,} said what another review says"] if report.duplicates else []),
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
    notes = [f"<li>{html(note.file)}: {html(note.text)}</li>" for note in report.notes[:_SHOWN_TITLES]]
    warnings = [f"<p>Note: {html(warning)}</p>" for warning in report.warnings]
    return (
        f'<div class="pq-said" role="status"><p><strong>{html(sentence)}</strong>{" " + html(after) if after else ""}'
        f"</p>{_list(titles)}{_refused(report.rejected)}{_list(notes)}{''.join(warnings)}</div>"
    )


def _refused(rejected: Sequence[Rejected]) -> str:
    if not rejected:
        return ""
    rows = [f"<li>{html(_place(one))}: {html(one.reason)}</li>" for one in rejected[:_SHOWN_REFUSED]]
    rest = len(rejected) - _SHOWN_REFUSED
    rows += [f"<li>and {rest:,} more</li>"] if rest > 0 else []
    return f'<p class="pq-refused">Refused:</p>{_list(rows)}'


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
        f'<article class="pq-review" aria-label="Review"><h3><bdi>{html(found.critic or "Unsigned review")}</bdi></h3>'
        f'<p class="pq-small">{spans}</p>{state}<div class="pq-text" dir="auto">{html(text)}</div>{shown}</article>'
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
    return f'<dl class="pq-stamp pq-in-use">{body}</dl>'


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


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, bad: Sequence[int] = ()) -> str:
    """A small table, the first column its rows' names; the rows in `bad` stand out."""
    head = "".join(f'<th scope="col">{html(one)}</th>' for one in headers)
    body = "".join(
        f'<tr{" class=pq-bad" if number in bad else ""}><th scope="row">{html(cells[0])}</th>'
        + "".join(f"<td>{html(cell)}</td>" for cell in cells[1:])
        + "</tr>"
        for number, cells in enumerate(rows)
    )
    return (
        f'<div class="pq-wide" role="region" tabindex="0" aria-label="{html(caption)}"><table class="pq-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def parts(facts: str, found: Sequence[tuple[str, Sequence[str]]]) -> str:
    """What is known of a case, each part with its lines."""
    body = "".join(
        f'<p class="pq-part">{html(name)}</p>{_list([f"<li><bdi>{html(line)}</bdi></li>" for line in lines])}'
        for name, lines in found
    )
    return f'<div class="pq-case"><p class="pq-small">{html(facts)}</p>{body}</div>'
