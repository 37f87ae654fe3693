"""The seam between an engine and everything else: evidence in, drafted claims out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.findings import DraftStatement, Finding
from rag.records import BadLine, DraftClaim, DraftEnd, DraftOpinions, Dropped, Evidence, Plan, Reading, Unit, Usage
from rag.taxonomy import Aspect, Taxonomy

Task = Literal["answer", "code", "statement"]
Vectors = NDArray[np.float32]
"""One unit vector a row."""


@dataclass(frozen=True)
class AnswerRequest:
    """What an engine gets to see: the question, what it asks for, and numbered sentences, best first."""

    question: str
    plan: Plan
    evidence: Sequence[Evidence]
    cancelled: Callable[[], bool] = lambda: False
    """Polled at least every half second."""


@dataclass(frozen=True)
class CodingRequest:
    """Units of whole reviews, in the order of the text, and the aspects to look for."""

    units: Sequence[Unit]
    vectors: Vectors | None
    """One row a unit; None for a coder that reads words alone."""
    taxonomy: Taxonomy
    examples: Mapping[str, Vectors]
    """The vectors of each aspect's examples, by its id; of the categories of severe complaints too."""
    cancelled: Callable[[], bool] = lambda: False
    """Polled at least every half second by a coder that waits for a server."""


@dataclass(frozen=True)
class StatementRequest:
    """The findings of a title, those that say most first."""

    title: str
    reviews: int
    """Those that a coder has read."""
    findings: Sequence[Finding]
    overall: Finding | None = None
    """How many reviews are for the whole and how many against, with verdicts as quotes; None where nothing tells."""


class Adviser(Protocol):
    """A model that is asked small things beside the draft; what it says can only narrow."""

    usage: Usage
    warnings: list[str]

    @property
    def identities(self) -> Mapping[str, str]:
        """The prompts in use, by what they are for."""
        ...

    def read(self, question: str, plan: Plan, aspects: Sequence[Aspect]) -> Reading | None:
        """What a question is about; None where nothing was asked or nothing valid came."""
        ...

    def supports(self, claim: str, passages: Sequence[str]) -> bool | None:
        """Whether the passages say a claim; None as above."""
        ...


class Engine(Protocol):
    """Proposes; never quotes, counts or decides what is shown."""

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        """What each unit judges, and how. Raises EngineError."""
        ...

    def reads(self, embedder: str) -> bool:
        """Whether it can code from the vectors of the embedder with this identity."""
        ...

    def draft_answer(
        self, request: AnswerRequest, faults: Sequence[Dropped] = ()
    ) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        """Claims in reading order; `DraftEnd` comes last. With `faults`, only what mends these lines.

        Raises EngineError where what it relies on fails; what came before stands.
        """
        ...

    def draft_statement(self, request: StatementRequest) -> DraftStatement:
        """A few sentences that rest on findings by id; their numbers are slots. Raises EngineError."""
        ...

    @property
    def model(self) -> str | None:
        """The model that writes, and where it is; None for an engine without one."""
        ...

    def prompt(self, task: Task) -> str | None:
        """The identity of the prompt of a task."""
        ...

    def identity(self, task: Task) -> str:
        """Engine, model and the task's prompt: two engines that could answer differently differ here."""
        ...
