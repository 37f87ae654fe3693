"""A suite → a run: cases under configurations, each kept the moment it is done, so that a killed run goes on."""

from __future__ import annotations

import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import rag
from corpus.reader import Split
from evals import outcomes, recordings, runs, scoring, scripted
from evals.bench import Bench, Hear, prepare
from evals.cases import Case
from evals.judging import Judge
from evals.recordings import RecordedModel, Recording, RecordingModel
from evals.runs import Cell, Run
from evals.suites import Configuration, Suite
from rag.engines.chat import ChatEngine
from rag.errors import BudgetExhausted, EngineError, InputError, PullquoteError
from rag.library import Library
from rag.records import Progress

Runner = Callable[..., None]
AT_ONCE, AT_ONCE_LIVE = 1, 4
"""Cases at a time: offline they share the processor, a model's server is waited for."""


@dataclass(frozen=True)
class Wanted:
    """What is to be run."""

    suite: Suite
    configurations: Mapping[str, Configuration]
    split: Split = "dev"
    limit: int | None = None
    """So many cases, spread over all of them; None: every one."""
    max_cost: float | None = None
    model: str | None = None
    """Of `record`, the model to ask; None: the one that PULLQUOTE_MODEL names."""
    judge: Judge | None = None


def run(wanted: Wanted, runner: Runner, root: Path, benches: Path | None, hear: Hear, resume: Run | None = None) -> Run:
    """Run it in a new folder of `root`, or go on with `resume`. Libraries that have to be made are made in `benches`.

    Cases that fail are missing, with the reason. Raises BudgetExhausted, with what was done kept, and InputError.
    """
    _check_models(wanted)
    folder = resume.folder if resume else _new_folder(root, wanted.suite.name)
    bench = prepare(wanted.suite, wanted.split, benches or folder / "benches", hear)
    made = _begun(wanted, folder, bench, resume)
    runs.write_run(made)
    wanted_cells = {job.key: job for job in _jobs(wanted, bench)}
    kept = [cell for cell in (resume.cells if resume else ()) if _counts(cell, wanted_cells.get(cell.key))]
    runs.rewrite(folder, kept)
    done_before = {cell.key for cell in kept}
    jobs = [job for key, job in wanted_cells.items() if key not in done_before]
    start = time.monotonic()
    out_of_money = _all(wanted, bench, jobs, folder, runner, hear)
    done = runs.read(folder)
    done = replace(
        done,
        configurations=_stamped(done),
        finished=not out_of_money,
        seconds=round(done.seconds + time.monotonic() - start, 1),
    )
    runs.write_run(done)
    if out_of_money:
        raise BudgetExhausted(out_of_money, f"What was done is kept; go on with: --resume {done.id}")
    shutil.rmtree(folder / "benches", ignore_errors=True)
    return done


def _check_models(wanted: Wanted) -> None:
    """What is wrong with a model's settings is said before anything is made. Raises InputError and ExtraMissing."""
    for one in wanted.configurations.values():
        if one.engine == "chat" and not one.recorded:
            with Library.open(Path(), engine="chat", model=one.model, max_cost=wanted.max_cost) as library:
                _ = library.engine


def _counts(cell: Cell, job: Cell | None) -> bool:
    """Whether a cell of a run that was stopped is what would be made again."""
    return job is not None and cell.error is None and cell.digest == job.digest


