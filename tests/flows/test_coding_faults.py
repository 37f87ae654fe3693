"""Coding that is killed: nothing that was read is lost, the same command goes on, and no review votes twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rag.export import ExportFormat
from rag.library import Library
from rag.opinions import AT_ONCE
from rag.records import Counts, Totals
from tests.doubles import ListIndex, WordCoder, WordEmbedder

ROOT = Path(__file__).parent.parent.parent
REVIEWS = 1_000


def start(*arguments: str | Path, coder: str = "slow") -> subprocess.Popen[str]:
    """A command in a process of its own, with a coder of this name."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PULLQUOTE_TEST_CODER": coder}
    called = [sys.executable, str(Path(__file__).with_name("coding_cli.py")), *map(str, arguments)]
    return subprocess.Popen(called, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def opened(path: Path, coder: str) -> Library:
    """The library as a process with this coder would open it."""
    engine = WordCoder()
    engine.wording = coder
    return Library.open(path, engine=engine, embedder=WordEmbedder(), index=ListIndex())


def killed_while_coding(process: subprocess.Popen[str], behind: int) -> int:
    """Kill a command once it has reported so many coded reviews; how many it reported."""
    assert process.stderr is not None
    done = 0
    while done < behind:
        line = process.stderr.readline()
        assert line, "it ended before it could be killed"
        done = json.loads(line)["done"] if '"code"' in line else 0
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    return done


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "Salt.csv"
    said = ("lovely", "lovely", "dreadful")
    rows = (f"The ending on night {n} is a {said[n % 3]} piece.,Critic {n}\n" for n in range(REVIEWS))
    path.write_text("text,critic\n" + "".join(rows))
    return path


def assert_each_voted_once(library: Library, coder: str) -> None:
    exported = json.loads("".join(library.export(ExportFormat.json)))
    votes = Counter(opinion["review_id"] for opinion in exported["opinions"])
    assert len(exported["reviews"]) == len(votes) == REVIEWS and set(votes.values()) == {1}
    assert {opinion["coder"].partition("/")[0] for opinion in exported["opinions"]} == {f"extractive@{coder}"}
    found = library.summary("Salt")
    assert found.totals == Totals(REVIEWS, REVIEWS, 0, 0, 0)
    assert [one.counts for one in found.findings] == [Counts(REVIEWS, 667, 333, 0)]


def test_an_add_and_a_recoding_that_are_killed_while_they_code_go_on_where_they_stopped(
    table: Path, tmp_path: Path
) -> None:
    path = tmp_path / "library"
    shown = ("--progress", "json", "--library", path)
    done = killed_while_coding(start("add", table, "--kind", "film", *shown), behind=2 * AT_ONCE)
    with opened(path, "slow") as library:
        (title,) = library.code().titles
        # What was reported as read is read; one batch more may be.
        assert REVIEWS - done - AT_ONCE <= title.read <= REVIEWS - done
        assert_each_voted_once(library, "slow")
    killed_while_coding(start("code", *shown, coder="other"), behind=AT_ONCE)
    with opened(path, "other") as library:
        # Until the other coder has read everything, the first one's opinions count.
        assert_each_voted_once(library, "slow")
        # The kill left the lock free.
        assert library.add([table]).unchanged == REVIEWS
        (title,) = library.code().titles
        assert title.read <= REVIEWS - AT_ONCE
        assert_each_voted_once(library, "other")
