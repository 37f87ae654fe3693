"""The page in a real Chromium, as a person uses it. Pictures of every state are left in `artefacts/`."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Page, expect

from rag.library import Library
from rag.records import Answer
from tests.peer import Peer
from tests.ui.browser import CONTRAST, HUGE, MARKS, PHONE, WIDE, OpenPage, focused
from tests.ui.browser import picture as _picture
from tests.ui.browser import serving as _serving

TITLE = "The Salt Ladder"
QUESTION = "What did critics dislike about the ending?"

pytestmark = MARKS


# ── server and browser ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sample(sample_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _serving(sample_library, tmp_path_factory.mktemp("serve")) as address:
        yield address


@pytest.fixture(scope="module")
def hostile_page(hostile_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with _serving(hostile_library, tmp_path_factory.mktemp("serve")) as address:
        yield address


def _asking(address: str, question: str, title: str | None = None) -> str:
    return f"{address}/?q={quote_plus(question)}" + (f"&title={quote_plus(title)}" if title else "")


def _answer(library: Path, question: str = QUESTION, title: str | None = TITLE) -> tuple[Answer, dict[int, str]]:
    """The library's own answer, and the slice of the stored review behind each citation."""
    with Library.open(library) as opened:
        answer = opened.ask(question, titles=[title] if title else None)
        return answer, {c.id: opened.review(c.review_id).text[c.start : c.end] for c in answer.citations}


def _mark(page: Page) -> str:
    return page.locator(".panel mark").text_content() or ""


def _mark_is_in_view(page: Page) -> bool:
    return bool(
        page.locator(".review").evaluate(
            """box => {
              const mark = box.querySelector("mark").getBoundingClientRect(), frame = box.getBoundingClientRect();
              return mark.top >= frame.top && mark.top < Math.min(frame.bottom, innerHeight);
            }"""
        )
    )


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_ask_click_and_read_the_exact_words(
    open_page: OpenPage, sample: str, sample_library: Path, size: tuple[int, int], scheme: str
) -> None:
    name = f"{'phone' if size == PHONE else 'wide'}-{scheme}"
    page = open_page(sample, size, scheme)
    expect(page.get_by_text("29 reviews of 3 titles.")).to_be_visible(timeout=30_000)
    _picture(page, f"{name}-first")
    page.get_by_role("radio", name=TITLE).click()
    page.get_by_label("Your question").fill(QUESTION)
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".chip").first.wait_for(timeout=30_000)
    _picture(page, f"{name}-answer")

    answer, slices = _answer(sample_library)
    claims = [claim.text for claim in answer.claims]
    assert [_without_numbers(text) for text in page.locator(".claim").all_text_contents()] == claims
    for citation in answer.citations:
        review_of = ", ".join(part for part in (citation.critic, citation.outlet) if part)
        # A count may stand on the same source as a quote: its chip comes first, and opens as both.
        chip = page.get_by_role("button", name=f"Source {citation.id}: {review_of}", exact=True).last
        chip.click()
        assert _mark(page) == citation.quote == slices[citation.id]
        assert _mark_is_in_view(page)
        assert chip.get_attribute("aria-expanded") == "true"
        expanded = page.locator(".chip[aria-expanded=true]").all()
        assert {one.get_attribute("data-source") for one in expanded} == {str(citation.id)}
        expect(chip).to_be_in_viewport()
        _picture(page, f"{name}-source-{citation.id}") if citation.id in (1, 5) else None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _without_numbers(text: str) -> str:
    return re.sub(r"(\u00a0\d+)+$", "", text)


def test_previous_next_and_close(open_page: OpenPage, sample: str) -> None:
    page = open_page(_asking(sample, QUESTION, TITLE))
    page.locator(".chip").nth(0).click()
    total = len({chip.get_attribute("data-source") for chip in page.locator(".chip").all()})
    assert page.locator(".previous").get_attribute("aria-disabled") == "true"
    for number in range(2, total + 1):
        page.get_by_role("button", name="Next source").click()
        assert page.locator(".place").text_content() == f"Source {number} of {total}"
    assert page.locator(".next").get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="Previous source").click()
    assert page.locator(".place").text_content() == f"Source {total - 1} of {total}"
    page.get_by_role("button", name="Close the source").click()
    assert page.locator(".panel").is_hidden()
    assert page.locator(".chip[aria-expanded=true]").count() == 0


def test_the_keyboard_is_enough(open_page: OpenPage, sample: str, sample_library: Path) -> None:
    answer, slices = _answer(sample_library)
    page = open_page(_asking(sample, "", TITLE))
    expect(page.get_by_text("29 reviews of 3 titles.")).to_be_visible(timeout=30_000)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "INPUT":
            break
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".chip").first.wait_for(timeout=30_000)
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused(page) == "chip|1":
            break
    _picture(page, "keyboard-chip")
    page.keyboard.press("Enter")
    assert focused(page).startswith("panel")
    assert _mark(page) == slices[answer.citations[0].id]
    for _ in range(2):  # previous, next
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert _mark(page) == slices[answer.citations[1].id]
    _picture(page, "keyboard-panel")
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    assert focused(page) == "chip|2"


def test_on_a_phone_the_source_is_a_sheet_at_the_bottom(open_page: OpenPage, sample: str) -> None:
    page = open_page(_asking(sample, QUESTION, TITLE), PHONE)
    page.locator(".chip").last.click()
    box = page.locator(".panel").bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE[0])
    assert abs(box["y"] + box["height"] - PHONE[1]) < 1
    assert box["height"] <= 0.53 * PHONE[1]
    chip = page.locator(".chip").last.bounding_box()
    assert chip is not None
    assert chip["y"] + chip["height"] <= box["y"]


