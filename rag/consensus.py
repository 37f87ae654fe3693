"""The way of a consensus: tallies → findings → statement. What nothing has touched since the last summary is kept.

A finding rests on the reviews that speak of its aspect; when one of them comes, changes or goes, it is stale, and it
alone is made again. Numbers come from `reviews.tally`, words from the engine, quotes from the reviews.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rag import taxonomy, words
from rag.engines.base import Engine, StatementRequest
from rag.errors import EngineError
from rag.evidence import changed, overall, verdicts
from rag.evidence.adjust import Calibration
from rag.evidence.statement import cited, fill, untrue
from rag.evidence.themes import themes
from rag.findings import (
    Cell,
    Consensus,
    DraftSentence,
    DraftStatement,
    Finding,
    Minority,
    Overall,
    Side,
    Slice,
    StatementSentence,
    Theme,
)
from rag.quotes import Quoter, is_signed
from rag.records import Citation, Counts, Dropped, EngineStamp, Opinion, Title, Usage
from rag.reviews import coded, tally
from rag.reviews import store as stores
from rag.reviews.store import Reading
from rag.taxonomy import OTHER, OVERALL, Taxonomy

QUOTES = 3
"""At most so many quotes a side of a finding."""
MATRIX_REVIEWS = 50
_CONSIDERED = 12
"""Of so many of the clearest opinions a side's quotes are chosen."""
_LONG_YEARS = 2
"""Reviews that span more years than this are shown by the year, others by the month."""
_MANY_BY_ONE = 5
"""So many reviews by one author, and half of all, are worth a warning."""


@dataclass(frozen=True)
class CoderCard:
    """How often a coder is right, and what allows for its errors."""

    measured: Sequence[Mapping[str, Any]] = ()
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Summarising:
    """Everything a title is summarised with."""

    engine: Engine
    stamp: EngineStamp
    """What will have produced it; coder and generation are filled in here."""
    coders: Mapping[str, CoderCard]
    """By the beginning of a coder's identity, whatever the taxonomy it is at work with."""
    fallback: Engine | None = None
    """What writes the statement where the engine can't."""
    leaning: Callable[[str], float] | None = None
    """How a sentence leans, -1 to 1; None where there are no vectors."""

    def card(self, coder: str | None) -> CoderCard:
        """What is known of a coder; of one that was never measured, nothing."""
        known = (card for start, card in self.coders.items() if coder is not None and coder.startswith(start))
        return next(known, CoderCard())


def summarise(reading: Reading, title: Title, kept: Consensus | None, using: Summarising) -> Consensus:
    """The consensus on a title; findings of `kept` that nothing has touched are taken over as they are."""
    aspects = taxonomy.load(title.kind)
    coder = coded.active(reading, [title.id]).get(title.id)
    if kept is not None and kept.coder != coder:
        kept = None
    card = using.card(coder)
    work = _Work(reading, title, aspects, kept, using.stamp.generation)
    findings = verdicts.ranked(work.findings(), work.totals.read)
    overall_ = work.overall(card.calibration)
    whole = work.whole(overall_)
    known = {finding.id: finding for finding in (*findings, whole)}
    said = [one for one in findings if one.counts.mentioning]
    request = StatementRequest(title.name, work.totals.read, said, whole)
    written = _write(using, request, known)
    fresh = Consensus(
        title=title,
        totals=work.totals,
        overall=overall_,
        statement=tuple(_sentence(draft.text, draft.findings, known) for draft in written.sentences),
        whole=whole,
        findings=tuple(findings),
        disagreements=tuple(one.id for one in findings if one.verdict == "divided"),
        minorities=tuple(work.minorities()),
        slices=tuple(work.whole_slices()),
        cells=tuple(work.cells()),
        citations=(),
        engine=replace(using.stamp, coder=coder, fallback=written.fallback),
        coder=coder,
        measured=tuple(row for row in card.measured if aspects.aspect(row["aspect"]) is not None),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        usage=written.usage,
        dropped=tuple(written.dropped),
        warnings=(*written.warnings, *_warnings(work)),
    )
    numbered = _numbered(fresh)
    return replace(numbered, changed=changed.since(kept, numbered)) if kept else numbered


