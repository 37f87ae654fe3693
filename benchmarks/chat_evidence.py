"""How many tokens of evidence a question takes for the same recall: our sentences beside other people's chunks.

Every SubjQA item is a title of one library, and what the chat engine would be sent is taken as it is. The others get
the same reviews of the same item, the same vectors and the count of the same tokens, and send their own defaults.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import model, subjqa
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
from rag.reviews.split import sentences
from rag.search import retrieve
from rag.search.base import Embedder

OURS = "Pullquote, what is sent"
RANKED = "the 10 best of our ranking"
SPOKEN = "the 10 best of those that speak of what is asked"
SPREAD = "the 10 best of our ranking, two a review at most"
ALL_OURS = (OURS, RANKED, SPOKEN, SPREAD)
LANGCHAIN, LLAMA = "chunks of 1,000 characters, top 4", "chunks of 512 tokens, top 2"
SENTENCES_10 = "the 10 sentences nearest by vector"
RATIO_BAR = 0.5
_SEPARATORS = ("\n\n", "\n", " ", "")
_LANGCHAIN = (1_000, 200, 4)
_LLAMA = (512, 20, 2)
_BEST = 10
_SEED = 5

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


def run(data: Path, say: Say, *, quick: bool = False) -> dict[str, Contestant]:
    """Ours first."""
    names = ("restaurants_dev",) if quick else tuple(subjqa.KINDS)
    embedder = model.open_minilm()
    sent: dict[str, list[Sent]] = {}
    for name in names:
        texts = _texts(subjqa.read(data, name))
        asked = subjqa.questions(data, name)
        asked = random.Random(_SEED).sample(asked, 20) if quick else asked
        items = {question.item.id for question in asked}
        texts = {item: reviews for item, reviews in texts.items() if item in items}
        for ours, of_ours in _ours(name, asked, texts, say).items():
            sent.setdefault(ours, []).extend(of_ours)
        for rival, (cut, top) in rivals().items():
            say(f"{name}: {rival}")
            sent.setdefault(rival, []).extend(_theirs(asked, texts, embedder, cut, top))
    return {contestant: Contestant.of(found) for contestant, found in sent.items()}


def _texts(rows: Iterable[subjqa.Row]) -> dict[str, dict[str, str]]:
    """The reviews of every item."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["item_id"], {})[row["review_id"]] = row["review_text"]
    return found


# ── ours ─────────────────────────────────────────────────────────────────────────────────────────


def _ours(
    name: str, asked: Sequence[Question], texts: Mapping[str, Mapping[str, str]], say: Say
) -> dict[str, list[Sent]]:
    """What the engine would be sent by a library that holds every item as a title, and what it was chosen from."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "reviews.jsonl"
        rows = [{"title": item, "text": text} for item, reviews in texts.items() for text in reviews.values()]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        # A model is named, and never called: it is offered more than the offline engine.
        with speaking_to("http://127.0.0.1:9/v1"), Library.open(Path(folder) / "library", model="none") as library:
            say(f"{name}: adding {len(rows)} reviews")
            library.add([file], kind=subjqa.KINDS[name], on_progress=every_tenth(say))
            every = [_sent(library, question, texts[question.item.id]) for question in asked]
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

Cut = Callable[[str], list[tuple[int, int]]]


def rivals() -> dict[str, tuple[Cut, int]]:
    """How each of the others cuts a review, and how many pieces it sends."""
    size, overlap, top = _LANGCHAIN
    words, shared, best = _LLAMA
    return {
        LANGCHAIN: (lambda text: recursive_chunks(text, size, overlap), top),
        LLAMA: (lambda text: sentence_chunks(text, words, shared), best),
        SENTENCES_10: (lambda text: [(tile.start, tile.end) for tile in sentences("", text) if tile.view], 10),
    }


def _theirs(
    asked: Sequence[Question], texts: Mapping[str, Mapping[str, str]], embedder: Embedder, cut: Cut, top: int
) -> list[Sent]:
    """The pieces of an item that are nearest to the question by vector."""
    parts = {
        item: [(name, start, end) for name, text in reviews.items() for start, end in cut(text)]
        for item, reviews in texts.items()
    }
    written = {part: texts[item][part[0]][part[1] : part[2]] for item, found in parts.items() for part in found}
    wanted = sorted({*written.values(), *(question.text for question in asked)})
    vectors = dict(zip(wanted, embedder.embed(wanted), strict=True))
    found = []
    for question in asked:
        own = parts[question.item.id]
        near = np.array([float(vectors[written[part]] @ vectors[question.text]) for part in own])
        chosen = [own[row] for row in np.argsort(-near, kind="stable")[:top]]
        hits = tuple(_holds_answer(part, question) for part in chosen)
        found.append(Sent(tuple(tokens(written[part] + "\n") for part in chosen), hits))
    return found


def _holds_answer(part: Part, question: Question) -> bool:
    """Whether a piece overlaps a marked sentence."""
    name, start, end = part
    gold = (question.item.sentences[row] for row in question.gold)
    return any(tile.review_id == name and tile.start < end and start < tile.end for tile in gold)


def recursive_chunks(text: str, size: int, overlap: int) -> list[tuple[int, int]]:
    """Where LangChain's RecursiveCharacterTextSplitter cuts at its usual separators."""
    found, position = [], 0
    for chunk in _recursive(text, size, overlap, _SEPARATORS):
        start = text.find(chunk, position)
        if start < 0:
            raise CannotMeasure("A chunk is not a part of its text.")
        found.append((start, start + len(chunk)))
        position = start + 1
    return found


