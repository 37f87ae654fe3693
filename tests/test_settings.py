"""Settings: the environment beats the file, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import settings
from rag.errors import InputError
from rag.settings import CloudIndex, EmbeddingModel, FolderIndex, MemoryIndex, ServerIndex

ID = "0123456789abcdef0123456789abcdef"


def test_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().library == Path(".pullquote")
    (tmp_path / "pullquote.toml").write_text('library = "from-file"\nindex = "memory:"\n')
    assert settings.load().library == Path("from-file")
    monkeypatch.setenv("PULLQUOTE_LIBRARY", "from-env")
    assert (settings.load().library, settings.load().index) == (Path("from-env"), "memory:")


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pullquote.toml").write_text("library = ")
    with pytest.raises(InputError, match=r"pullquote\.toml"):
        settings.load()
    (tmp_path / "pullquote.toml").write_text("library = 3")
    with pytest.raises(InputError, match="library"):
        settings.load()


def test_the_index_address_is_parsed_once() -> None:
    here = Path("lib")
    assert settings.parse_index("", here, ID) == FolderIndex(here / "index")
    assert settings.parse_index("memory:", here, ID) == MemoryIndex()
    own = "pullquote-0123456789abcdef"
    for address, url in [
        ("http://db:8000", "http://db:8000"),
        ("https://Db.example/chroma/", "https://db.example/chroma"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ]:
        assert settings.parse_index(address, here, ID) == ServerIndex(url, own)
    assert settings.parse_index("cloud://acme/films", here, ID) == CloudIndex("acme", "films", own)
    found, other = (settings.parse_index("/data/vectors", here, name) for name in ("one", "two"))
    assert isinstance(found, FolderIndex) and isinstance(other, FolderIndex)
    assert found.path.parent == other.path.parent == Path("/data/vectors")
    assert found != other  # two libraries share a folder and no vectors
    moved = settings.parse_index("/data/vectors", Path("elsewhere"), "one")
    assert moved == found  # a library that is moved keeps its index


@pytest.mark.parametrize(
    "address",
    [
        "ftp://joe:hunter2@x",
        "http://joe:hunter2@db:8000",
        "http://hunter2@db",
        "http://",
        "http://db:hunter2",
        "http://db?key=hunter2",
        "http://db/#hunter2",
        "http://[hunter2",
        "cloud://hunter2",
        "cloud://a/b/hunter2",
        "hunter2:",
    ],
)
def test_an_address_that_cannot_be_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(InputError) as caught:
        settings.parse_index(address, Path("lib"), ID)
    said = f"{caught.value.message} {caught.value.hint}"
    assert "hunter2" not in said or address == "hunter2:"


def test_secrets_come_from_the_environment_alone_and_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ServerIndex("http://db:8000", "own")
    (tmp_path / "pullquote.toml").write_text('index_token = "hunter2"\n')
    assert settings.index_secret(server) is None
    assert "hunter2" not in repr(settings.load())
    monkeypatch.setenv("PULLQUOTE_INDEX_TOKEN", " hunter2\n")
    monkeypatch.setenv("CHROMA_API_KEY", "other")
    found = settings.index_secret(server)
    assert found is not None and found.get_secret_value() == "hunter2"
    assert "hunter2" not in repr((found, server, settings.load()))
    cloud = settings.index_secret(CloudIndex("a", "b", "own"))
    assert cloud is not None and cloud.get_secret_value() == "other"
    assert settings.index_secret(FolderIndex(tmp_path)) is None
    monkeypatch.setenv("PULLQUOTE_INDEX_TOKEN", "hunter\n2")
    with pytest.raises(InputError) as caught:
        settings.index_secret(server)
    assert "hunter" not in str(caught.value)


def test_the_embedder_is_local_unless_a_setting_names_a_model() -> None:
    assert settings.parse_embedder("") is None
    assert settings.parse_embedder("openai:bge-m3") == EmbeddingModel("bge-m3", None)
    assert settings.parse_embedder("openai:text-embedding-3-small@512") == EmbeddingModel("text-embedding-3-small", 512)
    assert settings.parse_embedder("openai:@cf/baai/bge-base:q8") == EmbeddingModel("@cf/baai/bge-base:q8", None)
    for wrong in ("openai", "openai:", "cohere:x", "text-embedding-3-small", "openai:a b"):
        with pytest.raises(InputError, match="openai:MODEL"):
            settings.parse_embedder(wrong)


def test_this_machine_is_known_by_its_names() -> None:
    assert all(map(settings.is_loopback, ["localhost", "127.0.0.1", "127.8.0.1", "::1"]))
    assert not any(map(settings.is_loopback, ["127.0.0.1.example", "db", "", None]))
