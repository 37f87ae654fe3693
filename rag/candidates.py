"""The first half of a question's way: plan → reviews in scope → candidates, ranked → how many reviews mention it.

A scope of ordinary size is read whole and searched exactly. A larger one is entered through the word index and the
vector index; where the vector index can't be trusted, or names too little of a narrowed scope, the stored vectors
are compared one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from rag import opinions_asked, taxonomy, words
from rag.engines.base import Adviser, Engine
from rag.errors import EmbedderUnavailable, IndexUnreachable, InputError, LibraryDamaged
from rag.records import Answer, Counts, EngineStamp, Filters, Passage, Plan, Title, Totals
from rag.reviews import filters as filtering
from rag.reviews import scope as scopes
from rag.reviews import tally
from rag.reviews.catalogue import Catalogue, KeptCatalogue, find_title, people
from rag.reviews.scope import Scope, Selection
from rag.reviews.store import Reading, Store
from rag.safe_text import counted
from rag.search import retrieve, spelling
from rag.search.base import Embedder, Index, Vectors
from rag.search.plan import (
    asks_gravely,
    by_words,
    goes_on,
    kind_in,
    make_plan,
    partly_named,
    people_in,
    refined,
    severe_in,
    titles_in,
    understood,
)
from rag.search.retrieve import Retrieval
from rag.taxonomy import Aspect

MAX_COVERED = 20
"""With more titles in scope, coverage and counts are given for those that are cited."""


@dataclass(frozen=True)
class Asking:
    """Everything a question is asked of and with."""

    store: Store
    catalogue: KeptCatalogue
    embedder: Embedder | None
    index: Callable[[], Index]
    """Called only for a scope too large to search exactly."""
    engine: Engine
    version: str
    fallback: Engine | None = None
    """What answers where the engine can't."""
    stance_of: Callable[[str, Vectors], float] | None = None
    """How a sentence leans, -1 to 1, from its words and its vector."""
    retrieval: Retrieval = field(default_factory=Retrieval)
    adviser: Adviser | None = None
    """A model that reads the question and judges claims, where that is wanted."""


@dataclass(frozen=True)
class Found:
    """What the library holds for a question."""

    question: str
    plan: Plan
    titles: tuple[Title, ...]
    reviews: Mapping[str, int]
    """Live reviews in scope, by title id."""
    mentioning: Mapping[str, int]
    """Reviews in which a sentence mentions the focus, by title id."""
    totals: Mapping[str, Totals]
    """What the coder made of them."""
    counts: Mapping[str, Counts]
    """Reviews that praise and criticise what is asked about; titles that are not coded are left out."""
    ranked: Sequence[Passage]
    stamp: EngineStamp
    warnings: tuple[str, ...]
    answering: Sequence[Passage] = ()
    """Of the ranked, what may be evidence, of the titles that are chosen where a choice is asked for."""
    picked: tuple[str, ...] | None = None
    """Ids of the titles that answer "Which films are praised for …?", best first; None where no choice is asked for."""
    complaining: Mapping[str, int] = field(default_factory=dict)
    """Reviews that tell of what is severe and asked about, by title id."""

    @property
    def only_near(self) -> bool:
        """Whether reviews speak of what is asked in other words alone."""
        return not any(passage.mentions for passage in self.answering)

    @property
    def silent(self) -> list[str]:
        """The titles in scope of which nothing is said on what is asked."""
        spoken = {passage.title_id for passage in self.answering}
        spoken |= {title_id for title_id, count in self.mentioning.items() if count}
        return [title.name for title in self.titles if self.reviews[title.id] and title.id not in spoken]

    @property
    def spoken_focus(self) -> str:
        """What the question is about, as a sentence says it: "the ending", "“the ferry crossing”"."""
        aspect = self.plan.whole_aspect
        if aspect is None:
            alike = self.plan.part and len(self.plan.mentions) > 1
            return f"“{self.plan.focus}”{' or a word like it' if alike else ''}"
        known = (taxonomy.load(title.kind).aspect(aspect) for title in self.titles)
        return next(one.name for one in known if one is not None)


@dataclass(frozen=True)
class _Candidates:
    scope: Scope
    lexical: retrieve.Scores
    whole: bool
    """Whether they are all sentences in scope."""
    warnings: tuple[str, ...] = ()


