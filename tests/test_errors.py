"""Errors: one tree, drawn truly in its docstring, each with an exit code of the contract."""

from __future__ import annotations

import re
from pathlib import Path

from rag import errors

EXIT_CODES = {2, 3, 4, 5, 7, 70, 130}


def every_error() -> list[type[errors.PullquoteError]]:
    found, queue = [], [errors.PullquoteError]
    while queue:
        cls = queue.pop()
        found.append(cls)
        queue.extend(cls.__subclasses__())
    return [cls for cls in found if cls.__module__ == "rag.errors"]


def test_the_docstring_draws_the_tree_with_its_exit_codes() -> None:
    drawn = dict(re.findall(r"([A-Z]\w+)\s+(\d+)\s", errors.__doc__ or ""))
    assert {cls.__name__: str(cls.exit_code) for cls in every_error() if cls is not errors.PullquoteError} == drawn
    assert {cls.exit_code for cls in every_error()} <= EXIT_CODES


def test_the_code_is_the_name_in_lower_case() -> None:
    assert errors.UnknownTitle("x").code == "unknown_title"


def test_how_an_extra_is_installed_is_said_in_one_way() -> None:
    assert 'uv tool install "pullquote[chat] @ ."' in errors.install_extra("chat")
    sources = [*Path(errors.__file__).parent.rglob("*.py")]
    assert len(sources) > 50
    raising = [path for path in sources if "raise ExtraMissing(" in path.read_text("utf-8")]
    assert {path.name for path in raising} == {"library.py", "cli_evals.py"}
    for path in sources:
        text = path.read_text("utf-8")
        assert 'pip install "pullquote[' not in text, path
        assert text.count("raise ExtraMissing(") <= text.count("install_extra("), path
