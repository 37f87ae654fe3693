"""Running a suite: every case is kept as it is done, what fails is missing and told, and a stopped run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evals import recordings, runner, running, runs, scoring, suites
from evals.running import Wanted
from evals.suites import Suite
from rag.errors import BudgetExhausted, InputError
from rag.records import Progress

pytestmark = pytest.mark.usefixtures("needs_model")
ROWS = (
    {"critic": "Ana", "text": "The ending is dull and it drags on for an hour."},
    {"critic": "Bo", "text": "I loved the ending, which ties every thread in a single shot."},
    {"critic": "Cy", "text": "The music is lovely from the first bar to the last."},
)
SUITE = """
purpose = "p"
task = "ask"
cases = "own"
reviews = ["reviews.jsonl"]
title = "Salt"
kind = "film"
[metrics]
quotes_verbatim = { hard = true }
evidence_recall = { margin = 0.05 }
[configurations.extractive]
gate = true
[configurations.chat]
engine = "chat"
recorded = true
"""
QUESTIONS = {"ending": "How is the ending?", "music": "How is the music?", "hats": "How are the hats?"}


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    cases = "".join(f'[[case]]\nid = "{name}"\nquestion = "{asked}"\n' for name, asked in QUESTIONS.items())
    (tmp_path / "mine.toml").write_text(SUITE + cases)
    return suites.load(str(tmp_path / "mine.toml"))


def run(
    suite: Suite,
    root: Path,
    *names: str,
    resume: runs.Run | None = None,
    hear: Callable[[Progress], None] = lambda _: None,
) -> runs.Run:
    chosen = {name: suite.configurations[name] for name in names or ("extractive",)}
    return running.run(Wanted(suite, chosen), runner.run, root / "runs", root / "benches", hear, resume)


def test_every_case_has_a_cell_with_scores_and_the_run_says_what_made_it(suite: Suite, tmp_path: Path) -> None:
    heard: list[Progress] = []
    made = run(suite, tmp_path, hear=heard.append)

    assert {cell.case for cell in made.cells} == QUESTIONS.keys() and made.finished
    assert all(cell.scores["quotes_verbatim"] == 1 and cell.error is None for cell in made.cells)
    assert made.of("extractive")["hats"].outcome["status"] == "abstained"
    stamp = made.configurations["extractive"]["stamp"]
    assert stamp["name"].startswith("extractive@") and stamp["embedder"] and stamp["retrieval"]["evidence"] == 10
    assert heard[-1].done == heard[-1].total == 3
    assert list((made.folder / "inspect").glob("*.eval"))
    assert runs.read(made.folder) == made


def test_the_same_reviews_and_questions_give_the_same_scores(suite: Suite, tmp_path: Path) -> None:
    first, second = run(suite, tmp_path), run(suite, tmp_path)

    def figures(made: runs.Run) -> dict[str, Mapping[str, Any]]:
        return {cell.case: {**cell.scores, "seconds": 0} for cell in made.cells}

    assert first.id != second.id and figures(first) == figures(second)


def test_a_metric_that_crashes_makes_its_case_missing_and_no_other(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = scoring.SCORE["ask"]

    def crashing(case: Any, found: Any) -> dict[str, float | None]:
        return {"evidence_recall": 1 / 0} if case.id == "music" else honest(case, found)

    monkeypatch.setattr(scoring, "SCORE", {"ask": crashing})
    made = run(suite, tmp_path)

    assert {cell.case: cell.error for cell in made.cells if cell.error} == {
        "music": "ZeroDivisionError: division by zero"
    }
    assert made.of("extractive")["music"].scores == {} and made.of("extractive")["ending"].scores


def test_a_stopped_run_goes_on_with_what_is_missing_and_asks_nothing_twice(suite: Suite, tmp_path: Path) -> None:
    whole = run(suite, tmp_path)
    kept, failed, _ = whole.cells
    lines = [runs.line(kept), runs.line(replace(failed, error="It broke.", scores={})), runs.line(kept)[:30]]
    (whole.folder / runs.CELLS).write_text("".join(lines))
    runs.write_run(replace(whole, finished=False))
    heard: list[Progress] = []

    done = run(suite, tmp_path, resume=runs.read(whole.folder), hear=heard.append)

    assert done.finished and done.id == whole.id and heard[-1].total == 2
    assert {cell.case for cell in done.cells if not cell.error} == QUESTIONS.keys()


def test_a_run_of_other_reviews_can_t_be_gone_on_with(suite: Suite, tmp_path: Path) -> None:
    made = run(suite, tmp_path)

    with pytest.raises(InputError, match="another state"):
        run(suite, tmp_path, resume=replace(made, library="another"))


def test_without_a_recording_a_case_is_missing_and_says_how_to_make_one(suite: Suite, tmp_path: Path) -> None:
    before = run(suite, tmp_path, "chat")
    errors = [cell.error for cell in before.cells if cell.error]
    assert errors and all(f"pullquote eval record {suite.file}" in str(error) for error in errors)

    wanted = Wanted(suite, suite.configurations)
    count = running.record(wanted, runner.run, tmp_path / "recording", lambda _: None, live=False)
    after = run(suite, tmp_path, "chat")

    assert count == len(recordings.read(suite.recordings)) > 0
    assert all(cell.error is None for cell in after.cells)
    assert after.configurations["chat"]["origin"] == "scripted"
    assert "scripted" in after.configurations["chat"]["stamp"]["model"]


def test_when_the_money_is_gone_the_run_stops_and_what_was_done_is_kept(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = scoring.SCORE["ask"]

    def dear(case: Any, found: Any) -> dict[str, float | None]:
        if case.id != "ending":
            raise BudgetExhausted("The budget is exhausted.")
        return honest(case, found)

    monkeypatch.setattr(scoring, "SCORE", {"ask": dear})
    with pytest.raises(BudgetExhausted) as error:
        run(suite, tmp_path)

    (made,) = runs.every(tmp_path / "runs")
    assert [cell.case for cell in made.cells] == ["ending"] and not made.finished
    assert f"--resume {made.id}" in (error.value.hint or "")
