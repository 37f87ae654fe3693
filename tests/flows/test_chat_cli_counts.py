"""The command line with a good model from the first file to the last answer: what is counted is what the model read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.library import Library
from tests.doubles import WordEmbedder
from tests.flows.conftest import Run
from tests.flows.faulty import STAMP, assert_no_key, scripted, threads
from tests.peer import Peer

TEXTS = (
    *(f"On night {n} I loved the ending." for n in range(4)),
    "The ending was dull, I thought.",
    "We took the bus home in the rain.",
)
Asked = Callable[..., dict[str, Any]]


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with scripted(monkeypatch, 30) as started:
        yield started
        assert started.wait_idle(2) and threads() == set()


@pytest.fixture
def asked(peer: Peer, typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Runs a command with --json on a library of these reviews."""
    monkeypatch.setattr(Library, "embedder", property(lambda _: WordEmbedder()))
    (tmp_path / "salt.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))

    def run_it(*arguments: str) -> dict[str, Any]:
        code, out, err = typed(*arguments, "--json")
        assert code == 0, err
        assert_no_key(out + err)
        return json.loads(out)  # type: ignore[no-any-return]

    run_it("add", "salt.jsonl", "--title", "Salt", "--kind", "film")
    assert peer.seen == []
    return run_it


def test_what_a_good_model_codes_sums_up_and_answers_is_verified_and_named(asked: Asked) -> None:
    (coded,) = asked("code", "--engine", "chat", "--yes")["titles"]
    exported = asked("export")
    summary = asked("summary", "Salt")
    answer = asked("ask", "What do critics say about the ending?")

    coder = coded["coder"]
    assert (coded["read"], coded["opinions"], coded["failed"]) == (6, 5, 0)
    assert coder.startswith(f"chat@1/{STAMP}/code.v1@sha256:")
    assert Counter(one["stance"] for one in exported["opinions"]) == {"positive": 4, "negative": 1}
    texts = {one["id"]: one["text"] for one in exported["reviews"]}
    assert {texts[one["review_id"]][one["start"] : one["end"]] for one in exported["opinions"]} == set(TEXTS[:5])

    assert [one["text"] for one in summary["statement"]] == [
        "As for the ending, reviewers have praised it: 4 of the 5 reviews that mention it.",
        "As for the whole, reviewers have praised it: 4 of the 5 reviews with an opinion.",
    ]
    (finding,) = summary["findings"]
    assert (finding["praised_share"]["k"], finding["praised_share"]["n"]) == (4, 5)
    for found, prompt in ((summary, "statement"), (answer, "answer")):
        engine = found["engine"]
        assert (engine["model"], engine["fallback"]) == (STAMP, None)
        assert engine["prompt"].startswith(f"{prompt}.v1@sha256:")
        assert found["citations"]
        for one in found["citations"]:
            assert texts[one["review_id"]][one["start"] : one["end"]] == one["quote"]
    assert summary["engine"]["coder"] == coder
    assert answer["status"] == "answered" and answer["claims"]


def test_a_server_that_fails_leaves_a_summary_that_says_so_and_names_what_wrote_it(asked: Asked, peer: Peer) -> None:
    asked("code", "--engine", "chat", "--yes")
    peer.play("401")

    summary = asked("summary", "Salt")

    assert summary["engine"]["fallback"] in summary["warnings"] and "refuses the key" in summary["engine"]["fallback"]
    (sentence, *_) = summary["statement"]
    assert "4 of the 5 reviews" in sentence["text"] and sentence["citations"]