def find(
    asking: Asking, question: str, wanted: Sequence[str] | None, filters: Filters | None, previous: Answer | None
) -> Found:
    """Everything that an answer is made of. Raises InputError and UnknownTitle."""
    query_filters = filters or (previous.plan.filters if previous is not None else Filters())
    with asking.store.reading() as reading:
        catalogue = asking.catalogue.at(reading)
        titles = _scope_titles(catalogue.titles, question, wanted, previous)
        ids = None if len(titles) == len(catalogue.titles) else tuple(title.id for title in titles)
        signing = asking.catalogue.people(reading) if ids is None else people(reading, ids)
        read, respelt = _respelled(reading, question, titles)
        plan = _plan(read, titles, people_in(question, signing), previous, asking.adviser)
        plan = replace(plan, filters=query_filters)
        severe = severe_in(read, taxonomy.severities())
        plan = replace(plan, stance=query_filters.stance or plan.stance, severe=severe)
        selection = _selection(reading, plan, ids)
        reviews = _review_counts(reading, selection, titles)
        left_out = _undated(reading, query_filters, ids)
        complaints = tally.complaints_in_scope(reading, severe, selection) if severe else {}
        plan = by_words(plan) if severe and not complaints else plan
        query = _query_vector(asking.embedder, plan)
        found = _search(reading, asking, plan, selection, query, catalogue, list(complaints))
        ranked = _rank(plan, found, query, asking.retrieval)
        mentioning = _mentioning(reading, plan, selection, reviews, ranked if found.whole else None)
        opinions = opinions_asked.of_plan(reading, plan, selection, ranked)
        named = frozenset(passage.sentence.id for passage in ranked if passage.mentions)
        ranked = opinions_asked.with_opinions(plan, ranked, opinions)
        ranked = opinions_asked.with_complaints(ranked, complaints, alone=asks_gravely(read) or bool(complaints))
        few = [title.id for title in titles] if len(titles) <= MAX_COVERED else []
        totals, counts = opinions_asked.counts(reading, plan, selection, few)
        if found.whole:
            ranked = opinions_asked.spoken_of(plan, ranked, totals, named, partial(opinions_asked.judged, reading))
        choosing = len(titles) > 1 and kind_in(question, [title.kind for title in titles]) is not None
        picked = opinions_asked.prevailing(plan, counts) if choosing else None
        answering = _of_picked(picked, opinions_asked.answering(plan, ranked, opinions))
    dense = query is not None and found.scope.vectors is not None
    warnings = (*respelt, *_warnings(titles, catalogue, dense=dense), *found.warnings, *left_out)
    stamp = _stamp(asking, catalogue.generation, dense=dense)
    told = opinions_asked.by_title(ranked, complaints)
    return Found(
        question, plan, titles, reviews, mentioning, totals, counts, ranked, stamp, warnings, answering, picked, told
    )


# ── what is asked, and of what ───────────────────────────────────────────────────────────────────


def _scope_titles(
    known: Sequence[Title], question: str, wanted: Sequence[str] | None, previous: Answer | None
) -> tuple[Title, ...]:
    """The titles asked for, else those the question names, else the previous answer's, else all it may mean."""
    if wanted:
        return tuple(dict.fromkeys(find_title(known, name) for name in wanted))
    if not known:
        raise InputError("The library holds no reviews yet.", "Add some with: pullquote add PATH")
    named = titles_in(question, known) or partly_named(question, known)
    if named or previous is None:
        return named or _of_kind(known, question)
    ids = {title.id for title in previous.titles}
    return tuple(title for title in known if title.id in ids) or tuple(known)


def _of_kind(known: Sequence[Title], question: str) -> tuple[Title, ...]:
    """The titles of the kind that a question asks to choose from ("Which films …?"), all where it names none."""
    kind = kind_in(question, sorted({title.kind for title in known}))
    return tuple(title for title in known if kind in (None, title.kind))


def _plan(
    question: str,
    titles: Sequence[Title],
    signing: Sequence[str],
    previous: Answer | None,
    adviser: Adviser | None,
) -> Plan:
    """The plan. A follow-up without a focus of its own ("And who liked it?") keeps the one before; one that has no
    more than that ("And the acting?") asks the same of it."""
    # Of very many titles only those that the question names matter to its plan, and they would be the scope.
    aspects, few = aspects_of(titles), titles if len(titles) <= MAX_COVERED else ()
    plan = make_plan(question, aspects, few, signing)
    if previous is not None and plan.focus and plan.stance is None and plan.kind == "what" and goes_on(question):
        plan = replace(plan, stance=previous.plan.stance, kind=previous.plan.kind)
    if previous is None or plan.focus:
        read = adviser.read(question, plan, aspects) if adviser is not None else None
        return plan if read is None else refined(plan, question, read, aspects, few)
    return replace(previous.plan, stance=plan.stance, kind=plan.kind, people=plan.people)


