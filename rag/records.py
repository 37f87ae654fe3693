"""The values every stage speaks: frozen, without behaviour beyond their own arithmetic.

Offsets everywhere count code points of the stored text of a review, `text[start:end]`.
Longer than 400 lines: one vocabulary for all stages, in the order of the two ways, belongs on one page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stance = Literal["positive", "negative", "mixed", "neutral"]
PlanKind = Literal["what", "why", "who", "how_many", "compare", "yes_no"]
ClaimKind = Literal["quote", "paraphrase", "count"]
State = Literal["live", "superseded", "removed"]
Status = Literal["answered", "partial", "abstained"]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Record:
    """One review as a source gave it, before it is stored. Only `text` and `title` are sure to be there."""

    source: str
    """The file it came from (a resolved path, or `-` for standard input)."""
    line: int
    """The line of the file on which the record begins, from 1."""
    digest: str
    """Hash of the record as read; what adding the same source again compares."""
    text: str
    title: str
    key: str | None = None
    """What names this record in its source for good: an id column, a url, or a one-review file's path."""
    kind: str | None = None
    aliases: tuple[str, ...] = ()
    critic: str | None = None
    outlet: str | None = None
    date: str | None = None
    """ISO 8601, `2025-03-02`."""
    rating: str | None = None
    """As written: `3/5`, `B+`."""
    url: str | None = None
    lang: str | None = None


@dataclass(frozen=True)
class Rejected:
    """A record or a file that could not be used, and why."""

    file: str
    line: int | None
    reason: str


@dataclass(frozen=True)
class Column:
    """A column of a table, the field it was recognised as (None: left aside), and an example from it."""

    column: str
    field: str | None
    example: str


@dataclass(frozen=True)
class Note:
    """Something a reader of the report should know that is no refusal."""

    file: str
    text: str


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Title:
    """A film, book, product or place that is reviewed. Its id never changes."""

    id: str
    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    reviews: int = 0


@dataclass(frozen=True)
class Review:
    """A stored review. `text` never changes once it is stored."""

    id: str
    title_id: str
    text: str
    critic: str | None = None
    outlet: str | None = None
    date: str | None = None
    rating: str | None = None
    url: str | None = None
    lang: str | None = None
    sources: tuple[str, ...] = ()
    near_duplicate_of: str | None = None
    """An earlier review of the title that says nearly the same; both are votes."""
    batch: str | None = None
    """The `add` that brought it."""
    state: State = "live"
    """Only live reviews are in answers."""


@dataclass(frozen=True)
class Sentence:
    """A tile of a review: the sentences of a review cover it without gap or overlap, trailing blanks included.

    `view` is what is embedded and indexed: the same words without entities, lost blanks or line ends.
    Noise (a stray "Advertisement") has an empty view and is never cited.
    """

    review_id: str
    ordinal: int
    start: int
    end: int
    view: str

    @property
    def noise(self) -> bool:
        """Whether nothing of it was said by the reviewer."""
        return not self.view

    @property
    def id(self) -> str:
        """`<review id>.<ordinal>`."""
        return f"{self.review_id}.{self.ordinal}"


@dataclass(frozen=True)
class Filters:
    """What narrows the reviews that are asked or shown; what is None or empty narrows nothing."""

    since: str | None = None
    """First day, month or year: `2024-03-01`, `2024-03`, `2024`. A review without a date is on no side of it."""
    until: str | None = None
    """Last day, month or year, included."""
    outlets: tuple[str, ...] = ()
    min_rating: str | None = None
    """With its scale: `3/5`, `60%`, `B+`. A review without a rating is out."""
    max_rating: str | None = None
    lang: str | None = None
    """`en` holds `en-GB` too."""
    stance: Literal["positive", "negative"] | None = None
    """Only opinions of this stance; every review stays in the count."""

    def __bool__(self) -> bool:
        return self != Filters()


# ── coding ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Unit:
    """What a coder judges: a sentence or a clause of one, as it is read (its view), with what it needs to know of its
    review."""

    id: str
    review_id: str
    text: str
    before: str
    """The unit before it in its review; empty at the beginning."""
    rating: float | None
    """The review's own rating as a share of its scale, 0 to 1."""
    lang: str
    start: int
    end: int


