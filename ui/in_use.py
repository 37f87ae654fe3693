"""What a library is read with, and why: the settings in words. Never a key, only whether one is set. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rag.errors import InputError
from rag.settings import (
    CloudIndex,
    FolderIndex,
    MemoryIndex,
    ModelServer,
    Settings,
    parse_embedder,
    parse_index,
)

Told = tuple[str, str, str]
"""A name, what is in use, and why."""
LOCAL_MODEL = "all-MiniLM-L6-v2"


def rows(settings: Settings, server: ModelServer, folder: Path, model_files: Path | None) -> Iterator[Told]:
    """What writes answers, makes vectors and keeps them. `model_files`: where the local model's files were found."""
    yield _engine(settings)
    yield "Model", settings.model or "none", _why_model(settings, server)
    yield "Key", "set" if server.key else "not set", _why_key(settings, server)
    yield _embedder(settings, server, model_files)
    yield _index(settings, folder)
    yield "Library", str(folder), "From PULLQUOTE_LIBRARY, pullquote.toml, or .pullquote in the working folder."


def _uses_model(settings: Settings) -> bool:
    return settings.engine == "chat" or (settings.engine == "auto" and bool(settings.model))


def _engine(settings: Settings) -> Told:
    if _uses_model(settings):
        why = "The setting engine says so." if settings.engine == "chat" else "A model is named."
        return (
            "Answers are written by",
            "a model (chat)",
            f"{why} Where it fails, the offline engine writes, and says so.",
        )
    why = "The setting engine says so." if settings.engine == "extractive" else "No model is named."
    return "Answers are written by", "the offline engine (extractive)", f"{why} Nothing is sent anywhere."


def _why_model(settings: Settings, server: ModelServer) -> str:
    if not settings.model:
        return "Name one with PULLQUOTE_MODEL."
    if not _uses_model(settings):
        return "It is named and not used."
    return f"Asked at {server.host}; a question may take {settings.timeout:g} s."


def _why_key(settings: Settings, server: ModelServer) -> str:
    if server.key is None:
        return "OPENAI_API_KEY; a server of your own may need none."
    used = _uses_model(settings) or bool(settings.embedder)
    return "OPENAI_API_KEY; it is never shown." if used else "OPENAI_API_KEY is set for other work: nothing is sent."


def _embedder(settings: Settings, server: ModelServer, model_files: Path | None) -> Told:
    name = "Vectors are made by"
    try:
        named = parse_embedder(settings.embedder)
    except InputError as error:
        return name, "nothing", f"{error.message} {error.hint or ''}".strip()
    if named is not None:
        return name, named.name, f"The setting embedder says so: sentences and questions are sent to {server.host}."
    if model_files is None:
        return name, "nothing: words alone", "The model’s files are not here. Get them with: pullquote model fetch"
    return name, LOCAL_MODEL, f"On this machine, from {model_files}."


def _index(settings: Settings, folder: Path) -> Told:
    name = "The index lies"
    try:
        address = parse_index(settings.index, folder, "")
    except InputError as error:  # it says what is wrong without what may be a password
        return name, "nowhere", f"{error.message} {error.hint or ''}".strip()
    if isinstance(address, FolderIndex):
        inside = not settings.index
        return name, "inside the library" if inside else settings.index, "" if inside else "The setting index says so."
    if isinstance(address, MemoryIndex):
        return name, "in memory", "The setting index says so; it is made anew from the library."
    if isinstance(address, CloudIndex):
        return name, f"cloud://{address.tenant}/{address.database}", "The setting index says so."
    return name, address.url, "The setting index says so."


def limits(settings: Settings) -> list[str]:
    """What calls of a model may cost."""
    said = ((settings.max_cost, "a run"), (settings.max_cost_day, "a day"))
    return [f"{cost:g} dollars {of}" for cost, of in said if cost is not None]
