"""One table of settings: environment `PULLQUOTE_*`, then `pullquote.toml` in the working folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from rag.errors import InputError


@dataclass(frozen=True)
class FolderIndex:
    """The vector index in a folder of its own."""

    path: Path


@dataclass(frozen=True)
class MemoryIndex:
    """The vector index in this process's memory; made anew from SQLite when it is needed."""


IndexAddress = FolderIndex | MemoryIndex


class Settings(BaseSettings):
    """Everything that can be set without an option."""

    model_config = SettingsConfigDict(
        env_prefix="PULLQUOTE_",
        toml_file="pullquote.toml",
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
    )

    library: Path = Field(Path(".pullquote"), description="The library's folder.")
    index: str = Field("", description="The vector index: a folder, or `memory:`. Empty: inside the library.")
    model_dir: Path | None = Field(None, description="A folder with the embedding model's two files.")
    cache_dir: Path = Field(
        Path(platformdirs.user_cache_dir("pullquote")),
        description="Where fetched model files and the graph are kept.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options beat the environment, which beats the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load() -> Settings:
    """The settings in force. Raises InputError naming each one that is wrong."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(
            f"A setting is wrong: {wrong}.", "Settings come from PULLQUOTE_… and pullquote.toml."
        ) from None
    except ValueError as error:
        raise InputError(f"pullquote.toml can't be read: {error}.") from None


def parse_index(address: str, library: Path) -> IndexAddress:
    """The one string that says where the vector index lives, as a typed value. Raises InputError."""
    if not address:
        return FolderIndex(library / "index")
    # A folder of our own inside the one that is named: it may hold other things, and other libraries' vectors.
    own = f"pullquote-{hashlib.sha256(str(library.resolve()).encode()).hexdigest()[:8]}"
    if address == "memory:":
        return MemoryIndex()
    if "://" in address or address.endswith(":"):
        raise InputError(f"The index address {address!r} is of no kind that is supported.", "Use a folder or memory:.")
    return FolderIndex(Path(address) / own)
