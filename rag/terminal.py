"""How results look in a terminal. Everything from outside goes through `safe_text`, and none of it is markup."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from rag import contract
from rag.records import AddReport, Answer, Check, Citation, Claim, Removal, Review, Title, Usage
from rag.records import Progress as Done
from rag.safe_text import counted, one_line, visible

if TYPE_CHECKING:
    from rag.health import Rebuilt

_ID = re.compile(r"[0-9a-f]{12}(?:-\d+)?")
_WIDE = 1_000
_NARROW = 60
"""Below so many columns a title takes two lines."""
_PASSAGE = 160
"""Characters of a review in a list."""
_SHOWN_REJECTS = 20
_SHOWN_TITLES = 20
_STAGES = {"read": "Reading", "embed": "Embedding", "index": "Indexing", "code": "Coding", "run": "Running"}
_UNITS = {"read": "reviews", "embed": "sentences", "index": "reviews", "code": "reviews", "run": "cases"}


def console(*, stderr: bool = False) -> Console:
    """A console that takes no string for markup, emoji codes or highlighting.

    Lines are folded for a person's terminal only: what goes into a file or a pipe keeps its lines whole.
    """
    to_person = (sys.stderr if stderr else sys.stdout).isatty()
    # Only a screen has a width of its own; a table in a file is as wide as its cells, unless somebody says otherwise.
    width = None if to_person or "COLUMNS" in os.environ else _WIDE
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, soft_wrap=not to_person, width=width)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


def welcome(out: Console, library: Path, asked: Sequence[Title], *, few: bool) -> None:
    """What the prompt asks of, and how to leave it."""
    count = counted(sum(title.reviews for title in asked), "review", "reviews")
    of = counted(len(asked), "title", "titles")
    if few:
        of = " and ".join(f"“{one_line(title.name)}”" for title in asked)
    out.print(one_line(f"{library}: {of} with {count}. A question may go on from the one before."))
    out.print(Text("An empty line, quit or Ctrl-D leaves.", style="dim"))


def claim(out: Console, shown: Claim) -> None:
    """One sentence of an answer with its citation numbers."""
    line = Text(one_line(shown.text))
    for number in shown.citations:
        line.append(f" [{number}]", style="bold cyan")
    if shown.kind == "count":
        line.stylize("bold")
    out.print(line)
    out.print()


def after_claims(out: Console, found: Answer) -> None:
    """What stands below the sentences: why there are none, the sources, what was dropped, what made it."""
    if found.status == "abstained":
        out.print(Text("The reviews don’t say.", style="bold"))
    if found.reason:
        out.print(one_line(found.reason))
    if found.nearest:
        out.print(Text("\nThe nearest passages, which do not answer the question:", style="dim"))
    elif found.citations:
        out.print(Text("Sources", style="bold"))
    for citation in found.citations:
        if found.nearest:
            out.print(Text(f"  “{one_line(citation.quote)}”"))
        out.print(_source(found, citation))
    _footer(out, found)


def _source(found: Answer, citation: Citation) -> Text:
    names = {title.id: title.name for title in found.titles}
    who = [citation.critic or "unsigned", citation.outlet, citation.date]
    if len(names) > 1:
        who.append(names[citation.title_id])
    line = Text(f"  [{citation.id}] ", style="cyan")
    line.append(" · ".join(one_line(part) for part in who if part), style="default")
    line.append(f"  {citation.review_id}:{citation.start}–{citation.end}", style="dim")
    return line


def _footer(out: Console, found: Answer) -> None:
    cited = len({citation.review_id for citation in found.citations})
    parts = [f"{_reviews(found.reviews)} read", f"{0 if found.nearest else cited} cited"]
    if found.dropped:
        parts.append(f"{counted(len(found.dropped), 'sentence', 'sentences')} dropped")
    parts.append("offline, in the model’s place" if found.engine.fallback else found.engine.name)
    out.print(Text("\n" + " · ".join(parts), style="dim"))
    if narrowed := contract.plan(found.plan)["filters"]:
        said = (f"{name.replace('_', ' ')} {_spoken(value)}" for name, value in narrowed.items())
        out.print(Text(f"only reviews: {one_line(', '.join(said))}", style="dim"))
    for dropped in found.dropped:
        out.print(Text(f"dropped: {one_line(dropped.text)} — {one_line(dropped.why)}", style="dim"))
    for warning in found.warnings:
        out.print(Text(f"Note: {one_line(warning)}", style="yellow"))
    usage(out, found.usage)


def usage(out: Console, paid: Usage) -> None:
    """What calls of a model cost, where there were any."""
    if paid.prompt_tokens or paid.completion_tokens:
        dollars = "price not known" if paid.cost_usd is None else f"{paid.cost_usd:.4f} dollars"
        said = f"{paid.prompt_tokens:,} tokens sent, {paid.completion_tokens:,} written; {dollars}"
        out.print(Text(said, style="dim"))


def _spoken(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else " or ".join(value)


def explanation(out: Console, found: Answer, limit: int = 20) -> None:
    """Plan, best candidates with their scores, and drops."""
    plan = found.plan
    out.print(Text("\nWhy this answer", style="bold"))
    out.print(f"  focus “{one_line(plan.focus)}” · aspect {plan.aspect} · stance {plan.stance} · kind {plan.kind}")
    table = Table("", "score", "similarity", "bm25", "speaks of it", "sentence", box=None, pad_edge=True)
    for passage in found.candidates[:limit]:
        table.add_row(
            "*" if passage.sentence.id in found.chosen else "",
            f"{passage.score:.2f}",
            "-" if passage.similarity is None else f"{passage.similarity:.2f}",
            f"{passage.bm25:.2f}",
            "yes" if passage.mentions else "no",
            Text(one_line(passage.sentence.view)[:80]),
        )
    out.print(table)
    out.print(Text(f"  * was offered to the engine; {len(found.candidates)} candidates in all", style="dim"))


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


def added(out: Console, report: AddReport) -> None:
    """What an `add` did, with every refused row's place and reason."""
    if report.columns:
        table = Table("column", "read as", "for example", box=None, pad_edge=True)
        for column in report.columns:
            table.add_row(
                Text(one_line(column.column)),
                column.field or "-",
                Text(one_line(column.example), style="dim"),
            )
        out.print(table)
    verb = "Would add" if report.dry_run else "Added"
    counts = [f"{verb} {_reviews(report.added)}", f"{report.unchanged} unchanged"]
    counts += [f"{report.superseded} replaced an older text"] if report.superseded else []
    counts += (
        [counted(report.duplicates, "was the same vote again", "were the same vote again")] if report.duplicates else []
    )
    out.print(Text(", ".join(counts) + ".", style="bold"))
    for title in report.titles[:_SHOWN_TITLES]:
        out.print(f"  {one_line(title.name)} ({title.kind}): +{title.added}")
    if more := max(0, len(report.titles) - _SHOWN_TITLES):
        out.print(f"  … and {counted(more, 'more title', 'more titles')}; see them all with: pullquote titles")
    for note in report.notes:
        out.print(Text(f"  {one_line(note.file)}: {one_line(note.text)}", style="dim"))
    refused(out, [asdict(rejected) for rejected in report.rejected])
    if (report.added or report.superseded) and not report.dry_run:
        out.print(Text(f"To undo: pullquote remove --batch {report.batch}", style="dim"))
    for warning in report.warnings:
        out.print(Text(f"Note: {one_line(warning)}", style="yellow"))


