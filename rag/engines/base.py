"""The seam between an engine and everything else: evidence in, drafted claims out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.findings import DraftSentence, Finding
from rag.records import BadLine, DraftClaim, DraftEnd, DraftOpinions, Evidence, Plan, Unit
from rag.taxonomy import Taxonomy

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
    vectors: Vectors
    """One row a unit."""
    taxonomy: Taxonomy
    examples: Mapping[str, Vectors]
    """The vectors of each aspect's examples, by its id; of the categories of severe complaints too."""


@dataclass(frozen=True)
class StatementRequest:
    """The findings of a title, those that say most first."""

    title: str
    reviews: int
    """Those that a coder has read."""
    findings: Sequence[Finding]
    overall: Finding | None = None
    """How many reviews are for the whole and how many against, with verdicts as quotes; None where nothing tells."""


class Engine(Protocol):
    """Proposes; never quotes, counts or decides what is shown."""

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        """What each unit judges, and how."""
        ...

    def reads(self, embedder: str) -> bool:
        """Whether it can code from the vectors of the embedder with this identity."""
        ...

    def draft_answer(self, request: AnswerRequest) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        """Claims in reading order; `DraftEnd` comes last."""
        ...

    def draft_statement(self, request: StatementRequest) -> Sequence[DraftSentence]:
        """A few sentences that rest on findings by id; their numbers are slots."""
        ...

    def identity(self, task: Task) -> str:
        """Engine, model and the task's prompt: two engines that could answer differently differ here."""
        ...
