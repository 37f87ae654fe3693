"""`pullquote eval …`: suites, runs, what changed between them, and the gate. Each verb imports what it uses.

Longer than 400 lines: one short function a verb.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli_options import (
    EngineName,
    EngineOption,
    JsonOption,
    LibraryOption,
    MaxCostOption,
    ModelOption,
    ProgressForm,
    open_library,
    parsed_map,
    print_json,
    shown,
)

if TYPE_CHECKING:
    from evals.gate import Gated
    from evals.judging import Judge
    from evals.runs import Run
    from evals.suites import Configuration, Suite

eval_app = typer.Typer(
    help="Measure answers, compare two runs, and let nothing worse be merged.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SuiteArgument = Annotated[str, typer.Argument(help="One of ours (`pullquote eval suites`), or the file of your own.")]
RunArgument = Annotated[str, typer.Argument(help="A run's id, the beginning of it, its folder, or `last`.")]
ProgressOption = Annotated[ProgressForm, typer.Option(help="How to show progress.")]


class SplitName(StrEnum):
    """Titles of our corpus."""

    dev = "dev"
    test = "test"


@eval_app.command()
def suites(json: JsonOption = False) -> None:
    """List the suites that come with the program.

    pullquote eval suites
    """
    with _extra():
        from evals import suites as known

        found = [known.load(name) for name in known.names()]
    if json:
        rows = [{"name": one.name, "purpose": one.purpose, "configurations": [*one.configurations]} for one in found]
        print_json({"schema": "pullquote.suites/1", "suites": rows})
        return
    for one in found:
        typer.echo(f"{one.name:12} {one.purpose}\n{'':12} {', '.join(one.configurations)}")


@eval_app.command()
def run(
    suite: SuiteArgument,
    engine: EngineOption = None,
    model: ModelOption = None,
    configuration: Annotated[
        list[str] | None, typer.Option("--configuration", "-c", help="One of the suite's; may be repeated.")
    ] = None,
    grid: Annotated[bool, typer.Option("--grid", help="Run all of the suite's configurations.")] = False,
    split: Annotated[SplitName, typer.Option(help="Titles of our corpus; test is for claims, not for tuning.")] = (
        SplitName.dev
    ),
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many cases, spread over all of them.")] = None,
    judge: Annotated[
        bool, typer.Option("--judge", help="Let the model judge claims, once it has been judged.")
    ] = False,
    resume: Annotated[str | None, typer.Option(help="Go on with this run, which was stopped.")] = None,
    max_cost: MaxCostOption = None,
    progress: ProgressOption = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Run a suite: every case, its scores, a table. What is done is kept; a run that was stopped goes on.

    pullquote eval run answers --engine extractive

    pullquote eval run answers --engine chat --model gpt-4o-mini --limit 50 --max-cost 0.5

    pullquote eval run my-questions.toml
    """
    with _extra():
        from evals import runner, running, runs
        from evals import suites as known
    named = known.load(suite)
    root = runs_folder(library)
    before = runs.find(root, resume) if resume else None
    if before is not None:  # it goes on as it was begun
        limit, split = before.cases, SplitName(before.split) if before.split in ("dev", "test") else split
    chosen = _chosen(named, engine, model, configuration, before, grid=grid)
    with _judged(model, max_cost, wanted=judge) as measured:
        wanted = running.Wanted(named, chosen, split.value, limit, max_cost, judge=measured)
        with shown(progress) as hear:
            made = running.run(wanted, runner.run, root, None, hear, before)
    _show(named, made, json=json)


