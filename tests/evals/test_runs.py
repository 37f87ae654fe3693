"""The record of a run: what was written is read again, by later versions too, and a kill loses one line at most."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals import runs
from evals.runs import Cell, Run
from rag.errors import InputError

STORED = Path(__file__).parent / "a-stored-run"


def made(folder: Path, **parts: object) -> Run:
    folder.mkdir(parents=True, exist_ok=True)
    told = {"id": folder.name, "suite": "answers", "suite_file": "", "suite_digest": "d", "split": "dev",
            "started": "2026-01-01T00:00:00+00:00", "version": "1", "library": "l", "configurations": {"c": {}},
            "cases": 1, "folder": folder}  # fmt: skip
    return Run(**told | parts)  # type: ignore[arg-type]


def test_a_run_stored_by_the_first_version_is_read() -> None:
    run = runs.read(STORED)

    assert (run.suite, run.cases, run.finished) == ("answers", 2, True)
    first, second = run.cells
    assert first.scores["evidence_recall"] == 0.5 and first.outcome["claims"] and first.error is None
    assert second.error == "It broke." and second.scores == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.dictionaries(st.sampled_from(["ndcg", "tokens"]), st.none() | st.floats(0, 1)))
def test_what_is_written_is_read_again(tmp_path: Path, shown: str, scores: dict[str, float | None]) -> None:
    folder = tmp_path / "run"
    run = made(folder)
    (folder / runs.CELLS).unlink(missing_ok=True)
    runs.write_run(run)
    cell = Cell("a", "t", shown.encode("utf-8", "replace").decode(), "c", "d", scores, {"claims": []}, None, 0.5)
    runs.append(folder, cell)

    assert runs.read(folder).cells == (cell,)


def test_a_line_that_a_kill_cut_off_is_left_out_and_the_last_of_two_counts(tmp_path: Path) -> None:
    runs.write_run(made(tmp_path / "run"))
    for error in ("It broke.", None):
        runs.append(tmp_path / "run", Cell("a", "t", "s", "c", "d", error=error))
    with (tmp_path / "run" / runs.CELLS).open("a") as file:
        file.write(runs.line(Cell("b", "t", "s", "c", "d"))[:40])

    (kept,) = runs.read(tmp_path / "run").cells
    assert kept.case == "a" and kept.error is None


def test_what_a_later_version_added_is_passed_over_and_another_schema_refused(tmp_path: Path) -> None:
    runs.write_run(made(tmp_path / "run"))
    file = tmp_path / "run" / runs.RUN
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"colour": "blue"}))
    assert runs.read(tmp_path / "run").suite == "answers"
    file.write_text(json.dumps(told | {"schema": "pullquote.run/2"}))
    with pytest.raises(InputError, match="another version"):
        runs.read(tmp_path / "run")


def test_a_run_is_found_by_the_beginning_of_its_id_and_the_newest_as_last(tmp_path: Path) -> None:
    for name in ("20260101-a", "20260102-b", "20260102-c"):
        runs.write_run(made(tmp_path / name))
    (tmp_path / "20260103-rubbish").mkdir()
    (tmp_path / "20260103-rubbish" / runs.RUN).write_text("{")

    assert [run.id for run in runs.every(tmp_path)] == ["20260102-c", "20260102-b", "20260101-a"]
    assert runs.find(tmp_path, "last").id == "20260102-c" and runs.find(tmp_path, "20260101").id == "20260101-a"
    for name in ("2026", "20251212"):
        with pytest.raises(InputError):
            runs.find(tmp_path, name)
