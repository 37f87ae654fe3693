"""One table of settings: environment `PULLQUOTE_*`, then `pullquote.toml` in the working folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import Field, SecretStr, ValidationError
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


@dataclass(frozen=True)
class ServerIndex:
    """The vector index on a Chroma server, in a collection of this library's own."""

    url: str
    """`http://host:port`, without credentials."""
    collection: str


@dataclass(frozen=True)
class CloudIndex:
    """The vector index in Chroma Cloud, in a collection of this library's own."""

    tenant: str
    database: str
    collection: str


IndexAddress = FolderIndex | MemoryIndex | ServerIndex | CloudIndex


@dataclass(frozen=True)
class EmbeddingModel:
    """A model behind an OpenAI-compatible embedding endpoint."""

    name: str
    dimensions: int | None
    """How many are demanded of it; None takes what it gives."""


EngineName = Literal["auto", "extractive", "chat"]


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
    index: str = Field(
        "",
        description="The vector index: a folder, `memory:`, `http://host:port` or `cloud://tenant/database`. "
        "Empty: inside the library.",
    )
    embedder: str = Field(
        "",
        description="What makes vectors: `openai:MODEL` or `openai:MODEL@DIMENSIONS` sends sentences and questions "
        "to the server of OPENAI_BASE_URL. Empty: the local model.",
    )
    model: str = Field(
        "",
        description="A model behind an OpenAI-compatible server (OPENAI_BASE_URL, OPENAI_API_KEY) that writes answers "
        "and summaries. Empty: nothing is sent anywhere.",
    )
    engine: EngineName = Field(
        "auto", description="What writes: the offline engine, the model, or the model where one is named."
    )
    refine_plan: bool = Field(False, description="Let the model read what a question is about: one small call more.")
    judge: bool = Field(
        False, description="Let the model judge whether a passage supports a claim: one small call a claim."
    )
    timeout: float = Field(60.0, gt=0, le=3600, description="Seconds in which the model must have answered a question.")
    prices: Path | None = Field(
        None, description='A TOML file with prices of models in dollars a million tokens: ["NAME"] input, output.'
    )
    max_cost: float | None = Field(None, ge=0, description="Dollars that one run may cost.")
    max_cost_day: float | None = Field(None, ge=0, description="Dollars that a day may cost, over all runs.")
    taxonomies: Path | None = Field(
        None, description="A folder with taxonomies of your own, KIND.toml each; they come before ours."
    )
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


def load(**given: Any) -> Settings:
    """The settings in force; what is given comes before all. Raises InputError naming each one that is wrong."""
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(
            f"A setting is wrong: {wrong}.", "Settings come from PULLQUOTE_… and pullquote.toml."
        ) from None
    except ValueError as error:
        raise InputError(f"pullquote.toml can't be read: {error}.") from None


def parse_index(address: str, library: Path, library_id: str) -> IndexAddress:
    """The one string that says where the vector index lives, as a typed value. Raises InputError."""
    if not address:
        return FolderIndex(library / "index")
    if address == "memory:":
        return MemoryIndex()
    # Named for the library's id: one that is moved keeps its index, and two never share one.
    own = f"pullquote-{library_id[:16]}"
    if address.startswith(("http://", "https://")):
        return ServerIndex(_plain_url(address), own)
    if address.startswith("cloud://"):
        tenant, slash, database = address.removeprefix("cloud://").strip("/").partition("/")
        if not slash or not re.fullmatch(r"[\w.-]+", tenant) or not re.fullmatch(r"[\w.-]+", database):
            raise InputError("The index address is not of the form cloud://tenant/database.")
        return CloudIndex(tenant, database, own)
    if "://" in address or address.endswith(":"):
        kind = address.partition(":")[0]  # the rest may hold a password
        raise InputError(
            f"An index address of the kind {kind!r} is not supported.",
            "Use a folder, memory:, http://host:port or cloud://tenant/database.",
        )
    # A folder of our own inside the one that is named: it may hold other things, and other libraries' vectors.
    return FolderIndex(Path(address) / own)


def _plain_url(address: str) -> str:
    """The address of a server, if that is all it holds. What is refused is not shown: it may hold a password."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise InputError("The index address is no URL.", "It looks like http://host:port") from None
    if parts.username is not None or parts.password is not None:
        raise InputError(
            "The index address holds a user name or a password.",
            "Leave them out, and put a token into the environment: PULLQUOTE_INDEX_TOKEN",
        )
    if not parts.hostname or parts.query or parts.fragment:
        raise InputError("The index address is not of the form http://host:port.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def index_secret(address: IndexAddress) -> SecretStr | None:
    """What opens the index's door, from the environment only. Raises InputError where it can't be a token."""
    variable = {ServerIndex: "PULLQUOTE_INDEX_TOKEN", CloudIndex: "CHROMA_API_KEY"}.get(type(address))
    secret = os.environ.get(variable, "").strip() if variable else ""
    # A header can't hold anything else, and the error of the library that tries shows it whole.
    if not all("!" <= character <= "~" for character in secret):
        raise InputError(f"{variable} holds characters that a token can't have.")
    return SecretStr(secret) if secret else None


def parse_embedder(address: str) -> EmbeddingModel | None:
    """Which embedding server's model is wanted; None: the local model. Raises InputError."""
    if not address:
        return None
    kind, _, model = address.partition(":")
    found = re.fullmatch(r"(\S+?)(?:@([1-9]\d{0,4}))?", model)
    if kind != "openai" or not found:
        raise InputError(
            f"The setting embedder is {address!r}, and must be openai:MODEL or empty.",
            "For example: PULLQUOTE_EMBEDDER=openai:text-embedding-3-small",
        )
    return EmbeddingModel(found[1], int(found[2]) if found[2] else None)


DEFAULT_URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class ModelServer:
    """Where an OpenAI-compatible server is, and what opens it."""

    url: str
    host: str
    key: SecretStr | None

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own."""
        return self.url == DEFAULT_URL


def model_server() -> ModelServer:
    """The server of OPENAI_BASE_URL with the key of OPENAI_API_KEY, as everybody sets them. Raises InputError."""
    url = os.environ.get("OPENAI_BASE_URL", "").strip().rstrip("/") or DEFAULT_URL
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    # A header can't hold anything else, and the error of the library that tries shows it whole.
    if not all("!" <= character <= "~" for character in key):
        raise InputError("OPENAI_API_KEY holds characters that a key can't have.")
    return ModelServer(url, _server_host(url), SecretStr(key) if key else None)


def _server_host(url: str) -> str:
    """The host of the base URL. What is refused is not shown: it may hold a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InputError("OPENAI_BASE_URL is no URL.") from None
    if parts.username is not None or parts.password is not None:
        raise InputError("OPENAI_BASE_URL holds a user name or a password.", "Put a key into OPENAI_API_KEY.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("OPENAI_BASE_URL is not of the form https://host/v1.")
    return parts.hostname


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine, which no proxy may stand before."""
    return host in ("localhost", "::1") or bool(re.fullmatch(r"127(\.\d+){3}", host or ""))
