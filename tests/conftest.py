"""What every test shares: no network, no stray environment, small libraries to ask."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rag.library import Library
from rag.search import model_files
from tests.doubles import ListIndex, WordEmbedder
from tests.servers import chroma

# Runs must agree with each other, and a slow machine is no failure.
settings.register_profile(
    "pullquote", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], max_examples=60
)
settings.load_profile("pullquote")

SAMPLE = Path(__file__).parent.parent / "corpus" / "built" / "sample.reviews.jsonl"


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and no setting or key from outside."""
    for name in list(os.environ):
        if name.startswith(("PULLQUOTE_", "OPENAI_", "CHROMA_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PULLQUOTE_CACHE_DIR", str(CACHE))
    monkeypatch.chdir(tmp_path)


# The graph is built once on a machine, not once a test; nothing else is kept there.
CACHE = Path(os.environ.get("PULLQUOTE_TEST_CACHE") or Path(__file__).parent.parent / ".benchmarks" / "cache")


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[Callable[..., Library]]:
    """Opens libraries with quick doubles for model and index; all are closed at the end."""
    opened: list[Library] = []

    def open_it(path: Path | None = None, **given: object) -> Library:
        chosen = {"embedder": WordEmbedder(), "index": ListIndex(), **given}
        library = Library.open(path or tmp_path / "library", **chosen)  # type: ignore[arg-type]
        opened.append(library)
        return library

    yield open_it
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: Callable[..., Library]) -> Library:
    """An empty library with quick doubles."""
    return open_library()


@pytest.fixture
def needs_model() -> None:
    """Skips where the model's files are not installed."""
    if model_files.find(None, CACHE) is None:
        pytest.skip("needs the model's files: run pytest through uv, which brings them")


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The sample corpus in a real library: real model, real Chroma."""
    if model_files.find(None, CACHE) is None:
        pytest.skip("needs the model's files: run pytest through uv, which brings them")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULLQUOTE_CACHE_DIR", str(CACHE))
        library = Library.open(tmp_path_factory.mktemp("sample") / "library")
        library.add([SAMPLE], kind="film")
        yield library
        library.close()


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `chroma run`, empty at first and shared by all tests that want one."""
    with chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url
