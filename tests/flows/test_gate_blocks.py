"""The gate blocks: in a copy of the tree that was made worse on purpose, by the command that `.ci/run` calls."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CACHE

ROOT = Path(__file__).parent.parent.parent
GATE = "pullquote eval gate"

FLIPPING = '''

_honest = ExtractiveEngine.draft_opinions


def _flipping(self, request):
    """Turns one opinion in seven round."""
    import zlib
    from dataclasses import replace

    found = _honest(self, request)
    other = {"positive": "negative", "negative": "positive"}
    turned = [
        replace(one, stance=other.get(one.stance, one.stance), score=-one.score)
        if zlib.crc32(one.unit.encode()) % 100 < 15 else one
        for one in found.opinions
    ]
    return replace(found, opinions=tuple(turned))


ExtractiveEngine.draft_opinions = _flipping
'''
INVENTING = '''

_drafted = ExtractiveEngine.draft_answer


def _inventing(self, request, faults=()):
    """Cites, beside all else, what nobody offered."""
    if not faults:
        yield DraftClaim("quote", "Somebody writes: “{quote}”", ("S99",))
    yield from _drafted(self, request, faults)


ExtractiveEngine.draft_answer = _inventing
'''
CRASHING = '''

def ndcg(*_):
    """Breaks."""
    raise ZeroDivisionError("nothing to divide by")
'''


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the program is made of."""
    for name in ("rag", "evals", "corpus", "prompts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def gated(tree: Path, *suites: str) -> tuple[int, str]:
    """The gate in this tree: its exit code, and what it says."""
    command = [
        sys.executable,
        "-c",
        "from rag.cli import main; main()",
        *GATE.split()[1:],
        *suites,
        "--progress",
        "none",
    ]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PULLQUOTE_CACHE_DIR": str(CACHE)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def changed(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        text = (tree / file).read_text("utf-8")
        assert old in text
        (tree / file).write_text(text.replace(old, new, 1), "utf-8")

    return change


def appended(file: str, code: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        with (tree / file).open("a", encoding="utf-8") as opened:
            opened.write(code)

    return change


def a_new_prompt(tree: Path) -> None:
    """A version of its own, released in the lock, and not recorded."""
    import hashlib

    wording = (tree / "prompts" / "answer.v1.md").read_text("utf-8").replace("at most six", "at most five")
    (tree / "prompts" / "answer.v2.md").write_text(wording, "utf-8")
    lock = tree / "prompts" / "prompts.lock"
    line = f"answer.v2.md {hashlib.sha256(wording.encode()).hexdigest()}\n"
    lock.write_text("".join(sorted([*lock.read_text().splitlines(keepends=True), line])))


@pytest.mark.usefixtures("needs_model")
@pytest.mark.parametrize(("change", "suite", "code", "said"), [
    (changed("rag/search/retrieve.py", "EVIDENCE = 10", "EVIDENCE = 3"), "retrieval", 1, r"evidence recall@5: worse"),
    (appended("rag/engines/extractive.py", FLIPPING), "coding", 1, r"stance accuracy: worse"),
    (appended("rag/engines/extractive.py", INVENTING), "abstention", 1, r"ids that were not offered: broken"),
    (appended("evals/metrics.py", CRASHING), "abstention", 1, r"could not be run.*nothing to divide by"),
    (appended("prompts/answer.v1.md", "\nBe bold."), "answers", 1, r"answer\.v1\.md is not as .*next version"),
    (a_new_prompt, "injection", 1, r"could not be run.*pullquote eval record injection"),
], ids=["evidence", "stances", "ids", "metric", "prompt-edited", "prompt-unrecorded"])  # fmt: skip
def test_what_was_made_worse_is_not_let_through(
    change: Callable[[Path], None], suite: str, code: int, said: str, tree: Path
) -> None:
    change(tree)

    found, told = gated(tree, suite)

    assert found == code, told
    assert re.search(said, told, re.DOTALL), told


def test_it_is_the_command_that_ci_calls() -> None:
    assert f"uv run {GATE}" in (ROOT / ".ci" / "run").read_text("utf-8")
