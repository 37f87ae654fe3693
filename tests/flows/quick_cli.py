"""The command line with a quick embedder in the model's place; files, SQLite, Chroma and signals are the real ones."""

from __future__ import annotations

from rag import cli, library
from tests.doubles import WordEmbedder

if __name__ == "__main__":
    library.Library.embedder = property(lambda self: WordEmbedder())  # type: ignore[assignment,method-assign]
    cli.main()