def refused(out: Console, rejected: Sequence[Mapping[str, Any]]) -> None:
    """Every refused row's place and reason, the first ones whole."""
    if rejected:
        out.print(Text(f"{len(rejected)} could not be used:", style="yellow"))
    for row in rejected[:_SHOWN_REJECTS]:
        place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
        out.print(f"  {one_line(place)}: {one_line(row['reason'])}")
    if len(rejected) > _SHOWN_REJECTS:
        out.print(f"  … and {len(rejected) - _SHOWN_REJECTS} more; see them all with --json")


def _are(found: Sequence[object]) -> str:
    return "is" if len(found) == 1 else "are"


def _reviews(count: int) -> str:
    return counted(count, "review", "reviews")


def edited(out: Console, title: Title, joined: int) -> None:
    """A title as it is after an edit."""
    # The ids of titles that were merged still find it, and are no names.
    aliases = [f"“{one_line(alias)}”" for alias in title.aliases if not _ID.fullmatch(alias)]
    names = f", also {', '.join(aliases)}" if aliases else ""
    out.print(Text(f"“{one_line(title.name)}” ({title.kind}{names}): {_reviews(title.reviews)}.", style="bold"))
    if joined:
        said = counted(joined, "review said", "reviews said")
        out.print(f"{said} what one there says already, and {'is' if joined == 1 else 'are'} one vote with it now.")


def removed(out: Console, done: Removal) -> None:
    """What `remove` did, and how to undo it."""
    if done.purged:
        said = counted(len(done.reviews), "review: it is", "reviews: they are")
        out.print(Text(f"Purged {said} in no file of the library.", style="bold"))
        out.print("Gone with them: the history of typed questions, and copies made before an upgrade.")
        out.print("Your own backups and exports are yours to delete.")
        return
    out.print(
        Text(f"Removed {_reviews(len(done.reviews))}. To undo: pullquote restore, with the same name.", style="bold")
    )
    if done.returned:
        out.print(f"{_reviews(len(done.returned))} replaced by what was removed {_are(done.returned)} live again.")


def restored(out: Console, done: Removal) -> None:
    """What `restore` did."""
    out.print(Text(f"Restored {_reviews(len(done.reviews))}.", style="bold"))
    if done.returned:
        out.print(f"{_reviews(len(done.returned))} {_are(done.returned)} replaced again.")


