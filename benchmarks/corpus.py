"""How well questions with known answers are answered: our own corpus, one split, every question through the library."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import model
from benchmarks.clock import Say
from benchmarks.libraries import every_tenth
from benchmarks.report import CannotMeasure, Report, Table
from corpus import loader
from corpus.built import review_record
from corpus.loader import Corpus
from corpus.planted import Span, votes
from corpus.questions import Kind, Question, Unanswerable
from corpus.reader import CorpusError, Review, Split
from corpus.sentences import sentences
from evals.intervals import Interval, clustered, clustered_mean
from evals.metrics import Abstention, Passage, abstention, citation_precision, evidence_recall, mean
from rag import taxonomy
from rag.export import ExportFormat
from rag.library import Library
from rag.records import Answer
from rag.search import retrieve

TOP = 5
_QUICK_TITLES = 3

Names = Mapping[str, str]
"""The library's id of a review → the corpus's."""


@dataclass(frozen=True)
class Outcome:
    """A question, and how its answer fares."""

    question: Question
    abstained: bool
    recall: float | None
    """Evidence recall; None for what is unanswerable."""
    precision: float | None
    """Citation precision; None where nothing is cited, and for what is unanswerable."""
    broken: tuple[str, ...]
    """Quotes that are not the exact slice of their review."""

    @property
    def cluster(self) -> str:
        """The title that it is about, the first where there are several."""
        return self.question.about[0]


def run(split: Split, say: Say, *, quick: bool = False) -> Report:
    """Add the reviews, ask every question, and compare with what was planted."""
    try:
        corpus = loader.load(split)
    except CorpusError as error:
        raise CannotMeasure(f"The corpus is wrong: {error}.") from None
    model.folder()
    if quick:
        corpus = first_titles(corpus)
    with tempfile.TemporaryDirectory() as folder, Library.open(Path(folder) / "library") as library:
        say(f"adding {len(corpus.reviews)} reviews of {len(corpus.titles)} titles")
        names = add_reviews(corpus, library, Path(folder), say)
        outcomes = _ask_all(corpus, library, names, say)
    return _report(corpus, outcomes)


def first_titles(corpus: Corpus) -> Corpus:
    """A few, for a quick run."""
    titles = corpus.titles[:_QUICK_TITLES]
    slugs = {title.slug for title in titles}
    reviews = tuple(review for review in corpus.reviews if review.slug in slugs)
    return Corpus(corpus.split, titles, reviews, tuple(q for q in corpus.questions if slugs.issuperset(q.about)))


def add_reviews(corpus: Corpus, library: Library, folder: Path, say: Say) -> Names:
    """Store the reviews as a user would, a file a kind; kinds without a taxonomy are `general`."""
    kinds = {title.slug: title.kind for title in corpus.titles}
    for kind in sorted(set(kinds.values())):
        file = folder / f"{kind}.jsonl"
        records = [_record(review) for review in corpus.reviews if kinds[review.slug] == kind]
        file.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
        known = kind if kind in taxonomy.kinds() else taxonomy.GENERAL
        library.add([file], kind=known, on_progress=every_tenth(say))
    by_text = {(review.title, review.text): review.id for review in reversed(votes(corpus.reviews))}
    exported = json.loads("".join(library.export(ExportFormat.json)))
    titles = {title.id: title.name for title in library.titles()}
    found = {r["id"]: by_text.get((titles[r["title_id"]], r["text"]), "") for r in exported["reviews"]}
    if "" in found.values() or len(found) != len(by_text):
        raise CannotMeasure("The library does not hold the reviews as they were written.")
    return found


def _record(review: Review) -> dict[str, object]:
    """A line of the file; the id is left out, as scraped reviews have none."""
    return {key: value for key, value in review_record(review).items() if key != "id"}


def _ask_all(corpus: Corpus, library: Library, names: Names, say: Say) -> list[Outcome]:
    """Every question; a follow-up behind the answer that it follows."""
    reviews = {review.id: review for review in votes(corpus.reviews)}
    called = {title.slug: title.name for title in corpus.titles}
    answers: dict[str, Answer] = {}
    outcomes = []
    for number, question in enumerate(corpus.questions):
        if number % 100 == 0:
            say(f"asking: {number} of {len(corpus.questions)}")
        picked = [called[slug] for slug in question.about] if question.picked else None
        previous = answers[question.previous] if question.previous else None
        answers[question.id] = library.ask(question.text, titles=picked, previous=previous)
        outcomes.append(_outcome(question, answers[question.id], names, reviews))
    return outcomes


def _outcome(question: Question, answer: Answer, names: Names, reviews: Mapping[str, Review]) -> Outcome:
    gold = _gold(question, reviews)
    # In the order in which the engine was handed them.
    chosen = retrieve.spread([passage for passage in answer.candidates if passage.sentence.id in answer.chosen])
    retrieved = [Passage(names[p.sentence.review_id], p.sentence.start, p.sentence.end) for p in chosen]
    nearest = set(answer.nearest)
    shown = [citation for citation in answer.citations if citation.id not in nearest]
    cited = [Passage(names[citation.review_id], citation.start, citation.end) for citation in shown]
    answerable = question.unanswerable is None
    return Outcome(
        question,
        answer.status == "abstained",
        evidence_recall(retrieved, gold, TOP) if answerable else None,
        citation_precision(cited, [_passage(span) for span in question.evidence]) if answerable else None,
        tuple(c.quote for c in answer.citations if reviews[names[c.review_id]].text[c.start : c.end] != c.quote),
    )


def _gold(question: Question, reviews: Mapping[str, Review]) -> list[list[Passage]]:
    """The planted evidence, sentence by sentence: one found sentence answers with all of its clauses."""
    found = []
    for name in dict.fromkeys(span.review for span in question.evidence):
        review = reviews[name]
        places = [_passage(span) for span in question.evidence if span.review == name]
        for sentence in sentences(review.text, review.labels, review.lang):
            whole = Passage(name, sentence.start, sentence.end)
            found.append([place for place in places if place.overlaps(whole)])
    return [places for places in found if places]


def _passage(span: Span) -> Passage:
    return Passage(span.review, span.start, span.end)


# ── report ───────────────────────────────────────────────────────────────────────────────────────


def _report(corpus: Corpus, outcomes: Sequence[Outcome]) -> Report:
    broken = sum(len(outcome.broken) for outcome in outcomes)
    by_title = {"all": outcomes} | _grouped(outcomes, lambda outcome: outcome.question.origin)
    kinds = _grouped((o for o in outcomes if not o.question.unanswerable), lambda outcome: outcome.question.kind)
    reasons = _grouped((o for o in outcomes if o.question.unanswerable), lambda o: str(o.question.unanswerable))
    titles = "titles" if len(corpus.titles) > 1 else "title"
    return Report(
        f"corpus:{corpus.split}",
        f"{len(outcomes)} questions about {len(corpus.titles)} {titles} of the {_SPLITS[corpus.split]} split, "
        f"{len(corpus.reviews)} reviews, {sum(bool(o.question.unanswerable) for o in outcomes)} of the questions "
        "unanswerable; extractive engine, vectors and words. Intervals are 95 %, by title.",
        (
            _quality_table(by_title),
            _kinds_table(kinds),
            _reasons_table(reasons),
        ),
        (),
        (
            f"Quotes that are not the exact slice of their review: {broken}.",
            f"Evidence recall is of the first {TOP} sentences handed to the engine; where it was handed none, it is 0. "
            "Citation precision is over answers that cite something. Unanswerable questions are in neither.",
        ),
        {
            "split": corpus.split,
            "questions": len(outcomes),
            "broken_quotes": broken,
            **{name: {k: v and asdict(v) for k, v in _figures(found).items()} for name, found in by_title.items()},
            "cases": [_case(outcome) for outcome in outcomes],
        },
    )


_SPLITS: dict[Split, str] = {"dev": "development", "test": "test"}
_KINDS: dict[Kind, str] = {
    "what": "what",
    "why": "why",
    "who": "who",
    "how_many": "how many",
    "yes_no": "yes or no",
    "compare": "compare",
    "across": "across titles",
    "follow_up": "follow-up",
}
_REASONS: dict[Unanswerable, str] = {
    "absent": "a topic of which no review speaks",
    "false_premise": "a false premise",
    "wrong_title": "the wrong title",
    "no_fact": "a fact that reviews do not hold",
}


def _grouped(outcomes: Iterable[Outcome], key: Callable[[Outcome], str]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[key(outcome)].append(outcome)
    return found


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Interval | None]:
    clusters = _grouped(outcomes, lambda outcome: outcome.cluster)
    counted = {name: _abstention(found) for name, found in clusters.items()}
    sums = {name: (c.silent_rightly, c.silent_wrongly, c.answered_wrongly) for name, c in counted.items()}
    return {
        f"evidence recall@{TOP}": clustered_mean({name: [o.recall for o in found] for name, found in clusters.items()}),
        "citation precision": clustered_mean({name: [o.precision for o in found] for name, found in clusters.items()}),
        "abstention F1": clustered(sums, lambda tp, fp, fn: 2 * tp / (2 * tp + fp + fn)),
        "abstention precision": clustered(sums, lambda tp, fp, _: tp / (tp + fp)),
        "abstention recall": clustered(sums, lambda tp, _, fn: tp / (tp + fn)),
    }


def _abstention(outcomes: Iterable[Outcome]) -> Abstention:
    return abstention((o.question.unanswerable is not None, o.abstained) for o in outcomes)


def _quality_table(groups: Mapping[str, Sequence[Outcome]]) -> Table:
    names = {"all": "all", "derived": "derived by rules", "hand": "written by hand"}
    figures = {name: _figures(found) for name, found in groups.items()}
    headers = ("", *(f"{names[name]} (n = {len(found)})" for name, found in groups.items()))
    rows = tuple((metric, *(shown(found[metric]) for found in figures.values())) for metric in figures["all"])
    return Table(headers, rows)


def _kinds_table(groups: Mapping[str, Sequence[Outcome]]) -> Table:
    rows = tuple(
        (
            label,
            str(len(groups[kind])),
            f"{sum(not outcome.abstained for outcome in groups[kind])}",
            _number(mean(outcome.recall for outcome in groups[kind])),
            _number(mean(outcome.precision for outcome in groups[kind])),
        )
        for kind, label in _KINDS.items()
        if kind in groups
    )
    return Table(("answerable", "questions", "answered", f"evidence recall@{TOP}", "citation precision"), rows)


def _reasons_table(groups: Mapping[str, Sequence[Outcome]]) -> Table:
    rows = tuple(
        (label, str(len(groups[reason])), str(sum(outcome.abstained for outcome in groups[reason])))
        for reason, label in _REASONS.items()
        if reason in groups
    )
    return Table(("unanswerable", "questions", "left unanswered"), rows)


def _case(outcome: Outcome) -> dict[str, object]:
    question = outcome.question
    return {
        "id": question.id,
        "text": question.text,
        "kind": question.kind,
        "unanswerable": question.unanswerable,
        "abstained": outcome.abstained,
        "recall": outcome.recall,
        "precision": outcome.precision,
    }


def shown(found: Interval | None) -> str:
    """A value with its interval, where it has one."""
    if found is None:
        return "–"
    if found.low is None:
        return _number(found.value)
    return f"{_number(found.value)} ({_number(found.low)}–{_number(found.high)})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
