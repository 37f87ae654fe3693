"""How many tokens of evidence a question takes for the same recall: our sentences beside other people's chunks.

Every SubjQA item is a title of one library, and what the chat engine would be sent is taken as it is. The others get
the same reviews of the same item, the same vectors and the count of the same tokens, and send their own defaults:
LangChain and LlamaIndex themselves, each in a process of its own (`others`).
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import model, others, subjqa
from benchmarks.clock import Say
from benchmarks.libraries import every_tenth
from benchmarks.obedient import key
from benchmarks.peer import speaking_to
from benchmarks.report import Bar, CannotMeasure, Table
from benchmarks.subjqa import Question
from rag import answer as answering
from rag.candidates import find
from rag.engines import chat, disarm
from rag.engines.prompts import tokens
from rag.library import Library
from rag.opinions_asked import answers
from rag.records import Passage, Sentence
from rag.search import retrieve
from rag.search.base import Embedder

OURS = "Pullquote, what is sent"
RANKED = "the 10 best of our ranking"
SPOKEN = "the 10 best of those that speak of what is asked"
SPREAD = "the 10 best of our ranking, two a review at most"
ALL_OURS = (OURS, RANKED, SPOKEN, SPREAD)
LANGCHAIN, LLAMA = "LangChain, 1,000 characters, top 4", "LlamaIndex’s citation engine"
RIVALS = {LANGCHAIN: others.LANGCHAIN, LLAMA: others.LLAMA_INDEX}
SENTENCES_10 = "the 10 sentences nearest by vector"
RATIO_BAR = 0.5
_ABOUT = {
    LANGCHAIN: "LangChain ran itself, as its tutorials set it: RecursiveCharacterTextSplitter with 1,000 characters "
    "and an overlap of 200, and the top 4 of InMemoryVectorStore",
    LLAMA: "LlamaIndex's CitationQueryEngine ran itself, with nothing set: chunks of 1,024 tokens with an overlap of "
    "200, the top 2, and each of them cut into sources of 512",
}
_BEST = 10
_SEED = 5

Texts = Mapping[str, Mapping[str, str]]
"""The reviews of every item."""
Part = tuple[str, int, int]
"""A review's id, and where in its text something stands."""


@dataclass(frozen=True)
class Sent:
    """What a question has handed on: the tokens of each piece, best first, and whether it holds a marked answer."""

    tokens: tuple[int, ...]
    hits: tuple[bool, ...]


@dataclass(frozen=True)
class Contestant:
    """The recall and the mean tokens of all questions, for each number of pieces from one on."""

    recall: tuple[float, ...]
    tokens: tuple[float, ...]
    silent: float = 0.0
    """The share of questions for which nothing is handed on."""

    @classmethod
    def of(cls, sent: Sequence[Sent]) -> Contestant:
        most = max(len(one.tokens) for one in sent)
        numbers = range(1, most + 1)
        return cls(
            tuple(float(np.mean([any(one.hits[:n]) for one in sent])) for n in numbers),
            tuple(float(np.mean([sum(one.tokens[:n]) for one in sent])) for n in numbers),
            float(np.mean([not one.tokens for one in sent])),
        )

    def tokens_at(self, recall: float) -> float | None:
        """Tokens for a recall, on the straight line between two numbers of pieces; None where it is never reached."""
        before = (0.0, 0.0)
        for point in zip(self.recall, self.tokens, strict=True):
            if point[0] >= recall:
                step = (recall - before[0]) / (point[0] - before[0]) if point[0] > before[0] else 0.0
                return before[1] + step * (point[1] - before[1])
            before = point
        return None


def token_ratio(ours: Contestant, theirs: Contestant) -> float:
    """Our tokens to theirs at the lower of their recalls: the other one sends fewer pieces there."""
    recall = min(ours.recall[-1], theirs.recall[-1])
    above, below = ours.tokens_at(recall), theirs.tokens_at(recall)
    return above / below if above and below else 0.0


@dataclass(frozen=True)
class _Set:
    """A set of SubjQA: what is asked, and the reviews of the items that are."""

    name: str
    asked: Sequence[Question]
    texts: Texts


