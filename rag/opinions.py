"""The way of an opinion: stored sentences → units → what the coder reads in them, kept.

A batch of reviews is one transaction, so a run that is killed goes on where it stopped and no vote counts twice. A
title's coder is named by the engine and the wording of its taxonomy: where either changes, the title is coded anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import numpy as np

from rag import taxonomy
from rag.engines.base import CodingRequest, Engine
from rag.engines.coding import example_texts
from rag.errors import Cancelled
from rag.evidence.overall import review_score
from rag.records import DraftOpinion, DraftOpinions, Opinion, Progress, Title, Unit, Usage
from rag.reviews import coded, mask
from rag.reviews.catalogue import all_titles
from rag.reviews.coded import Coding, ToCode
from rag.reviews.language import language
from rag.reviews.split import clauses
from rag.reviews.store import Store
from rag.search.base import Embedder, Vectors
from rag.taxonomy import Taxonomy

OFFLINE = "extractive@"
"""How the identity of a coder that costs nothing begins."""
AT_ONCE, AT_ONCE_PAID = 200, 20
"""Reviews in one transaction; fewer of those that are paid for, so that little is asked twice."""

OnProgress = Callable[[Progress], None]


class Priced(Engine, Protocol):
    """An engine whose coding costs."""

    def coding_cost(self, request: CodingRequest) -> tuple[int, int, float | None]:
        """Tokens sent, tokens got back and dollars, about."""
        ...


@dataclass(frozen=True)
class CodingReport:
    """What a coding run did with each title it touched."""

    titles: tuple[TitleCoded, ...]
    warnings: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True)
class CodingCost:
    """What coding by a model would cost: about so many tokens, and dollars where a price is known."""

    reviews: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


@dataclass(frozen=True)
class TitleCoded:
    """Reviews of a title that were read in this run, and the coder that read them."""

    id: str
    name: str
    coder: str
    read: int
    opinions: int
    failed: int


def coder_identity(engine: Engine, aspects: Taxonomy) -> str:
    """Engine, weights or prompt, and the wording of the taxonomy: two coders that could differ differ here."""
    return f"{engine.identity('code')}/{aspects.kind}@sha256:{aspects.digest[:12]}"


def code(
    store: Store,
    engine: Engine,
    embedder: Embedder | None,
    titles: Sequence[Title],
    on_progress: OnProgress,
    cancelled: Callable[[], bool] = lambda: False,
) -> CodingReport:
    """Code what the engine has not read of these titles; `embedder` is None for a coder that reads words alone.

    Raises Cancelled, EngineError and BudgetExhausted, with what was read kept.
    """
    waiting = _to_do(store, engine, titles, dense=embedder is not None)
    total, done = sum(count for _, count in waiting), 0
    coder = _Coder(engine, embedder, _Examples(embedder) if embedder else None, cancelled)
    usage, reports = Usage(), []
    for title, count in waiting:
        aspects = taxonomy.load(title.kind)
        identity = coder_identity(engine, aspects)
        report, last = TitleCoded(title.id, title.name, identity, 0, 0, 0), ""
        while count:
            if cancelled():
                raise Cancelled("The coding was cancelled.", "What was read is kept; the same command goes on.")
            batch, cost = coder.next_batch(store, title, identity, aspects, after=last)
            if not batch:
                break
            last = batch[-1].review_id
            done, usage = done + len(batch), usage + cost
            report = _counted(report, batch)
            on_progress(Progress("code", min(done, total), total))
        _activate(store, title, identity)
        reports.append(report)
    return CodingReport(tuple(reports), usage=usage)


def waiting(store: Store) -> tuple[list[Title], dict[str, int]]:
    """The titles with reviews that no coder has read: those that are free to code, and how many wait in the others.

    A title is coded by the coder that was last chosen for it, and one that costs is never called unasked.
    """
    with store.reading() as reading:
        left = coded.uncoded(reading)
        if not left:
            return [], {}
        active = coded.active(reading, list(left))
        titles = {title.id: title for title in all_titles(reading) if title.id in left}
    free = [title for title in titles.values() if is_free(active.get(title.id, OFFLINE))]
    return free, {title.name: left[title.id] for title in titles.values() if title not in free}


def is_free(coder: str) -> bool:
    """Whether the coder of this identity costs nothing."""
    return coder.startswith(OFFLINE)


def left_uncoded(paid: Mapping[str, int]) -> str | None:
    """What is to be said where reviews wait for a coder that costs."""
    if not paid:
        return None
    names, count = ", ".join(sorted(paid)[:3]), sum(paid.values())
    told = "1 new review is" if count == 1 else f"{count} new reviews are"
    return f"{told} not coded ({names}): the coder chosen there is a model. Run: pullquote code --engine chat"


def _to_do(store: Store, engine: Engine, titles: Sequence[Title], *, dense: bool) -> list[tuple[Title, int]]:
    """The titles for which the coder has something to do: reviews to read, or to take over from another coder."""
    found = []
    with store.reading() as reading:
        active = coded.active(reading)
        known = coded.known_coders(reading)
        for title in titles:
            identity = coder_identity(engine, taxonomy.load(title.kind))
            # What a model failed to read it may read the next time; the offline coder would fail again.
            again = not is_free(identity)
            count = coded.count_to_code(reading, title.id, known.get(identity, 0), dense=dense, again=again)
            if count or active.get(title.id) != identity:
                found.append((title, count))
    return found


def cost(store: Store, engine: Priced, titles: Sequence[Title]) -> CodingCost:
    """What coding these titles would cost, with nothing sent."""
    reviews = sent = back = 0
    dollars: float | None = 0.0
    for title, _ in _to_do(store, engine, titles, dense=False):
        aspects, last = taxonomy.load(title.kind), ""
        identity = coder_identity(engine, aspects)
        while True:
            with store.reading() as reading:
                number = coded.known_coders(reading).get(identity, 0)
                batch = coded.next_to_code(reading, title.id, number, AT_ONCE, dense=False, again=True, after=last)
            if not batch:
                break
            last = batch[-1].review_id
            units = list(chain.from_iterable(map(units_of, batch)))
            more = engine.coding_cost(CodingRequest(units, None, aspects, {}))
            reviews, sent, back = reviews + len(batch), sent + more[0], back + more[1]
            dollars = None if dollars is None or more[2] is None else dollars + more[2]
    return CodingCost(reviews, sent, back, dollars)


@dataclass(frozen=True)
class _Coder:
    """What a run codes with."""

    engine: Engine
    embedder: Embedder | None
    examples: _Examples | None
    cancelled: Callable[[], bool]

    def next_batch(
        self, store: Store, title: Title, identity: str, aspects: Taxonomy, *, after: str
    ) -> tuple[list[Coding], Usage]:
        """Code some of the reviews that wait, behind the one with this id, and keep what was read in them."""
        most = AT_ONCE if is_free(identity) else AT_ONCE_PAID
        with store.reading() as reading:
            number = coded.known_coders(reading).get(identity, 0)
            dense, again = self.embedder is not None, not is_free(identity)
            batch = coded.next_to_code(reading, title.id, number, most, dense=dense, again=again, after=after)
        if not batch:
            return [], Usage()
        units = [units_of(review) for review in batch]
        every = list(chain.from_iterable(units))
        drafted = DraftOpinions(())
        if every:
            drafted = self.engine.draft_opinions(self._request(every, batch, aspects))
        codings = _codings(batch, units, drafted, identity)
        with store.writing() as writing:
            coded.keep(writing, title.id, coded.coder_id(writing, identity), codings)
        return codings, drafted.usage

    def _request(self, units: Sequence[Unit], batch: Sequence[ToCode], aspects: Taxonomy) -> CodingRequest:
        if self.embedder is None or self.examples is None:
            return CodingRequest(units, None, aspects, {}, self.cancelled)
        vectors = vectors_of(units, batch, self.embedder)
        return CodingRequest(units, vectors, aspects, self.examples.of(aspects), self.cancelled)


def first_units(store: Store, title: Title, most: int) -> tuple[list[Unit], Taxonomy]:
    """The units of a title's first reviews, as a coder that knows none of them gets to see them."""
    with store.reading() as reading:
        batch = coded.next_to_code(reading, title.id, 0, most, dense=False)
    return list(chain.from_iterable(map(units_of, batch)))[:most], taxonomy.load(title.kind)