def _chosen(
    suite: Suite,
    engine: EngineName | None,
    model: str | None,
    names: list[str] | None,
    before: Run | None,
    *,
    grid: bool,
) -> dict[str, Configuration]:
    """The configurations that are meant. With a model that is named, one of that model."""
    from evals.suites import Configuration
    from rag.errors import InputError

    if before is not None:
        return {name: Configuration.model_validate(_fields(told)) for name, told in before.configurations.items()}
    unknown = [name for name in names or () if name not in suite.configurations]
    if unknown:
        raise InputError(
            f"The suite has no configuration {unknown[0]!r}.", f"It has {', '.join(suite.configurations)}."
        )
    if names:
        return {name: suite.configurations[name] for name in names}
    if model or (engine is EngineName.chat and not grid):
        return {f"chat-{model or 'live'}": Configuration.model_validate({"engine": "chat", "model": model})}
    return {
        name: one
        for name, one in suite.configurations.items()
        if (grid or one.gate) and engine in (None, EngineName.auto, one.engine)
    }


def _fields(told: Any) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("origin", "stamp")}


@contextlib.contextmanager
def _judged(model: str | None, max_cost: float | None, *, wanted: bool) -> Iterator[Judge | None]:
    """The model as a judge whose agreement with people has been measured."""
    if not wanted:
        yield None
        return
    from evals import judging
    from rag.engines.adviser import Adviser
    from rag.engines.chat import ChatEngine

    with open_library(Path(), EngineName.chat, model, max_cost) as opened:
        engine = opened.engine
        assert isinstance(engine, ChatEngine)
        adviser = Adviser(engine.client, reads=False, judges=True)
        identity = f"{engine.model}/{adviser.identities['judge']}"
        typer.echo(f"Measuring the judge on {judging.PAIRS} pairs.", err=True)
        yield judging.measured(adviser.supports, identity)


def _show(suite: Suite, made: Run, *, json: bool) -> None:
    from evals import reporting

    if json:
        print_json({"schema": "pullquote.eval/1", **_told(made), "figures": reporting.figures(suite, made)})
        return
    from rag import terminal_evals

    terminal_evals.run(reporting.report(suite, made), made)


def _told(made: Run) -> dict[str, Any]:
    missing = sum(cell.error is not None for cell in made.cells)
    return {
        "run": made.id,
        "suite": made.suite,
        "split": made.split,
        "cases": made.cases,
        "missing": missing,
        "seconds": made.seconds,
        "finished": made.finished,
        "folder": str(made.folder),
        "configurations": dict(made.configurations),
        "judge": made.judge,
    }


@eval_app.command("runs")
def runs_(json: JsonOption = False, library: LibraryOption = None) -> None:
    """List the runs, the newest first.

    pullquote eval runs
    """
    with _extra():
        from evals import runs

        found = runs.every(runs_folder(library))
    if json:
        print_json({"schema": "pullquote.runs/1", "runs": [_told(one) for one in found]})
        return
    for one in found:
        state = "" if one.finished else f"  stopped; go on with: pullquote eval run {one.suite} --resume {one.id}"
        typer.echo(f"{one.id}  {one.cases} cases, {', '.join(one.configurations)}, {one.seconds:.0f} s{state}")
    if not found:
        typer.echo("There are no runs yet. Make one with: pullquote eval run answers")


@eval_app.command()
def compare(first: RunArgument, second: RunArgument, json: JsonOption = False, library: LibraryOption = None) -> None:
    """Compare two runs of a suite in pairs: differences with bounds, and how small a one could be seen.

    pullquote eval compare 20260302 last
    """
    with _extra():
        from evals import comparing, reporting, runs
    root = runs_folder(library)
    before, after = runs.find(root, first), runs.find(root, second)
    suite = _suite_of(after)
    if json:
        found = {
            name: reporting.compared_json(comparing.compare(suite.metrics, before.of(name), after.of(name)))
            for name in after.configurations
        }
        print_json({"schema": "pullquote.eval_comparison/1", "runs": [before.id, after.id], "configurations": found})
        return
    from rag import terminal_evals

    terminal_evals.comparison(reporting.report(suite, after, before))


