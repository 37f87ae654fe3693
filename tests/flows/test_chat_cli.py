"""The command line with a model behind a real socket, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import good_model
from tests.peer import Peer

CLI = [sys.executable, "-m", "tests.flows.quick_cli"]
ROOT = Path(__file__).parents[2]
QUESTION = "What do critics say about the ending?"


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    (tmp_path / "salt.jsonl").write_text(
        json.dumps({"text": "The ending is dull and it drags.", "critic": "Ana Ruiz"})
        + "\n"
        + json.dumps({"text": "I loved the ending, which ties every thread.", "critic": "Bo Lind"})
    )
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Peer(reply=good_model.write) as started:
        for name, value in (("OPENAI_BASE_URL", started.url), ("PULLQUOTE_MODEL", "scripted")):
            monkeypatch.setenv(name, value)
        pullquote("add", "salt.jsonl", "--title", "Salt", "--kind", "film")
        yield started


def pullquote(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CLI, *arguments], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


def test_adding_asks_no_model(peer: Peer) -> None:
    assert peer.seen == []


def test_an_answer_names_model_and_prompt(peer: Peer) -> None:
    found = json.loads(pullquote("ask", QUESTION, "--json").stdout)

    assert found["status"] == "answered" and found["engine"]["fallback"] is None
    assert found["engine"]["model"] == "scripted@127.0.0.1"
    assert found["engine"]["prompt"].startswith("answer.v1@sha256:")
    assert found["usage"]["prompt_tokens"] > 0 and found["usage"]["cost_usd"] is None


def test_the_offline_engine_can_be_chosen_for_one_question(peer: Peer) -> None:
    found = json.loads(pullquote("ask", QUESTION, "--engine", "extractive", "--json").stdout)

    assert found["engine"]["model"] is None and peer.seen == []


def test_without_a_fallback_a_dead_server_is_exit_code_three(peer: Peer) -> None:
    peer.play("401")

    done = pullquote("ask", QUESTION, "--no-fallback", "--json")

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], error["details"]["kind"]) == (3, "engine_error", "key")
    assert "Traceback" not in done.stderr


def test_a_limit_on_cost_is_exit_code_seven(peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prices.toml").write_text("[scripted]\ninput = 1000.0\noutput = 1000.0\n")
    monkeypatch.setenv("PULLQUOTE_PRICES", "prices.toml")

    done = pullquote("ask", QUESTION, "--max-cost", "0.01")

    assert done.returncode == 7 and "--max-cost" in done.stderr and peer.seen == []


@pytest.mark.parametrize("arguments", [("ask", QUESTION), ("code", "--engine", "chat", "--yes")])
def test_ctrl_c_ends_the_call(peer: Peer, arguments: tuple[str, ...]) -> None:
    peer.play("silence")
    process = subprocess.Popen([*CLI, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not peer.seen and time.monotonic() < deadline:
        time.sleep(0.05)
    assert peer.seen

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=10)

    assert process.returncode == 130 and "Stopped" in said and "Traceback" not in said
    assert peer.wait_idle(3)


def test_what_is_said_without_a_model(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULLQUOTE_MODEL")

    done = pullquote("ask", QUESTION, "--engine", "chat")

    assert done.returncode == 2 and "PULLQUOTE_MODEL" in done.stderr and os.environ["OPENAI_BASE_URL"] == peer.url
