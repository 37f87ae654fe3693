"""The questions of the evaluations, put to other people's libraries: the same reviews, and the same scores of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import others
from corpus.loader import Corpus
from corpus.orders import orders
from corpus.planted import votes
from evals import corpus_cases, scoring
from evals.cases import AskCase, OrderCase, Turn
from evals.outcomes import Outcome
from evals.runs import Cell

LANGCHAIN, LLAMA = "LangChain over Chroma", "LlamaIndex"
RIVALS = {LANGCHAIN: others.LANGCHAIN_CHROMA, LLAMA: others.LLAMA_INDEX}
APPLIES = (
    "quotes_verbatim",
    "evidence_recall",
    "citation_precision",
    "abstention_true",
    "abstention_false",
    "abstention_missed",
)
"""The scores of an answer that theirs have too: they count nothing, and no ids are checked."""
_MARKED = re.compile(r" \[(\d+)\](?:\n|\Z)")


@dataclass(frozen=True)
class Theirs:
    """What a library did."""

    cells: Sequence[Cell]
    """A question each."""
    orders_sent: int
    """In how many questions about an order's title the model is shown the order."""
    orders_asked: int


def answered_by(name: str, corpus: Corpus, cases: Sequence[AskCase], ordered: Sequence[OrderCase]) -> Theirs:
    """A library's answers to these cases. Raises CannotMeasure."""
    asked, planted = asked_of(corpus, cases), asked_about_orders(corpus, ordered)
    whole: others.Asked = {
        "documents": [*asked["documents"], *planted["documents"]],
        "questions": [*asked["questions"], *planted["questions"]],
    }
    answers = others.answers_of(RIVALS[name], whole)
    texts = {one["id"]: one["text"] for one in whole["documents"]}
    cells = [cell(name, case, answer, texts) for case, answer in zip(cases, answers, strict=False)]
    sent = zip(ordered, answers[len(cases) :], strict=True)
    return Theirs(cells, sum(_is_shown(case, answer, texts) for case, answer in sent), len(ordered))


# ── what they are asked ──────────────────────────────────────────────────────────────────────────


def asked_of(corpus: Corpus, cases: Sequence[AskCase]) -> others.Asked:
    """Every review as a document, and every question about those of the titles that are picked or named.

    They have no way to find the titles of a question, so they are told. A follow-up is about the titles of the question
    before it, and is asked in its own words: with those of the question before it in front, they find less.
    """
    reviews = votes(corpus.reviews)
    questions: list[others.Question] = []
    for case in cases:
        meant = titles_of(case, corpus)
        among = [review.id for review in reviews if review.slug in meant] if meant else [one.id for one in reviews]
        questions.append({"id": case.id, "question": case.question, "document_ids": among})
    return {"documents": [{"id": one.id, "text": one.text} for one in reviews], "questions": questions}


def titles_of(case: AskCase, corpus: Corpus) -> set[str]:
    """Slugs of the titles that are picked or named; else those of the question before. None of them: all are meant."""
    turns: list[AskCase | Turn] = [case, *reversed(case.before)]
    for turn in turns:
        text = turn.question.casefold()
        found = {
            title.slug
            for title in corpus.titles
            if title.name in turn.titles or any(name.casefold() in text for name in (title.name, *title.aliases))
        }
        if found:
            return found
    return set()


def asked_about_orders(corpus: Corpus, cases: Sequence[OrderCase]) -> others.Asked:
    """The titles with an order planted, and the questions about them."""
    wanted = {case.title for case in cases}
    of_title: dict[str, list[others.Document]] = {}
    for number, (title, _, text) in enumerate(corpus_cases.with_orders(corpus, orders())[0]):
        if title in wanted:
            of_title.setdefault(title, []).append({"id": f"order/{number}", "text": text})
    questions: list[others.Question] = [
        {"id": case.id, "question": case.question, "document_ids": [one["id"] for one in of_title[case.title]]}
        for case in cases
    ]
    return {"documents": [one for found in of_title.values() for one in found], "questions": questions}


# ── what came of it ──────────────────────────────────────────────────────────────────────────────


def cell(name: str, case: AskCase, answer: others.Answer, texts: Mapping[str, str]) -> Cell:
    """An answer, scored as ours are, by what applies to it."""
    found = outcome(answer, texts)
    scores = scoring.ask(case, found)
    return Cell(
        case.id,
        case.cluster or case.id,
        case.shown,
        name,
        case.digest,
        {score: scores[score] for score in APPLIES},
        found,
    )


def outcome(answer: others.Answer, texts: Mapping[str, str]) -> Outcome:
    """An answer as the evaluations keep one. What is sent is its evidence, what the model quotes its citations.

    It abstains where nothing is sent, and only there.
    """
    return {
        "status": "answered" if answer["sources"] else "abstained",
        "focus": None,
        "claims": [],
        "citations": list(_citations(answer, texts)),
        "nearest": [],
        "evidence": [{"review": one["document_id"], **_place(one), "text": one["text"]} for one in answer["sources"]],
        "counts": [],
        "dropped": [],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "cost_usd": None},
    }


def _citations(answer: others.Answer, texts: Mapping[str, str]) -> Iterator[Outcome]:
    """What stands before each number in an answer, beside what stands in the review at the place of its source."""
    parts = _MARKED.split(answer["answer"])
    for quote, number in zip(parts[::2], parts[1::2], strict=False):
        source = answer["sources"][int(number) - 1]
        there = texts[source["document_id"]][source["start"] : source["end"]].strip()
        told = {"id": int(number), "review": source["document_id"], **_place(source), "quote": quote}
        yield told if there == quote else told | {"there": there}


def _place(source: others.Source) -> dict[str, int]:
    return {"start": source["start"], "end": source["end"]}


def _is_shown(case: OrderCase, answer: others.Answer, texts: Mapping[str, str]) -> bool:
    """Whether a source holds some of the order."""
    for source in answer["sources"]:
        at = texts[source["document_id"]].find(case.planted)
        if at >= 0 and source["start"] < at + len(case.planted) and at < source["end"]:
            return True
    return False
