"""The house: short modules and functions, documents that are true to the tree, a version that is one."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import rag

ROOT = Path(__file__).parent.parent
OURS = [
    p for top in ("rag", "ui", "evals", "corpus", "prompts", "benchmarks") for p in sorted((ROOT / top).rglob("*.py"))
]
MODULE_LINES = 400
FUNCTION_LINES = 60


@pytest.mark.parametrize("path", OURS, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_are_short_or_say_why(path: Path) -> None:
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    assert len(source.splitlines()) <= MODULE_LINES or "Longer than 400 lines:" in (ast.get_docstring(tree) or "")
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= FUNCTION_LINES or "Longer than 60 lines:" in (ast.get_docstring(node) or ""), node.name


def test_every_module_of_rag_stands_in_the_architecture() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = {path.name for path in (ROOT / "rag").rglob("*.py")} - {"__init__.py", "env.py", "base.py"}
    missing = {n for n in names if n not in told and n.removesuffix(".py") not in told and not n[0].isdigit()}
    assert missing == set()


def test_the_architecture_names_nothing_that_is_not_there() -> None:
    told = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    there = {p.name for p in ROOT.rglob("*.py")}
    assert set(re.findall(r"\b[a-z_]+\.py\b", told)) <= there


@pytest.mark.parametrize(
    "document", sorted(p for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]), ids=lambda p: p.name
)
def test_every_link_in_the_documents_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_the_version_is_one() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == rag.__version__
