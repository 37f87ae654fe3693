"""What the tests in a real Chromium share: a server, pictures, sizes. Its fixtures stand in `conftest`."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page

from rag import settings
from ui.launch import command

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
ARTEFACTS = Path(__file__).parents[2] / "artefacts"
WIDE, HUGE, PHONE = (1440, 900), (1920, 1080), (390, 844)
OpenPage = Callable[..., Page]

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium here: apt-get install chromium"),
]


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


@contextmanager
def serving(library: Path, folder: Path) -> Iterator[str]:
    """The page's address. Its home is an empty folder, so that nothing of the reader's own is used or changed."""
    port = _free_port()
    argv, env = command(library, port=port, headless=True)
    home = {"HOME": str(folder), "PULLQUOTE_CACHE_DIR": str(settings.load().cache_dir)}
    log = folder / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(argv, env={**os.environ, **env, **home}, cwd=folder, stdout=out, stderr=out)
        try:
            _wait_for(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)
    assert not re.search("Traceback|Failed|Error", log.read_text()), log.read_text()
    assert not list(folder.glob(".streamlit/*"))


def picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def settled(page: Page) -> None:
    """Wait until nothing runs."""
    page.wait_for_timeout(120)
    page.wait_for_function("() => document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'")
    page.wait_for_timeout(200)


def choose(page: Page, label: str, option: str | re.Pattern[str]) -> None:
    """Choose in a select box; a long list holds only what is in view."""
    page.get_by_role("combobox", name=re.compile(label)).click()
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(12):
        if wanted.count():
            break
        page.keyboard.press("ArrowDown")
        page.wait_for_timeout(50)
    wanted.click()
    settled(page)


def focused(page: Page) -> str:
    """The class of what has the keyboard, inside the component too, and its source."""
    return str(
        page.evaluate("() => { let e = document.activeElement; while (e.shadowRoot) e = e.shadowRoot.activeElement;"
                      "return e.className + '|' + (e.dataset.source ?? '') }")
    )  # fmt: skip


CONTRAST = """element => {
  const numbers = colour => {
    const found = colour.match(/[\\d.]+/g).map(Number);
    return colour.startsWith("color(") ? found.map((v, i) => (i < 3 ? v * 255 : v)) : found;
  };
  const over = (top, below) => top.slice(0, 3).map((v, i) => v * (top[3] ?? 1) + below[i] * (1 - (top[3] ?? 1)));
  const chain = [];
  for (let e = element; e; e = e.parentElement ?? e.getRootNode().host) chain.push(numbers(getComputedStyle(e).backgroundColor));
  const ground = chain.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  const text = over(numbers(getComputedStyle(element).color), ground);
  const light = c => c.map(v => v / 255).map(v => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const [high, low] = [light(ground), light(text)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""
