"""A whole collection for real: added, killed midway, taken up again, checked review by review, and asked while warm."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import model, subjqa
from benchmarks.add import snippets
from benchmarks.ask import Recall, recall, recall_bar, recall_note
from benchmarks.clock import Say
from benchmarks.cold import program
from benchmarks.report import Bar, CannotMeasure, Report, Table
from rag.export import ExportFormat
from rag.library import Library

KILLED_AT = 0.4
"""The share of the embedding after which the first process is killed."""
ANSWER_S = 2.0
ROUNDS = 5
QUESTIONS = (
    "What did critics dislike about the ending?",
    "How were the performances?",
    "Is the music any good?",
    "What did critics say about the film's length and pacing?",
    "Who praised the special effects?",
    "Did anybody find the story predictable?",
    "How many critics mention the script?",
    "What did critics think of the film?",
    "Is it scary?",
    "Is the dialogue funny and is the humour dark?",
    "What do critics say about the soup?",
)
QUICK_ROWS = 3_000

Rows = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Added:
    """One process that added, to its end or to its killing."""

    wall_s: float
    acknowledged: frozenset[str]
    report: dict[str, object] | None
    """None: it was killed."""
    lines: int
    """Of progress."""


@dataclass(frozen=True)
class Asked:
    """One warm answer."""

    question: str
    wall_s: float
    cpu_s: float


def run(data: Path, say: Say, *, quick: bool = False) -> Report:
    """Everything in one library of its own."""
    rows = snippets(data)[: QUICK_ROWS if quick else None]
    with tempfile.TemporaryDirectory() as folder:
        file, place = Path(folder) / "films.jsonl", Path(folder) / "library"
        file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
        killed = _add(file, place, say, kill=True)
        say(f"killed after {killed.wall_s:.0f} s, {len(killed.acknowledged):,} reviews acknowledged")
        resumed = _add(file, place, say)
        problems = _problems(rows, place, killed.acknowledged | resumed.acknowledged)
        for problem in problems:
            say(problem)
        asked = _ask_all(place, say)
        say("looking for the neighbours of real questions")
        found = recall(place, model.open_minilm().embed(_queries(data)))
    return _report(rows, (killed, resumed), problems, asked, found)


def _add(file: Path, place: Path, say: Say, *, kill: bool = False) -> Added:
    """Run `pullquote add`; with `kill`, end it with SIGKILL in the middle of the embedding."""
    command = [*program(), "add", str(file), "--library", str(place), "--progress", "json", "--json"]
    acknowledged: set[str] = set()
    start, lines, said = time.monotonic(), 0, 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            found = json.loads(line) if line.startswith("{") else {}
            lines += 1
            acknowledged.update(found.get("stored", ()))
            share = found["done"] / found["total"] if found.get("total") else 0
            if share and int(10 * share) != said:
                said = int(10 * share)
                say(f"{found['stage']}: {found['done']:,} of {found['total']:,}")
            if kill and found.get("stage") == "embed" and share >= KILLED_AT:
                process.kill()
                return Added(time.monotonic() - start, frozenset(acknowledged), None, lines)
        out = process.stdout.read()
    if process.returncode:
        raise CannotMeasure(f"pullquote add ended with {process.returncode}.")
    return Added(time.monotonic() - start, frozenset(acknowledged), json.loads(out), lines)


def _problems(rows: Rows, place: Path, acknowledged: frozenset[str]) -> list[str]:
    """What is wrong with a library that should hold every row once."""
    with Library.open(place) as library:
        exported = json.loads("".join(library.export(ExportFormat.json)))["reviews"]
        names = {title.id: title.name for title in library.titles()}
    votes = Counter((names[r["title_id"]], r["text"], r["critic"] or "") for r in exported)
    texts = {(title, text) for title, text, _ in votes}
    found = [f"{count} times there: a review of {key[0]}" for key, count in votes.items() if count > 1]
    found += [f"missing: a review of {row['title']}" for row in rows if (row["title"], row["text"]) not in texts]
    found += [f"acknowledged and gone: {name}" for name in acknowledged - {r["id"] for r in exported}]
    doctor = subprocess.run([*program(), "doctor", "--library", str(place)], capture_output=True, text=True)
    return found + ([f"doctor ended with {doctor.returncode}"] if doctor.returncode else [])


def _ask_all(place: Path, say: Say) -> list[Asked]:
    """Every question in turns over the whole library, in one process that has answered each before."""
    asked = []
    with Library.open(place) as library:
        for turn in range(ROUNDS + 1):
            say(f"asking, round {turn} of {ROUNDS}")
            for question in QUESTIONS:
                wall, cpu = time.perf_counter(), time.process_time()
                answer = library.ask(question)
                spent = Asked(question, time.perf_counter() - wall, time.process_time() - cpu)
                if answer.engine.embedder is None:
                    raise CannotMeasure(f"{question!r} was answered without vectors.")
                asked += [spent] if turn else []
    return asked


def _queries(data: Path) -> list[str]:
    """Real questions about films, and one- or two-sentence verdicts that are in no review."""
    questions = sorted({row["question"] for row in subjqa.read(data, "movies_dev")})
    path = data / "films" / "consensus.jsonl"
    try:
        verdicts = [json.loads(line)["consensus"] for line in path.read_text("utf-8").splitlines()]
    except (OSError, ValueError, KeyError) as error:
        raise CannotMeasure(f"{path} can't be read: {error}.") from None
    return questions + verdicts


def _report(rows: Rows, runs: Sequence[Added], problems: list[str], asked: list[Asked], found: Recall) -> Report:
    killed, resumed = runs
    titles = len({row["title"] for row in rows})
    timings = tuple(
        (question, *(f"{1_000 * f(spent):.0f}" for f in (median, max) for spent in _times(asked, question)))
        for question in QUESTIONS
    )
    table = Table(
        ("question over all", "wall ms, median", "CPU ms, median", "wall ms, worst", "CPU ms, worst"), timings
    )
    worst = max(one.wall_s for one in asked)
    return Report(
        "films",
        f"{len(rows):,} critics' snippets of {titles} films, added by `pullquote add` with the real model, killed "
        f"with SIGKILL at {KILLED_AT:.0%} of the embedding, and added again; then {len(QUESTIONS)} questions over "
        f"all of it, {ROUNDS} rounds in one warm process.",
        (table,),
        (
            Bar("slowest warm answer, wall", worst, ANSWER_S, "s", at_least=False),
            Bar("reviews missing, doubled or damaged after the kill", len(problems), 0, "", at_least=False),
            recall_bar(found),
        ),
        (
            f"Wall time: {killed.wall_s:.0f} s until it was killed, {resumed.wall_s:.0f} s from there to the end; "
            f"{killed.lines + resumed.lines:,} lines of progress; the second `add` found "
            f"{(resumed.report or {}).get('unchanged', 0):,} of the reviews stored already.",
            "Every row's text is under its title exactly once for its critic, every acknowledged review is there, and "
            "`pullquote doctor` finds nothing."
            if not problems
            else f"Found: {'; '.join(problems[:3])}.",
            recall_note(found) + " Real vectors; queries are real questions and verdicts.",
        ),
        {"wall_s": [run.wall_s for run in runs], "problems": problems, "asked": [vars(a) for a in asked]} | vars(found),
    )


def _times(asked: Sequence[Asked], question: str) -> tuple[list[float], list[float]]:
    mine = [one for one in asked if one.question == question]
    return [one.wall_s for one in mine], [one.cpu_s for one in mine]
