"""`pullquote eval` as people type it: tables, JSON, mistakes, a model that is asked for money, a run that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals import runs
from tests import good_model
from tests.conftest import CACHE
from tests.flows.conftest import Run
from tests.peer import Peer, text_of

pytestmark = pytest.mark.usefixtures("needs_model")
ROWS = (
    {"critic": "Ana", "text": "The ending is dull and it drags on for an hour."},
    {"critic": "Bo", "text": "I loved the ending, which ties every thread in a single shot."},
    {"critic": "Cy", "text": "The music is lovely from the first bar to the last."},
)


@pytest.fixture
def own(typed: Run, tmp_path: Path) -> Run:
    """A suite of two questions about three reviews, `mine.toml`, in the working folder."""
    (tmp_path / "reviews.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert typed("eval", "init", "mine.toml", "--reviews", "reviews.jsonl", "--title", "Salt", "--kind", "film")[0] == 0
    with (tmp_path / "mine.toml").open("a") as file:
        file.write('[[case]]\nid = "ending"\ncluster = "Salt"\nquestion = "What do critics say about the ending?"\n')
        file.write('[[case]]\nid = "hats"\nquestion = "How are the hats?"\nunanswerable = "absent"\n')
    return typed


@pytest.fixture
def approved(own: Run) -> Run:
    """The same, with an answer that was approved."""
    code, out, _ = own("eval", "add", "mine.toml", "What did critics dislike about the ending?", "--yes")
    assert code == 0 and "Kept as what-did-critics-dislike-about-the-ending" in out
    return own


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with Peer(reply=good_model.write) as started:
        monkeypatch.setenv("OPENAI_BASE_URL", started.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test-1234")
        yield started


def test_from_reviews_to_a_gate(approved: Run, tmp_path: Path) -> None:
    own = approved
    code, out, _ = own("eval", "run", "mine.toml", "--json")
    told = json.loads(out)
    assert (code, told["cases"], told["missing"], told["finished"]) == (0, 3, 0, True)
    assert told["figures"]["extractive"]["quotes_verbatim"]["value"] == 1
    assert "evidence recall@5" in own("eval", "run", "mine.toml")[1]

    code, out, _ = own("eval", "report", "last", "--json")
    page, text = (Path(file) for file in json.loads(out)["files"])
    assert code == 0 and "<h1>" in page.read_text() and text.read_text().startswith("# mine")

    assert own("eval", "gate", "mine.toml")[0] == 6  # nothing is accepted yet
    assert "Commit it" in own("eval", "accept", "last")[1]
    code, out, _ = own("eval", "gate", "mine.toml", "--json")
    assert (code, json.loads(out)["suites"][0]["worse"]) == (0, [])

    told = json.loads(own("eval", "compare", "last", "last", "--json")[1])
    assert {one["verdict"] for one in told["configurations"]["extractive"]} <= {"same", "held", "cannot tell"}
    assert "mine" in own("eval", "runs")[1]


def test_a_review_that_changed_blocks_with_the_case_and_what_to_do(approved: Run, tmp_path: Path) -> None:
    own = approved
    own("eval", "run", "mine.toml")
    own("eval", "accept")
    file = tmp_path / "reviews.jsonl"
    file.write_text(file.read_text().replace("dull", "poor"))

    code, out, _ = own("eval", "gate", "mine.toml")

    assert (
        code == 1 and "what-did-critics-dislike-about-the-ending" in out and "approve it anew" in out.replace("\n", " ")
    )


@pytest.mark.parametrize(("line", "said"), [
    ("run beauty", "no suite 'beauty'"),
    ("run answers -c beauty", "no configuration 'beauty'"),
    ("report 2020", "no run '2020'"),
    ("init mine.toml --reviews gone.csv", "no file gone.csv"),
    ("init /proc/mine.toml", "The file /proc/mine.toml can't be written"),
    ("add gone.toml What?", "no suite 'gone.toml'"),
    ("run answers --engine chat", "No model is named"),
])  # fmt: skip
def test_a_mistake_is_one_sentence(line: str, said: str, typed: Run) -> None:
    code, out, err = typed("eval", *line.split())
    assert code == 2 and said in err and "Traceback" not in out + err

    code, out, _ = typed("eval", *line.split(), "--json") if not line.startswith(("init", "add")) else (2, "{}", "")
    assert code == 2 and (not json.loads(out) or said in json.loads(out)["error"]["message"])


def test_a_question_that_is_not_approved_is_not_kept(own: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (tmp_path / "mine.toml").read_text()
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)

    code, _, err = own("eval", "add", "mine.toml", "How is the music?")

    assert code != 0 and "Nothing was kept" in err and (tmp_path / "mine.toml").read_text() == before


def test_a_live_model_is_asked_and_what_it_costs_is_counted(own: Run, peer: Peer) -> None:
    code, out, _ = own("eval", "run", "mine.toml", "--model", "scripted", "--json")
    told = json.loads(out)

    assert code == 0 and told["configurations"]["chat-scripted"]["origin"] == "live"
    (run,) = [one for one in runs.every(Path(".pullquote") / "runs") if "chat-scripted" in one.configurations]
    scores = [cell.scores for cell in run.cells]
    assert any(one["tokens"] for one in scores) and all(one["cost_usd"] in (None, 0.0) for one in scores)
    assert peer.seen and "sk-of-a-test" not in (run.folder / runs.CELLS).read_text()


def test_the_judge_is_judged_before_it_judges(own: Run, peer: Peer) -> None:
    def write(body: dict[str, object]) -> str:
        properties = str(body.get("response_format", {}))
        return '{"supported": true}' if "supported" in properties else good_model.write(body)  # type: ignore[arg-type]

    peer.reply = write
    code, out, err = own("eval", "run", "mine.toml", "--model", "scripted", "--judge", "--json")
    judge = json.loads(out)["judge"]

    assert code == 0 and "Measuring the judge" in err
    assert (
        judge["judge"].startswith("scripted@127.0.0.1/judge.v1@")
        and judge["heard"] == judge["pairs"]
        and judge["kappa"] == 0
    )
    assert len([call for call in peer.seen if "Claim:" in text_of(call.body["messages"][-1])]) >= judge["pairs"]


def test_what_a_model_replies_is_recorded_and_replayed_without_it(
    own: Run, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "mine.toml").open("a") as file:
        file.write('[configurations.chat]\nengine = "chat"\nrecorded = true\n')
    code, out, _ = own("eval", "record", "mine.toml", "--model", "scripted")
    assert code == 0 and "replies in" in out
    seen = len(peer.seen)
    monkeypatch.delenv("OPENAI_BASE_URL")

    code, out, _ = own("eval", "run", "mine.toml", "-c", "chat", "--json")

    told = json.loads(out)
    assert (code, told["missing"], told["configurations"]["chat"]["origin"]) == (0, 0, "live")
    assert len(peer.seen) == seen


def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from rag.cli import main; main()",
        "eval",
        "run",
        "abstention",
        "--progress",
        "json",
    ]
    environment = {**os.environ, "PULLQUOTE_CACHE_DIR": str(CACHE)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        told = json.loads(line) if line.startswith("{") else {}
        if told.get("stage") == "run" and told["done"] >= 20:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    (killed,) = runs.every(tmp_path / ".pullquote" / "runs")
    assert not killed.finished and 20 <= len(killed.cells) < killed.cases

    done = subprocess.run(
        [*command[:5], "--resume", killed.id, "--json", "--progress", "none", "abstention"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    told = json.loads(done.stdout)
    assert (done.returncode, told["finished"], told["missing"], told["run"]) == (0, True, 0, killed.id), done.stderr
    again = runs.read(killed.folder)
    assert len(again.cells) == killed.cases
    assert not (again.folder / "benches").exists()
    assert {cell.case: cell.seconds for cell in killed.cells}.items() <= {
        c.case: c.seconds for c in again.cells
    }.items()
