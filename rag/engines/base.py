"""The seam between an engine and everything else: evidence in, drafted claims out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rag.records import BadLine, DraftClaim, DraftEnd, Evidence, Plan

Task = Literal["answer"]


@dataclass(frozen=True)
class AnswerRequest:
    """What an engine gets to see: the question, what it asks for, and numbered sentences, best first."""

    question: str
    plan: Plan
    evidence: Sequence[Evidence]
    cancelled: Callable[[], bool] = lambda: False
    """Polled at least every half second."""


class Engine(Protocol):
    """Proposes; never quotes, counts or decides what is shown."""

    def draft_answer(self, request: AnswerRequest) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        """Claims in reading order; `DraftEnd` comes last."""
        ...

    def identity(self, task: Task) -> str:
        """Engine, model and the task's prompt: two engines that could answer differently differ here."""
        ...