def test_a_wide_screen_stays_readable(open_page: OpenPage, sample: str) -> None:
    page = open_page(_asking(sample, QUESTION, TITLE), HUGE)
    page.locator(".chip").first.click()
    answer = page.locator(".answer").bounding_box()
    assert answer is not None
    assert answer["width"] <= 720
    page.get_by_text("Why this answer").click()
    expect(page.get_by_text("Library generation")).to_be_visible()
    _picture(page, "huge-light-made")


def test_back_brings_the_question_before(open_page: OpenPage, sample: str) -> None:
    page = open_page(_asking(sample, QUESTION, TITLE))
    page.locator(".chip").first.wait_for(timeout=30_000)
    page.get_by_label("Your question").fill("How is the music?")
    page.get_by_label("Your question").press("Enter")
    expect(page.locator(".claim.count")).to_contain_text("music")
    page.go_back()
    expect(page.get_by_label("Your question")).to_have_value(QUESTION)
    expect(page.locator(".claim.count")).to_contain_text("ending")


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_silence_is_said_and_its_passages_are_shown(
    open_page: OpenPage, sample: str, sample_library: Path, size: tuple[int, int]
) -> None:
    question = "Is the popcorn any good?"
    _, slices = _answer(sample_library, question)
    page = open_page(_asking(sample, question, TITLE), size)
    expect(page.get_by_text("The reviews don’t say.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("They do not answer the question")).to_be_visible()
    page.locator(".chip").first.click()
    assert _mark(page) == slices[1]
    _picture(page, f"silence-{size[0]}")


def test_errors_are_sentences(open_page: OpenPage, sample: str) -> None:
    page = open_page(_asking(sample, QUESTION, "The Salt Lader"))
    expect(page.get_by_text("Did you mean The Salt Ladder?")).to_be_visible(timeout=30_000)
    _picture(page, "error-light")


def test_closing_the_page_ends_the_call_of_a_model(
    browser: Browser, sample_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Peer() as peer:
        peer.play("silence")
        for name, value in (("OPENAI_BASE_URL", peer.url), ("PULLQUOTE_MODEL", "silent")):
            monkeypatch.setenv(name, value)
        with _serving(sample_library, tmp_path) as address:
            page = browser.new_page()
            page.goto(_asking(address, QUESTION, TITLE))
            deadline = time.monotonic() + 30
            while not peer.seen and time.monotonic() < deadline:
                page.wait_for_timeout(100)
            assert peer.seen and peer.open_connections == 1
            page.close()
            assert peer.wait_idle(3)


# ── hostile ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("size", "scheme"), [(HUGE, "light"), (PHONE, "dark")])
def test_a_hostile_review_acts_nowhere(
    open_page: OpenPage, hostile_page: str, hostile_library: Path, size: tuple[int, int], scheme: str
) -> None:
    question = "How is the ending?"
    answer, slices = _answer(hostile_library, question, None)
    page = open_page(_asking(hostile_page, question), size, scheme)
    page.locator(".chip").first.wait_for(timeout=30_000)
    acting = 0
    for place, chip in enumerate(page.locator(".chip").all(), 1):
        chip.click()
        acting = max(acting, page.locator(".acting").count())
        assert _mark(page) == slices[int(chip.get_attribute("data-source") or 0)]
        assert _mark_is_in_view(page)
        _picture(page, f"hostile-{size[0]}-{place}")
    assert len(slices) == len(answer.citations) == 3
    made = page.evaluate(
        """() => { const roots = [document, ...[...document.querySelectorAll("*")].map(e => e.shadowRoot)];
          return roots.filter(Boolean).flatMap(r => [...r.querySelectorAll("main img, .pullquote img, b, a, script[src]")])
            .map(e => e.outerHTML).filter(html => !html.includes("/static/") && !html.includes("stLogo")); }"""
    )
    assert not [html for html in made if re.search(r"127\.0\.0\.2|javascript:|example|alert|Bold", html)]
    page.get_by_text("Why this answer").click()
    page.wait_for_timeout(500)
    # Every acting character is shown by its name, and none reaches the text around it.
    assert acting >= 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_more_of_a_long_review_leaves_the_marked_words_in_place(
    open_page: OpenPage, hostile_page: str, hostile_library: Path
) -> None:
    _, slices = _answer(hostile_library, "How is the ending?", "Long Film")
    page = open_page(_asking(hostile_page, "How is the ending?", "Long Film"))
    page.get_by_role("button", name="Lena Long").last.click()
    before = page.locator("mark").bounding_box()
    shown = len(page.locator(".text").text_content() or "")
    assert shown < 4_200
    page.get_by_role("button", name="Show more of this review").click()
    page.wait_for_function(
        f"""() => [...document.querySelectorAll("*")].some(
              e => e.shadowRoot?.querySelector(".text")?.textContent.length > {shown})"""
    )
    after = page.locator("mark").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2
    assert json.dumps(_mark(page)) in json.dumps(list(slices.values()))


# ── legible ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough_in_both_themes(open_page: OpenPage, sample: str, scheme: str) -> None:
    page = open_page(_asking(sample, QUESTION, TITLE), WIDE, scheme)
    page.locator(".chip").first.click()
    page.wait_for_timeout(300)
    places = [".chip[aria-expanded=true]", ".chip[aria-expanded=false]", ".claim.quote", ".place", ".facts", "mark"]
    places += ['[data-testid="stBaseButton-primaryFormSubmit"]', "h1"]
    found = {place: page.locator(place).first.evaluate(CONTRAST) for place in places}
    assert {place: round(ratio, 1) for place, ratio in found.items() if ratio < 4.5} == {}
