"""A model's server that fails in every way: the command ends in time, with a verified answer or a clear error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from rag.errors import BudgetExhausted, Cancelled, EngineError, InputError
from rag.library import Library
from rag.records import Answer
from tests import good_model
from tests.flows.faulty import (
    TIMEOUT,
    TOUCHES_NOTHING,
    assert_all_exact,
    assert_no_key,
    assert_nothing_is_left,
    in_time,
    scripted,
)
from tests.peer import FAULTS, Body, Peer, evidence, refused_url, text_of
from tests.written import put

Open = Callable[..., Library]

ROWS = (
    {"text": "The ending is dull and it drags for an hour. I saw it in the rain.", "critic": "Ana Ruiz"},
    {"text": "The ending surprised me with its quiet courage. The bus was late.", "critic": "Bo Lind"},
    {"text": "I loved the ending, which ties every thread in a single shot.", "outlet": "The Harbour"},
)
QUESTION = "What do critics say about the ending?"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with scripted(monkeypatch) as started:
        yield started


@pytest.fixture
def library(peer: Peer, open_library: Open) -> Library:
    found = open_library()
    put(found, *ROWS)
    return found


def assert_verified(library: Library, answer: Answer) -> None:
    """Every quote is an exact slice, and every claim cites one."""
    assert_all_exact(library, answer.citations)
    known = {one.id for one in answer.citations}
    assert all(set(claim.citations) <= known for claim in answer.claims)
    assert all(claim.citations or claim.kind == "count" for claim in answer.claims)


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_whatever_the_server_does_the_answer_is_verified_and_in_time(fault: str, peer: Peer, library: Library) -> None:
    peer.play(fault)

    with in_time():
        answer = library.ask(QUESTION)

    assert_verified(library, answer)
    assert answer.claims and answer.status in ("answered", "partial")
    # Either something of the model's was verified, or the offline engine answers and the answer says why.
    shown = [claim for claim in answer.claims if claim.kind != "count"]
    assert shown and (answer.engine.fallback is None or answer.engine.fallback in answer.warnings)
    if fault in TOUCHES_NOTHING:
        assert len(shown) == 3 and not answer.engine.fallback
    if FAULTS[fault].group == "before" and fault != "400-no-schema":
        assert answer.engine.fallback
    assert_no_key(repr(answer.warnings))
    assert "sk-of-a-test" not in repr(answer)
    assert_nothing_is_left(peer, library)


def test_an_answer_of_a_good_model_is_stamped_with_model_and_prompt_and_paid_once(peer: Peer, library: Library) -> None:
    heard: list[str] = []
    answer = library.ask(QUESTION, on_claim=lambda claim, _: heard.append(claim.text))

    assert heard == [claim.text for claim in answer.claims]
    assert answer.engine.model == "scripted@127.0.0.1" and (answer.engine.prompt or "").startswith("answer.v1@sha256:")
    assert answer.usage.prompt_tokens > 0 and answer.usage.cost_usd is None
    again = library.ask(QUESTION)
    assert [claim.text for claim in again.claims] == [claim.text for claim in answer.claims]
    assert len(peer.seen) == 1 and again.usage.prompt_tokens == 0


def test_a_key_alone_sends_nothing(
    peer: Peer, library: Library, monkeypatch: pytest.MonkeyPatch, open_library: Open
) -> None:
    monkeypatch.delenv("PULLQUOTE_MODEL")
    other = open_library(library.path)

    answer = other.ask(QUESTION)
    other.summary("Salt")

    assert peer.seen == [] and answer.engine.model is None and answer.engine.fallback is None
    (check,) = [one for one in other.doctor() if one.name == "chat"]
    assert "nothing is sent anywhere" in check.text and peer.seen == []


def test_what_is_sent_is_the_question_and_numbered_sentences_and_no_id_of_a_review(
    peer: Peer, library: Library
) -> None:
    library.ask(QUESTION)

    (sent,) = peer.seen
    asked = sent.body["messages"][-1]["content"]
    assert "[S1] (" in asked and QUESTION in asked and "drags for an hour" in asked
    assert not any(review.id in asked for review in library.reviews("Salt")[0])


def test_two_calls_never_carry_the_same_mark(peer: Peer, library: Library) -> None:
    library.ask(QUESTION)
    library.ask("What do critics say about the ending and the bus?")

    marks = {sent.body["messages"][-1]["content"].split(">", 1)[0] for sent in peer.seen}
    assert len(marks) == len(peer.seen) == 2


def test_refused_lines_are_sent_back_once_and_mended(peer: Peer, library: Library) -> None:
    def write(body: Body) -> str:
        drags = next(name for name, text in evidence(body).items() if "drags" in text)
        again = "were refused" in text_of(body["messages"][-1])
        return f"- The ending is dull and it drags for an hour. [{drags if again else 'S99'}]\nEND"

    peer.reply = write

    answer = library.ask(QUESTION)

    assert len(peer.seen) == 2
    assert "it cites what was not offered" in text_of(peer.seen[1].body["messages"][-1])
    assert "The ending is dull and it drags for an hour." in answer.claims[-1].text
    assert answer.dropped == () and answer.engine.fallback is None


def test_what_is_not_mended_is_dropped_with_its_first_reason(peer: Peer, library: Library) -> None:
    peer.reply = lambda body: (
        "END" if len(peer.seen) > 1 else f"{good_model.write(body)[:-3]}- Nobody liked it. [S1]\nEND"
    )

    answer = library.ask(QUESTION)

    assert len(peer.seen) == 2 and len(answer.dropped) == 1
    assert answer.dropped[0].text == "Nobody liked it."


def test_a_model_that_finds_no_answer_is_believed_in_that(peer: Peer, library: Library) -> None:
    peer.reply = lambda body: "END"

    answer = library.ask(QUESTION)

    assert (answer.status, answer.claims) == ("abstained", ())
    assert answer.nearest and answer.engine.fallback is None


@pytest.mark.parametrize(("fault", "kind"), [
    ("401", "key"), ("404", "unknown"), ("413", "context"), ("400-context", "context"), ("422", "rejected"),
    ("429-long", "busy"), ("503", "server"), ("silence", "timeout"), ("keep-alives", "timeout"),
    ("html", "rubbish"), ("broken-json", "rubbish"), ("content-filter", "filtered"),
    ("reset", "unreachable"),
])  # fmt: skip
def test_without_a_fallback_the_error_says_what_is_wrong_and_what_to_do(
    fault: str, kind: str, peer: Peer, library: Library, open_library: Open
) -> None:
    peer.play(fault)
    strict = open_library(library.path, fallback=False)

    with pytest.raises(EngineError) as caught:
        strict.ask(QUESTION)

    assert (caught.value.kind, caught.value.exit_code) == (kind, 3)
    assert caught.value.message.endswith(".") and "1234" not in caught.value.message


def test_with_no_server_the_offline_answer_comes_at_once_with_one_line_saying_why(
    library: Library, open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", refused_url())
    monkeypatch.setenv("PULLQUOTE_TIMEOUT", "30")
    away = open_library(library.path)

    start = time.monotonic()
    answer = away.ask(QUESTION)

    assert time.monotonic() - start < 3
    assert answer.claims and answer.engine.fallback
    assert [warning for warning in answer.warnings if "can't be reached" in warning] == [answer.engine.fallback]


def test_a_dead_server_costs_one_question_and_not_a_hundred(peer: Peer, library: Library) -> None:
    peer.play("silence")
    library.ask(QUESTION)

    start = time.monotonic()
    for number in range(20):
        assert library.ask(f"{QUESTION} {number}").engine.fallback

    assert time.monotonic() - start < TIMEOUT
    assert len(peer.seen) == 1


def test_a_server_that_is_busy_for_a_moment_is_waited_for(
    peer: Peer, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.play("429-seconds", "good")

    monkeypatch.setenv("PULLQUOTE_TIMEOUT", "5")
    with Library.open(library.path, embedder=library.embedder, index=library._index) as patient:
        answer = patient.ask(QUESTION)

    assert answer.engine.fallback is None and len(peer.seen) == 2
    assert peer.seen[1].at - peer.seen[0].at >= 1


def test_a_cancelled_question_ends_the_call(peer: Peer, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.play("silence")
    asked_at = time.monotonic()

    with pytest.raises(Cancelled):
        library.ask(QUESTION, cancelled=lambda: time.monotonic() > asked_at + 0.3)

    assert time.monotonic() - asked_at < 1
    assert peer.wait_idle(2)


def test_a_limit_on_cost_stops_before_the_call_that_could_break_it(
    peer: Peer, library: Library, open_library: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = library.path.parent / "prices.toml"
    prices.write_text("[scripted]\ninput = 1000.0\noutput = 1000.0\n")
    monkeypatch.setenv("PULLQUOTE_PRICES", str(prices))

    with pytest.raises(BudgetExhausted) as caught:
        open_library(library.path, max_cost=0.5).ask(QUESTION)

    assert caught.value.exit_code == 7 and peer.seen == []
    paid = open_library(library.path, max_cost=50.0).ask(QUESTION)
    assert paid.usage.cost_usd == pytest.approx((paid.usage.prompt_tokens + paid.usage.completion_tokens) / 1000)


def test_a_limit_without_a_known_price_is_refused(peer: Peer, library: Library, open_library: Open) -> None:
    with pytest.raises(InputError, match="No price"):
        open_library(library.path, max_cost=0.5).ask(QUESTION)
    assert peer.seen == []


def test_a_purge_leaves_no_reply_behind(peer: Peer, library: Library) -> None:
    library.ask(QUESTION)
    assert b"quiet courage" in (library.path / "cache.db").read_bytes()

    library.remove("Salt", purge=True)

    assert b"quiet courage" not in (library.path / "cache.db").read_bytes()


def test_doctor_says_what_the_server_can_do_and_what_is_wrong(
    peer: Peer, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_TIMEOUT", "30")  # nothing is late here, however busy the machine

    def said() -> tuple[str, str]:
        with Library.open(library.path) as opened:
            return next((one.state, one.text) for one in opened.doctor() if one.name == "chat")

    state, text = said()
    assert state == "ok" and "JSON schema" in text and "8,192 tokens" in text
    peer.play("401")
    state, text = said()
    assert state == "damaged" and "OPENAI_API_KEY" in text and "1234" not in text
