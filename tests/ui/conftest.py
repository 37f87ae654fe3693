from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import streamlit as st
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.testing.v1 import AppTest

from rag.library import Library
from tests.ui.browser import CHROMIUM, FLAGS, WIDE, OpenPage
from ui import launch

SAMPLE = Path(__file__).parents[2] / "corpus" / "built" / "sample.reviews.jsonl"

# Every way in which a review has been seen to act on a page. 127.0.0.2 is loopback, but not ours.
HOSTILE_TEXT = (
    'I hated the ending <img src="http://127.0.0.2:9/html.png" onerror="alert(1)"> and ![stars](http://127.0.0.2:9/md.png) '
    "its dull, weak \u202eetirw and $x^2$ :red[loud] :streamlit: [read](javascript:alert(1)) www.example.com. I wanted more."
)
HOSTILE_TITLE = 'The <b onclick="x()">Bold</b> ![t](http://127.0.0.2:9/t.png) \u202eeltiT'
HOSTILE_CRITIC = "Eve <script>alert(1)</script> \u202eliveE ![c](http://127.0.0.2:9/c.png)"
HOSTILE_OUTLET = "Out](javascript:alert(1)) **bold** :material/home:"


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "library"
    with Library.open(path) as library:
        library.add([SAMPLE], kind="film")
    return path


MakeLibrary = Callable[..., Path]


@pytest.fixture(scope="session")
def make_library(tmp_path_factory: pytest.TempPathFactory) -> MakeLibrary:
    def make(*reviews: dict[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("made")
        rows = folder / "rows.jsonl"
        rows.write_text("\n".join(json.dumps(review) for review in reviews), encoding="utf-8")
        with Library.open(folder / "library") as library:
            library.add([rows], kind="film")
        return folder / "library"

    return make


@pytest.fixture(scope="session")
def hostile() -> dict[str, str]:
    return {
        "title": HOSTILE_TITLE,
        "critic": HOSTILE_CRITIC,
        "outlet": HOSTILE_OUTLET,
        "rating": "<i>5</i>",
        "text": HOSTILE_TEXT,
    }


@pytest.fixture(scope="session")
def hostile_library(make_library: MakeLibrary, hostile: dict[str, str]) -> Path:
    filler = "The boat came and went, and nobody spoke of it again. "
    long = filler * 400 + "The ending of this long film is a relief to nobody at all. " + filler * 400
    return make_library(
        hostile,
        {"title": "Long Film", "critic": "Lena Long", "outlet": "The Gazette", "text": long},
        {
            "title": "Long Film",
            "critic": "דנה כהן",
            "outlet": "הארץ",
            "text": "הסרט ארוך מאוד. The ending was, in one word, מאכזב. לא אהבתי את הסוף.",
        },
    )


@pytest.fixture
def forget_libraries() -> Iterator[None]:
    """Streamlit keeps resources for the whole process; each test opens its own."""
    yield
    st.cache_resource.clear()


# ── a real browser ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages; at the end, nothing may have gone anywhere but to 127.0.0.1 or been an error in the browser."""
    contexts, asked, faults = [], [], []

    def opened(address: str, size: tuple[int, int] = WIDE, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda websocket: asked.append(websocket.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked
    hosts = {urlsplit(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert not faults


VisitPage = Callable[..., AppTest]


@pytest.fixture
def visit_page(monkeypatch: pytest.MonkeyPatch) -> VisitPage:
    """Opens a page of the application by its file's name (the first without one), without a browser."""

    def visit(library: Path, file: str | None = None, **query: str) -> AppTest:
        monkeypatch.setenv("PULLQUOTE_LIBRARY", str(library))
        page = AppTest.from_file(str(launch.APP), default_timeout=60)
        for name, value in query.items():
            page.query_params[name] = value
        return page.switch_page(file).run() if file else page.run()

    return visit
