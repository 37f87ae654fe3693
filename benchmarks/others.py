"""Other people's libraries, run as they are: each in a process of its own, with packages that this project lacks.

`uv run --with` layers them over the project's environment, so that a rival has our vectors. Both ways goes JSON:
documents and questions to it, and back what it would send to a model, and the answer of a scripted model that quotes
its top passages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from benchmarks.report import CannotMeasure

QUOTED = 2
"""How many passages the scripted model quotes."""
_ROOT = Path(__file__).parent.parent
_TIMEOUT_S = 1_800
_SOURCES = re.compile(r"sources of information:\n-{6}\n(.*)\n-{6}\nQuery: ", re.DOTALL)
_SOURCE = re.compile(r"^Source \d+:\n", re.MULTILINE)


class Document(TypedDict):
    """A text by its id."""

    id: str
    text: str


class Question(TypedDict):
    """What is asked of some documents; None: of all."""

    id: str
    question: str
    document_ids: list[str] | None


class Asked(TypedDict):
    """What a rival gets."""

    documents: list[Document]
    questions: list[Question]


class Source(TypedDict):
    """A passage that is sent: `text` is what stands in its document from `start` to `end`."""

    document_id: str
    start: int
    end: int
    text: str


class Answer(TypedDict):
    """The passages in the order in which they are sent, and the scripted answer."""

    id: str
    answer: str
    sources: list[Source]


class Answers(TypedDict):
    """What a rival gives."""

    questions: list[Answer]


Ask = Callable[[str], tuple[str, list[Source]]]
"""A question's answer and its sources."""


@dataclass(frozen=True)
class Rival:
    """A module of ours that runs a library, and the packages that it takes."""

    module: str
    packages: tuple[str, ...]


LLAMA_INDEX = Rival("benchmarks.with_llama_index", ("llama-index-core==0.14.25",))
LANGCHAIN = Rival("benchmarks.with_langchain", ("langchain-text-splitters==1.1.3", "langchain-core==1.8.3"))
LANGCHAIN_CHROMA = Rival(
    "benchmarks.with_langchain_chroma", (*LANGCHAIN.packages, "langchain-chroma==1.1.0", "chromadb==1.5.9")
)


# ── in this process ──────────────────────────────────────────────────────────────────────────────


def answers_of(rival: Rival, asked: Asked) -> list[Answer]:
    """A rival's answers, in the order of the questions. Raises CannotMeasure, which says why there are none."""
    uv = shutil.which("uv")
    if uv is None:
        raise CannotMeasure("uv is not there, which gets the packages.")
    layers = [part for package in rival.packages for part in ("--with", package)]
    return answers_by([uv, "run", "--no-sync", *layers, "python", "-m", rival.module], asked)


def answers_by(command: Sequence[str], asked: Asked) -> list[Answer]:
    """What a command answers, which is given a file to read and one to write. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "asked.json", Path(folder) / "answers.json"
        given.write_text(json.dumps(asked), "utf-8")
        _run([*command, str(given), str(found)])
        answers: Answers = json.loads(found.read_text("utf-8"))
    _check(asked, answers["questions"])
    return answers["questions"]


def _run(command: Sequence[str]) -> None:
    quiet = {**os.environ, "LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "false"}
    try:
        done = subprocess.run(command, cwd=_ROOT, env=quiet, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotMeasure(f"It did not run: {error}.") from None
    if done.returncode:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1].strip()
        raise CannotMeasure(f"It ended with {done.returncode}: {last}")


def _check(asked: Asked, answers: Sequence[Answer]) -> None:
    """Every question has an answer, and every source stands where it is said to."""
    if [one["id"] for one in answers] != [one["id"] for one in asked["questions"]]:
        raise CannotMeasure("Its answers are not those of the questions.")
    texts = {document["id"]: document["text"] for document in asked["documents"]}
    for source in (source for answer in answers for source in answer["sources"]):
        if texts.get(source["document_id"], "")[source["start"] : source["end"]] != source["text"]:
            raise CannotMeasure("A source is not a part of its document.")


# ── in the rival's ───────────────────────────────────────────────────────────────────────────────


def serve(build: Callable[[list[Document]], Ask], files: Sequence[str]) -> None:
    """Read what is asked, build an index for each set of documents, write the answers."""
    given, found = map(Path, files)
    asked: Asked = json.loads(given.read_text("utf-8"))
    found.write_text(json.dumps(answer_all(build, asked)), "utf-8")


def answer_all(build: Callable[[list[Document]], Ask], asked: Asked) -> Answers:
    """Questions of the same documents share an index, which is kept no longer than they take."""
    documents = {document["id"]: document for document in asked["documents"]}
    groups: dict[tuple[str, ...], list[Question]] = {}
    for question in asked["questions"]:
        among = question["document_ids"]
        groups.setdefault(tuple(documents if among is None else among), []).append(question)
    answers: dict[str, Answer] = {}
    for names, questions in groups.items():
        ask = build([documents[name] for name in names])
        for one in questions:
            text, sources = ask(one["question"])
            answers[one["id"]] = {"id": one["id"], "answer": text, "sources": sources}
    return {"questions": [answers[question["id"]] for question in asked["questions"]]}


def source_in(document: Document, text: str, start: int | None = None) -> Source:
    """A passage with its place: where a library says it is, or where it first stands in its document."""
    at = document["text"].find(text) if start is None else start
    return {"document_id": document["id"], "start": at, "end": at + len(text), "text": text}


def quoting(passages: Sequence[str]) -> str:
    """The scripted model's answer."""
    return "\n".join(f"{text.strip()} [{number}]" for number, text in enumerate(passages[:QUOTED], 1))


def passages_in(prompt: str) -> list[str]:
    """The numbered sources that stand in a prompt of LlamaIndex's citation engine."""
    block = _SOURCES.search(prompt)
    return [text.strip() for text in _SOURCE.split(block[1])[1:]] if block else []
