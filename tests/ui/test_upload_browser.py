"""The library's page in a real Chromium: what a person does with an empty library and a messy file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rag.library import Library
from tests.ui.browser import ARTEFACTS, CONTRAST, HUGE, MARKS, PHONE, WIDE, OpenPage, choose, serving, settled
from tests.ui.stored_runs import store

pytestmark = MARKS

# Odd names, an empty row, a row without text, and every kind of cell that has been seen to act somewhere.
MESSY = (
    "Reviewer says;Penned by;Where it ran;On the day;Stars given;Film;<img src=http://127.0.0.2:9/head.png>\n"
    '"The ending drags <img src=""http://127.0.0.2:9/cell.png"" onerror=""alert(1)""> and nothing is learned. '
    'I wanted my evening back.";=HYPERLINK("http://127.0.0.2:9");![o](http://127.0.0.2:9/md.png) Gazette;'
    "2024-03-01;3/5;The Salt Ladder;embargo <b>lifted</b>\n"
    '"I loved the ending: tender, true and brave. www.example.com :streamlit: $x^2$";Ann **Bold** Lee;'
    "Night Reel;2 April 2024;5/5;The Salt Ladder;\n"
    ";;;;;;\n"
    '"";Bob;Gazette;2024-05-01;1/5;The Salt Ladder;no text\n'
    '"The photography is patient, and the score carries the second half of the film.";Cy \u202eelcatS;'
    "The Post;someday;4/5;The Salt Ladder;\n"
)
NAME = "<b>press</b> cuttings ![x](http://127.0.0.2:9/f.png).csv"


def _picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    size = page.viewport_size
    assert size is not None
    # The page scrolls inside a box, so that the whole of it is seen only in a window as high as it.
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight + 60")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], height)})
    page.wait_for_timeout(200)
    page.screenshot(path=ARTEFACTS / f"{name}.png")
    page.set_viewport_size(size)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    folder = tmp_path / "serve"
    folder.mkdir()
    with serving(tmp_path / "library", folder) as address:
        yield address, tmp_path / "library"


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark")])
def test_from_nothing_to_a_corrected_review(
    open_page: OpenPage, empty: tuple[str, Path], size: tuple[int, int], scheme: str
) -> None:
    address, path = empty
    name = f"library-{'wide' if size == WIDE else 'phone'}-{scheme}"
    page = open_page(f"{address}/library", size, scheme)
    expect(page.get_by_text("No reviews yet.")).to_be_visible(timeout=30_000)
    _picture(page, f"{name}-1-empty")
    _upload_andchoose(page, name)
    assert not (path / "library.db").exists()
    _add_undo_and_add_again(page, name)
    _find_correct_remove_restore(page, name)
    with Library.open(path) as library:
        found, total = library.reviews("The Salt Ladder")
    assert total == 3
    assert {review.critic for review in found} == {'=HYPERLINK("http://127.0.0.2:9")', "Ann **Bold** Lee", "Cy Slate"}
    made = page.evaluate("() => [...document.querySelectorAll('main img, main a, main b')].map(e => e.outerHTML)")
    assert [html for html in made if re.search(r"127\.0\.0\.2|example|Bold", html)] == []


def _upload_andchoose(page: Page, name: str) -> None:
    page.locator('input[type="file"]').set_input_files(
        {"name": NAME, "mimeType": "text/csv", "buffer": MESSY.encode("utf-8")}
    )
    expect(page.get_by_text("3 reviews would be added")).to_be_visible(timeout=30_000)
    settled(page)
    _picture(page, f"{name}-2-preview")
    choose(page, "Penned by", "Critic")
    choose(page, "Where it ran", "Outlet")
    choose(page, "On the day", "Date")
    expect(page.get_by_text("date could not be read")).to_be_visible()
    _picture(page, f"{name}-3-columns")
    _legible(page, ".pq-refused", ".pq-example", ".pq-said", '[data-testid="stBaseButton-primary"]')
    with page.expect_download() as download:
        page.get_by_role("button", name="Refused rows").click()
    assert download.value.suggested_filename == "refused-rows.csv"
    assert "it has no text" in Path(download.value.path()).read_text("utf-8-sig")


def _add_undo_and_add_again(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add 3 reviews").click()
    expect(page.get_by_text("Added 3 reviews")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 title · 3 reviews")).to_be_visible()
    settled(page)
    _picture(page, f"{name}-4-added")
    page.get_by_role("button", name="Undo this upload").click()
    expect(page.get_by_text("The upload is undone.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("1 title · 3 reviews")).to_be_hidden()
    _picture(page, f"{name}-5-undone")
    page.get_by_role("button", name="Put them back").click()
    expect(page.get_by_text("1 title · 3 reviews")).to_be_visible(timeout=30_000)
    settled(page)
    page.get_by_role("button", name="Close").click()
    settled(page)


def _find_correct_remove_restore(page: Page, name: str) -> None:
    page.get_by_label("Search the reviews").fill("photography")
    page.get_by_label("Search the reviews").press("Enter")
    expect(page.get_by_text("1–1 of 1 review")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Read a review")).click()
    page.get_by_role("option", name=re.compile("^Cy")).click()
    expect(page.locator(".pq-whole-text")).to_contain_text("The photography is patient")
    expect(page.locator(".pq-whole h3")).to_have_text("Cy ⟨U+202E⟩elcatS")
    page.get_by_text("Correct critic, outlet, date or title").click()
    page.get_by_label("Critic", exact=True).fill("Cy Slate")
    _picture(page, f"{name}-6-edit")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible(timeout=30_000)
    expect(page.locator(".pq-whole h3")).to_have_text("Cy Slate")

    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove this review").click()
    expect(page.get_by_text("Removed 1 review.")).to_be_visible(timeout=30_000)
    _picture(page, f"{name}-7-removed")
    page.get_by_role("button", name="Bring back").first.click()
    expect(page.get_by_text("Restored 1 review.")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("1 title · 3 reviews")).to_be_visible()


def test_settings_and_evaluations_are_shown(open_page: OpenPage, sample_library: Path, tmp_path: Path) -> None:
    path = tmp_path / "library"
    shutil.copytree(sample_library, path)
    with serving(path, tmp_path) as address:
        for size, scheme in ((HUGE, "light"), (PHONE, "dark")):
            page = open_page(f"{address}/settings", size, scheme)
            expect(page.get_by_text("Answers are written by")).to_be_visible(timeout=30_000)
            if scheme == "light":
                page.get_by_role("button", name="Check now").click()
                expect(page.get_by_text("Nothing is damaged.")).to_be_visible(timeout=60_000)
            _picture(page, f"settings-{scheme}")
            page.goto(f"{address}/evaluations")
            expect(page.get_by_text("Nothing was evaluated yet")).to_be_visible(timeout=60_000)
            _picture(page, f"evaluations-none-{scheme}")
            store(path, "20260301-before", text="What is <img src=http://127.0.0.2:9/q.png> like?")
            store(path, "20260302-after", text="What is ![q](http://127.0.0.2:9/q.png) like?", fallen=True)
            page.reload()
            expect(page.get_by_text("The worst cases")).to_be_visible(timeout=30_000)
            choose(page, "Compare with", re.compile("20260301-before"))
            expect(page.get_by_text("Cases that got worse")).to_be_visible(timeout=30_000)
            page.get_by_text("127.0.0.2").first.click()
            expect(page.get_by_text("Evidence", exact=True)).to_be_visible()
            _picture(page, f"evaluations-{scheme}")
            with page.expect_download() as download:
                page.get_by_role("button", name="Report as a page").click()
            assert download.value.suggested_filename == "report-20260302-after-beside-20260301-before.html"
            shutil.rmtree(path / "runs")
            page.goto(f"{address}/library")
            expect(page.get_by_text("3 titles · 29 reviews")).to_be_visible(timeout=30_000)
            settled(page)
            _picture(page, f"library-sample-{scheme}")
            table = page.get_by_test_id("stDataFrame").first
            table.click(position={"x": 16, "y": 52})  # the first row's box
            expect(page.locator(".pq-whole h3")).to_have_text("Sabine Achterop")
            expect(page.get_by_role("button", name=re.compile("Download as CSV"))).to_have_count(0)
            _picture(page, f"library-sample-{scheme}-open")
            _legible(page, ".pq-lead", ".pq-small", "h3", '[data-testid="stBaseButton-secondary"]')


def _legible(page: Page, *places: str) -> None:
    found = {place: page.locator(place).first.evaluate(CONTRAST) for place in places if page.locator(place).count()}
    assert {place: round(ratio, 1) for place, ratio in found.items() if ratio < 4.5} == {}
