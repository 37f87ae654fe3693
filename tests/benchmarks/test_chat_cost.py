"""The chat benchmark counts what is sent, and notices a claim that is heard too late."""

from __future__ import annotations

import json
import urllib.request

import pytest

from benchmarks import chat_cost, chat_evidence, peer
from benchmarks.chat_evidence import LANGCHAIN, LLAMA, OURS, Contestant, Sent
from benchmarks.peer import Peer
from benchmarks.report import CannotMeasure
from rag.records import Claim


def asked_of(url: str) -> list[str]:
    """The pieces of a reply."""
    sent = json.dumps({"model": "x", "stream": True, "messages": [{"role": "user", "content": "Hello"}]}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/chat/completions", sent)) as answered:
        lines = answered.read().decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    choices = [choice for event in events for choice in event["choices"]]
    return [choice["delta"]["content"] for choice in choices if choice["delta"]]


# ── tokens of evidence ───────────────────────────────────────────────────────────────────────────


def test_recall_and_tokens_grow_with_the_pieces() -> None:
    sent = [Sent((10, 20), (False, True)), Sent((30,), (True,)), Sent((), ())]
    found = Contestant.of(sent)
    assert found.recall == pytest.approx((1 / 3, 2 / 3))
    assert found.tokens == pytest.approx((40 / 3, 60 / 3))
    assert found.tokens_at(1 / 3) == pytest.approx(40 / 3)
    assert found.tokens_at(0.5) == pytest.approx((40 + 60) / 6)
    assert found.tokens_at(1 / 6) == pytest.approx(20 / 3)
    assert found.tokens_at(0.9) is None


@pytest.mark.parametrize(
    ("recall", "tokens", "cheap", "finds"),
    [(0.5, 50.0, True, True), (0.5, 51.0, False, True), (0.25, 20.0, True, False), (0.25, 30.0, False, False)],
)
def test_tokens_are_compared_at_equal_recall_and_less_recall_is_said(
    recall: float, tokens: float, cheap: bool, finds: bool
) -> None:
    theirs = Contestant((0.5,), (100.0,))
    found = {OURS: Contestant((recall,), (tokens,)), LANGCHAIN: theirs, LLAMA: theirs}
    assert [bar.held for bar in chat_evidence.bars(found)] == [cheap, finds] * 2


# ── time ─────────────────────────────────────────────────────────────────────────────────────────


def test_overhead_is_what_is_left_without_embedding() -> None:
    assert chat_cost.Spent([30.0, 30.0, 30.0], [90.0, 95.0, 900.0], [50.0, 50.0, 50.0]).overhead == 15.0


def test_a_reply_has_five_claims_in_two_hundred_chunks() -> None:
    said = [f"The lamp in hall number {n} is bright and warm." for n in range(7)]
    chunks = chat_cost.reply(said, [f"S{n}" for n in range(7)])
    assert len(chunks) == chat_cost.CHUNKS
    lines = "".join(chunks).splitlines()
    assert lines[-1] == "END"
    assert [line.startswith("- ") for line in lines] == [True] * 5 + [False]
    with pytest.raises(CannotMeasure):
        chat_cost.reply(said[:2], ["S0", "S1"])


@pytest.mark.parametrize(("late", "in_time"), [(False, 2), (True, 0)])
def test_a_claim_that_is_heard_behind_the_next_line_is_noticed(late: bool, in_time: int) -> None:
    with Peer(lambda _: []) as server:

        def ask(_question: str, *, on_claim: object) -> None:
            waiting = []
            for line in ("- One. [S1]\n", "- Two. [S2]\n", "END\n"):
                server.sent.append((chat_cost.time.monotonic(), line))
                if late:
                    waiting.append(line)
                elif line != "END\n":
                    on_claim(Claim("paraphrase", line, (1,)), ())  # type: ignore[operator]
            for line in waiting[:2]:
                on_claim(Claim("paraphrase", line, (1,)), ())  # type: ignore[operator]

        assert chat_cost.hear(ask, "How is it?", server) == (in_time, 2)


# ── the peer ─────────────────────────────────────────────────────────────────────────────────────


def test_the_peer_gives_its_chunks_one_by_one() -> None:
    with Peer(lambda _: ["- Good.", " [S1]\n", "END"]) as server:
        assert asked_of(server.url) == ["- Good.", " [S1]\n", "END"]
        assert [chunk for _, chunk in server.sent] == ["- Good.", " [S1]\n", "END"]


def test_a_peer_in_another_process_gives_what_it_was_handed() -> None:
    with peer.in_process(["One", "Two\n"]) as url:
        assert asked_of(url) == ["One", "Two\n"]


def test_the_evidence_of_a_request_is_read_by_id() -> None:
    block = "<reviews-ab>\n[S1] (Ana Ruiz, The Harbour) It is (nearly) good.\n[S2] (unsigned) No.\n</reviews-ab>\n[S3] (x) y"
    body = {"messages": [{"role": "user", "content": block}]}
    assert peer.evidence(body) == {"S1": "It is (nearly) good.", "S2": "No."}
