"""The gate: the working tree against the run that was accepted last; what is worse is not let through.

Accepted runs lie beside their suites and are committed. Hard metrics are judged case by case; the others by the paired
difference (`comparing`). A case that could not be run blocks: it is missing, and missing is not good.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evals import comparing, running, runs
from evals.bench import Hear
from evals.comparing import Compared
from evals.measures import MEASURES
from evals.running import Runner, Wanted
from evals.runs import Cell, Run
from evals.suites import Suite
from rag.engines import prompts
from rag.errors import InputError

_SHOWN = 5
_SHOWN_CLAIMS, _LONGEST = 3, 120
"""Of an accepted run: it is committed, so it is kept small."""


@dataclass(frozen=True)
class Gated:
    """A suite at the gate. `worse` blocks; `untold` blocks too, as what can't be told."""

    suite: Suite
    run: Run | None
    accepted: Run | None
    compared: Mapping[str, Sequence[Compared]]
    """By configuration."""
    worse: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code: 0, 1 for worse, 6 for what could not be told."""
        return 1 if self.worse else 6 if self.untold else 0


def prompt_faults() -> list[str]:
    """What is wrong with the prompt files themselves, as sentences that say what to do."""
    return [
        f"prompts/{name} is not as prompts/prompts.lock says. A released version never changes: put it back, and write "
        "the new wording as the next version, with its digest in the lock."
        for name in prompts.changed()
    ]


def gate(suite: Suite, runner: Runner, root: Path, benches: Path, hear: Hear, baseline: Run | None = None) -> Gated:
    """Run the suite's gated configurations and compare them with the accepted run, or another.

    Raises PullquoteError.
    """
    accepted = baseline or accepted_run(suite)
    if accepted is None:
        told = f"No run of {suite.name} was accepted yet. Accept one: pullquote eval accept RUN"
        return Gated(suite, None, None, {}, untold=(told,))
    chosen = {name: one for name, one in suite.configurations.items() if one.gate}
    made = running.run(Wanted(suite, chosen), runner, root, benches, hear)
    return judged(suite, accepted, made)


def judged(suite: Suite, accepted: Run, made: Run) -> Gated:
    """What the gate says of a run."""
    compared, worse, untold = {}, [], []
    for name in (name for name, one in suite.configurations.items() if one.gate):
        before, after = accepted.of(name), made.of(name)
        worse += _missing(name, after)
        untold += _uncompared(suite, name, before, after)
        compared[name] = comparing.compare(suite.metrics, before, after, accepted.smallest.get(name))
        for one in compared[name]:
            said = f"{name}: {one.measure.label}: {one.verdict}{f', {one.why}' if one.why else ''}"
            if one.verdict in ("worse", "broken"):
                worse.append(f"{said}{_cases(one)}")
            elif one.verdict == "cannot tell" and one.rule.powered:
                untold.append(f"{said}{_cases(one)}")
    return Gated(suite, made, accepted, compared, tuple(worse), tuple(untold))


def accepted_run(suite: Suite) -> Run | None:
    """The run that was accepted last."""
    return runs.read(suite.accepted) if (suite.accepted / runs.RUN).exists() else None


def accept(suite: Suite, made: Run) -> Path:
    """Make a run the one that later ones are compared with; the folder it lies in now.

    Raises InputError saying why it can't be.
    """
    gated = [name for name, one in suite.configurations.items() if one.gate]
    why = _not_acceptable(suite, made, gated)
    if why is not None:
        raise InputError(f"The run {made.id} can't be accepted: {why}")
    smallest = {name: _smallest(suite, made, name) for name in gated}
    blind = [f"{MEASURES[metric].label} of {name} (margin {rule.margin:g}, smallest {found:.3f})"
             for name in gated for metric, rule in suite.metrics.items()
             if rule.powered and rule.margin and (found := smallest[name].get(metric, 0.0)) > rule.margin]  # fmt: skip
    if blind:
        raise InputError(
            f"The suite {suite.name} can't see differences as small as its margins: {'; '.join(blind)}.",
            "Give it more cases, or a wider margin, or don't call the metric powered.",
        )
    folder = suite.accepted
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    kept = [
        replace(cell, outcome=_slim(cell.outcome) if suite.judges else {})
        for cell in made.cells
        if cell.configuration in gated
    ]
    configurations = {name: made.configurations[name] for name in gated}
    runs.write_run(replace(made, configurations=configurations, smallest=smallest, folder=part))
    runs.rewrite(part, sorted(kept, key=lambda cell: cell.key))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def _not_acceptable(suite: Suite, made: Run, gated: Sequence[str]) -> str | None:
    if made.suite != suite.name or made.suite_digest != suite.digest:
        return "it is of another state of the suite."
    if made.split == "test":
        return "it is of the test titles, which nothing is compared on."
    lacking = [name for name in gated if len(made.of(name)) < made.cases]
    if lacking or not made.finished:
        return f"it is not whole: {', '.join(lacking) or 'it was stopped'}."
    failed = [cell for cell in made.cells if cell.error and cell.configuration in gated]
    if failed:
        return f"{len(failed)} cases are missing; {failed[0].case}: {failed[0].error}"
    for name in gated:
        for metric, rule in suite.metrics.items():
            wrong = comparing.violations(MEASURES[metric], made.of(name).values()) if rule.hard else []
            if wrong:
                return f"{MEASURES[metric].label} is wrong in {len(wrong)} cases of {name}, {wrong[0]} the first."
    return None


def _smallest(suite: Suite, made: Run, name: str) -> dict[str, float]:
    """The larger of two: of a change that touches one case in ten, and as this one differs from the run's others."""
    own, cells = suite.configurations[name], made.of(name)
    others = [
        made.of(other) for other, one in suite.configurations.items() if other != name and one.engine == own.engine
    ]
    found = {}
    for metric in (metric for metric, rule in suite.metrics.items() if rule.margin is not None):
        measure = MEASURES[metric]
        seen = [comparing.expected(measure, [*cells.values()])]
        seen += [comparing.smallest(measure, [(cells[c], one[c]) for c in cells if c in one]) for one in others]
        found[metric] = max((one for one in seen if one is not None), default=0.0)
    return found


def _missing(name: str, after: Mapping[str, Cell]) -> list[str]:
    failed = [cell for cell in after.values() if cell.error]
    if not failed:
        return []
    return [f"{name}: {len(failed)} of {len(after)} cases could not be run. {failed[0].case}: {failed[0].error}"]


def _uncompared(suite: Suite, name: str, before: Mapping[str, Cell], after: Mapping[str, Cell]) -> list[str]:
    new = [case for case, cell in after.items() if case not in before or before[case].digest != cell.digest]
    gone = before.keys() - after.keys()
    if not new and not gone:
        return []
    said = f"{name}: {len(new)} cases are new or reworded and {len(gone)} are gone, so they are compared with nothing. "
    return [f"{said}Run the suite with --grid and accept it: pullquote eval accept RUN ({suite.name})"]


def _cases(one: Compared) -> str:
    return f"; cases: {', '.join(one.changed[:_SHOWN])}" if one.changed else ""


def _slim(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """What an accepted run keeps: enough to show how a case was answered."""
    said = {name: outcome[name] for name in ("status", "statement") if outcome.get(name)}
    texts = [claim["text"] for claim in outcome.get("claims", ())][:_SHOWN_CLAIMS]
    return said | {"claims": [{"text": text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"} for text in texts]}
