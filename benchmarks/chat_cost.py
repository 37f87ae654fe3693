"""What the chat engine costs beside the model: tokens of evidence, CPU time of an answer, how soon a claim is heard."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from benchmarks import chat_evidence, model, peer
from benchmarks.chat_evidence import Contestant
from benchmarks.clock import Say, same_threads
from benchmarks.peer import Body, Peer
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag import answer as answering
from rag.cache import Cache
from rag.engines import chat, disarm, prompts
from rag.engines.base import AnswerRequest
from rag.engines.budget import Budget
from rag.engines.chat import ChatEngine
from rag.engines.coding import stance_of
from rag.engines.model import ChatModel
from rag.library import Library
from rag.records import Citation, Claim, DraftClaim
from rag.reviews.split import sentences
from rag.search.base import Embedder, Vectors
from rag.settings import model_server
from rag.verify import Quotable, Verifier

CHUNKS, CLAIMS = 200, 5
ROUNDS, QUICK_ROUNDS = 40, 10
OVERHEAD_BAR = 20.0
PAUSE_S = 0.15
"""What the peer waits behind each line: ten times what a verification takes."""
TITLE = "The Lantern Room"
QUESTIONS = (
    "What do the reviews say?",
    "How is the ending?",
    "How is the acting?",
    "How is the music?",
)
REVIEWS = (
    "The ending arrives too soon and leaves its best question open. The acting of the two sisters is quiet and exact.",
    "I loved the music, a slow waltz that returns in every room. The ending made the whole audience gasp with delight.",
    "The acting is stiff in the first half and warm in the second. The music drowns out half of the dialogue.",
    "A patient story about a lighthouse keeper and his lamp. The ending is a cheat that no viewer could have guessed.",
    "The story wanders for an hour before anything is at stake. The acting of the old keeper holds it together.",
    "The music is lovely and far too loud. The ending forgives everybody, which the story has not earned.",
)
NAMES = ("Ana Ruiz", "Ola Brandt", "Mei Sato", "Ivo Kral", "Ruth Adler", "Tom Okafor")


@dataclass(frozen=True)
class Spent:
    """CPU milliseconds of the rounds."""

    theirs: list[float]
    ours: list[float]
    embedding: list[float]
    """What of ours was the embedding of claims; not counted as overhead."""

    @property
    def overhead(self) -> float:
        """What our path adds, round by round, in the middle."""
        return median(a - e - b for a, e, b in zip(self.ours, self.embedding, self.theirs, strict=True))


class Asks(Protocol):
    """What `hear` asks: `Library.ask`, or what stands for it in a test."""

    def __call__(self, question: str, *, on_claim: answering.OnClaim) -> object: ...


def run(data: Path | None, say: Say, *, quick: bool = False) -> Report:
    """All three; tokens only where there is data."""
    found = chat_evidence.run(data, say, quick=quick) if data is not None else {}
    with tempfile.TemporaryDirectory() as folder, same_threads():
        # Opened here, so that it has one thread: the one that calls it.
        spent = _overhead(Path(folder), model.open_minilm(), QUICK_ROUNDS if quick else ROUNDS, say)
        in_time, heard = _heard(Path(folder), say, QUESTIONS[:1] if quick else QUESTIONS)
    return _report(found, spent, in_time, heard, quick=quick)


# ── a library, a request, a reply ────────────────────────────────────────────────────────────────


def fill(place: Path) -> None:
    """A library of one title."""
    file = place.with_suffix(".jsonl")
    rows = [{"title": TITLE, "text": text, "critic": name} for name, text in zip(NAMES, REVIEWS, strict=True)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with Library.open(place, engine="extractive") as library:
        library.add([file], kind="film")


def reply(given: Sequence[str], ids: Sequence[str]) -> list[str]:
    """A reply of five claims in two hundred chunks, in the words of the first sentences."""
    pairs = list(zip(given, ids, strict=True))[:CLAIMS]
    text = (
        "".join(f"- {said.rstrip('.')}, {said[:60].lower().rstrip('. ')}. [{name}]\n" for said, name in pairs) + "END"
    )
    if len(pairs) < CLAIMS or len(text) < CHUNKS:
        raise CannotMeasure("There is too little evidence for a reply of five claims.")
    edges = [len(text) * n // CHUNKS for n in range(CHUNKS + 1)]
    return [text[start:end] for start, end in pairwise(edges)]


def quotable(library: Library, request: AnswerRequest) -> Quotable:
    """What a verifier checks claims against."""
    reviews = {item.passage.sentence.review_id for item in request.evidence}
    texts = {name: library.review(name) for name in sorted(reviews)}
    tiles = {name: sentences(name, review.text, review.lang) for name, review in texts.items()}
    return Quotable({item.id: item for item in request.evidence}, texts, tiles)


# ── CPU time of an answer ────────────────────────────────────────────────────────────────────────


class Timed:
    """An embedder that counts its own CPU time: its thread's, for the reply goes on coming in another one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.identity, self.dimensions = embedder.identity, embedder.dimensions
        self.spent_s = 0.0

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        start = time.thread_time()
        try:
            return self._embedder.embed(texts, on_progress)
        finally:
            self.spent_s += time.thread_time() - start