def record(wanted: Wanted, runner: Runner, root: Path, hear: Hear, *, live: bool) -> int:
    """Run the recorded configurations with a model and keep its replies; how many. Raises as `run`, and EngineError."""
    suite = wanted.suite
    chosen = {name: one for name, one in wanted.configurations.items() if one.recorded}
    if not chosen:
        raise InputError(f"The suite {suite.name} has no configuration with recordings.")
    with _recording(suite, wanted, live) as models:
        asked = replace(wanted, configurations=chosen)
        bench = prepare(suite, wanted.split, root / "benches", hear)
        folder = _new_folder(root, f"{suite.name}-recording")
        runs.write_run(_begun(asked, folder, bench, None))
        out_of_money = _all(asked, bench, _jobs(asked, bench), folder, runner, hear, models)
        failed = [cell for cell in runs.read(folder).cells if cell.error]
        if out_of_money or failed:
            raise EngineError("unknown", f"Nothing was recorded: {out_of_money or failed[0].error}")
    recordings.write(suite.recordings, [*models.made.values()])
    return len(models.made)


@contextmanager
def _recording(suite: Suite, wanted: Wanted, live: bool) -> Iterator[RecordingModel]:
    """The model whose replies are kept: the one that is named, or a script."""
    if not live:
        yield RecordingModel(scripted.MODELS[suite.task], scripted.NAME, "scripted")
        return
    with Library.open(Path(), engine="chat", model=wanted.model, max_cost=wanted.max_cost) as library:
        engine = library.engine
        assert isinstance(engine, ChatEngine)
        yield RecordingModel(recordings.asking(engine.client), engine.model, "live", engine.client.price)


