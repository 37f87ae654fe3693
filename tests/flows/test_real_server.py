"""A real llama.cpp with random weights: what it writes is nonsense, so nothing of it may be shown, and all must hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.errors import Cancelled, EngineError
from rag.library import Library
from tests.tiny_llama import NAME, llama_server
from tests.written import put

Open = Callable[..., Library]
QUESTION = "What do critics say about the ending?"
ROOM = 16_384
"""Its tokens are letters, so that a prompt needs many."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llama_server(tmp_path_factory.mktemp("llama"), parallel=4, context=ROOM) as url:
        yield url


@pytest.fixture
def library(server: str, open_library: Open, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("OPENAI_BASE_URL", server)
    monkeypatch.setenv("PULLQUOTE_MODEL", NAME)
    found = open_library()
    put(found, {"text": "The ending is dull and it drags.", "critic": "Ana Ruiz"}, "I loved the ending and the boat.")
    return found


def test_nonsense_is_not_shown_and_the_offline_engine_answers(library: Library) -> None:
    answer = library.ask(QUESTION)

    assert answer.engine.fallback and answer.claims
    assert all(claim.kind in ("quote", "count") for claim in answer.claims)
    assert answer.usage.completion_tokens > 0


def test_random_weights_under_the_schema_give_opinions_that_are_valid(library: Library) -> None:
    report = library.code(["Salt"], by_model=True)

    (title,) = report.titles
    assert (title.read, title.failed) == (2, 0) or title.failed > 0  # cut off at its greatest length: said, not guessed
    assert f"chat@1/{NAME}@127.0.0.1/code.v1@sha256:" in title.coder
    assert report.usage.prompt_tokens > 0


def test_a_model_that_reads_too_little_says_so(
    open_library: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: Library
) -> None:
    with llama_server(tmp_path, context=512) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        with pytest.raises(EngineError) as caught:
            open_library(library.path, fallback=False).ask(QUESTION)
    assert caught.value.kind == "context"


def test_a_cancelled_question_frees_the_server(library: Library) -> None:
    asked_at = time.monotonic()
    with pytest.raises(Cancelled):
        library.ask(QUESTION + " again", cancelled=lambda: time.monotonic() > asked_at + 0.15)
    assert library.ask(QUESTION + " and again").claims


def test_doctor_knows_what_it_can_do(library: Library) -> None:
    (text,) = [one.text for one in library.doctor() if one.name == "chat"]
    assert "streams" in text and "keeps to a JSON schema" in text