def _overhead(folder: Path, embedder: Embedder, rounds: int, say: Say) -> Spent:
    """Our path and the client's own stream for the same messages and reply, by turns in one process."""
    fill(folder / "cost")
    with Library.open(folder / "cost", engine="extractive") as library:
        request = answering.request(library._asking(), QUESTIONS[0])
        given = quotable(library, request)
    chunks = reply([item.text for item in request.evidence], [item.id for item in request.evidence])
    timed = Timed(embedder)
    with peer.in_process(chunks) as url, peer.speaking_to(url), asyncio.Runner() as runner:
        budget_cache = Cache(folder / "cost")
        server = model_server()
        ours = ChatEngine(
            ChatModel("ours", server, Budget("ours", None, budget_cache, None, None), budget_cache, timeout_s=30)
        )
        theirs = ChatOpenAI(model="theirs", base_url=url, api_key=SecretStr("none"), use_responses_api=False,
                            stream_usage=True, max_retries=0)  # fmt: skip
        spent = Spent([], [], [])
        for number in range(-2, rounds):  # two to get warm
            if number % 10 == 0:
                say(f"overhead: round {number} of {rounds}")
            # Another question each time: a kept reply would cost nothing.
            asked = AnswerRequest(f"{request.question} ({number + 2})", request.plan, request.evidence)
            jobs = (partial(_run_theirs, runner, theirs, asked), partial(_ours, ours, asked, given, timed))
            times, before = [0.0, 0.0], timed.spent_s
            for which in (0, 1) if number % 2 else (1, 0):
                times[which] = _cpu_ms(jobs[which])
            if number >= 0:
                spent.theirs.append(times[0])
                spent.ours.append(times[1])
                spent.embedding.append(1_000 * (timed.spent_s - before))
        ours.close()
    return spent


def _run_theirs(runner: asyncio.Runner, client: ChatOpenAI, request: AnswerRequest) -> None:
    runner.run(_theirs(client, request))


async def _theirs(client: ChatOpenAI, request: AnswerRequest) -> None:
    """The client's own stream. Filling in the prompt is a part of either."""
    messages: Any = list(_messages(request))
    pieces = [piece.content async for piece in client.astream(messages)]
    if sum(bool(piece) for piece in pieces) < CHUNKS:
        raise CannotMeasure("The client did not get the whole reply.")


def _messages(request: AnswerRequest) -> prompts.Messages:
    prompt = prompts.load("answer")
    return prompt.render(**chat.answer_values(request, disarm.PLACEHOLDER))