def _new_folder(root: Path, suite: str) -> Path:
    started = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for number in range(1, 100):
        folder = root / (f"{started}-{suite}" if number == 1 else f"{started}-{suite}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise InputError(f"The folder {folder} can't be made: {error.strerror}.") from error
        return folder
    raise InputError(f"{root} holds too many runs of this second.")


def _begun(wanted: Wanted, folder: Path, bench: Bench, resume: Run | None) -> Run:
    suite = wanted.suite
    if resume and (resume.suite_digest, resume.library) != (suite.digest, bench.digest):
        raise InputError(f"The run {resume.id} is of another state of the suite or its reviews.", "Start a new one.")
    configurations = {
        name: {**one.model_dump(), "origin": _origin(suite, one)} for name, one in wanted.configurations.items()
    }
    made = Run(
        folder.name,
        suite.name,
        "" if suite.is_ours else str(suite.file),
        suite.digest,
        wanted.split if not suite.case else "own",
        datetime.now(UTC).isoformat(timespec="seconds"),
        rag.__version__,
        bench.digest,
        configurations,
        len(_chosen(wanted, bench)),
        judge=wanted.judge.told if wanted.judge else None,
        folder=folder,
    )
    return replace(made, started=resume.started, seconds=resume.seconds) if resume else made


def _origin(suite: Suite, configuration: Configuration) -> str | None:
    if configuration.engine == "extractive":
        return None
    if not configuration.recorded:
        return "live"
    origins = {one.origin for one in recordings.read(suite.recordings).values()}
    return "live" if origins == {"live"} else "scripted"


def _chosen(wanted: Wanted, bench: Bench) -> Sequence[Case]:
    """All cases, or a few that are spread over them."""
    if wanted.limit is None or wanted.limit >= len(bench.cases):
        return bench.cases
    return [bench.cases[n * len(bench.cases) // wanted.limit] for n in range(wanted.limit)]


def _jobs(wanted: Wanted, bench: Bench) -> list[Cell]:
    return [
        Cell(case.id, case.cluster or case.id, case.shown, name, case.digest)
        for name in wanted.configurations
        for case in _chosen(wanted, bench)
    ]


def _all(
    wanted: Wanted,
    bench: Bench,
    jobs: Sequence[Cell],
    folder: Path,
    runner: Runner,
    hear: Hear,
    recording: RecordingModel | None = None,
) -> str | None:
    """Do the jobs of each configuration and keep each cell. Why it stopped, where the money ran out."""
    cases, lock, done = {case.id: case for case in bench.cases}, threading.Lock(), 0
    out_of_money: list[str] = []

    def keep(cell: Cell) -> None:
        nonlocal done
        with lock:
            runs.append(folder, cell)
            done += 1
            hear(Progress("run", done, len(jobs)))

    for name, configuration in wanted.configurations.items():
        mine = [job for job in jobs if job.configuration == name]
        at_once = AT_ONCE_LIVE if configuration.engine == "chat" and not configuration.recorded else AT_ONCE
        with _libraries(wanted, bench, configuration, at_once, recording) as pool:

            def do(job: Cell) -> Cell:
                if out_of_money:
                    return replace(job, error=out_of_money[0])
                library = pool.get()
                try:
                    cell = _done(wanted, library, cases[job.case], job, bench)
                except BudgetExhausted as error:
                    out_of_money.append(error.message)
                    return replace(job, error=error.message)
                finally:
                    pool.put(library)
                keep(cell)
                return cell

            runner(f"{wanted.suite.name}-{name}", mine, do, at_once=at_once, logs=folder / "inspect")
    return out_of_money[0] if out_of_money else None


def _done(wanted: Wanted, library: Library, case: Case, job: Cell, bench: Bench) -> Cell:
    """One case, run and scored. What goes wrong is told in the cell."""
    start, task = time.monotonic(), wanted.suite.task
    try:
        found = outcomes.RUN[task](library, case, bench.names)
        seconds = round(time.monotonic() - start, 4)
        scores = {**scoring.SCORE[task](case, found), "seconds": seconds}
        if wanted.judge is not None:
            scores |= wanted.judge.scores(found)
    except BudgetExhausted:
        raise
    except PullquoteError as error:
        return replace(job, error=f"{error.message} {error.hint or ''}".strip())
    except Exception as error:  # noqa: BLE001 - a metric or the program is broken: this case is missing, the others count
        return replace(job, error=f"{type(error).__name__}: {error}")
    kept = {name: scores[name] for name in sorted(scores)}
    return replace(job, scores=kept, outcome=found, seconds=seconds)


def _stamped(done: Run) -> dict[str, Mapping[str, Any]]:
    """Each configuration with what answered under it, as the first cell says."""
    stamped: dict[str, Mapping[str, Any]] = {}
    for name, told in done.configurations.items():
        first = next((cell for cell in done.cells if cell.configuration == name and cell.outcome), None)
        stamp = first.outcome.get("engine") or {"coder": first.outcome.get("coder")} if first else None
        stamped[name] = {**told, "stamp": stamp}
    return stamped


@contextmanager
def _libraries(
    wanted: Wanted, bench: Bench, configuration: Configuration, at_once: int, recording: RecordingModel | None
) -> Iterator[queue.SimpleQueue[Library]]:
    """As many libraries as cases run at a time, all with one engine behind them: one budget, one cache."""
    pool: queue.SimpleQueue[Library] = queue.SimpleQueue()
    with ExitStack() as stack:
        first = stack.enter_context(_opened(wanted, bench, configuration, recording))
        pool.put(first)
        for _ in range(at_once - 1):
            other = Library.open(bench.library, engine=first.engine, retrieval=configuration.retrieval, fallback=False)
            pool.put(stack.enter_context(other))
        yield pool


def _opened(wanted: Wanted, bench: Bench, configuration: Configuration, recording: RecordingModel | None) -> Library:
    retrieval, prompts = configuration.retrieval, configuration.prompts
    if configuration.engine == "extractive":
        return Library.open(bench.library, engine="extractive", retrieval=retrieval)
    if configuration.recorded:
        suite = wanted.suite
        known: dict[str, Recording] = recordings.read(suite.recordings)
        model = recording or RecordedModel(known, f"pullquote eval record {suite.command}")
        return Library.open(bench.library, engine=ChatEngine(model, prompts), retrieval=retrieval, fallback=False)
    return Library.open(
        bench.library,
        engine="chat",
        model=configuration.model,
        max_cost=wanted.max_cost,
        retrieval=retrieval,
        prompts=prompts,
        fallback=False,
    )
