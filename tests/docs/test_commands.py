"""The commands in README and docs run as they stand there, offline, one after another in one folder."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from rag import cli

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
# Commands that open something, or fetch; that they exist is tested, not what they show.
ONLY_HELP = (
    "pullquote ui",
    "pullquote model fetch",
    "pullquote ask\n",
    "pullquote eval run answers --engine chat",
    "pullquote eval record answers --model",
)


def commands(document: str) -> list[str]:
    text = (ROOT / document).read_text("utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines() if line.startswith("$ ")]
    return [line.removeprefix("$ ").split(" #")[0].strip() for line in lines]


@pytest.fixture
def reviews(tmp_path: Path) -> None:
    """What the documents' examples speak of."""
    (tmp_path / "reviews").mkdir()
    (tmp_path / "reviews" / "quill.txt").write_text("A film of great calm. The ending is a cheat.")
    (tmp_path / "export.csv").write_text("Body,By\nThe film has a brave ending.,Ola Brandt\n")


@pytest.mark.parametrize(
    "document", ["README.md", "docs/operations.md", "docs/consensus.md", "docs/models.md", "docs/evaluations.md"]
)
def test_the_commands_of_a_document_run(
    document: str, reviews: None, needs_model: None, capsys: pytest.CaptureFixture[str]
) -> None:
    found = commands(document)
    assert len([c for c in found if c.startswith("pullquote")]) >= 5
    for command in found:
        if command.startswith("mkdir "):
            subprocess.run(command, shell=True, check=True)
            continue
        assert command.startswith("pullquote "), command
        arguments = shlex.split(command)[1:]
        if f"{command}\n".startswith(ONLY_HELP):
            arguments = [*arguments[: 2 if arguments[0] in ("model", "eval") else 1], "--help"]
        assert cli.run(arguments) == 0, (command, capsys.readouterr())


def test_the_five_lines_of_the_readme_run(reviews: None, needs_model: None, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert "ending" in capsys.readouterr().out


def test_the_contract_names_every_field_of_an_answer(
    reviews: None, needs_model: None, capsys: pytest.CaptureFixture[str]
) -> None:
    told = (ROOT / "docs" / "contract.md").read_text("utf-8")
    cli.run(["add", "reviews"])
    capsys.readouterr()
    cli.run(["ask", "How is the ending?", "--json", "--explain"])
    answer = json.loads(capsys.readouterr().out)
    for field in (*answer, *answer["citations"][0], *answer["plan"], *answer["claims"][0]):
        assert field in told, field