def titles(out: Console, found: Sequence[Title], *, removed: bool = False) -> None:
    """Every title on a line; in a narrow terminal on two. An id is never cut: it is there to be copied."""
    if not found:
        out.print("No title is removed." if removed else "No titles yet. Add reviews with: pullquote add PATH")
        return
    if out.width < _NARROW:
        for title in found:
            out.print(Text(one_line(title.name)))
            out.print(Text(f"  {title.kind} · {_reviews(title.reviews)} · {title.id}", style="dim"))
        return
    table = Table("title", "kind", box=None, pad_edge=False)
    table.add_column("reviews", justify="right")
    table.add_column("id", no_wrap=True)
    for title in found:
        table.add_row(Text(one_line(title.name)), title.kind, str(title.reviews), Text(title.id, style="dim"))
    out.print(table)


def reviews(out: Console, found: Sequence[Review], total: int, offset: int, query: str | None = None) -> None:
    """A page of reviews, a line or two each: how it begins, or the passage with the first match of `query`."""
    for review in found:
        head = Text(f"{review.id}  ", style="cyan")
        head.append(_byline(review), style="bold")
        out.print(head)
        out.print(Text(f"  {_passage(one_line(review.text), query)}\n", style="dim"))
    out.print(Text(f"{offset + 1 if found else 0}–{offset + len(found)} of {total}", style="dim"))


def _passage(text: str, query: str | None) -> str:
    """So many characters of a text, whole words, with an ellipsis only where something is left out."""
    if len(text) <= _PASSAGE:
        return text
    found = re.search(re.escape(one_line(query)), text, re.IGNORECASE) if query else None
    middle = (found.start() + found.end()) // 2 if found else 0
    start = min(max(0, middle - _PASSAGE // 2), len(text) - _PASSAGE)
    end = start + _PASSAGE
    if start and (blank := text.find(" ", start, found.start() if found else end)) >= 0:
        start = blank + 1
    if end < len(text) and (blank := text.rfind(" ", found.end() if found else start, end + 1)) >= 0:
        end = blank
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def review(out: Console, found: Review) -> None:
    """One whole review."""
    out.print(Text(_byline(found), style="bold"))
    if found.state != "live":
        out.print(Text(f"{found.state}: in no answer", style="yellow"))
    for source in found.sources:
        out.print(Text(f"from {one_line(source)}", style="dim"))
    out.print()
    out.print(Text(visible(found.text)))


def _byline(review: Review) -> str:
    parts = (review.critic or "unsigned", review.outlet, review.date, review.rating)
    return " · ".join(one_line(part) for part in parts if part)


def checks(out: Console, found: Sequence[Check]) -> None:
    """What `doctor` found."""
    styles = {"ok": "green", "note": "yellow", "damaged": "bold red"}
    for check in found:
        out.print(
            Text(f"{check.state:>8}  ", style=styles[check.state]).append(f"{check.name}: ", style="bold"),
            end="",
        )
        out.print(one_line(check.text))


def rebuilt(out: Console, done: Rebuilt) -> None:
    """What the index held before and after."""
    out.print("The index is rebuilt." if done.whole else "The index is rebuilt, and is not whole.")
    for name, state in (("before", done.before), ("after", done.after)):
        held = state.problem or f"{state.vectors} vectors, {state.missing} missing, {state.stale} stale"
        out.print(one_line(f"  {name}: {held}"))


def error(out: Console, message: str, hint: str | None) -> None:
    """What went wrong, and what to do next."""
    out.print(Text("Error: ", style="bold red").append(visible(message), style="default"))
    if hint:
        out.print(visible(hint))


# ── progress ─────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bars:
    """Progress with rate and time left on standard error; nothing where that is no terminal."""

    _bars: Progress = field(
        default_factory=lambda: Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} {task.fields[unit]}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        )
    )
    _tasks: dict[str, TaskID] = field(default_factory=dict)
    _began: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, done: Done) -> None:
        """Show how far a stage has come."""
        if done.stage not in self._tasks:
            self._began[done.stage] = time.monotonic()
            self._tasks[done.stage] = self._bars.add_task(
                _STAGES[done.stage], total=done.total, unit=_UNITS[done.stage], rate=""
            )
        seconds = time.monotonic() - self._began[done.stage]
        rate = f"{done.done / seconds:,.0f}/s" if seconds > 1 else ""
        self._bars.update(self._tasks[done.stage], completed=done.done, total=done.total, rate=rate)


def json_progress(done: Done) -> None:
    """One JSON line a report on standard error; `stored` acknowledges reviews whose transaction has committed."""
    line: contract.Json = {"stage": done.stage, "done": done.done, "total": done.total}
    sys.stderr.write(contract.dump(line) + "\n")
    if done.stored:
        sys.stderr.write(contract.dump({"stored": list(done.stored)}) + "\n")
    sys.stderr.flush()


def parse_map(pairs: Sequence[str]) -> dict[str, str]:
    """`["text=Body", "critic=By"]` → `{field: column}`. Raises ValueError naming what is wrong."""
    found = {}
    for pair in pairs:
        match = re.fullmatch(r"\s*(\w+)\s*=(.*)", pair, re.DOTALL)
        if match is None:
            raise ValueError(pair)
        found[match.group(1)] = match.group(2).strip()
    return found
