"""A model that is asked small things beside the draft: it may narrow an answer, and never widen or break it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rag.library import Library
from rag.records import Dropped
from tests.peer import Peer
from tests.written import put

Open = Callable[..., Library]

ROWS = (
    {"text": "The ending is dull and it drags for an hour.", "critic": "Ana Ruiz"},
    {"text": "The music is lovely from the first bar to the last.", "critic": "Bo Lind"},
)
SAID = "The ending is dull, without purpose or shape."
PARAPHRASE = f"- {SAID} [S1]\nEND"
QUESTION = "What do critics say about the ending?"


class Advising:
    """A model that says to the small questions what a test wants, and drafts as a good one does."""

    def __init__(self) -> None:
        self.plan = '{"focus": "the ending", "aspect": null, "stance": null}'
        self.judged = '{"supported": true}'
        self.draft = PARAPHRASE

    def __call__(self, body: dict[str, Any]) -> str:
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {}).get("properties", {})
        if "supported" in schema:
            return self.judged
        return self.plan if "focus" in schema else self.draft


@pytest.fixture
def advising() -> Advising:
    return Advising()


@pytest.fixture
def peer(advising: Advising, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with Peer(reply=advising) as started:
        monkeypatch.setenv("OPENAI_BASE_URL", started.url)
        monkeypatch.setenv("PULLQUOTE_MODEL", "scripted")
        yield started


@pytest.fixture
def library(peer: Peer, open_library: Open, monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("PULLQUOTE_REFINE_PLAN", "true")
    monkeypatch.setenv("PULLQUOTE_JUDGE", "true")
    found = open_library()
    put(found, *ROWS)
    return found


def test_unless_a_setting_says_so_the_model_is_asked_for_nothing_but_a_draft(peer: Peer, open_library: Open) -> None:
    plain = open_library()
    put(plain, *ROWS)

    answer = plain.ask(QUESTION)

    assert len(peer.seen) == 1 and "plan" not in answer.engine.retrieval


def test_the_model_says_what_a_question_is_about_and_the_answer_says_who_read_it(
    library: Library, advising: Advising
) -> None:
    advising.plan = '{"focus": "the music", "aspect": "sound", "stance": "positive"}'

    answer = library.ask("Did the music and the ending please them?")

    assert (answer.plan.focus, answer.plan.aspect, answer.plan.stance) == ("music", "sound", "positive")
    assert str(answer.engine.retrieval["plan"]).startswith("plan.v1@sha256:")
    assert {one.critic for one in answer.citations} == {"Bo Lind"}


def test_a_focus_that_the_question_does_not_hold_and_an_aspect_that_there_is_not_are_left_out(
    library: Library, advising: Advising
) -> None:
    advising.plan = '{"focus": "the president", "aspect": "politics", "stance": null}'

    answer = library.ask(QUESTION)

    assert answer.plan.focus == "ending" and answer.plan.aspect is None


def test_a_claim_that_the_judge_finds_is_shown_and_its_cost_counted(library: Library, peer: Peer) -> None:
    answer = library.ask(QUESTION)

    assert [claim.text for claim in answer.claims if claim.kind == "paraphrase"] == [SAID]
    assert str(answer.engine.retrieval["judge"]).startswith("judge.v1@sha256:")
    assert len(peer.seen) == 3 and answer.usage.prompt_tokens > answer.usage.completion_tokens > 0


def test_a_claim_that_the_judge_does_not_find_is_dropped(library: Library, advising: Advising) -> None:
    advising.judged = '{"supported": false}'

    answer = library.ask(QUESTION)

    assert Dropped(SAID, "the judge does not find it in what it cites") in answer.dropped
    assert answer.claims and all(claim.kind != "paraphrase" for claim in answer.claims)


@pytest.mark.parametrize("reply", ["no JSON", '{"supported": "perhaps"}', '{"focus": 7}', "[]"])
def test_an_adviser_that_talks_rubbish_is_told_of_and_changes_nothing(
    reply: str, library: Library, advising: Advising
) -> None:
    advising.plan = advising.judged = reply

    answer = library.ask(QUESTION)

    assert answer.claims and answer.plan.focus == "ending"
    assert any("form asked for" in warning for warning in answer.warnings)


def test_a_server_that_fails_costs_the_advice_and_not_the_answer(library: Library, peer: Peer) -> None:
    peer.play("500")

    answer = library.ask(QUESTION)

    assert answer.claims and answer.engine.fallback
    assert any("was not heard on the plan" in warning for warning in answer.warnings)


@pytest.mark.parametrize("prompt", ["plan", "judge"])
def test_what_the_adviser_is_sent_can_be_seen(prompt: str, library: Library, peer: Peer) -> None:
    (_, system), (_, user) = library.rendered(prompt, question="The ending is dull.")

    assert "JSON object" in system and "The ending is dull." in user
    assert peer.seen == []