def units_of(review: ToCode) -> list[Unit]:
    """The sentences, those that turn round in the middle ("funny, but hollow") as the clauses they are of.

    A unit stands at the words themselves: the blanks of its tile are the splitter's.
    """
    lang = language(review.text, review.lang)
    found: list[Unit] = []
    for start, end, view in review.sentences:
        parts = clauses(review.text[start:end])
        for first, last in parts:
            said = review.text[start + first : start + last]
            text = view if len(parts) == 1 else mask.view(said)
            at = start + first + len(said) - len(said.lstrip()), start + first + len(said.rstrip())
            before = found[-1].text if found else ""
            name = f"{review.review_id}.{len(found)}"
            found.append(Unit(name, review.review_id, text, before, review.rating, lang, *at))
    return found


def vectors_of(units: Sequence[Unit], batch: Sequence[ToCode], embedder: Embedder) -> Vectors:
    """One row a unit: the stored vector of a sentence; those of clauses are made here."""
    known = {view: row for review in batch for (_, _, view), row in zip(review.sentences, review.vectors, strict=True)}
    new = sorted({unit.text for unit in units} - known.keys())
    known.update(zip(new, embedder.embed(new), strict=True))
    return np.array([known[unit.text] for unit in units], np.float32)


def _codings(
    batch: Sequence[ToCode], units: Sequence[Sequence[Unit]], drafted: DraftOpinions, identity: str
) -> list[Coding]:
    by_unit: dict[str, list[DraftOpinion]] = {}
    for draft in drafted.opinions:
        by_unit.setdefault(draft.unit, []).append(draft)
    found = []
    for review, own in zip(batch, units, strict=True):
        opinions = [_opinion(unit, draft, identity) for unit in own for draft in by_unit.get(unit.id, ())]
        reason = next((drafted.failed[unit.id] for unit in own if unit.id in drafted.failed), None)
        if reason is not None:
            found.append(Coding(review.review_id, "failed", reason, None))
        elif opinions:
            found.append(Coding(review.review_id, "coded", None, review_score(opinions), opinions))
        else:
            found.append(Coding(review.review_id, "no_opinion", None, None))
    return found