def with_stale_marked(reading: Reading, kept: Consensus) -> Consensus:
    """A stored consensus as it was, with what has been touched since marked as stale."""
    touches = coded.touches(reading, kept.title.id)
    findings = (replace(one, stale=touches.get(one.aspect, 0) > one.generation) for one in kept.findings)
    return replace(kept, findings=tuple(findings))


def is_current(reading: Reading, title: Title, kept: Consensus, using: Summarising) -> bool:
    """Whether the same consensus would be made again: nothing it rests on was touched, and nothing that makes it."""
    stamp = replace(using.stamp, coder=kept.coder, generation=kept.engine.generation)
    untouched = coded.touches(reading, title.id).get(coded.WHOLE, 0) <= kept.engine.generation
    return untouched and kept.engine == stamp and kept.title == title


@dataclass(frozen=True)
class _Written:
    """A statement whose every sentence holds, and what became of the others."""

    sentences: Sequence[DraftSentence]
    dropped: Sequence[Dropped]
    warnings: tuple[str, ...]
    usage: Usage
    fallback: str | None = None


def _write(using: Summarising, request: StatementRequest, findings: Mapping[str, Finding]) -> _Written:
    """The engine's statement, else the offline engine's, and why."""
    try:
        written = _checked(using, using.engine.draft_statement(request), request, findings)
        why = "Nothing that the model wrote could be verified." if written.dropped else "The model wrote no statement."
    except EngineError as error:
        if using.fallback is None:
            raise
        why = error.message
        written = _Written((), (), (), Usage(*error.paid))
    if written.sentences:
        return written
    if using.fallback is None:
        return replace(written, warnings=(*written.warnings, why)) if using.engine.model else written
    filled = _checked(using, using.fallback.draft_statement(request), request, findings)
    dropped, warnings = (*written.dropped, *filled.dropped), (*written.warnings, why)
    return _Written(filled.sentences, dropped, warnings, written.usage, why)


def _checked(
    using: Summarising, draft: DraftStatement, request: StatementRequest, findings: Mapping[str, Finding]
) -> _Written:
    kept, dropped = [], list(draft.faults)
    for sentence in draft.sentences:
        why = untrue(sentence, findings, request.title, using.leaning)
        if why is None:
            kept.append(sentence)
        else:
            dropped.append(Dropped(sentence.text, why))
    names = [request.title, *(one.name for one in request.findings)]
    filled, refused = fill(kept, findings, request.reviews, names)
    return _Written(filled, [*dropped, *refused], draft.warnings, draft.usage)