def _recursive(text: str, size: int, overlap: int, separators: Sequence[str]) -> list[str]:
    number = next(n for n, one in enumerate(separators) if not one or one in text)
    separator, smaller = separators[number], separators[number + 1 :]
    pieces = [piece for piece in _kept_in_front(text, separator) if piece]
    chunks: list[str] = []
    good: list[str] = []
    for piece in pieces:
        if len(piece) < size:
            good.append(piece)
            continue
        chunks += _merged(good, size, overlap)
        good = []
        chunks += _recursive(piece, size, overlap, smaller) if smaller else [piece]
    return chunks + _merged(good, size, overlap)


def _kept_in_front(text: str, separator: str) -> list[str]:
    """Pieces, each with the separator before it."""
    if not separator:
        return list(text)
    first, *rest = text.split(separator)
    return [first, *(separator + piece for piece in rest)]


def _merged(pieces: Sequence[str], size: int, overlap: int) -> list[str]:
    """Pieces joined up to the size, each chunk beginning with the last pieces of the one before it."""
    chunks: list[str] = []
    current: list[str] = []
    length = 0
    for piece in pieces:
        if current and length + len(piece) > size:
            chunks.append("".join(current).strip())
            while length > overlap or (length + len(piece) > size and length > 0):
                length -= len(current.pop(0))
        current.append(piece)
        length += len(piece)
    if current:
        chunks.append("".join(current).strip())
    return [chunk for chunk in chunks if chunk]


def sentence_chunks(text: str, size: int, overlap: int) -> list[tuple[int, int]]:
    """Whole sentences up to so many tokens, as LlamaIndex's SentenceSplitter joins them."""
    tiles = [(tile.start, tile.end) for tile in sentences("", text)]
    found: list[tuple[int, int]] = []
    first = 0
    while first < len(tiles):
        last = first
        while last + 1 < len(tiles) and tokens(text[tiles[first][0] : tiles[last + 1][1]]) <= size:
            last += 1
        found.append((tiles[first][0], tiles[last][1]))
        if last + 1 >= len(tiles):
            break
        back = last + 1
        while back - 1 > first and tokens(text[tiles[back - 1][0] : tiles[last][1]]) <= overlap:
            back -= 1
        first = back
    return found


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
    for name in (LANGCHAIN, LLAMA):
        ratio, recall = token_ratio(found[OURS], found[name]), found[OURS].recall[-1] / found[name].recall[-1]
        made.append(Bar(f"our tokens at equal recall, to {name}", ratio, RATIO_BAR, "×", at_least=False))
        made.append(Bar(f"our recall, to {name}", recall, 1.0, "×"))
    return tuple(made)


def _share(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")