def _opinion(unit: Unit, draft: DraftOpinion, identity: str) -> Opinion:
    return Opinion(
        unit.review_id,
        unit.start,
        unit.end,
        draft.aspect,
        draft.stance,
        draft.score,
        draft.certainty,
        draft.severity,
        identity,
    )


def _activate(store: Store, title: Title, identity: str) -> None:
    """Once all of the title's reviews that can be read are, its opinions are this coder's."""
    with store.reading() as reading:
        if coded.active(reading, [title.id]).get(title.id) == identity:
            return
    with store.writing() as writing:
        coded.activate(writing, title.id, coded.coder_id(writing, identity))


def _counted(report: TitleCoded, batch: Iterable[Coding]) -> TitleCoded:
    codings = list(batch)
    return TitleCoded(
        report.id,
        report.name,
        report.coder,
        report.read + len(codings),
        report.opinions + sum(len(coding.opinions) for coding in codings),
        report.failed + sum(coding.outcome == "failed" for coding in codings),
    )


class _Examples:
    """The vectors of a taxonomy's examples, made once a run."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._known: dict[str, dict[str, Vectors]] = {}

    def of(self, aspects: Taxonomy) -> dict[str, Vectors]:
        """By the keys that the coder asks for."""
        if aspects.digest not in self._known:
            texts = example_texts(aspects)
            flat = [text for examples in texts.values() for text in examples]
            vectors = self.embedder.embed(flat)
            ends = np.cumsum([len(examples) for examples in texts.values()])[:-1]
            self._known[aspects.digest] = dict(zip(texts, np.split(vectors, ends), strict=True))
        return self._known[aspects.digest]