@eval_app.command()
def report(
    run_: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, its folder, or `last`.")] = "last",
    against: Annotated[str | None, typer.Option(help="Another run, to show what changed since.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder [default: the run's own].")] = None,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Write a report as one page and as Markdown: figures with intervals, what changed, the worst cases, what it cost.

    pullquote eval report last

    pullquote eval report last --against 20260302 -o report/
    """
    with _extra():
        from evals import reporting, runs
    root = runs_folder(library)
    made = runs.find(root, run_)
    before = runs.find(root, against) if against else None
    found = reporting.report(_suite_of(made), made, before)
    folder = output or made.folder
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "report.html", folder / "report.md"]
    for file, text in zip(files, (reporting.html(found), reporting.markdown(found)), strict=True):
        file.write_text(text, "utf-8")
    if json:
        print_json({"schema": "pullquote.eval_report/1", "run": made.id, "files": [str(file) for file in files]})
        return
    typer.echo("\n".join(map(str, files)))
    typer.echo(f"Inspect's own viewer: inspect view --log-dir {made.folder / 'inspect'}", err=True)


def _suite_of(made: Run) -> Suite:
    from evals import suites as known

    return known.load(made.suite if made.suite_file == "" else made.suite_file)


@eval_app.command()
def accept(run_: Annotated[str, typer.Argument(metavar="RUN")] = "last", library: LibraryOption = None) -> None:
    """Make a run the one that the gate compares with. Run it with --grid before: that tells how much can be seen.

    pullquote eval run answers --grid

    pullquote eval accept last
    """
    with _extra():
        from evals import gate as gates
        from evals import runs
    made = runs.find(runs_folder(library), run_)
    typer.echo(f"Accepted in {gates.accept(_suite_of(made), made)}. Commit it.")


@eval_app.command()
def gate(
    suites_: Annotated[list[str] | None, typer.Argument(metavar="[SUITE]...", help="[default: all of ours].")] = None,
    baseline: Annotated[str | None, typer.Option(help="A run to compare with, instead of the accepted one.")] = None,
    progress: ProgressOption = ProgressForm.bar,
    json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Compare the working tree with what was accepted; exit with 1 where it is worse, with 6 where it can't be told.

    pullquote eval gate

    pullquote eval gate my-questions.toml
    """
    with _extra():
        from evals import gate as gates
        from evals import runner, runs
        from evals import suites as known
    import tempfile

    root = runs_folder(library)
    against = runs.find(root, baseline) if baseline else None
    faults = gates.prompt_faults()
    found = []
    with tempfile.TemporaryDirectory() as benches:
        every = [known.load(name) for name in suites_ or known.names()]
        for suite in [] if faults else [one for one in every if one.judges]:
            typer.echo(f"{suite.name}: {suite.purpose}", err=True)
            with shown(progress) as hear:
                found.append(gates.gate(suite, runner.run, root, Path(benches), hear, against))
    _say_gated(faults, found, json=json)
    code = (
        1
        if faults
        else max((one.code for one in found if one.code == 1), default=max((o.code for o in found), default=0))
    )
    raise typer.Exit(code)


def _say_gated(faults: list[str], found: list[Gated], *, json: bool) -> None:
    if json:
        from evals import reporting

        rows = [
            {
                "suite": one.suite.name,
                "run": one.run.id if one.run else None,
                "accepted": one.accepted.id if one.accepted else None,
                "worse": list(one.worse),
                "untold": list(one.untold),
                "configurations": {name: reporting.compared_json(figures) for name, figures in one.compared.items()},
            }
            for one in found
        ]
        print_json({"schema": "pullquote.gate/1", "prompts": faults, "suites": rows})
        return
    from rag import terminal_evals

    terminal_evals.gated(faults, found)


@eval_app.command()
def record(
    suite: SuiteArgument,
    model: ModelOption = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the model that PULLQUOTE_MODEL names.")] = False,
    max_cost: MaxCostOption = None,
    progress: ProgressOption = ProgressForm.bar,
    library: LibraryOption = None,
) -> None:
    """Record what a model replies to a suite's requests, for runs without one; without a model, what our script does.

    pullquote eval record answers

    pullquote eval record answers --model gpt-4o-mini --max-cost 1
    """
    with _extra():
        from evals import runner, running
        from evals import suites as known
    import tempfile

    named = known.load(suite)
    wanted = running.Wanted(named, named.configurations, max_cost=max_cost, model=model)
    with tempfile.TemporaryDirectory() as folder, shown(progress) as hear:
        count = running.record(wanted, runner.run, Path(folder), hear, live=live or bool(model))
    typer.echo(f"{count} replies in {named.recordings}. Commit it.")


@eval_app.command()
def init(
    file: Annotated[Path, typer.Argument(help="The file of your suite, to be made.")] = Path("my-questions.toml"),
    reviews: Annotated[
        list[Path] | None, typer.Option(help="Ask these files' reviews, added anew each time; may be repeated.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What all of these review.")] = None,
    kind: Annotated[str | None, typer.Option(help="film, book, product, place, game, app or general.")] = None,
    map_: Annotated[list[str] | None, typer.Option("--map", help="FIELD=COLUMN, as for `pullquote add`.")] = None,
    library: LibraryOption = None,
) -> None:
    """Start a suite of your own: for the library, or for files of reviews, which another machine can have too.

    pullquote eval init my-questions.toml

    pullquote eval init my-questions.toml --reviews reviews.csv --title "The Salt Ladder"
    """
    with _extra():
        from evals import own
    with open_library(library) as opened:
        with _written(file):
            own.starter(file, opened, reviews or [], title, kind, parsed_map(map_))
        typer.echo(f"{file} is made. Ask, read the answer, and keep it:")
        title, asked = own.suggested(opened) if not reviews else ("", [])
    for question in asked or ["What do reviewers dislike?"]:
        typer.echo(f'  pullquote eval add {file} "{question}"' + (f' --title "{title}"' if title else ""))


@eval_app.command()
def add(
    file: Annotated[str, typer.Argument(help="The file of your suite.")],
    question: Annotated[str, typer.Argument(help="The question.")],
    title: Annotated[list[str] | None, typer.Option("--title", "-t", help="Ask of this title.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Keep the answer without asking.")] = False,
) -> None:
    """Ask a question, show the answer, and keep it in the suite as the right one once you say so.

    pullquote eval add my-questions.toml "What did critics dislike about the ending?"
    """
    with _extra():
        from evals import bench, own
        from evals import suites as known
    import tempfile

    from rag import terminal
    from rag.errors import Cancelled

    suite = known.load(file)
    with tempfile.TemporaryDirectory() as folder, shown(ProgressForm.bar) as hear:
        place = bench.own_library(suite, Path(folder), hear)
        with open_library(place, EngineName.extractive) as opened:
            answer = opened.ask(question, titles=title)
    out = terminal.console()
    for claim in answer.claims:
        terminal.claim(out, claim)
    terminal.after_claims(out, answer)
    if not yes and not typer.confirm("Is this the right answer?", err=True):
        raise Cancelled("Nothing was kept.")
    typer.echo(f"Kept as {own.append(suite, own.approved(question, title or [], answer))} in {file}.")


def runs_folder(library: Path | None) -> Path:
    """Where runs are kept: in the library's folder."""
    from rag import settings

    return (library or settings.load().library) / "runs"


@contextlib.contextmanager
def _written(file: Path) -> Iterator[None]:
    """Say which file could not be written, and why."""
    from rag.errors import InputError

    try:
        yield
    except OSError as error:
        raise InputError(
            f"The file {file} can't be written: {error.strerror}.", "Name one in a folder that you may write to."
        ) from error


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """Say what to install where the extra is not there."""
    from rag.errors import ExtraMissing, install_extra

    try:
        yield
    except ModuleNotFoundError as error:
        raise ExtraMissing(f"Evaluations need a package: {error.name}.", install_extra("evals")) from None
