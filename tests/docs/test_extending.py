"""The worked examples of `docs/extending.md`: each is applied to a copy of the tree, and its commands run there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CACHE

ROOT = Path(__file__).parent.parent.parent
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "extending.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
COPIED = ("rag", "evals", "corpus", "prompts", "tests", "docs", "ui", "benchmarks")
RUN = {
    "pullquote": [sys.executable, "-c", "from rag.cli import main; main()"],
    "pytest": [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"],
}


def blocks(section: str, kind: str) -> str:
    return "".join(re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the project, with a folder of reviews beside it."""
    copy = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.md"), ROOT / "pyproject.toml"):
        shutil.copy(file, copy)
    (copy / "reviews").mkdir()
    (copy / "reviews" / "quill.txt").write_text("The ending is a cheat. The hosts interrupt each other.")
    return copy


@pytest.mark.usefixtures("needs_model")
@pytest.mark.parametrize("section", SECTIONS, ids=lambda text: text.partition("\n")[0])
def test_an_example_can_be_followed(section: str, tree: Path) -> None:
    change = blocks(section, "diff")
    done = subprocess.run(["git", "apply", "-"], cwd=tree, input=change, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = [tree / name for name in re.findall(r"^\+\+\+ b/(.*\.py)$", change, re.MULTILINE)]
    checks = [["ruff", "check", "-q"], ["ruff", "format", "-q", "--check"]] if written else []
    for check in checks:
        found = subprocess.run([sys.executable, "-m", *check, *written], cwd=tree, capture_output=True, text=True)
        assert found.returncode == 0, found.stdout + found.stderr

    commands = [line.removeprefix("$ ") for line in blocks(section, "console").splitlines()]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PULLQUOTE_CACHE_DIR": str(CACHE)}
    for command in commands:
        name, *arguments = shlex.split(command.removeprefix("uv run "))
        ran = subprocess.run(
            [*RUN[name], *arguments], cwd=tree, env=environment, capture_output=True, text=True, timeout=180
        )
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    assert commands
