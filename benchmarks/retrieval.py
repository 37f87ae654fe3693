"""Whether the sentence that answers is found: hits among the top five of one item's sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import model, subjqa
from benchmarks.clock import Say
from benchmarks.report import Bar, Report, Table
from benchmarks.rivals import Bm25s, Fts5, RankBm25, Scores
from benchmarks.subjqa import TOP, Item, Question
from rag import taxonomy, words
from rag.records import Plan
from rag.search import retrieve
from rag.search.base import Embedder, Vectors
from rag.search.plan import make_plan

QUICK_SETS = ("movies_dev", "restaurants_dev")
TIMES_BM25 = 1.12
RIVALS = ("bm25s", "rank_bm25 BM25Okapi", "SQLite FTS5")
STRICTER = "bm25s, long stop list"
OURS = "Pullquote"
_RESAMPLES = 10_000
_SEED = 11
_FUSION_WEIGHT = 0.6
_DIGITS = 4

Ranker = Callable[[Question], Sequence[int]]
Hits = NDArray[np.bool_]


@dataclass(frozen=True)
class Ratio:
    """How many times the other's hits ours are, with a 95 % interval."""

    value: float
    low: float
    high: float


def run(data: Path, say: Say, *, quick: bool = False) -> Report:
    """Rank every question of every set with every contestant."""
    names = QUICK_SETS if quick else tuple(subjqa.KINDS)
    found = {name: subjqa.questions(data, name) for name in names}
    vectors = embed_all(model.open_minilm(), found, say)
    hits = {name: hits_of(found[name], contestants(subjqa.KINDS[name], vectors), name, say) for name in names}
    return _report(found, hits)


# ── contestants ──────────────────────────────────────────────────────────────────────────────────


