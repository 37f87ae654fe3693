"""Other people's libraries are asked in processes of their own; what comes back is checked before it is counted."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import chat_evidence, others, subjqa
from benchmarks.chat_evidence import LANGCHAIN, LLAMA, OURS, Contestant, Sent
from benchmarks.report import CannotMeasure
from rag.engines.prompts import tokens
from rag.records import Sentence

DOCUMENTS: list[others.Document] = [
    {"id": "inn/a", "text": "The soup was cold. Parking is easy."},
    {"id": "inn/b", "text": "The soup was hot."},
    {"id": "bar/c", "text": "The soup was blue."},
]
ASKED: others.Asked = {
    "documents": DOCUMENTS,
    "questions": [
        {"id": "1", "question": "Soup?", "document_ids": ["inn/a", "inn/b"]},
        {"id": "2", "question": "Soup?", "document_ids": None},
        {"id": "3", "question": "Parking?", "document_ids": ["inn/a", "inn/b"]},
    ],
}


def saying_all(documents: list[others.Document]) -> others.Ask:
    """A library that sends every document whole."""
    sources = [others.source_in(document, document["text"]) for document in documents]
    return lambda question: (f"{question} {others.quoting([source['text'] for source in sources])}", sources)


class WordLengths:
    """An embedder of one number a text, enough to run the path."""

    identity = "word lengths"
    dimensions = 2

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Any:
        rows = np.array([[1.0, len(text)] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def child(tmp_path: Path, body: str) -> list[str]:
    script = tmp_path / "child.py"
    script.write_text(f"import json, sys\nasked = json.load(open(sys.argv[1]))\n{body}\n", "utf-8")
    return [sys.executable, str(script)]


# ── what is asked, and what comes back ───────────────────────────────────────────────────────────


def test_questions_of_the_same_documents_share_an_index() -> None:
    built: list[list[str]] = []

    def build(documents: list[others.Document]) -> others.Ask:
        built.append([document["id"] for document in documents])
        return saying_all(documents)

    answers = others.answer_all(build, ASKED)["questions"]
    assert built == [["inn/a", "inn/b"], ["inn/a", "inn/b", "bar/c"]]
    assert [answer["id"] for answer in answers] == ["1", "2", "3"]
    assert [len(answer["sources"]) for answer in answers] == [2, 3, 2]
    assert answers[2]["answer"] == "Parking? The soup was cold. Parking is easy. [1]\nThe soup was hot. [2]"


def test_the_scripted_model_quotes_the_first_sources_of_a_prompt() -> None:
    prompt = (
        "For example:\nSource 1:\nThe sky is red.\nQuery: When?\nNow it's your turn. "
        "Below are several numbered sources of information:\n------\n"
        "Source 1:\nThe soup was cold.\nSource of salt: none.\n\n\nSource 2:\nParking is easy.\n\n\nSource 3:\nBye.\n"
        "\n------\nQuery: Soup?\nAnswer: "
    )
    assert others.passages_in(prompt) == ["The soup was cold.\nSource of salt: none.", "Parking is easy.", "Bye."]
    assert others.quoting(["One. ", "Two.", "Three."]) == "One. [1]\nTwo. [2]"
    assert others.passages_in("Hello") == []


def test_a_process_of_its_own_reads_one_file_and_writes_another(tmp_path: Path) -> None:
    source = {"document_id": "inn/a", "start": 4, "end": 8, "text": "soup"}
    body = (
        f"found = [{{'id': one['id'], 'answer': 'x', 'sources': [{source}]}} for one in asked['questions']]\n"
        "json.dump({'questions': found}, open(sys.argv[2], 'w'))"
    )
    answers = others.answers_by(child(tmp_path, body), ASKED)
    assert [answer["sources"] for answer in answers] == [[source]] * 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit('no such package')", "ended with 1: no such package"),
        ("json.dump({'questions': []}, open(sys.argv[2], 'w'))", "not those of the questions"),
        (
            "s = {'document_id': 'inn/a', 'start': -1, 'end': 3, 'text': 'soup'}\n"
            "found = [{'id': one['id'], 'answer': '', 'sources': [s]} for one in asked['questions']]\n"
            "json.dump({'questions': found}, open(sys.argv[2], 'w'))",
            "not a part of its document",
        ),
    ],
)
def test_a_rival_that_fails_or_makes_things_up_is_a_reason(tmp_path: Path, body: str, reason: str) -> None:
    with pytest.raises(CannotMeasure, match=reason):
        others.answers_by(child(tmp_path, body), ASKED)


def test_without_uv_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(CannotMeasure, match="uv is not there"):
        others.answers_of(others.LLAMA_INDEX, ASKED)


# ── from JSON to figures ─────────────────────────────────────────────────────────────────────────


def question() -> subjqa.Question:
    tiles = (
        Sentence("a", 0, 0, 18, "The soup was cold."),
        Sentence("a", 1, 19, 35, "Parking is easy."),
    )
    return subjqa.Question("Soup?", subjqa.Item("inn", tiles, ((), ())), frozenset({0}), 1)


def test_a_source_counts_with_its_tokens_and_hits_where_it_overlaps_what_was_marked() -> None:
    sources: list[others.Source] = [
        {"document_id": "set/a", "start": 19, "end": 35, "text": "Parking is easy."},
        {"document_id": "set/b", "start": 0, "end": 17, "text": "The soup was hot."},
        {"document_id": "set/a", "start": 13, "end": 26, "text": "cold. Parking"},
    ]
    sent = chat_evidence.sent_by({"id": "1", "answer": "", "sources": sources}, "set", question())
    assert sent == Sent(tuple(tokens(source["text"] + "\n") for source in sources), (False, False, True))


def test_a_rival_that_cannot_be_had_is_said_and_has_no_bar() -> None:
    one = Contestant((0.5,), (100.0,))
    found = {OURS: one, LANGCHAIN: one}
    assert [bar.what.endswith(LANGCHAIN) for bar in chat_evidence.bars(found)] == [True, True]
    notes = chat_evidence.notes(found)
    assert f"{LLAMA} was left out: it could not be run here." in notes
    assert any("langchain-text-splitters 1" in note for note in notes)
    assert not any("llama-index-core" in note for note in notes)


# ── the libraries themselves, where they are installed ───────────────────────────────────────────


@pytest.mark.parametrize(
    ("needs", "module"),
    [
        ("llama_index.core", "with_llama_index"),
        ("langchain_text_splitters", "with_langchain"),
        ("langchain_chroma", "with_langchain_chroma"),
    ],
)
def test_a_library_answers_with_passages_of_the_documents(needs: str, module: str) -> None:
    pytest.importorskip(needs)
    with_it = __import__(f"benchmarks.{module}", fromlist=["build"])
    answers = others.answer_all(lambda documents: with_it.build(WordLengths(), documents), ASKED)["questions"]
    others._check(ASKED, answers)
    assert all(len(answer["sources"]) >= 2 for answer in answers)
    assert all(answer["answer"].startswith(f"{answer['sources'][0]['text']} [1]\n") for answer in answers)
