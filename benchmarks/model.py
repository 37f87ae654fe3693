"""The embedder under test, opened the way a library opens it, and the files that it is made of."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.report import CannotMeasure
from rag import settings
from rag.library import Library
from rag.search import model_files
from rag.search.minilm import MiniLM


def open_minilm() -> MiniLM:
    """The MiniLM that a library would use. Raises CannotMeasure without model files."""
    with tempfile.TemporaryDirectory() as folder:
        embedder = Library.open(Path(folder) / "unused").embedder
    if not isinstance(embedder, MiniLM):
        raise CannotMeasure("There are no model files. Get them with: pullquote model fetch")
    return embedder


def folder() -> Path:
    """Where the model's two files lie. Raises CannotMeasure."""
    found = settings.load()
    place = model_files.find(found.model_dir, found.cache_dir)
    if place is None:
        raise CannotMeasure("There are no model files. Get them with: pullquote model fetch")
    return place