def embed_all(embedder: Embedder, sets: Mapping[str, Sequence[Question]], say: Say) -> dict[str, Vectors]:
    """The vector of every sentence, question and plan, by its text."""
    texts: set[str] = set()
    for name, asked in sets.items():
        texts |= {view for question in asked for view in question.item.views}
        texts |= {text for q in asked for text in (q.text, *plan_of(q.text, subjqa.KINDS[name]).queries)}
    ordered = sorted(texts)
    every = max(1, len(ordered) // 10)

    def on_progress(done: int) -> None:
        if done % every < 16:
            say(f"embedded {done:,} of {len(ordered):,} sentences and questions")

    return dict(zip(ordered, embedder.embed(ordered, on_progress), strict=True))


@lru_cache(maxsize=4_096)
def plan_of(question: str, kind: str) -> Plan:
    """The plan of a question about a title of this kind. The items have no names."""
    return make_plan(question, taxonomy.load(kind).aspects, ())


def contestants(kind: str, vectors: Mapping[str, Vectors]) -> dict[str, Ranker]:
    """Every way to rank, ours first."""

    @lru_cache(maxsize=1)
    def matrix(item: Item) -> Vectors:
        return np.stack([vectors[view] for view in item.views])

    def dense(question: Question, text: str) -> Scores:
        return (matrix(question.item) @ vectors[text]).astype(np.float64)

    def ours(question: Question) -> list[int]:
        """What `rag.answer` does in a scope small enough to search exactly."""
        item, plan = question.item, plan_of(question.text, kind)
        lexical = retrieve.bm25(item.stems, plan.terms)
        title_ids = (item.id,) * len(item.sentences)
        query = retrieve.query_vector(np.stack([vectors[text] for text in plan.queries]))
        similar = (matrix(item) @ query).astype(np.float64)
        ranked = retrieve.rank(plan, item.sentences, title_ids, item.stems, similar, lexical)
        rows = {sentence.id: row for row, sentence in enumerate(item.sentences)}
        return [rows[passage.sentence.id] for passage in ranked[:TOP]]

    def fused(question: Question) -> Scores:
        lexical = retrieve.bm25(question.item.stems, words.content_stems(question.text))
        return retrieve.fuse(dense(question, question.text), lexical, _FUSION_WEIGHT)

    return {
        OURS: ours,
        "plain fusion": by_score(fused),
        "vectors alone": by_score(lambda question: dense(question, question.text)),
        "bm25s": _rival(Bm25s),
        "rank_bm25 BM25Okapi": _rival(RankBm25),
        "SQLite FTS5": _rival(Fts5),
        STRICTER: _rival(lambda texts: Bm25s(texts, "en_plus")),
    }


def by_score(scores: Callable[[Question], Scores]) -> Ranker:
    """The rows with the best scores; of equal ones the first, as in ours."""
    return lambda question: np.argsort(-np.round(scores(question), _DIGITS), kind="stable")[:TOP].tolist()


def _rival(build: Callable[[Sequence[str]], Bm25s | RankBm25 | Fts5]) -> Ranker:
    """A contestant that indexes an item once for all of its questions."""

    @lru_cache(maxsize=1)
    def index(item: Item) -> Bm25s | RankBm25 | Fts5:
        return build(item.views)

    return by_score(lambda question: index(question.item).scores(question.text))


# ── counting ─────────────────────────────────────────────────────────────────────────────────────


def hits_of(asked: Sequence[Question], rankers: Mapping[str, Ranker], name: str, say: Say) -> dict[str, Hits]:
    """Whether each contestant has a marked sentence among its top five, question by question."""
    found = {}
    # By item: a contestant keeps the index of one item only.
    order = sorted(range(len(asked)), key=lambda row: asked[row].item.id)
    for contestant, ranker in rankers.items():
        say(f"{name}: {contestant}")
        hits = np.zeros(len(asked), bool)
        for row in order:
            hits[row] = not asked[row].gold.isdisjoint(ranker(asked[row]))
        found[contestant] = hits
    return found


def clustered_ratio(ours: Hits, others: Hits, items: Sequence[str]) -> Ratio:
    """Paired bootstrap: whole items are drawn with replacement, with both contestants' hits on them."""
    names = sorted(set(items))
    number = {name: row for row, name in enumerate(names)}
    rows = np.array([number[item] for item in items])
    above = np.bincount(rows, ours, len(names))
    below = np.bincount(rows, others, len(names))
    drawn = np.random.default_rng(_SEED).multinomial(len(names), np.full(len(names), 1 / len(names)), _RESAMPLES)
    ratios = (drawn @ above) / np.maximum(drawn @ below, 1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Ratio(above.sum() / max(below.sum(), 1), float(low), float(high))


def joined(hits: Iterable[Mapping[str, Hits]], contestant: str) -> Hits:
    """One contestant's hits over all sets."""
    return np.concatenate([by_name[contestant] for by_name in hits])


# ── reporting ────────────────────────────────────────────────────────────────────────────────────


def _report(found: Mapping[str, Sequence[Question]], hits: Mapping[str, Mapping[str, Hits]]) -> Report:
    names = list(next(iter(hits.values())))
    micro = {name: float(joined(hits.values(), name).mean()) for name in names}
    items = [f"{set_name}/{q.item.id}" for set_name, asked in found.items() for q in asked]
    best = max(RIVALS, key=lambda name: micro[name])
    ratios = {
        name: clustered_ratio(joined(hits.values(), OURS), joined(hits.values(), name), items)
        for name in names
        if name != OURS
    }
    shares = {name: {set_name: float(hits[set_name][name].mean()) for set_name in hits} for name in names}
    questions = sum(len(asked) for asked in found.values())
    return Report(
        "retrieval",
        f"Share of {questions:,} SubjQA questions with a marked sentence among the top {TOP} of the item.",
        (_shares_table(found, shares, micro, ratios),),
        (Bar(f"hits@{TOP} of {OURS}, to {best}, the best BM25", ratios[best].value, TIMES_BM25, "×"),),
        _notes(found, best, ratios),
        {
            "questions": {name: len(asked) for name, asked in found.items()},
            "hits_at_5": {name: {**by_set, "all": micro[name]} for name, by_set in shares.items()},
            "ours_to": {name: vars(ratio) for name, ratio in ratios.items()},
            "best_bm25": best,
        },
    )


def _shares_table(
    found: Mapping[str, Sequence[Question]],
    shares: Mapping[str, Mapping[str, float]],
    micro: Mapping[str, float],
    ratios: Mapping[str, Ratio],
) -> Table:
    headers = [f"{name} (n = {len(asked)})" for name, asked in found.items()]
    rows = tuple(
        (
            name,
            *(_share(shares[name][set_name]) for set_name in found),
            _share(micro[name]),
            _ratio(ratios.get(name)),
        )
        for name in shares
    )
    return Table(("contestant", *headers, "all", f"{OURS} to it (95 %)"), rows)


def _notes(found: Mapping[str, Sequence[Question]], best: str, ratios: Mapping[str, Ratio]) -> tuple[str, ...]:
    annotations = ", ".join(f"{name} {sum(q.annotations for q in asked):,}" for name, asked in found.items())
    return (
        f"Annotations merged into these questions: {annotations}.",
        f"{OURS} to {best}: {_ratio(ratios[best])}; to {STRICTER}: {_ratio(ratios[STRICTER])}. "
        f"{_RESAMPLES:,} paired resamples of whole items.",
        "The marked sentence is one review's answer; the same said by another review counts as a miss.",
    )


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _ratio(ratio: Ratio | None) -> str:
    return f"{ratio.value:.3f} ({ratio.low:.3f}–{ratio.high:.3f})" if ratio else ""
