"""The values a consensus is made of: frozen, without behaviour beyond their own arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from rag.records import Citation, Counts, Dropped, EngineStamp, Share, Stance, Title, Totals, Usage

Side = Literal["praised", "criticised"]
Verdict = Literal["praised", "criticised", "divided", "neither"]
MINOR_SIDE = 0.6
"""A review is on a side of an aspect when what it says for it weighs at least this much of what it says for the other.

A clear remark and a doubtful one of the other side are one vote, not two. An opinion weighs its certainty times the
distance of its score from 0; one that goes both ways weighs its certainty, on both sides.
"""


@dataclass(frozen=True)
class Theme:
    """Something that what fits no aspect keeps coming back to, named from the reviews' own words."""

    name: str
    reviews: int


@dataclass(frozen=True)
class Finding:
    """What the reviews of a title say of one aspect. `counts` are reviews; `praised` quotes praise, and so on."""

    id: str
    aspect: str
    name: str
    counts: Counts
    verdict: Verdict
    praised: tuple[Citation, ...]
    criticised: tuple[Citation, ...]
    slices: tuple[Slice, ...] = ()
    themes: tuple[Theme, ...] = ()
    generation: int = 0
    """Of the library, when it was made."""
    stale: bool = False
    """Whether what it rests on has changed since."""

    @property
    def plural(self) -> bool:
        """Whether its name is one of several things: "the visuals"."""
        return self.name.endswith("s") and not self.name.endswith(("ss", "us"))

    @property
    def pronoun(self) -> str:
        """What stands for its name behind a verb."""
        return "them" if self.plural else "it"

    @property
    def total_praised(self) -> int:
        """Reviews that praise, whatever else they do."""
        return self.counts.positive + self.counts.mixed

    @property
    def total_criticised(self) -> int:
        """Reviews that criticise, whatever else they do."""
        return self.counts.negative + self.counts.mixed


@dataclass(frozen=True)
class Slice:
    """An aspect in a stretch of time. `since` and `until` are a month or a year, both included."""

    since: str
    until: str
    aspect: str | None
    """None: the whole; its `counts` are of all reviews of that time."""
    counts: Counts


@dataclass(frozen=True)
class Adjusted:
    """A share as it would be if the coder did not err."""

    value: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class Overall:
    """How many reviews are for the whole, against it, or between."""

    positive: int
    negative: int
    mixed: int
    above: int
    """Reviews whose score is above 0."""
    adjusted: Adjusted | None
    adjusted_why: str | None
    """Why it is not adjusted."""
    contradictions: tuple[str, ...] = ()
    """Reviews whose rating says the opposite of their words."""

    @property
    def n(self) -> int:
        """All that were counted."""
        return self.positive + self.negative + self.mixed


@dataclass(frozen=True)
class Minority:
    """A severe complaint, shown however few make it."""

    category: str
    name: str
    reviews: int
    quotes: tuple[Citation, ...]
    generation: int = 0


@dataclass(frozen=True)
class Cell:
    """One review on one aspect, with the place that says it most clearly."""

    review_id: str
    aspect: str
    stance: Stance
    score: float
    quote: Citation


@dataclass(frozen=True)
class DraftSentence:
    """A sentence of a statement as an engine proposes it, with the ids of the findings that it rests on.

    `{praised:ID}` and `{criticised:ID}` are filled in by code: "9 of the 12 reviews that mention it".
    """

    text: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class DraftStatement:
    """A statement as an engine proposes it, with the lines of it that were no sentences."""

    sentences: tuple[DraftSentence, ...]
    faults: tuple[Dropped, ...] = ()
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class StatementSentence:
    """A sentence of the statement with its numbers filled in, and the numbers of its citations."""

    text: str
    findings: tuple[str, ...]
    citations: tuple[int, ...]
    quotes: tuple[Citation, ...] = ()


@dataclass(frozen=True)
class Consensus:
    """What the reviews of a title agree and disagree about."""

    title: Title
    totals: Totals
    overall: Overall
    statement: tuple[StatementSentence, ...]
    whole: Finding
    """The verdict on the whole as a finding, on which the statement may rest; it is not among `findings`."""
    findings: tuple[Finding, ...]
    """Best known first."""
    disagreements: tuple[str, ...]
    minorities: tuple[Minority, ...]
    slices: tuple[Slice, ...]
    """Of the whole; each finding holds its own."""
    cells: tuple[Cell, ...]
    citations: tuple[Citation, ...]
    engine: EngineStamp
    coder: str | None
    measured: tuple[Mapping[str, Any], ...]
    made: str
    """When, ISO 8601."""
    changed: tuple[str, ...] = ()
    """What is different from the summary before."""
    dropped: tuple[Dropped, ...] = ()
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """The first share less the second, -1 to 1, with its 95 % interval."""

    value: float
    low: float
    high: float
    method: str

    @property
    def holds(self) -> bool:
        """Whether zero lies outside."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True)
class AspectDifference:
    """Two titles on one aspect. A share is that of the reviews which praise it, of those that mention it."""

    aspect: str
    name: str
    counts: tuple[Counts, Counts]
    shares: tuple[Share | None, Share | None]
    difference: Difference | None
    """None where a title has fewer than two reviews that mention it."""
    quotes: tuple[tuple[Citation, ...], tuple[Citation, ...]]

    @property
    def holds(self) -> bool:
        """Whether the difference is more than chance could make of it."""
        return self.difference is not None and self.difference.holds


@dataclass(frozen=True)
class Comparison:
    """Two titles side by side."""

    titles: tuple[Title, Title]
    totals: tuple[Totals, Totals]
    aspects: tuple[AspectDifference, ...]
    """Those whose difference holds first."""
    warnings: tuple[str, ...] = ()
