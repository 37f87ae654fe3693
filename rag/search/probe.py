"""The child process that opens a folder of vectors, so that what kills it kills nobody else.

    echo '{"with_ids": true, "samples": []}' | python -m rag.search.probe FOLDER

Standard output: one JSON object a line, pages of `ids` where asked for, and at the end `problem` (null: all is well).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from rag.errors import PullquoteError
from rag.search.index import ChromaIndex
from rag.settings import FolderIndex

_NEAR = 10
_SAME = 0.95
_ENOUGH = 0.5
"""This share of the samples must be found by their own vectors. Not more: HNSW is approximate, and among thousands of
equal sentences it finds few of the rest."""


def main() -> int:
    """Look at the folder named on the command line."""
    given = json.load(sys.stdin)
    try:
        index = ChromaIndex(FolderIndex(Path(sys.argv[1])), examined=True)
        held = index.count()
        ids: set[str] = set()
        for page in index.ids() if given["with_ids"] else ():
            _say(ids=page)
            ids.update(page)
        # One that is missing is no sign of damage to the rest.
        samples = [pair for pair in given["samples"] if pair[0] in ids] or index.some()
        found = sum(_found(index, name, vector) for name, vector in samples)
        index.close()
    except PullquoteError as error:
        _say(problem=error.message)
        return 1
    if held and samples and found < _ENOUGH * len(samples):
        _say(problem=f"of {len(samples)} sentences looked for by their own vectors, it finds {found}")
        return 1
    _say(problem=None)
    return 0


def _found(index: ChromaIndex, name: str, vector: list[float]) -> bool:
    """By its id, or by another of nearly the same vector."""
    return any(near == name or cosine > _SAME for near, cosine in index.nearest(np.array(vector, np.float32), _NEAR))


def _say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
