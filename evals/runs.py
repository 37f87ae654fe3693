"""The record of a run: a folder with `run.json` and `cells.jsonl`, a line a case and configuration.

It is ours and outlives the log format of whatever ran it. Fields may be added under the same schema; what an older
version wrote is read by every later one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rag.errors import InputError

RUN, CELLS = "run.json", "cells.jsonl"
_RUN_SCHEMA, _CELL_SCHEMA = "pullquote.run/1", "pullquote.cell/1"


@dataclass(frozen=True)
class Cell:
    """One case under one configuration. `error` says why it is missing; then it has no scores."""

    case: str
    cluster: str
    shown: str
    configuration: str
    digest: str
    """Of the case."""
    scores: Mapping[str, float | None] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    seconds: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """What it is a result of."""
        return self.case, self.configuration


@dataclass(frozen=True)
class Run:
    """A run of a suite. What its inputs were is said by digests and identities."""

    id: str
    suite: str
    suite_file: str
    """Of a user's own suite, the file; empty for ours."""
    suite_digest: str
    split: str
    started: str
    version: str
    library: str
    """The digest of what was asked."""
    configurations: Mapping[str, Mapping[str, Any]]
    """What was varied, with the stamp of what answered, and where model replies came from: live, scripted or null."""
    cases: int
    cells: Sequence[Cell] = ()
    finished: bool = False
    seconds: float = 0.0
    judge: Mapping[str, Any] | None = None
    """Which model judged, and how often it agreed with people, measured before."""
    smallest: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Of an accepted run: by configuration and metric, the smallest difference that the suite can see."""
    folder: Path = Path()

    def of(self, configuration: str) -> dict[str, Cell]:
        """The cells of a configuration by case."""
        return {cell.case: cell for cell in self.cells if cell.configuration == configuration}


def write_run(run: Run) -> None:
    """Write `run.json`, whole or not at all."""
    told = {"schema": _RUN_SCHEMA, **{k: v for k, v in vars(run).items() if k not in ("cells", "folder")}}
    part = run.folder / f"{RUN}.part"
    part.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    part.replace(run.folder / RUN)


def line(cell: Cell) -> str:
    """A cell as a line of `cells.jsonl`, ASCII-escaped."""
    return json.dumps({"schema": _CELL_SCHEMA, **asdict(cell)}) + "\n"


def rewrite(folder: Path, cells: Iterable[Cell]) -> None:
    """Keep these cells and nothing else: no half line that a kill left, and none that is to be run again."""
    part = folder / f"{CELLS}.part"
    part.write_text("".join(map(line, cells)), "utf-8")
    part.replace(folder / CELLS)


def append(folder: Path, cell: Cell) -> None:
    """Add a cell to what is kept already."""
    with (folder / CELLS).open("a", encoding="utf-8") as file:
        file.write(line(cell))


def read(folder: Path) -> Run:
    """A run. A last line that a kill cut off is left out, and of a case that was run twice the last counts.

    Raises InputError where there is none, and where it is of a version that this one can't read.
    """
    try:
        told = json.loads((folder / RUN).read_text("utf-8"))
    except (OSError, ValueError):
        raise InputError(f"There is no run in {folder}.", "`pullquote eval runs` lists those there are.") from None
    if told.pop("schema", None) != _RUN_SCHEMA:
        raise InputError(f"{folder / RUN} was written by another version of Pullquote.", "Run the suite again.")
    known = {name: told[name] for name in Run.__dataclass_fields__ if name in told}
    cells = {cell.key: cell for cell in _cells(folder / CELLS)}
    return Run(**known | {"cells": tuple(cells.values()), "folder": folder})


def _cells(file: Path) -> Iterator[Cell]:
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    for written in lines:
        try:
            told = json.loads(written)
        except ValueError:
            continue
        yield Cell(**{name: told[name] for name in Cell.__dataclass_fields__ if name in told})


def every(root: Path) -> list[Run]:
    """The runs in a folder, the newest first; what is none is left out."""
    found = []
    for folder in sorted((file.parent for file in root.glob(f"*/{RUN}")), reverse=True):
        try:
            found.append(read(folder))
        except InputError:
            continue
    return found


def find(root: Path, name: str) -> Run:
    """A run by its folder, or by its id or the beginning of it; `last` is the newest. Raises InputError."""
    if (Path(name) / RUN).exists():
        return read(Path(name))
    known = every(root)
    if name == "last" and known:
        return known[0]
    named = [run for run in known if run.id.startswith(name)]
    if len(named) == 1:
        return named[0]
    why = f"{len(named)} runs begin with {name!r}." if named else f"There is no run {name!r}."
    ids = ", ".join(run.id for run in (named or known)[:5])
    raise InputError(why, f"The newest are {ids}." if ids else "Make one with: pullquote eval run answers")