def _respelled(reading: Reading, question: str, titles: Sequence[Title]) -> tuple[str, tuple[str, ...]]:
    """The question without slips of the keyboard, and what is to be said of them."""
    known = understood(aspects_of(titles))
    read, joined = _rejoined(reading, question, known)
    suspects = spelling.suspects(read, known)
    held = scopes.document_counts(reading, [words.stem(word) for word in suspects])
    slips = [word for word in suspects if not held.get(words.stem(word))]
    read, pairs = spelling.respelled(read, slips, known)
    rest = [word for word in slips if word not in dict(pairs)]
    read, others = spelling.respelled(read, rest, _like(reading, rest))
    told = (*joined, *pairs, *others)
    return read, tuple(f"“{written}” was read as “{meant}”." for written, meant in told)


def _rejoined(reading: Reading, question: str, known: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
    """The question with compounds written as the reviews write them: "bed bugs" as "bedbugs", "wifi" as "wi-fi"."""
    apart, whole = spelling.pairs(question), spelling.compounds(question, known)
    parts = {part for pair in apart for part in (*pair, "".join(pair))}
    held = scopes.document_counts(reading, [words.stem(word) for word in {*parts, *whole}])

    def stands(word: str) -> bool:
        return bool(held.get(words.stem(word)))

    found = [(f"{a} {b}", a + b) for a, b in apart if stands(a + b) and not (stands(a) and stands(b))]
    for word in whole:
        if not stands(word):
            split = (f"{word[:at]}-{word[at:]}" for at in range(2, len(word) - 1))
            found += [(word, two) for two in split if scopes.holds_phrase(reading, words.stems(two))][:1]
    for written, meant in found:
        question = spelling.put(question, written, meant)
    return question, found


def _like(reading: Reading, slips: Sequence[str]) -> frozenset[str]:
    """Words of the reviews, more than a few times used, that a slip may stand for."""
    near = ((word, scopes.frequent_stems(reading, word[0])) for word in slips)
    meant = {stem for word, stems in near for stem in stems if spelling.is_slip_within(words.stem(word), stem)}
    return frozenset(filter(None, (scopes.written(reading, stem) for stem in sorted(meant))))


def aspects_of(titles: Sequence[Title]) -> list[Aspect]:
    """The aspects of the kinds of these titles, each once."""
    known = {a.id: a for kind in sorted({t.kind for t in titles}) for a in taxonomy.load(kind).aspects}
    return list(known.values())


def _of_picked(picked: Sequence[str] | None, passages: Sequence[Passage]) -> list[Passage]:
    """The passages of the titles that are chosen, title by title; all of them where no choice is asked for."""
    if picked is None:
        return list(passages)
    return [passage for title in picked for passage in passages if passage.title_id == title]


def _selection(reading: Reading, plan: Plan, title_ids: tuple[str, ...] | None) -> Selection:
    conditions = filtering.conditions(reading, plan.filters, title_ids)
    if plan.people:
        conditions.append(scopes.signed_by(plan.people))
    return Selection(title_ids, tuple(conditions))


def _undated(reading: Reading, narrowed: Filters, title_ids: tuple[str, ...] | None) -> tuple[str, ...]:
    """What is to be said where a span of time leaves out reviews that have no date."""
    timed = narrowed.since is not None or narrowed.until is not None
    count = filtering.undated(reading, title_ids) if timed else 0
    said = counted(count, "review has no date and is", "reviews have no date and are")
    return (f"{said} in no span of time.",) if count else ()


def _review_counts(reading: Reading, selection: Selection, titles: Sequence[Title]) -> dict[str, int]:
    if not selection.narrowed:
        return {title.id: title.reviews for title in titles}
    counted = selection.review_counts(reading)
    return {title.id: counted.get(title.id, 0) for title in titles}


# ── candidates ───────────────────────────────────────────────────────────────────────────────────


def _search(
    reading: Reading,
    asking: Asking,
    plan: Plan,
    selection: Selection,
    query: Vectors | None,
    catalogue: Catalogue,
    also: Sequence[str],
) -> _Candidates:
    """Everything in a small scope; what the indexes name in a large one, and the sentences in `also`."""
    if not scopes.is_larger(reading, selection, retrieve.EXACT_LIMIT):
        scope = scopes.load(reading, selection)
        return _Candidates(scope, retrieve.bm25(scope.stems, plan.terms), whole=True)
    named = scopes.with_words(reading, plan.terms, selection, retrieve.FETCHED)
    near, warnings = ([], ()) if query is None else _near(reading, asking, selection, query)
    scope = scopes.load_named(reading, selection, [*named, *near, *also])
    counts = scopes.document_counts(reading, plan.terms)
    lexical = retrieve.bm25(scope.stems, plan.terms, counts, catalogue.sentences)
    return _Candidates(scope, lexical, whole=False, warnings=warnings)


def _near(reading: Reading, asking: Asking, selection: Selection, query: Vectors) -> tuple[list[str], tuple[str, ...]]:
    """The sentences nearest to the question, and what is to be said of how they were found."""
    try:
        near = [name for name, _ in asking.index().nearest(query, retrieve.FETCHED)]
        if not near:
            raise LibraryDamaged("The vector index is empty.", "Mend it with: pullquote rebuild")
    except (LibraryDamaged, IndexUnreachable) as error:
        said = f"{error.message} {error.hint or ''} All stored vectors were compared one by one.".replace("  ", " ")
        return scopes.nearest(reading, selection, query, retrieve.FETCHED), (said,)
    if selection == Selection():
        return near, ()
    inside = scopes.load_named(reading, selection, near).sentences
    if len(inside) >= retrieve.ENOUGH:
        return [sentence.id for sentence in inside], ()
    return scopes.nearest(reading, selection, query, retrieve.FETCHED), ()


def _query_vector(embedder: Embedder | None, plan: Plan) -> Vectors | None:
    """None without an embedder, and where the server that embeds does not answer: words are searched alone then."""
    if embedder is None:
        return None
    try:
        return retrieve.query_vector(embedder.embed(plan.queries))
    except EmbedderUnavailable:
        return None


def _rank(plan: Plan, found: _Candidates, query: Vectors | None, how: Retrieval) -> list[Passage]:
    scope = found.scope
    if not scope.sentences:
        return []
    dense = None if query is None or scope.vectors is None else (scope.vectors @ query).astype(np.float64)
    return retrieve.rank(plan, scope.sentences, scope.title_ids, scope.stems, dense, found.lexical, how.dense_weight)


def _mentioning(
    reading: Reading, plan: Plan, selection: Selection, reviews: Mapping[str, int], every: Sequence[Passage] | None
) -> dict[str, int]:
    """Over all reviews in scope, never only the candidates. `every` passage in scope, where all were read."""
    if not plan.mentions:
        return dict(reviews)
    if every is None:
        counted = scopes.mentioning(reading, plan.mentions, plan.required, selection)
        return {title: counted.get(title, 0) for title in reviews}
    found: dict[str, set[str]] = {title: set() for title in reviews}
    for passage in every:
        if passage.mentions:
            found[passage.title_id].add(passage.sentence.review_id)
    return {title: len(ids) for title, ids in found.items()}


# ── what is said beside the answer ───────────────────────────────────────────────────────────────


def _stamp(asking: Asking, generation: int, *, dense: bool) -> EngineStamp:
    return EngineStamp(
        name=asking.engine.identity("answer"),
        model=asking.engine.model,
        prompt=asking.engine.prompt("answer"),
        coder=None,
        embedder=asking.embedder.identity if asking.embedder and dense else None,
        retrieval={**asking.retrieval.stamp(), **(asking.adviser.identities if asking.adviser else {})},
        version=asking.version,
        generation=generation,
    )


def _warnings(titles: Sequence[Title], catalogue: Catalogue, *, dense: bool) -> tuple[str, ...]:
    found = []
    if not dense:
        found.append(
            "Searched by words alone, for want of vectors. "
            "`pullquote doctor` says why, and `pullquote rebuild` makes what is missing."
        )
    if len(titles) > MAX_COVERED:
        found.append(f"{len(titles)} titles are in scope; coverage is given for those that are cited.")
    return tuple(found)
