"""Many jobs through inspect-ai: a few at a time, each on its own, and a log that opens in its viewer.

The one place that knows inspect-ai. A job that raises is missing from the result, and never counts as 0.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from evals.runs import Cell

_CELL = "cell"


def run(name: str, jobs: Sequence[Cell], do: Callable[[Cell], Cell], *, at_once: int, logs: Path) -> None:
    """Let `do` fill each of these empty cells, `at_once` of them at a time, each in a thread.

    What `do` returns is in inspect's log too. `do` keeps the result; it raises nothing but what ends the whole run.
    """
    if not jobs:
        return
    by_id = {f"{job.configuration}:{job.case}": job for job in jobs}
    samples = [Sample(input=job.shown, id=id_, metadata={"cluster": job.cluster}) for id_, job in by_id.items()]
    task = Task(dataset=samples, solver=_solver(by_id, do), scorer=_scorer(), name=name)
    with warnings.catch_warnings():
        # inspect-ai leaves streams open; they are closed here, and not in the middle of something else.
        warnings.simplefilter("ignore", ResourceWarning)
        eval(
            task,
            model=None,
            log_dir=str(logs),
            fail_on_error=False,
            retry_on_error=0,
            max_samples=at_once,
            display="none",
            score_display=False,
            log_level="error",
        )
        gc.collect()


def _solver(jobs: dict[str, Cell], do: Callable[[Cell], Cell]) -> Solver:
    @solver(name="pullquote")
    def made() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            cell = await anyio.to_thread.run_sync(do, jobs[str(state.sample_id)])
            if cell.error is not None:
                raise RuntimeError(cell.error)
            state.store.set(_CELL, dict(cell.outcome))
            state.metadata["scores"] = dict(cell.scores)
            state.output.completion = "\n".join(_said(cell))
            state.completed = True
            return state

        return solve

    return made()


def _said(cell: Cell) -> list[str]:
    claims: Any = cell.outcome.get("claims")
    return [claim["text"] for claim in claims] if claims else list(cell.outcome.get("statement", []))


def _scorer() -> Scorer:
    @scorer(metrics={"*": [mean()]}, name="pullquote")
    def made() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            return Score(value={k: v for k, v in state.metadata["scores"].items() if v is not None})

        return score

    return made()
