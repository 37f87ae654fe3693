"""Errors: one tree, drawn truly in its docstring, each with an exit code of the contract."""

from __future__ import annotations

import re

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
