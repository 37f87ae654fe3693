"""The command line with a quick embedder and a quick coder in the model's place; files, SQLite and signals are real.

The coder takes its time, so that a kill finds it at work; its identity is what PULLQUOTE_TEST_CODER says.
"""

from __future__ import annotations

import os
import time

from rag import cli, library
from rag.engines.base import CodingRequest, Task
from rag.records import DraftOpinions
from tests.doubles import WordCoder, WordEmbedder


class SlowCoder(WordCoder):
    """A tenth of a second for a batch."""

    def identity(self, task: Task) -> str:
        return f"extractive@{os.environ.get('PULLQUOTE_TEST_CODER', 'slow')}/{task}"

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        time.sleep(0.1)
        return super().draft_opinions(request)


if __name__ == "__main__":
    library.Library.embedder = property(lambda self: WordEmbedder())  # type: ignore[assignment,method-assign]
    library.ExtractiveEngine = SlowCoder  # type: ignore[attr-defined,misc]
    cli.main()
