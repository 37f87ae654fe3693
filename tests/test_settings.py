"""Settings: the environment beats the file, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import settings
from rag.errors import InputError
from rag.settings import FolderIndex, MemoryIndex


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
    assert settings.parse_index("", here) == FolderIndex(here / "index")
    assert settings.parse_index("memory:", here) == MemoryIndex()
    found, other = (settings.parse_index("/data/vectors", Path(name)) for name in ("one", "two"))
    assert isinstance(found, FolderIndex) and isinstance(other, FolderIndex)
    assert found.path.parent == other.path.parent == Path("/data/vectors")
    assert found != other  # two libraries share a folder and no vectors
    with pytest.raises(InputError, match="ftp"):
        settings.parse_index("ftp://x", here)
