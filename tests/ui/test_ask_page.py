"""What the page Ask offers around an answer: suggestions, follow-ups, history, files, and a model that takes its time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.library import Library
from tests import good_model
from tests.peer import Peer
from tests.ui.conftest import VisitPage
from tests.ui.pages import component, html
from ui import writing
from ui.safe import label
from ui.shared_library import open_shared

pytestmark = pytest.mark.usefixtures("forget_libraries")
SALT = "The Salt Ladder"
ENDING = "What did critics dislike about the ending?"


def test_what_is_suggested_is_asked_with_a_click_and_answered(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library)
    with Library.open(sample_library) as library:
        most = max(library.titles(), key=lambda title: title.reviews)
        suggested = library.suggestions(most.name)
    shown = [button.label for button in page.button if button.key and button.key.startswith("suggested")]
    assert shown == [label(question) for question in suggested]

    page.button(key="suggested_0").click().run()

    assert page.query_params["q"] == suggested[0] or page.query_params["q"] == [suggested[0]]
    assert (
        component(page)["status"] in ("answered", "partial") and page.text_input(key="question").value == suggested[0]
    )


def test_a_follow_up_keeps_title_and_subject_and_stands_in_the_url(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q="How is the ending?", title=SALT)
    page.text_input(key="follow_up").input("And who liked it?")
    next(button for button in page.button if button.label == "Follow up").click()
    page.run()

    assert "Going on from: <bdi>How is the ending?" in html(page) and not page.exception
    assert page.query_params["q"] in ("And who liked it?", ["And who liked it?"])
    count = "".join(str(part) for claim in component(page)["claims"][:1] for part in claim["segments"])
    assert "ending" in count and "praise" in count

    again = visit_page(sample_library, q="And who liked it?", title=SALT, after="How is the ending?")
    assert component(again)["claims"] == component(page)["claims"]


def test_what_was_asked_before_can_be_asked_again(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q=ENDING, title=SALT)
    page.text_input(key="question").input("How is the music?")
    page.button[0].click()
    page.run()
    page.button(key="again_0").click().run()

    assert page.text_input(key="question").value == ENDING and component(page)["question"] == [ENDING]


def test_an_answer_can_be_taken_away_with_its_sources(visit_page: VisitPage, sample_library: Path) -> None:
    page = visit_page(sample_library, q=ENDING, title=SALT)
    copied = page.code[0].value

    assert [one.label for one in page.get("download_button")] == ["Markdown", "HTML", "JSON"]
    assert copied.startswith(f"# {ENDING[:-1]}") and "## Sources" in copied and "[1]" in copied.replace("\\", "")
    assert "sentence handed to the engine" in html(page)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with Peer(reply=good_model.write) as started:
        monkeypatch.setenv("OPENAI_BASE_URL", started.url)
        monkeypatch.setenv("PULLQUOTE_MODEL", "scripted")
        yield started


def wait(going: writing.Writing) -> None:
    deadline = time.monotonic() + 20
    while not going.is_done and time.monotonic() < deadline:
        time.sleep(0.05)
    assert going.is_done


def test_while_a_model_writes_its_sentences_are_shown_as_they_are_verified(
    visit_page: VisitPage, sample_library: Path, peer: Peer
) -> None:
    peer.pause = 0.02
    page = visit_page(sample_library, q=ENDING, title=SALT)
    assert "The model is writing." in html(page) and page.button(key="stop")
    wait(page.session_state["writing"][1])
    page.run()

    assert component(page)["status"] in ("answered", "partial") and "chat@" in html(page) and not page.exception


def test_a_model_that_is_stopped_says_so_and_asks_no_more(
    visit_page: VisitPage, sample_library: Path, peer: Peer
) -> None:
    peer.play("silence")
    page = visit_page(sample_library, q=ENDING, title=SALT)
    page.button(key="stop").click().run()
    wait(page.session_state["writing"][1])
    page.run()

    assert "Stopped" in html(page) and not page.exception
    assert peer.wait_idle(3)


def test_another_session_goes_on_while_a_model_writes(sample_library: Path, peer: Peer) -> None:
    peer.play("silence")
    shared = open_shared(sample_library.absolute())
    going = writing.begin(lambda cancelled, hear: shared.ask(ENDING, [SALT], cancelled, None, hear), lambda: False)
    start = time.monotonic()

    assert shared.titles() and shared.generation()

    assert time.monotonic() - start < 2 and not going.is_done
    going.stopped = True
    wait(going)
