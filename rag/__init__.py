"""Pullquote: ask a pile of reviews, and every sentence of the answer cites the review that says so.

A map. `reviews` keep what was written, `search` finds it, `engines` propose an answer, `evidence`
disposes: it cites exactly, checks support and counts. Stories call them in order: `ingest` (files →
stored reviews → sentences → vectors → index) and `answer` (question → plan → evidence → draft →
verified answer). `library` wires it all; `cli` and the page in `ui/` offer the same verbs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.library import Library as Library

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Import `Library`, or an error by its name, when it is first asked for (PEP 562)."""
    if name.startswith("_"):
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    module = importlib.import_module("rag.library" if name == "Library" else "rag.errors")
    if not hasattr(module, name):
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(module, name)