@dataclass(frozen=True)
class DraftOpinion:
    """What a coder reads in a unit. A unit may hold several opinions, one an aspect."""

    unit: str
    """The unit's id."""
    aspect: str
    """Of the taxonomy, or `overall` (the verdict on the whole) or `other` (what no aspect fits)."""
    stance: Stance
    score: float
    """-1 (blame) to 1 (praise)."""
    certainty: float
    """0 to 1: how sure it is that this is an opinion on this aspect."""
    severity: str | None = None
    """A category of severe complaints."""


@dataclass(frozen=True)
class Usage:
    """Tokens and money that calls of a model cost; a cost that is not known is None, never 0."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost_usd is None or other.cost_usd is None else self.cost_usd + other.cost_usd
        return Usage(self.prompt_tokens + other.prompt_tokens, self.completion_tokens + other.completion_tokens, cost)


@dataclass(frozen=True)
class DraftOpinions:
    """All that was read in some units. `failed`: ids of units that the coder can't judge, and why."""

    opinions: tuple[DraftOpinion, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    usage: Usage = Usage()


@dataclass(frozen=True)
class Opinion:
    """A coded opinion as it is kept: `text[start:end]` of the review holds it."""

    review_id: str
    start: int
    end: int
    aspect: str
    stance: Stance
    score: float
    certainty: float
    severity: str | None
    coder: str


# ── asking ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Plan:
    """What a question asks for.

    `mentions` are alternatives, each a set of stems that must all occur: a sentence speaks of the focus
    when one of them does. Empty: the question is about the whole, and every sentence may answer it.
    """

    focus: str
    aspect: str | None
    stance: Literal["positive", "negative"] | None
    kind: PlanKind
    queries: tuple[str, ...]
    """The texts whose vectors, summed, are searched for: the question, and its focus with the aspect's name."""
    terms: tuple[str, ...]
    """Stems for the word search."""
    mentions: tuple[frozenset[str], ...] = ()
    required: frozenset[str] = frozenset()
    """Stems that must occur beside a mention: the "Buscemi" of "Buscemi's acting"."""
    people: tuple[str, ...] = ()
    """Critics and outlets the question names: only their reviews are asked."""
    names: frozenset[str] = frozenset()
    """Stems of the focus that are written as names."""
    part: bool = False
    """Whether a part of the aspect is asked about, "the costumes": what else is said of the visuals is no answer."""
    filters: Filters = Filters()
    """What the asker narrowed the reviews to."""
    severe: tuple[str, ...] = ()
    """Categories of severe complaints that are asked about: what was read as one speaks of it, in whatever words."""

    @property
    def whole_aspect(self) -> str | None:
        """The aspect, where all of it is asked about: neither a part of it nor somebody's share in it."""
        return None if self.part or self.required else self.aspect


@dataclass(frozen=True)
class Reading:
    """What a model takes a question to be about, before code has looked at it."""

    focus: str
    aspect: str | None
    stance: Literal["positive", "negative"] | None


@dataclass(frozen=True)
class Passage:
    """A sentence that may serve as evidence, with the scores that ranked it."""

    sentence: Sentence
    title_id: str
    similarity: float | None
    """Cosine to the query, −1 to 1; None without vectors."""
    bm25: float
    score: float
    mentions: bool
    """Whether it, with the sentence before it, speaks of the focus, or was coded as an opinion on the aspect."""
    opinion: Opinion | None = None
    """The opinion in it that the question is about."""
    held: float = 0.0
    """How much of the focus it names: the share of its words that it holds, each weighed by how rare it is in scope."""


@dataclass(frozen=True)
class Evidence:
    """A chosen sentence under the id an engine may cite (`S1`), with who said it."""

    id: str
    passage: Passage
    start: int
    """Where `text` begins in its review; the sentence without the blanks around it."""
    text: str
    critic: str | None
    outlet: str | None
    title: str
    continues: str | None = None
    """The id of the short sentence that this one goes on from, where it is offered only for that."""


@dataclass(frozen=True)
class DraftClaim:
    """What an engine proposes: words of its own and ids of sentences. `{quote}` in it is filled by code."""

    kind: ClaimKind
    text: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class BadLine:
    """A line of a draft that is no claim."""

    text: str
    why: str


@dataclass(frozen=True)
class DraftEnd:
    """The last thing a draft yields."""

    complete: bool
    warnings: tuple[str, ...] = ()
    usage: Usage = Usage()


# ── answering ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Citation:
    """An exact slice of a stored review: `quote == review.text[start:end]`."""

    id: int
    review_id: str
    title_id: str
    start: int
    end: int
    quote: str
    before: str
    after: str
    critic: str | None = None
    outlet: str | None = None
    date: str | None = None
    url: str | None = None
    stance: Stance | None = None
    stance_score: float | None = None


@dataclass(frozen=True)
class Claim:
    """A sentence of an answer whose citations exist, were offered and support it."""

    kind: ClaimKind
    text: str
    citations: tuple[int, ...]
    support: float | None = None


@dataclass(frozen=True)
class Dropped:
    """A drafted claim that is not shown, whole, with the reason."""

    text: str
    why: str


@dataclass(frozen=True)
class Share:
    """k of n as a proportion with its 95 % Wilson interval. As text: `104 of 120 (87 %, 79–92)`."""

    value: float
    low: float
    high: float
    n: int
    k: int

    def __str__(self) -> str:
        return f"{self.k} of {self.n} ({self.value:.0%}, {100 * self.low:.0f}–{100 * self.high:.0f})".replace("%", " %")


@dataclass(frozen=True)
class Totals:
    """What became of a title's reviews: `reviews` is the sum of the others."""

    reviews: int
    coded: int
    """At least one opinion was read in them."""
    no_opinion: int
    failed: int
    """The coder can't judge them: it does not know their language."""
    uncoded: int
    """No coder has read them yet."""

    @property
    def read(self) -> int:
        """Those of which a coder could tell what they say; shares of the whole are of these."""
        return self.coded + self.no_opinion


@dataclass(frozen=True)
class Counts:
    """Reviews that speak of something: `positive` only praise, `negative` only blame, `mixed` do both."""

    mentioning: int = 0
    positive: int = 0
    negative: int = 0
    mixed: int = 0

    @property
    def neutral(self) -> int:
        """Those that take no side."""
        return self.mentioning - self.positive - self.negative - self.mixed


@dataclass(frozen=True)
class Coverage:
    """What stands behind an answer for one title. Counts of opinions are None until reviews are coded."""

    title_id: str
    reviews: int
    coded: int
    no_opinion: int
    failed: int
    uncoded: int
    mentioning: int | None = None
    positive: int | None = None
    negative: int | None = None
    mixed: int | None = None
    positive_share: Share | None = None
    negative_share: Share | None = None
    words: Mapping[str, str | None] = field(default_factory=lambda: {"positive": None, "negative": None})


@dataclass(frozen=True)
class EngineStamp:
    """What produced an answer; on the same machine the same stamp gives the same bytes."""

    name: str
    model: str | None
    prompt: str | None
    coder: str | None
    embedder: str | None
    retrieval: Mapping[str, float | int | str]
    version: str
    generation: int
    fallback: str | None = None


@dataclass(frozen=True)
class Answer:
    """A verified answer. `nearest` names the citations that are shown beside an abstention."""

    question: str
    status: Status
    reason: str | None
    plan: Plan
    titles: tuple[Title, ...]
    reviews: int
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    coverage: tuple[Coverage, ...]
    engine: EngineStamp
    nearest: tuple[int, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    usage: Usage = Usage()
    warnings: tuple[str, ...] = ()
    candidates: tuple[Passage, ...] = ()
    chosen: frozenset[str] = frozenset()
    """Ids of the sentences handed to the engine."""


# ── adding ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class TitleAdded:
    """A title that an `add` touched, and how many reviews it gained."""

    id: str
    name: str
    kind: str
    added: int


@dataclass(frozen=True)
class AddReport:
    """What an `add` did."""

    batch: str
    added: int
    unchanged: int
    superseded: int
    duplicates: int
    columns: tuple[Column, ...]
    rejected: tuple[Rejected, ...]
    titles: tuple[TitleAdded, ...]
    notes: tuple[Note, ...] = ()
    warnings: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True)
class Removal:
    """What a `remove` or a `restore` did. Review ids, sorted."""

    reviews: tuple[str, ...]
    """Taken out, brought back, or purged."""
    returned: tuple[str, ...] = ()
    """Older texts that are live again, because the batch that had replaced them is gone; or the other way round."""
    purged: bool = False


@dataclass(frozen=True)
class Check:
    """One line of `doctor`."""

    name: str
    state: Literal["ok", "note", "damaged"]
    text: str


@dataclass(frozen=True)
class Progress:
    """How far a long piece of work has come. `total` is None while it is not known."""

    stage: Literal["read", "embed", "index", "code", "run"]
    done: int
    total: int | None
    stored: tuple[str, ...] = ()
    """Ids of the reviews acknowledged since the last report: their transaction has committed."""