def _ours(engine: ChatEngine, request: AnswerRequest, given: Quotable, embedder: Embedder) -> None:
    verifier = Verifier(given, (), embedder, stance_of)
    for item in engine.draft_answer(request):
        if isinstance(item, DraftClaim):
            verifier.take(item)
    if len(verifier.claims) != CLAIMS:
        raise CannotMeasure(f"Of {CLAIMS} claims {len(verifier.claims)} held: {verifier.dropped}.")


def _cpu_ms(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return 1_000 * (time.process_time() - start)


# ── how soon a claim is heard ────────────────────────────────────────────────────────────────────


def _heard(folder: Path, say: Say, questions: Sequence[str]) -> tuple[int, int]:
    """Of the claims heard, those that were before the next line was complete; over several questions."""
    fill(folder / "heard")

    def write(body: Body) -> list[str]:
        given = peer.evidence(body)
        lines = [f"- {said.rstrip('.')}. [{name}]" for name, said in list(given.items())[:CLAIMS]]
        # A line in two halves: the pause is between lines, and the next one is complete with its second half.
        return [half for line in [*lines, "END"] for half in (line[: len(line) // 2], f"{line[len(line) // 2 :]}\n")]

    in_time = heard = 0
    with Peer(write, PAUSE_S) as server, peer.speaking_to(server.url), _asking(folder / "heard") as library:
        for question in questions:
            say(f"heard: {question}")
            server.sent.clear()
            early, all_of_them = hear(lambda text, on_claim: library.ask(text, on_claim=on_claim), question, server)
            in_time, heard = in_time + early, heard + all_of_them
    if not heard:
        raise CannotMeasure("No claim was heard.")
    return in_time, heard


def _asking(place: Path) -> Library:
    return Library.open(place, model="pauses")


def hear(ask: Asks, question: str, server: Peer) -> tuple[int, int]:
    """How many claims were heard before the line after theirs was sent to its end, of how many."""
    times: list[float] = []

    def on_claim(claim: Claim, _: tuple[Citation, ...]) -> None:
        if claim.kind != "count":
            times.append(time.monotonic())

    ask(question, on_claim=on_claim)
    ends = [at for at, chunk in server.sent if chunk.endswith("\n")]
    return sum(at < following for at, following in zip(times, ends[1:], strict=False)), len(times)


# ── reporting ────────────────────────────────────────────────────────────────────────────────────


def _report(found: dict[str, Contestant], spent: Spent, in_time: int, heard: int, *, quick: bool) -> Report:
    tables = [chat_evidence.table(found)] if found else []
    costs = (
        ("`ChatOpenAI.astream`", f"{median(spent.theirs):.1f}"),
        ("ours, with embedding", f"{median(spent.ours):.1f}"),
        ("of it, embedding the claims", f"{median(spent.embedding):.1f}"),
        ("added, without embedding", f"{spent.overhead:.1f}"),
    )
    tables.append(Table((f"an answer of {CHUNKS} chunks and {CLAIMS} claims", "CPU ms, median"), costs))
    bars = (
        *(chat_evidence.bars(found) if found and not quick else ()),
        Bar("CPU added to an answer", spent.overhead, OVERHEAD_BAR, "ms", at_least=False),
        Bar("claims heard before the next line is complete", in_time / heard, 1.0, "%"),
    )
    return Report(
        "chat",
        f"What stands around a model's reply, {len(spent.ours)} rounds by turns in one warm process, with a peer on "
        "loopback in another one.",
        tuple(tables),
        bars,
        _notes(found, in_time, heard),
        {
            "evidence": {name: {"recall": one.recall, "tokens": one.tokens} for name, one in found.items()},
            "overhead_ms": spent.overhead,
            "spent_ms": {"theirs": spent.theirs, "ours": spent.ours, "embedding": spent.embedding},
            "heard": heard,
            "heard_in_time": in_time,
        },
    )


def _notes(found: dict[str, Contestant], in_time: int, heard: int) -> tuple[str, ...]:
    return (
        *(chat_evidence.notes(found) if found else ()),
        f"{in_time} of {heard} claims were heard in time, with a pause of {PAUSE_S:.2f} s behind each line.",
    )
