"""Suites as files: ours are whole, and a wrong one is refused with the place and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals import suites
from evals.measures import MEASURES
from rag.errors import InputError

GOOD = """
purpose = "p"
task = "ask"
cases = "own"
library = "lib"
[metrics]
ndcg = {}
[configurations.c]
"""


@pytest.mark.parametrize("name", suites.names())
def test_ours_are_whole(name: str) -> None:
    suite = suites.load(name)

    assert suite.purpose and suite.metrics and not suite.case and suite.digest
    assert any(one.gate for one in suite.configurations.values())
    # What is powered has a margin, and what is hard one right value.
    assert all(rule.margin for rule in suite.metrics.values() if rule.powered)
    assert all(MEASURES[metric].right is not None for metric, rule in suite.metrics.items() if rule.hard)


def test_answers_declares_what_it_must_with_margins_that_count() -> None:
    powered = {name: rule.margin for name, rule in suites.load("answers").metrics.items() if rule.powered}

    assert powered.keys() == {"evidence_recall", "citation_precision", "abstention_f1", "count_error"}
    assert all(margin is not None and margin <= 0.05 for margin in powered.values())


@pytest.mark.parametrize(("wrong", "said"), [
    ("nonsense", "is not TOML"),
    (GOOD.replace("ndcg", "beauty"), "no metric 'beauty'"),
    (GOOD.replace('task = "ask"', 'task = "dance"'), "task"),
    (GOOD.replace("ndcg = {}", "ndcg = { margin = 2 }"), "metrics.ndcg.margin"),
    (GOOD.replace('library = "lib"', ""), "names a library or reviews"),
    (GOOD + "surprise = 1\n", "surprise"),
    (GOOD + '[[case]]\nid = "a"\nquestion = "?"\n[[case]]\nid = "a"\nquestion = "?"\n', "two cases"),
    (GOOD + '[[case]]\nid = "a"\nquestion = ""\n', "case.0.question"),
])  # fmt: skip
def test_a_wrong_file_is_refused_with_what_is_wrong(wrong: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(wrong)

    with pytest.raises(InputError, match=r"mine\.toml") as error:
        suites.load(str(file))
    assert said in error.value.message


def test_a_suite_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError) as error:
        suites.load("beauty")
    assert "answers" in (error.value.hint or "")
