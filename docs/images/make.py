"""The pictures in the documents, taken from the running program: every page, in both themes and both widths.

    uv run python docs/images/make.py        needs Chromium; a minute

What is shown is the sample corpus; nothing of it is real.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote_plus

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from rag.library import Library  # noqa: E402
from rag.search import model_files  # noqa: E402
from ui.launch import command  # noqa: E402

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SAMPLE = ROOT / "corpus" / "built" / "sample.reviews.jsonl"
TITLE, QUESTION = "The Salt Ladder", "What did critics dislike about the ending?"
SIZES = {"wide": (1440, 1000), "phone": (390, 844)}
PAGES = {
    "ask": f"/?q={quote_plus(QUESTION)}&title={quote_plus(TITLE)}",
    "consensus": f"/consensus?title={quote_plus(TITLE)}",
    "compare": "/compare",
    "library": "/library",
    "evaluations": "/evaluations",
    "settings": "/settings",
}
OPENS_A_SOURCE = ("ask", "consensus")
_SETTLED_MS = 2_500


@contextmanager
def serving(library: Path, home: Path) -> Iterator[str]:
    """The pages of a library, with nobody's own settings."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    argv, env = command(library, port=port, headless=True)
    with (home / "log.txt").open("wb") as log:
        server = subprocess.Popen(argv, env={**os.environ, **env, "HOME": str(home)}, cwd=home, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                try:
                    urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                    break
                except OSError:
                    time.sleep(0.1)
            yield address
        finally:
            server.terminate()
            server.wait(20)


def take(browser: Browser, address: str, page: str, size: str, theme: str) -> Path:
    """One picture."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)  # type: ignore[arg-type]
    shown = context.new_page()
    shown.goto(address + PAGES[page])
    shown.wait_for_timeout(_SETTLED_MS)
    if page in OPENS_A_SOURCE:
        shown.locator(".chip").nth(1).click(timeout=30_000)
        shown.wait_for_timeout(400)
    file = Path(__file__).parent / (
        f"{page}.png" if (size, theme) == ("wide", "light") else f"{page}-{size}-{theme}.png"
    )
    shown.screenshot(path=file)
    context.close()
    return file


@contextmanager
def neutral_folder() -> Iterator[Path]:
    """A folder whose name tells nothing of whoever takes the pictures."""
    folder = Path(tempfile.gettempdir()) / "pullquote"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Fill a library, run a small evaluation in it, and take every picture."""
    os.environ.setdefault("PULLQUOTE_CACHE_DIR", str(ROOT / ".benchmarks" / "cache"))
    model = model_files.find(None, Path(os.environ["PULLQUOTE_CACHE_DIR"]))
    assert model is not None
    with neutral_folder() as folder:
        library, home = folder / "library", folder / "home"
        home.mkdir()
        # What the page shows of this machine is to be nobody's.
        (folder / "model").symlink_to(model)
        os.environ["PULLQUOTE_MODEL_DIR"] = str(folder / "model")
        with Library.open(library) as opened:
            opened.add([SAMPLE], kind="film")
        run = [
            sys.executable,
            "-c",
            "from rag.cli import main; main()",
            "eval",
            "run",
            "abstention",
            "--progress",
            "none",
        ]
        subprocess.run([*run, "--library", str(library)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
        with serving(library, home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            for page in PAGES:
                for size in SIZES:
                    for theme in ("light", "dark"):
                        sys.stderr.write(f"{take(browser, address, page, size, theme).name}\n")
            browser.close()


if __name__ == "__main__":
    main()
