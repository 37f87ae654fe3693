"""What the gate says of two runs, and which run may be accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from evals import gate, runs, suites
from evals.runs import Cell, Run
from evals.suites import Suite
from rag.errors import InputError

SUITE = """
purpose = "p"
task = "ask"
cases = "own"
library = "lib"
[metrics]
quotes_verbatim = { hard = true }
evidence_recall = { margin = 0.05, powered = true }
ndcg = { margin = 0.05 }
[configurations.c]
gate = true
[configurations.other]
evidence = 3
"""
GOOD = {"quotes_verbatim": 1.0, "evidence_recall": 0.8, "ndcg": 0.8}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "mine.toml").write_text(SUITE)
    return suites.load(str(tmp_path / "mine.toml"))


def cells(scores: Mapping[str, float] = GOOD, configuration: str = "c") -> list[Cell]:
    return [Cell(f"{n}", f"t{n % 10}", f"Question {n}", configuration, "d", scores) for n in range(60)]


def made(suite: Suite, tmp_path: Path, found: list[Cell], name: str = "run", **parts: object) -> Run:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    run = Run(name, suite.name, str(suite.file), suite.digest, "own", "2026-01-01T00:00:00+00:00", "1", "l",
              {"c": {"engine": "extractive"}}, 60, tuple(found), finished=True, folder=folder)  # fmt: skip
    return replace(run, **parts)  # type: ignore[arg-type]


def test_the_same_passes(suite: Suite, tmp_path: Path) -> None:
    run = made(suite, tmp_path, cells())
    assert gate.judged(suite, run, run).code == 0


@pytest.mark.parametrize(("change", "said"), [
    (lambda cell: replace(cell, scores={**GOOD, "evidence_recall": 0.6}), "evidence recall@5: worse"),
    (lambda cell: replace(cell, scores={**GOOD, "quotes_verbatim": 0.5}) if cell.case == "7" else cell, "1 of 60 cases: 7"),
    (lambda cell: replace(cell, scores={}, error="ZeroDivisionError: ouch") if cell.case == "7" else cell, "ouch"),
])  # fmt: skip
def test_what_is_worse_wrong_or_missing_blocks_with_the_reason(
    change: object, said: str, suite: Suite, tmp_path: Path
) -> None:
    before = made(suite, tmp_path, cells())
    after = made(suite, tmp_path, [change(cell) for cell in cells()])  # type: ignore[operator]

    found = gate.judged(suite, before, after)

    assert found.code == 1 and any(said in why for why in found.worse)


def test_what_can_t_be_told_blocks_only_where_the_suite_says_that_it_can(suite: Suite, tmp_path: Path) -> None:
    def swung(metric: str) -> Run:
        wild = [
            replace(cell, scores={**GOOD, metric: 0.8 + (0.2 if int(cell.case) % 10 < 5 else -0.2)}) for cell in cells()
        ]
        return made(suite, tmp_path, wild)

    before = made(suite, tmp_path, cells())
    assert gate.judged(suite, before, swung("evidence_recall")).code == 6
    assert gate.judged(suite, before, swung("ndcg")).code == 0


def test_cases_that_are_compared_with_nothing_are_told(suite: Suite, tmp_path: Path) -> None:
    before = made(suite, tmp_path, cells())
    reworded = [replace(cell, digest="other") if cell.case == "7" else cell for cell in cells()]

    found = gate.judged(suite, before, made(suite, tmp_path, reworded))

    assert found.code == 6 and "1 cases are new or reworded" in found.untold[0]


def test_an_accepted_run_is_read_again_and_holds_only_what_is_needed(suite: Suite, tmp_path: Path) -> None:
    said = {"status": "answered", "claims": [{"text": "Dull.", "citations": [1]}], "evidence": ["a review's words"]}
    run = made(suite, tmp_path, [*(replace(cell, outcome=said) for cell in cells()), *cells(configuration="other")])

    folder = gate.accept(suite, run)

    kept = runs.read(folder)
    assert folder == tmp_path / "mine.accepted" and kept.configurations.keys() == {"c"}
    assert len(kept.cells) == 60 and kept.cells[0].outcome == {"status": "answered", "claims": [{"text": "Dull."}]}
    assert gate.judged(suite, kept, run).code == 0
    gate.accept(suite, run)  # a later one takes its place
    assert gate.accepted_run(suite) == kept


@pytest.mark.parametrize(("parts", "found", "why"), [
    ({"finished": False}, cells(), "not whole"),
    ({}, cells()[:-1], "not whole"),
    ({"split": "test"}, cells(), "test titles"),
    ({"suite_digest": "old"}, cells(), "another state"),
    ({}, [replace(cells()[0], error="It broke.", scores={}), *cells()[1:]], "It broke."),
    ({}, [replace(cells()[0], scores={**GOOD, "quotes_verbatim": 0.0}), *cells()[1:]], "quotes verbatim is wrong"),
])  # fmt: skip
def test_what_may_not_be_accepted(
    parts: dict[str, object], found: list[Cell], why: str, suite: Suite, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=why):
        gate.accept(suite, made(suite, tmp_path, found, **parts))
    assert gate.accepted_run(suite) is None


def test_a_suite_that_can_t_see_its_margin_is_not_accepted(suite: Suite, tmp_path: Path) -> None:
    wild = [replace(cell, scores={**GOOD, "evidence_recall": float(int(cell.case) % 2)}) for cell in cells()]

    with pytest.raises(InputError, match="can't see differences as small as its margins"):
        gate.accept(suite, made(suite, tmp_path, wild))
