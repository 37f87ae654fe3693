"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rag import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line in this process: `(exit code, output, errors)`."""

    def run_it(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_it