def run(data: Path, say: Say, *, quick: bool = False) -> dict[str, Contestant]:
    """Ours first, then the other libraries, where they can be had, and the nearest sentences."""
    sets = [_read(data, name, quick=quick) for name in (("restaurants_dev",) if quick else subjqa.KINDS)]
    embedder = model.open_minilm()
    sent: dict[str, list[Sent]] = {}
    for one in sets:
        for contestant, of_one in _ours(one, say).items():
            sent.setdefault(contestant, []).extend(of_one)
    for name, rival in RIVALS.items():
        say(name)
        try:
            sent[name] = _theirs(sets, rival)
        except CannotMeasure as error:
            say(f"{name}: left out: {error}")
    sent[SENTENCES_10] = [found for one in sets for found in _nearest(one, embedder)]
    return {contestant: Contestant.of(found) for contestant, found in sent.items()}


def _read(data: Path, name: str, *, quick: bool) -> _Set:
    asked = subjqa.questions(data, name)
    asked = random.Random(_SEED).sample(asked, 20) if quick else asked
    items = {question.item.id for question in asked}
    texts = {item: reviews for item, reviews in _texts(subjqa.read(data, name)).items() if item in items}
    return _Set(name, asked, texts)


def _texts(rows: Iterable[subjqa.Row]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["item_id"], {})[row["review_id"]] = row["review_text"]
    return found


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────


