"""A suite: which cases are run, what is measured, by how much a figure may fall, and what is varied. One readable file.

Ours stand in `evals/suites/`, a user's own anywhere. Paths in a file are taken from the folder it stands in.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.cases import AskCase
from evals.measures import MEASURES
from rag.errors import InputError
from rag.search.retrieve import DENSE_WEIGHT, EVIDENCE, PER_REVIEW, Retrieval

FOLDER = Path(__file__).parent / "suites"
TaskName = Literal["ask", "summary", "code", "order"]
Source = Literal["questions", "unanswered", "variants", "titles", "orders", "own"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(_Frozen):
    """How a metric is judged when two runs are compared."""

    hard: bool = False
    """Every single case must have it right; no statistics."""
    margin: float | None = Field(None, gt=0, le=1)
    """The figure may be worse by this much; None: it is shown and blocks nothing."""
    powered: bool = False
    """Whether "could not tell" blocks."""


class Configuration(_Frozen):
    """One way to run the cases."""

    engine: Literal["extractive", "chat"] = "extractive"
    model: str | None = None
    """A model to ask; None for the chat engine: the one that PULLQUOTE_MODEL names."""
    recorded: bool = False
    """Whether recordings answer instead of a model."""
    prompts: dict[str, str] = {}
    """Versions: ``{answer = "answer.v1"}``; else the newest."""
    dense_weight: float = Field(DENSE_WEIGHT, ge=0, le=1)
    per_review: int = Field(PER_REVIEW, ge=1)
    evidence: int = Field(EVIDENCE, ge=1)
    gate: bool = False
    """Whether the gate runs it, and `eval run` where nothing else is asked for."""

    @property
    def retrieval(self) -> Retrieval:
        """As the library takes it."""
        return Retrieval(self.dense_weight, self.per_review, self.evidence)


class Suite(_Frozen):
    """A parsed file. `name` and `file` come from where it stands."""

    purpose: str
    task: TaskName
    cases: Source
    metrics: dict[str, Rule]
    configurations: dict[str, Configuration]
    library: str | None = None
    """Of an own suite: the library that is asked; or"""
    reviews: tuple[str, ...] = ()
    """the files that one is made of, each time anew."""
    title: str | None = None
    kind: str | None = None
    map: dict[str, str] = {}
    case: tuple[AskCase, ...] = ()
    name: str = ""
    file: Path = Path()
    digest: str = ""
    """SHA-256 of the file, the first 16 digits."""

    @property
    def judges(self) -> bool:
        """Whether there is anything in it that the gate could say no to."""
        return any(rule.hard or rule.margin for rule in self.metrics.values())

    @property
    def accepted(self) -> Path:
        """The folder of the accepted run."""
        return self.file.parent.parent / "accepted" / self.name if self.is_ours else self.file.with_suffix(".accepted")

    @property
    def recordings(self) -> Path:
        """The file of recorded replies; of ours, one for all suites that ask the same."""
        if self.is_ours:
            return self.file.parent.parent / "recordings" / f"{self.task}.jsonl"
        return self.file.with_suffix(".recordings.jsonl")

    @property
    def is_ours(self) -> bool:
        """Whether it came with the program."""
        return self.file.parent == FOLDER

    @property
    def command(self) -> str:
        """What names it on a command line."""
        return self.name if self.is_ours else str(self.file)

    def path(self, written: str) -> Path:
        """A path that the file holds."""
        return self.file.parent / written


def names() -> list[str]:
    """Our own suites."""
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def load(name: str) -> Suite:
    """A suite of ours by its name, or one of yours by its file. Raises InputError that says what is wrong and where."""
    file = FOLDER / f"{name}.toml" if name in names() else Path(name)
    try:
        content = file.read_bytes()
    except OSError:
        raise InputError(
            f"There is no suite {name!r}.", f"Ours are {', '.join(names())}; your own is named by its file."
        ) from None
    try:
        suite = Suite.model_validate(tomllib.loads(content.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{file}: {where}: {first['msg']}.", "docs/evaluations.md shows a whole file.") from None
    _check(suite, file)
    digest = hashlib.sha256(content).hexdigest()[:16]
    return suite.model_copy(update={"name": file.stem, "file": file, "digest": digest})


def _check(suite: Suite, file: Path) -> None:
    unknown = [name for name in suite.metrics if name not in MEASURES]
    if unknown:
        raise InputError(f"{file}: there is no metric {unknown[0]!r}.", f"There are {', '.join(sorted(MEASURES))}.")
    ids = [case.id for case in suite.case]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{file}: two cases are called {twice!r}.", "Give each an id of its own.")
    if (suite.cases == "own") != bool(suite.library or suite.reviews):
        raise InputError(f'{file}: with cases = "own" it names a library or reviews, and only then.')
