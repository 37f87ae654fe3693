"""How well opinions are counted on our own corpus: every title through the library, beside what was planted."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import model
from benchmarks.clock import Say
from benchmarks.libraries import every_tenth
from benchmarks.quality import corpus_of, shown
from benchmarks.report import Bar, CannotMeasure, Report, Table
from corpus.labels import OVERALL
from corpus.loader import Corpus
from corpus.planted import counts, votes
from corpus.reader import Review, Split
from evals.corpus_library import Names, NotStored, add_reviews
from evals.intervals import clustered_mean
from evals.metrics import count_error
from rag import taxonomy
from rag.findings import Consensus, Finding
from rag.library import Library
from rag.records import Citation, Counts

COUNT_BAR, ALARMS_BAR = 0.10, 0.3
_QUICK_TITLES = 3
SIDES = ("mentioned", "praised", "criticised")


@dataclass(frozen=True)
class Quoted:
    """A quote of a finding, beside what is planted in its words."""

    holds_opinion: bool
    right: bool
    """Whether it judges this aspect so."""


@dataclass(frozen=True)
class Outcome:
    """A title, and how its summary fares."""

    title: str
    errors: Mapping[str, Sequence[float]]
    """By side: one an aspect that the reviews, or the summary, speak of."""
    severe: int
    """Categories of severe complaints that are planted."""
    severe_found: int
    false_alarms: int
    quotes: Sequence[Quoted]


def run(split: Split, say: Say, *, quick: bool = False) -> Report:
    """Add the reviews, summarise every title, and compare with what was planted."""
    corpus = corpus_of(split)
    model.folder()
    if quick:
        corpus = _first_titles(corpus)
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "library") as library:
        say(f"adding {len(corpus.reviews)} reviews of {len(corpus.titles)} titles")
        try:
            names = add_reviews(corpus.titles, corpus.reviews, library, Path(folder), every_tenth(say))
        except NotStored as error:
            raise CannotMeasure(str(error)) from None
        found = [outcome(corpus, title.slug, library.summary(title.name), names) for title in corpus.titles]
    report = _report(split, found)
    # A few titles are too few to hold a promise by.
    return replace(report, bars=()) if quick else report


def _first_titles(corpus: Corpus) -> Corpus:
    """A few, for a quick run."""
    titles = corpus.titles[:_QUICK_TITLES]
    slugs = {title.slug for title in titles}
    return Corpus(corpus.split, titles, tuple(one for one in corpus.reviews if one.slug in slugs), ())


def outcome(corpus: Corpus, slug: str, summary: Consensus, names: Names) -> Outcome:
    """One title. Reviews that the coder can't judge are left out on both sides: the summary says how many."""
    kind = next(title.kind for title in corpus.titles if title.slug == slug)
    reviews = [one for one in votes(corpus.reviews) if one.slug == slug and one.lang is None]
    told = {finding.aspect: finding for finding in summary.findings}
    errors: dict[str, list[float]] = {side: [] for side in SIDES}
    for aspect in (*(one.id for one in taxonomy.load(kind).aspects), OVERALL):
        right = counts(slug, reviews, aspect)
        known = told[aspect].counts if aspect in told else Counts()
        if aspect == OVERALL or not right.mentioning + known.mentioning:
            continue  # a verdict on the whole is counted by review, not as a finding
        errors["mentioned"].append(count_error(known.mentioning, right.mentioning, len(reviews)))
        errors["praised"].append(count_error(known.positive + known.mixed, right.on("positive"), len(reviews)))
        errors["criticised"].append(count_error(known.negative + known.mixed, right.on("negative"), len(reviews)))
    planted = {label.severity for review in reviews for label in review.labels if label.severity}
    alarms = {minority.category for minority in summary.minorities}
    by_id = {review.id: review for review in reviews}
    quotes = [quoted for finding in summary.findings for quoted in _quotes(finding, by_id, names)]
    return Outcome(slug, errors, len(planted), len(planted & alarms), len(alarms - planted), quotes)


def _quotes(finding: Finding, reviews: Mapping[str, Review], names: Names) -> list[Quoted]:
    sides = ((finding.praised, "positive"), (finding.criticised, "negative"))
    return [_quoted(quote, finding.aspect, side, reviews[names[quote.review_id]]) for found, side in sides
            for quote in found]  # fmt: skip


def _quoted(quote: Citation, aspect: str, stance: str, review: Review) -> Quoted:
    held = [label for label in review.labels if label.start < quote.end and quote.start < label.end]
    return Quoted(bool(held), any((label.aspect, label.stance) == (aspect, stance) for label in held))


# ── report ───────────────────────────────────────────────────────────────────────────────────────


def _report(split: Split, outcomes: Sequence[Outcome]) -> Report:
    sides = {side: clustered_mean({one.title: one.errors[side] for one in outcomes}) for side in SIDES}
    every = clustered_mean({one.title: [e for side in SIDES for e in one.errors[side]] for one in outcomes})
    right = clustered_mean({one.title: [float(q.right) for q in one.quotes] for one in outcomes})
    quotes = [quote for one in outcomes for quote in one.quotes]
    plain = sum(not quote.holds_opinion for quote in quotes)
    severe, found = (sum(getattr(one, name) for one in outcomes) for name in ("severe", "severe_found"))
    alarms = sum(one.false_alarms for one in outcomes) / len(outcomes)
    rows = [(f"reviews that {verb} an aspect", sides[side]) for side, verb in zip(SIDES, _VERBS, strict=True)]
    table = Table(
        (f"{len(outcomes)} titles of the {split} split, extractive engine", "mean (95 %, by title)"),
        (
            *((f"count error, {name}", shown(value)) for name, value in (*rows, ("all three", every))),
            ("quotes that say this of this aspect", shown(right)),
        ),
    )
    return Report(
        f"opinions:{split}",
        "Opinions of the corpus, counted through the program. A count's error is its distance from what was planted, "
        "as a part of the title's reviews; every aspect of which the reviews or the summary speak is one.",
        (table,),
        (
            Bar("count error", every.value if every else 1.0, COUNT_BAR, at_least=False),
            Bar(f"severe complaints found, {found} of {severe}", found / severe if severe else 1.0, 1.0),
            Bar("severe complaints shown that are none, a title", alarms, ALARMS_BAR, at_least=False),
            Bar(f"quotes without an opinion, of {len(quotes)}", plain, 0, at_least=False),
        ),
        (),
        {"split": split, "titles": [asdict(one) for one in outcomes]},
    )


_VERBS = ("mention", "praise", "criticise")