def _ours(given: _Set, say: Say) -> dict[str, list[Sent]]:
    """What the engine would be sent by a library that holds every item as a title, and what it was chosen from."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "reviews.jsonl"
        rows = [{"title": item, "text": text} for item, reviews in given.texts.items() for text in reviews.values()]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        # A model is named, and never called: it is offered more than the offline engine.
        with speaking_to("http://127.0.0.1:9/v1"), Library.open(Path(folder) / "library", model="none") as library:
            say(f"{given.name}: adding {len(rows)} reviews")
            library.add([file], kind=subjqa.KINDS[given.name], on_progress=every_tenth(say))
            every = [_sent(library, question, given.texts[question.item.id]) for question in given.asked]
    return {contestant: [one[contestant] for one in every] for contestant in ALL_OURS}


def _sent(library: Library, question: Question, reviews: Mapping[str, str]) -> dict[str, Sent]:
    asking, titles = library._asking(), [question.item.id]
    request = answering.request(asking, question.text, titles=titles)
    lines = chat.answer_values(request, disarm.PLACEHOLDER)["evidence"]
    found = find(asking, question.text, titles, None, None)
    is_answer = _marked(library, question, reviews)
    sent = [f"[{line['id']}] ({line['who']}) {line['text']}\n" for line in lines]

    def of(passages: Sequence[Passage]) -> Sent:
        best = [passage.sentence for passage in passages[:_BEST]]
        given = [f"[S{n}] (unsigned) {sentence.view}\n" for n, sentence in enumerate(best, 1)]
        return Sent(tuple(map(tokens, given)), tuple(map(is_answer, best)))

    return {
        OURS: Sent(tuple(map(tokens, sent)), tuple(is_answer(item.passage.sentence) for item in request.evidence)),
        RANKED: of(found.ranked),
        SPOKEN: of([passage for passage in found.ranked if answers(found.plan, passage)]),
        SPREAD: of(retrieve.spread(found.ranked)),
    }


def _marked(library: Library, question: Question, reviews: Mapping[str, str]) -> Callable[[Sentence], bool]:
    """Whether a sentence of the library is one that was marked: reviews are known by their letters, not by offsets."""
    gold = [question.item.sentences[row] for row in question.gold]
    wanted = {(key(reviews[tile.review_id]), key(tile.view)) for tile in gold}

    def is_answer(sentence: Sentence) -> bool:
        whole = key(library.review(sentence.review_id).text)
        return any(whole == review and _same(key(sentence.view), said) for review, said in wanted)

    return is_answer


def _same(first: str, second: str) -> bool:
    return bool(first) and bool(second) and (first in second or second in first)


# ── others ───────────────────────────────────────────────────────────────────────────────────────


def asked_of(sets: Sequence[_Set]) -> others.Asked:
    """Every review as a document, and every question about the reviews of its item."""
    documents: list[others.Document] = [
        {"id": _document(one.name, review), "text": text}
        for one in sets
        for reviews in one.texts.values()
        for review, text in reviews.items()
    ]
    questions: list[others.Question] = [
        {
            "id": f"{one.name}/{number}",
            "question": question.text,
            "document_ids": [_document(one.name, review) for review in one.texts[question.item.id]],
        }
        for one in sets
        for number, question in enumerate(one.asked)
    ]
    return {"documents": documents, "questions": questions}


def _document(name: str, review: str) -> str:
    """A review that stands in two sets is two documents."""
    return f"{name}/{review}"


def _theirs(sets: Sequence[_Set], rival: others.Rival) -> list[Sent]:
    """What a library sends, with an index of its own for each item."""
    answers = others.answers_of(rival, asked_of(sets))
    asked = [(one.name, question) for one in sets for question in one.asked]
    return [sent_by(answer, name, question) for (name, question), answer in zip(asked, answers, strict=True)]


def sent_by(answer: others.Answer, name: str, question: Question) -> Sent:
    """Its sources, bare: the tokens of each, and whether it overlaps a marked sentence."""
    sources = answer["sources"]
    parts = [(one["document_id"].removeprefix(f"{name}/"), one["start"], one["end"]) for one in sources]
    return Sent(
        tuple(tokens(one["text"] + "\n") for one in sources), tuple(_holds_answer(part, question) for part in parts)
    )


def _nearest(given: _Set, embedder: Embedder) -> list[Sent]:
    """The sentences of an item that are nearest to the question by vector, and nothing else."""
    wanted = {view for question in given.asked for view in (question.text, *question.item.views)}
    vectors = dict(zip(sorted(wanted), embedder.embed(sorted(wanted)), strict=True))
    found = []
    for question in given.asked:
        views = question.item.views
        near = np.array([float(vectors[view] @ vectors[question.text]) for view in views])
        best = [int(row) for row in np.argsort(-near, kind="stable")[:_BEST]]
        found.append(
            Sent(tuple(tokens(views[row] + "\n") for row in best), tuple(row in question.gold for row in best))
        )
    return found


def _holds_answer(part: Part, question: Question) -> bool:
    """Whether a piece overlaps a marked sentence."""
    name, start, end = part
    gold = (question.item.sentences[row] for row in question.gold)
    return any(tile.review_id == name and tile.start < end and start < tile.end for tile in gold)


# ── reporting ────────────────────────────────────────────────────────────────────────────────────


def table(found: Mapping[str, Contestant]) -> Table:
    """What each hands on, and how our tokens compare at equal recall."""
    rows = []
    for name, one in found.items():
        against = ("", "") if name in ALL_OURS else tuple(f"{token_ratio(found[o], one):.2f}" for o in (OURS, RANKED))
        rows.append((name, _share(one.recall[-1]), f"{one.tokens[-1]:.0f}", *against))
    headers = (
        "evidence",
        "recall",
        "tokens",
        "what is sent to it, at equal recall",
        "our ranking to it, at equal recall",
    )
    return Table(headers, tuple(rows))


def bars(found: Mapping[str, Contestant]) -> tuple[Bar, ...]:
    """Half the tokens at equal recall; and that what is sent finds as much."""
    made = []
    for name in (name for name in RIVALS if name in found):
        ratio, recall = token_ratio(found[OURS], found[name]), found[OURS].recall[-1] / found[name].recall[-1]
        made.append(Bar(f"our tokens at equal recall, to {name}", ratio, RATIO_BAR, "×", at_least=False))
        made.append(Bar(f"our recall, to {name}", recall, 1.0, "×"))
    return tuple(made)


def notes(found: Mapping[str, Contestant]) -> tuple[str, ...]:
    """What the figures stand on."""
    silent = 100 * found[OURS].silent
    return (
        f"Nothing is sent for {silent:.0f}% of the questions, since no sentence of the item speaks of what is asked.",
        "Recall: a piece that is handed on overlaps a sentence that a person marked in that review. Tokens are a "
        "quarter of the characters, for all; ours with ids and names, the others' bare.",
        *(f"{about} ({_versions(RIVALS[name])})." for name, about in _ABOUT.items() if name in found),
        "Each rival has an index for each item, and our vectors: MiniLM reads the first 256 tokens of a chunk.",
        *(f"{name} was left out: it could not be run here." for name in RIVALS if name not in found),
    )


def _versions(rival: others.Rival) -> str:
    return ", ".join(package.replace("==", " ") for package in rival.packages)


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