class _Work:
    """The parts of one summary, each made again or taken over."""

    def __init__(
        self, reading: Reading, title: Title, aspects: Taxonomy, kept: Consensus | None, generation: int
    ) -> None:
        self.reading, self.title_id = reading, title.id
        self._title, self._kept, self._generation = title, kept, generation
        self._touches = coded.touches(reading, title.id)
        self._quoter = Quoter(reading)
        self._names = {aspect.id: aspect.name for aspect in aspects.aspects} | {OTHER: "everything else"}
        self._aspects = aspects
        self.totals = tally.totals(reading, [title.id])[title.id]
        self._length = _period_length(tally.dates(reading, title.id))
        scale = coded.bare_scale(reading, title.id)
        self._votes = tally.votes(reading, title.id, scale=scale, period=self._length, clear=overall.BETWEEN)

    def findings(self) -> list[Finding]:
        """One for each aspect that a review mentions."""
        old = {one.aspect: one for one in self._kept.findings} if self._kept else {}
        current = {name: one for name, one in old.items() if self._touches.get(name, 0) <= one.generation}
        again = [name for name in self._names if name not in current and name in self._touches]
        counts = tally.by_aspect(self.reading, self.title_id, again) if again else {}
        slices = self._slices(again)
        made = [self._finding(name, counts[name], slices.get(name, ())) for name in again if name in counts]
        kept = self._sliced_alike(current)
        return [*(one for name, one in kept.items() if name in self._names), *made]

    def _sliced_alike(self, current: dict[str, Finding]) -> dict[str, Finding]:
        """Findings that are taken over, in the present periods: a late review may have made years of months."""
        if not self._kept or not self._kept.slices or len(self._kept.slices[0].since) == self._length:
            return current
        slices = self._slices(list(current))
        return {name: replace(one, slices=tuple(slices.get(name, ()))) for name, one in current.items()}

    def _finding(self, aspect: str, counts: Counts, slices: Sequence[Slice]) -> Finding:
        return Finding(
            id=aspect,
            aspect=aspect,
            name=self._names[aspect],
            counts=counts,
            verdict=verdicts.verdict(counts),
            praised=self._quotes(aspect, "praised"),
            criticised=self._quotes(aspect, "criticised"),
            slices=tuple(slices),
            themes=self._themes() if aspect == OTHER else (),
            generation=self._generation,
        )

    def _quotes(self, aspect: str, side: Side) -> tuple[Citation, ...]:
        opinions = tally.telling(self.reading, self.title_id, aspect, side, _CONSIDERED)
        return self._quoter.best(opinions, QUOTES)

    def _themes(self) -> tuple[Theme, ...]:
        said = tally.said_of(self.reading, self.title_id, OTHER)
        common = {words.stem(sign) for sign in self._aspects.signs} | set(words.stems(self._title.name))
        return themes(said, frozenset(common))

    def overall(self, fitted: Calibration | None) -> Overall:
        """Each review's own rating, else its words."""
        sides = overall.sides((vote.score, vote.reviews) for vote in self._votes)
        adjusted, why = overall.adjusted([(vote.score, vote.rated, vote.reviews) for vote in self._votes], fitted)
        contrary = sorted(name for vote in self._votes for name in vote.contrary)
        above = sum(vote.reviews for vote in self._votes if vote.score > 0)
        return Overall(**sides, above=above, adjusted=adjusted, adjusted_why=why, contradictions=tuple(contrary))

    def whole(self, found: Overall) -> Finding:
        """How many are for it, with verdicts as quotes."""
        counts = Counts(found.n, found.positive, found.negative, found.mixed)
        verdict = verdicts.verdict_on_whole(counts)
        kept = self._kept.whole if self._kept else None
        if kept is not None and self._touches.get(OVERALL, 0) <= kept.generation:
            return replace(kept, counts=counts, verdict=verdict)
        return Finding(
            OVERALL,
            OVERALL,
            "the whole",
            counts,
            verdict,
            praised=self._quotes(OVERALL, "praised"),
            criticised=self._quotes(OVERALL, "criticised"),
            generation=self._generation,
        )

    def whole_slices(self) -> list[Slice]:
        """How many are for the whole and how many against, by period."""
        by_period: dict[str, list[tuple[float, int]]] = {}
        for vote in self._votes:
            if vote.period is not None:
                by_period.setdefault(vote.period, []).append((vote.score, vote.reviews))
        found = []
        for period, votes in by_period.items():
            sides = overall.sides(votes)
            found.append(Slice(period, period, None, Counts(sum(sides.values()), **sides)))
        return found if len(found) > 1 else []

    def _slices(self, aspects: Sequence[str]) -> dict[str, list[Slice]]:
        found: dict[str, list[Slice]] = {}
        if aspects and self._length:
            for (name, period), counts in sorted(
                tally.by_period(self.reading, self.title_id, aspects, self._length).items()
            ):
                found.setdefault(name, []).append(Slice(period, period, name, counts))
        return {name: slices for name, slices in found.items() if len(slices) > 1}

    def minorities(self) -> list[Minority]:
        """Severe complaints, however few."""
        old = {one.category: one for one in self._kept.minorities} if self._kept else {}
        found = []
        for category in taxonomy.severities():
            touched = self._touches.get(coded.SEVERE + category.id)
            if touched is None:
                continue
            before = old.get(category.id)
            if before is not None and touched <= before.generation:
                found.append(before)
            elif reviews := tally.severe(self.reading, self.title_id, category.id):
                told = tally.complaints(self.reading, self.title_id, category.id, _CONSIDERED)
                quotes = self._quoter.best(told, QUOTES, any_=True)
                found.append(Minority(category.id, category.name, reviews, quotes, self._generation))
        return found

    def cells(self) -> list[Cell]:
        """What the most telling reviews say of each aspect, at the place that says it most clearly."""
        ids = tally.most_telling_reviews(self.reading, self.title_id, MATRIX_REVIEWS)
        old: dict[str, list[Cell]] = {}
        kept = self._kept.cells if self._kept else ()
        reviews = stores.get_reviews(self.reading, sorted({cell.review_id for cell in kept}))
        for cell in kept:
            # Who wrote it and when may have been corrected since.
            if is_signed(cell.quote, reviews.get(cell.review_id)):
                old.setdefault(cell.review_id, []).append(cell)
        by_aspect: dict[tuple[str, str], list[Opinion]] = {}
        for one in tally.of_reviews(self.reading, [name for name in ids if name not in old]):
            if one.aspect in self._names:
                by_aspect.setdefault((one.review_id, one.aspect), []).append(one)
        made: dict[str, list[Cell]] = {}
        for (review_id, aspect), opinions in by_aspect.items():
            made.setdefault(review_id, []).extend(self._cell(review_id, aspect, opinions))
        return [cell for name in ids for cell in old.get(name, made.get(name, []))]

    def _cell(self, review_id: str, aspect: str, opinions: Sequence[Opinion]) -> list[Cell]:
        """One, or none where its words can't be quoted."""
        clearest = sorted(opinions, key=lambda one: (-one.certainty * abs(one.score), one.start))
        quote = self._quoter.best(clearest, 1, any_=True)
        if not quote:
            return []
        total = sum(one.certainty for one in opinions) or 1.0
        score = round(sum(one.score * one.certainty for one in opinions) / total, 4)
        return [Cell(review_id, aspect, overall.stance_on(opinions), score, quote[0])]


