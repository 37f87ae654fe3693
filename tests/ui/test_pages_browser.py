"""Consensus, Compare and the whole application in a real Chromium: what is counted is shown, and axe finds nothing of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from rag.findings import Consensus
from rag.library import Library
from tests.ui.browser import MARKS, PHONE, WIDE, OpenPage, picture, serving, settled

pytestmark = MARKS
TITLE = "The Salt Ladder"
PAGES = ("", "consensus", "compare", "library", "evaluations", "settings")
# What axe finds in elements that Streamlit makes; anything else fails.
STREAMLITS_OWN = {
    "landmark-one-main", "region", "page-has-heading-one", "heading-order", "scrollable-region-focusable",
    "presentation-role-conflict", "aria-prohibited-attr", "landmark-unique", "aria-allowed-role",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(sample_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(sample_library, tmp_path_factory.mktemp("serve")) as address:
        yield address


@pytest.fixture(scope="module")
def found(sample_library: Path) -> Consensus:
    with Library.open(sample_library) as library:
        return library.summary(TITLE)


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_a_chip_of_the_consensus_opens_the_words_it_cites(
    open_page: OpenPage, sample: str, found: Consensus, sample_library: Path, size: tuple[int, int], scheme: str
) -> None:
    page = open_page(f"{sample}/consensus?title={quote_plus(TITLE)}", size, scheme)
    page.locator(".card").first.wait_for(timeout=30_000)
    settled(page)
    with Library.open(sample_library) as library:
        slices = {c.id: library.review(c.review_id).text[c.start : c.end] for c in found.citations}
    chips = page.locator(".evidence .chip")
    for place in (0, chips.count() - 1):
        chips.nth(place).click()
        assert (
            page.locator(".panel mark").text_content()
            == slices[int(chips.nth(place).get_attribute("data-source") or 0)]
        )
    for finding in found.findings[:3]:
        counted = f"{finding.total_praised} of {finding.counts.mentioning} that mention"
        assert not finding.total_praised or page.get_by_text(counted).count() or finding.verdict == "neither"
    page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, f"consensus-{size[0]}-{scheme}")


def test_a_cell_of_the_heat_map_is_read_from_the_list_by_keyboard(open_page: OpenPage, sample: str) -> None:
    page = open_page(f"{sample}/consensus?title={quote_plus(TITLE)}")
    box = page.get_by_role("combobox", name="Review and aspect")
    box.wait_for(timeout=30_000)
    settled(page)
    box.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".pq-sentence")).to_be_visible(timeout=15_000)
    page.get_by_text("The whole review").click()
    quote = (page.locator(".pq-sentence bdi").first.text_content() or "").strip()
    assert page.locator(".pq-review mark").text_content() == quote


def test_two_titles_are_compared_and_taken_away(open_page: OpenPage, sample: str) -> None:
    page = open_page(f"{sample}/compare")
    page.locator(".card").first.wait_for(timeout=30_000)
    settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="JSON").click()
    told = json.loads(Path(waiting.value.path()).read_text("utf-8"))
    assert waiting.value.suggested_filename == "comparison.json"
    assert page.locator(".card").count() >= min(4, len(told["aspects"]))
    names = [title["name"] for title in told["titles"]]
    assert all(page.locator(".share", has_text=name).count() for name in names)


def test_two_browsers_and_an_add_beside_them_agree(open_page: OpenPage, sample_library: Path, tmp_path: Path) -> None:
    path, more = tmp_path / "library", tmp_path / "more.jsonl"
    shutil.copytree(sample_library, path)
    rows = ({"title": TITLE, "critic": f"Late {n}", "text": f"Number {n} found the ending dull."} for n in range(200))
    more.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    ask, counted = (
        f"?q={quote_plus('How is the ending?')}&title={quote_plus(TITLE)}",
        f"consensus?title={quote_plus(TITLE)}",
    )
    with serving(path, tmp_path) as address:
        first, second = open_page(f"{address}/{ask}"), open_page(f"{address}/{counted}")
        for page in (first, second):
            page.locator(".chip").first.wait_for(timeout=30_000)
        adding = subprocess.Popen([sys.executable, "-c", "from rag.cli import main; main()", "add", str(more), "--library",
                                   str(path), "--progress", "none"], cwd=tmp_path, stdout=subprocess.DEVNULL)  # fmt: skip
        seen: list[tuple[int, int]] = []
        done = False
        while not done:
            done = adding.poll() is not None
            for page in (first, second):
                page.reload()
            seen.append((_reviews_of_title(first), _reviews_of_title(second)))
        # A summary is kept until somebody asks for it anew; it says that it is out of date.
        second.get_by_role("button", name="Redo only these").click()
        expect(second.get_by_text("211 reviews", exact=True)).to_be_visible(timeout=30_000)
    assert adding.returncode == 0
    assert seen[-1] == (211, 11)
    # Each page shows the library as it was at a moment, and none goes back.
    for told in zip(*seen, strict=True):
        assert list(told) == sorted(told)
        assert told[0] >= 11


def _reviews_of_title(page: Page) -> int:
    """Of how many reviews a page speaks, once its answer is there."""
    page.locator(".chip").first.wait_for(timeout=30_000)
    text = page.locator(".pq-small, .pq-meta").filter(has_text=TITLE).first.text_content() or ""
    return int(text.split(" review")[0].rsplit(" ", 1)[-1])


@pytest.mark.parametrize(("scheme", "pages"), [("light", PAGES), ("dark", PAGES[:2])])
def test_axe_finds_nothing_that_is_ours(open_page: OpenPage, sample: str, scheme: str, pages: tuple[str, ...]) -> None:
    told: dict[str, list[str]] = {}
    for name in pages:
        query = f"?q={quote_plus('How is the ending?')}&title={quote_plus(TITLE)}" if not name else ""
        page = open_page(f"{sample}/{name}{query}", WIDE, scheme)
        page.get_by_role("heading", level=1).wait_for(timeout=30_000)
        settled(page)
        for one in Axe().run(page).response["violations"]:
            ours = [node["html"][:160] for node in one["nodes"] if one["id"] not in STREAMLITS_OWN and _is_ours(node)]
            if ours:
                told[f"{name or 'ask'}: {one['id']}"] = ours
    assert told == {}


def _is_ours(node: dict[str, Any]) -> bool:
    """Whether an element is one that we made: in a component of ours, or in what `messages` wrote."""
    where = json.dumps(node["target"]) + node["html"]
    return any(mark in where for mark in ("pullquote", "pq-", "card", "chip", "claim", "stHtml", "measure"))
