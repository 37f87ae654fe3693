"""One person, one browser, from an empty library to a downloaded comparison; wide and light, then a phone in the dark."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.library import Library
from rag.records import Answer
from tests.ui.browser import MARKS, PHONE, OpenPage, choose, focused, picture, serving, settled

pytestmark = MARKS
FILM, OTHER = "The Salt Ladder", "Ferry to Nowhere"
QUESTION = "What did critics dislike about the ending?"
SAID = (
    (
        "Ann Lee",
        FILM,
        "4/5",
        "The acting is superb, and the café scene is a joy. But the ending is a cheat, rushed and dull.",
    ),
    ("Bob Ray", FILM, "2/5", "I hated the ending: nothing is resolved and nobody cares. The music is lovely."),
    ("Cy Slate", FILM, "5/5", "A wonderful film. The acting is brilliant, the photography patient and beautiful."),
    ("Di Marsh", FILM, "3/5", "The ending moved me to tears. The pacing is slow and tedious in the middle."),
    ("Ed Pike", FILM, "1/5", "The ending is terrible, and the story is a mess. Even the actors look bored."),
    ("Ann Lee", OTHER, "2/5", "The acting is wooden and embarrassing. The ending is clever, though."),
    ("Bob Ray", OTHER, "1/5", "Awful acting from everybody. The jokes are not funny at all."),
    ("Cy Slate", OTHER, "4/5", "The ending is perfect and surprising. The acting is weak, I am afraid."),
)
# Semicolons, Windows-1252, odd names, a column nobody knows, an empty row, a row without text, the same row twice.
ROWS = [f'"{text}";{critic};{rating};{film};embargo lifted' for critic, film, rating, text in SAID]
MESSY = "\n".join(
    ["Reviewer says;Penned by;Stars given;Film;Desk", *ROWS, ";;;;", f"  ;Nobody;1/5;{FILM};", ROWS[0]]
).encode("cp1252")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    with serving(tmp_path / "library", tmp_path) as address:
        yield address, tmp_path / "library"


def test_from_an_empty_library_to_a_downloaded_comparison(open_page: OpenPage, empty: tuple[str, Path]) -> None:
    address, path = empty
    page = open_page(address)
    expect(page.get_by_text("No library here yet")).to_be_visible(timeout=30_000)
    _go_to(page, "Library")
    _upload_and_mend_the_columns(page)

    _go_to(page, "Ask")
    page.get_by_role("radio", name=FILM).click()
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    answer, slices = _answer(path)
    _every_chip_opens_its_words(page, answer, slices)
    told = json.loads(_downloaded(page, "JSON").read_text("utf-8"))
    assert [one["text"] for one in told["claims"]] == [claim.text for claim in answer.claims]
    written = re.sub(r"\\(?=[^\w\s])", "", _downloaded(page, "Markdown").read_text("utf-8"))
    assert [quote for quote in slices.values() if quote not in written] == []

    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(color_scheme="dark")
    _go_to(page, "Consensus")
    _the_consensus_is_what_the_library_counts(page, path)
    _go_to(page, "Compare")
    _compare(page)
    _go_to(page, "Ask")
    _ask_with_the_keyboard_alone(page, path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _go_to(page: Page, name: str) -> None:
    """By the link at the top; in a narrow window it stands in a drawer, which only a phone closes by itself."""
    opener = page.get_by_test_id("stExpandSidebarButton")
    narrow = opener.is_visible()
    if narrow:
        opener.click()
        page.wait_for_timeout(400)
    page.get_by_role("link", name=name, exact=True).first.click()
    if narrow:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    page.get_by_role("heading", level=1).wait_for(timeout=30_000)
    settled(page)


def _upload_and_mend_the_columns(page: Page) -> None:
    sent = {"name": "press export.csv", "mimeType": "text/csv", "buffer": MESSY}
    page.locator('input[type="file"]').set_input_files(sent)
    # The row that is there twice is two votes as long as nobody signs it.
    expect(page.get_by_text("9 reviews would be added")).to_be_visible(timeout=30_000)
    settled(page)
    choose(page, "Penned by", "Critic")
    choose(page, "Kind", "film")
    expect(page.get_by_text("8 reviews would be added")).to_be_visible(timeout=30_000)
    picture(page, "journey-1-columns")
    page.get_by_role("button", name="Add 8 reviews").click()
    expect(page.get_by_text("Added 8 reviews")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("2 titles · 8 reviews")).to_be_visible()
    settled(page)


def _answer(path: Path) -> tuple[Answer, dict[int, str]]:
    with Library.open(path) as library:
        answer = library.ask(QUESTION, titles=[FILM])
        return answer, {one.id: library.review(one.review_id).text[one.start : one.end] for one in answer.citations}


def _every_chip_opens_its_words(page: Page, answer: Answer, slices: dict[int, str]) -> None:
    page.locator(".chip").first.wait_for(timeout=30_000)
    settled(page)
    assert {"Bob Ray", "Ed Pike"} <= {one.critic for one in answer.citations}
    for citation in answer.citations:
        page.locator(f'.chip[data-source="{citation.id}"]').first.click()
        expect(page.locator(".panel mark")).to_have_text(citation.quote)
        assert page.locator(".panel mark").text_content() == citation.quote == slices[citation.id]
        expect(page.locator(".panel .critic")).to_have_text(citation.critic or "")
    picture(page, "journey-2-answer")


def _downloaded(page: Page, name: str) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    return Path(waiting.value.path())


def _the_consensus_is_what_the_library_counts(page: Page, path: Path) -> None:
    page.locator(".card").first.wait_for(timeout=30_000)
    settled(page)
    with Library.open(path) as library:
        found = library.summary(FILM)
    ending = next(one for one in found.findings if one.aspect == "ending")
    assert (ending.counts.mentioning, ending.total_criticised) == (4, 3)
    assert page.locator(".card", has_text="The ending").get_by_text("3 of 4 that mention it criticise it").is_visible()
    page.locator(".evidence .chip").first.click()
    text = page.locator(".panel mark").text_content()
    assert text in {one.quote for one in found.citations}
    picture(page, "journey-3-consensus")
    page.get_by_role("button", name="Close the source").click()


def _compare(page: Page) -> None:
    page.locator(".card").first.wait_for(timeout=30_000)
    told = json.loads(_downloaded(page, "JSON").read_text("utf-8"))
    assert sorted(one["name"] for one in told["titles"]) == sorted([FILM, OTHER])
    assert page.locator(".card", has_text="The acting").locator(".share").count() == 2
    picture(page, "journey-4-comparison")


def _ask_with_the_keyboard_alone(page: Page, path: Path) -> None:
    _tab_until(page, "INPUT", in_tag=True)
    page.keyboard.type("How is the music?")
    page.keyboard.press("Enter")
    page.locator(".chip").first.wait_for(timeout=30_000)
    settled(page)
    _tab_until(page, "chip")
    page.keyboard.press("Enter")
    quote = page.locator(".panel mark").text_content() or ""
    with Library.open(path) as library:
        assert any(quote in one.text for one in library.reviews(FILM)[0])
    assert "music" in quote
    picture(page, "journey-5-keyboard")
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    assert focused(page).startswith("chip")


def _tab_until(page: Page, what: str, *, in_tag: bool = False) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate("document.activeElement.tagName") if in_tag else focused(page)
        if re.match(what, str(found)):
            return
    raise AssertionError(f"the keyboard never came to {what}")