def _period_length(dates: tuple[str, str] | None) -> int:
    """By the year (4 characters of a date) or the month (7); 0 without dates."""
    if dates is None:
        return 0
    return 4 if int(dates[1][:4]) - int(dates[0][:4]) > _LONG_YEARS else 7


def _sentence(text: str, names: tuple[str, ...], findings: Mapping[str, Finding]) -> StatementSentence:
    """With the quotes it cites."""
    return StatementSentence(text, names, (), tuple(cited(names, findings)))


def _numbered(found: Consensus) -> Consensus:
    """Every quote under a number; the same place has one, wherever it is cited."""
    numbers: dict[tuple[str, int, int], Citation] = {}

    def one(quote: Citation) -> Citation:
        place = (quote.review_id, quote.start, quote.end)
        return numbers.setdefault(place, replace(quote, id=len(numbers) + 1))

    def all_of(quotes: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(one(quote) for quote in quotes)

    statement = tuple(
        replace(said, quotes=(cited := _each_once(all_of(said.quotes))), citations=tuple(quote.id for quote in cited))
        for said in found.statement
    )
    whole, *findings = (
        replace(f, praised=all_of(f.praised), criticised=all_of(f.criticised)) for f in (found.whole, *found.findings)
    )
    minorities = tuple(replace(m, quotes=all_of(m.quotes)) for m in found.minorities)
    cells = tuple(replace(cell, quote=one(cell.quote)) for cell in found.cells)
    return replace(
        found,
        statement=statement,
        whole=whole,
        findings=tuple(findings),
        minorities=minorities,
        cells=cells,
        citations=tuple(numbers.values()),
    )


def _each_once(quotes: Iterable[Citation]) -> tuple[Citation, ...]:
    """One sentence may praise two things."""
    return tuple(dict.fromkeys(quotes))


def _warnings(work: _Work) -> list[str]:
    found, totals = [], work.totals
    if totals.uncoded:
        found.append(f"{totals.uncoded} of {totals.reviews} reviews are not coded, so no count holds them. "
                     "Code them with: pullquote code")  # fmt: skip
    if totals.failed:
        reasons = coded.failures(work.reading, work.title_id)
        told = ", ".join(f"{count}: {reason}" for reason, count in reasons.items())
        found.append(f"The coder can't judge {totals.failed} of {totals.reviews} reviews, and no share holds them "
                     f"({told}).")  # fmt: skip
    author, most = tally.busiest_author(work.reading, work.title_id)
    if author is not None and most >= max(_MANY_BY_ONE, totals.reviews / 2):
        found.append(f"{most} of {totals.reviews} reviews are signed by {author}; each is a vote.")
    return found
