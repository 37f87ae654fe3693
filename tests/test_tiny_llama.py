"""The real server with the tiny model: what tests of the chat engine rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tiny_llama import CONTEXT, NAME, llama_server, write_model

SCHEMA = {
    "type": "object",
    "properties": {
        "claims": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "maxLength": 60},
                    "cites": {"type": "array", "items": {"enum": ["S1", "S2"]}, "minItems": 1, "maxItems": 2},
                },
                "required": ["text", "cites"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["claims"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    # llama.cpp closes after each stream and does not say so: a connection used again at once may be a dead one.
    fresh = httpx.Limits(max_keepalive_connections=0)
    with (
        llama_server(tmp_path_factory.mktemp("llama")) as url,
        httpx.Client(base_url=url, timeout=20, limits=fresh) as client,
    ):
        yield client


def ask(text: str = "Is it good? Même en français?", **more: Any) -> dict[str, Any]:
    return {"model": NAME, "messages": [{"role": "user", "content": text}], "max_tokens": 40} | more


def events(reply: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in reply.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def test_the_model_is_small_and_the_same_each_time(tmp_path: Path) -> None:
    first, second = write_model(tmp_path / "a.gguf"), write_model(tmp_path / "b.gguf")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < 1_000_000


def test_it_names_its_model_and_its_context(client: httpx.Client) -> None:
    (model,) = client.get("models").json()["data"]
    assert (model["id"], model["meta"]["n_ctx"]) == (NAME, CONTEXT)


def test_it_writes_printable_text_and_counts_it(client: httpx.Client) -> None:
    reply = client.post("chat/completions", json=ask(ignore_eos=True)).json()
    (choice,) = reply["choices"]
    assert choice["message"]["content"].isascii()
    assert choice["message"]["content"].isprintable()
    assert (choice["finish_reason"], reply["usage"]["completion_tokens"]) == ("length", 40)


def test_the_same_seed_writes_the_same(client: httpx.Client) -> None:
    first, second = (client.post("chat/completions", json=ask(seed=3)).json()["choices"] for _ in range(2))
    assert first == second


def test_it_ends_by_itself(client: httpx.Client) -> None:
    reply = client.post("chat/completions", json=ask(max_tokens=None, seed=1)).json()
    assert reply["choices"][0]["finish_reason"] == "stop"


def test_it_streams(client: httpx.Client) -> None:
    asked = ask(stream=True, stream_options={"include_usage": True}, ignore_eos=True)
    with client.stream("POST", "chat/completions", json=asked) as reply:
        *chunks, usage = events(reply)
    written = [c["choices"][0]["delta"].get("content") for c in chunks]
    assert len([piece for piece in written if piece]) > 30
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 40)


@pytest.mark.parametrize("seed", range(3))
def test_an_answer_keeps_to_a_schema(client: httpx.Client, seed: int) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
    reply = client.post("chat/completions", json=ask(response_format=wanted, max_tokens=None, seed=seed)).json()
    claims = json.loads(reply["choices"][0]["message"]["content"])["claims"]
    assert 1 <= len(claims) <= 3
    assert all(set(claim) == {"text", "cites"} and set(claim["cites"]) <= {"S1", "S2"} for claim in claims)


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_the_context_is_an_error_with_its_numbers(client: httpx.Client, stream: bool) -> None:
    reply = client.post("chat/completions", json=ask("word " * CONTEXT, stream=stream))
    error = reply.json()["error"]
    assert (reply.status_code, error["type"], error["n_ctx"]) == (400, "exceed_context_size_error", CONTEXT)


def test_hanging_up_frees_the_only_slot(client: httpx.Client) -> None:
    endless = ask(stream=True, ignore_eos=True, max_tokens=None)
    started = time.monotonic()
    with client.stream("POST", "chat/completions", json=endless) as reply:
        list(events(reply))
    whole = time.monotonic() - started

    with client.stream("POST", "chat/completions", json=endless) as reply:
        assert next(events(reply))
    started = time.monotonic()
    assert client.post("chat/completions", json=ask(max_tokens=1)).status_code == 200
    assert time.monotonic() - started < whole / 2


def test_the_server_is_gone_with_its_context(tmp_path: Path) -> None:
    with llama_server(tmp_path) as url:
        assert httpx.get(f"{url}/models", timeout=5).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models", timeout=5)


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path, *_: object) -> Path:
        path.write_bytes(b"GGUF")
        return path

    monkeypatch.setattr("tests.tiny_llama.write_model", broken)
    with pytest.raises(AssertionError, match="did not start"), llama_server(tmp_path):
        pass
