"""What is asked in an evaluation, and what is right: questions, titles, and orders planted in reviews.

The models here are the door through which a user's own cases come in; those of our corpus are made in code. A case is
known by the digest of all of it, so a result belongs to one wording of one case.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stance = Literal["positive", "negative", "mixed", "neutral"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(_Frozen):
    """``text[start:end]`` of a review, in code points. `quote` holds the words, for a reader."""

    review: str
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    quote: str = ""


class Counted(_Frozen):
    """How many reviews of a title mention something, and how many do nothing but praise or blame it, or do both."""

    title: str
    reviews: int = Field(ge=0)
    mentioning: int = Field(ge=0)
    positive: int = Field(0, ge=0)
    negative: int = Field(0, ge=0)
    mixed: int = Field(0, ge=0)


class Turn(_Frozen):
    """A question that was asked before, in the same conversation."""

    question: str
    titles: tuple[str, ...] = ()


class _Case(_Frozen):
    id: str = Field(min_length=1, pattern=r"^[^\x00-\x1f]+$")
    cluster: str = Field("", description="The title it is about; what is uncertain is told by it.")

    @property
    def digest(self) -> str:
        """SHA-256 of the whole case, the first 16 digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def shown(self) -> str:
        """What a person recognises it by."""
        return self.id


class AskCase(_Case):
    """A question."""

    question: str = Field(min_length=1, max_length=2_000)
    titles: tuple[str, ...] = ()
    """The titles that the asker picks; otherwise those the question names, else all."""
    before: tuple[Turn, ...] = ()
    unanswerable: str | None = None
    """Why the reviews don't say; None where they do."""
    evidence: tuple[tuple[Span, ...], ...] = ()
    """What answers it: each item a sentence, as its places in the reviews."""
    wrong: tuple[Span, ...] = ()
    """Passages that a right answer does not cite."""
    aspect: str | None = None
    counts: tuple[Counted, ...] = ()
    must: tuple[tuple[str, ...], ...] = ()
    """Groups of wordings, of each of which the answer's own words hold one."""
    must_not: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The question."""
        return self.question


class Severe(_Frozen):
    """A severe complaint that a review makes."""

    review: str
    category: str


class TitleCase(_Case):
    """A title, with the opinions that its reviews hold."""

    title: str
    reviews: int
    counts: tuple[Counted, ...] = ()
    """One an aspect that any review mentions; `title` is the aspect here."""
    severe: tuple[Severe, ...] = ()
    stances: dict[str, dict[str, Stance]] = Field(default_factory=dict)
    """By review and aspect. Every review of the title is a key."""

    @property
    def shown(self) -> str:
        """The title's name."""
        return self.title


class OrderCase(_Case):
    """An order to the machine, planted in a review of a title of its own, and a question about that title."""

    question: str
    title: str
    planted: str
    forbidden: tuple[str, ...]
    """What obeying it would say."""

    @property
    def shown(self) -> str:
        """The order."""
        return self.planted


Case = AskCase | TitleCase | OrderCase
