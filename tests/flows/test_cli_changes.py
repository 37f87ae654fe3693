"""The verbs that change and copy, as they are typed: what is printed, how each is undone, what is exited with."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from rag.library import Library
from tests.doubles import WordEmbedder
from tests.flows.conftest import Run

TABLE = """text,critic,outlet,date,rating
The harbour glows.,Ann,Post,2023-05-01,5/5
The harbour sleeps.,Bob,Courier,2024-02-29,2/5
"""


@pytest.fixture
def run(typed: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line with a quick embedder."""
    monkeypatch.setattr(Library, "embedder", property(lambda self: WordEmbedder()))
    return typed


@pytest.fixture
def batch(run: Run, tmp_path: Path) -> str:
    """The sample is in; the id of its batch."""
    (tmp_path / "Salt.csv").write_text(TABLE)
    code, out, _ = run("add", "Salt.csv", "--json")
    assert code == 0
    return str(json.loads(out)["batch"])


def asked(run: Run, *options: str) -> set[str]:
    code, out, _ = run("ask", "Is the harbour in it?", "--json", *options)
    assert code == 0
    return {citation["critic"] for citation in json.loads(out)["citations"]}


def test_an_add_says_how_to_undo_it_and_that_works(run: Run, batch: str, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("The harbour hums.")
    out = run("add", "more.txt", "--title", "Salt")[1]
    undo = out.split("To undo: pullquote ")[1].split("\n")[0].split()
    assert run(*undo)[0] == 0
    assert asked(run) == {"Ann", "Bob"}
    undo[0] = "restore"
    assert "Restored 1 review." in run(*undo)[1]
    assert asked(run) == {"Ann", "Bob", None}


def test_titles_and_reviews_are_edited_by_name_and_by_id(run: Run, batch: str) -> None:
    code, out, _ = run("edit", "Salt", "--name", "The Salt Ladder", "--kind", "film", "--json")
    title = json.loads(out)
    assert (code, title["schema"], title["name"], title["kind"], title["aliases"]) == (
        0,
        "pullquote.title/1",
        "The Salt Ladder",
        "film",
        ["Salt"],
    )
    review = json.loads(run("show", "salt", "--json", "--outlet", "post")[1])["reviews"][0]
    code, out, _ = run("edit", review["id"], "--critic", "Anna", "--date", "", "--json")
    changed = json.loads(out)
    assert (changed["critic"], changed["date"], changed["text"]) == ("Anna", None, review["text"])
    for wrong in (["edit", review["id"], "--name", "x"], ["edit", "Salt", "--critic", "x"], ["edit", "Salt"],
                  ["edit", "Salt", "--kind", "opera"], ["edit", "Sugar", "--critic", "x"]):  # fmt: skip
        code, _, errors = run(*wrong)
        assert (code, errors.startswith("Error: ")) == (2, True)


def test_what_is_removed_is_listed_and_comes_back(run: Run, batch: str) -> None:
    bob = json.loads(run("show", "Salt", "--json", "--query", "sleeps")[1])["reviews"][0]["id"]
    assert "To undo: pullquote restore" in run("remove", bob)[1]
    assert asked(run) == {"Ann"}
    assert [row["id"] for row in json.loads(run("show", "Salt", "--removed", "--json")[1])["reviews"]] == [bob]
    assert json.loads(run("show", bob, "--json")[1])["state"] == "removed"
    assert "removed: in no answer" in run("show", bob)[1]
    assert run("restore", bob)[0] == 0
    assert asked(run) == {"Ann", "Bob"}


def test_a_removed_title_is_listed_and_comes_back(run: Run, batch: str) -> None:
    assert json.loads(run("titles", "--removed", "--json")[1])["titles"] == []
    assert run("titles", "--removed")[1].strip() == "No title is removed."
    run("remove", "Salt")
    assert [one["name"] for one in json.loads(run("titles", "--removed", "--json")[1])["titles"]] == ["Salt"]
    for command in (["ask", "Is the harbour in it?", "-t", "salt"], ["show", "Salt"], ["summary", "Salt"]):
        code, _, errors = run(*command)
        assert (code, "“Salt” was removed." in errors, 'pullquote restore "Salt"' in errors) == (2, True, True)
    assert run("restore", "Salt")[0] == 0
    assert [one["name"] for one in json.loads(run("titles", "--json")[1])["titles"]] == ["Salt"]


def test_a_purge_in_a_script_needs_no_answer_and_says_what_is_left_to_the_user(run: Run, batch: str) -> None:
    code, out, _ = run("remove", "Salt", "--purge")
    assert (code, "Purged 2 reviews" in out, "Your own backups" in out) == (0, True, True)
    assert json.loads(run("titles", "--json")[1])["titles"] == []
    assert run("restore", "Salt")[0] == 2


def test_a_purge_at_a_terminal_is_asked_about_once(run: Run, batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda text: False)
    assert run("remove", "Salt", "--purge") == (0, "Nothing was removed.\n", "")
    assert asked(run) == {"Ann", "Bob"}
    assert run("remove", "Salt", "--purge", "--yes")[0] == 0


def test_a_merge_at_a_terminal_is_asked_about_once(run: Run, batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pepper.txt").write_text("The harbour hums.")
    run("add", "pepper.txt", "--title", "Pepper")
    questions: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda text: bool(questions.append(text)))
    assert run("edit", "pepper", "--into", "Salt") == (0, "Nothing was merged.\n", "")
    assert len(questions) == 1 and "“Pepper” into “Salt”" in questions[0]
    code, out, _ = run("edit", "Pepper", "--into", "Salt", "-y")
    assert (code, len(questions)) == (0, 1)
    assert out.startswith("“Salt” (general, also “Pepper”): 3 reviews.")  # and not the id that Pepper had


@pytest.mark.parametrize(
    ("options", "critics"),
    [
        (["--since", "2024"], {"Bob"}),
        (["--until", "2023"], {"Ann"}),
        (["--outlet", "courier", "--outlet", "Post"], {"Ann", "Bob"}),
        (["--min-rating", "4/5"], {"Ann"}),
        (["--max-rating", "50%"], {"Bob"}),
    ],
)
def test_filters_are_options_of_ask_and_show(run: Run, batch: str, options: list[str], critics: set[str]) -> None:
    assert asked(run, *options) == critics
    shown = json.loads(run("show", "Salt", "--json", *options)[1])
    assert ({review["critic"] for review in shown["reviews"]}, shown["total"]) == (critics, len(critics))
    plan = json.loads(run("ask", "Is the harbour in it?", "--json", *options)[1])["plan"]
    assert plan["filters"]
    assert "only reviews: " in run("ask", "Is the harbour in it?", *options)[1]


def test_a_backup_is_a_library(run: Run, batch: str, tmp_path: Path) -> None:
    code, out, _ = run("backup", "copy.db", "--json")
    size = json.loads(out)["bytes"]
    assert (code, size) == (0, (tmp_path / "copy.db").stat().st_size)
    assert run("backup", "copy.db")[0] == 2
    assert run("backup", "nowhere/copy.db")[0] == 2
    code, _, errors = run("backup", "/proc/copy.db")
    assert (code, "The file /proc/copy.db can't be written" in errors) == (2, True)
    (tmp_path / "again").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "again" / "library.db")
    assert run("rebuild", "--library", "again")[0] == 0
    assert asked(run, "--library", "again") == {"Ann", "Bob"}


def test_exports_go_to_standard_output_or_whole_into_a_file(run: Run, batch: str, tmp_path: Path) -> None:
    assert len(json.loads(run("export", "--json")[1])["reviews"]) == 2
    code, out, errors = run("export", "Salt", "--format", "csv", "--output", "out.csv")
    assert (code, out, "Written to out.csv" in errors) == (0, "", True)
    with (tmp_path / "out.csv").open(newline="") as file:
        assert {row["critic"] for row in csv.DictReader(file)} == {"Ann", "Bob"}
    assert run("export", "--format", "markdown")[1].startswith("# Salt\n")
    assert run("export", "--format", "pdf")[0] == 2
    assert run("export", "--output", "nowhere/out.json")[0] == 2
    assert run("export", "--output", "x" * 300)[0] == run("export", "--output", "/")[0] == 2
    assert run("export", "Sugar", "--output", "out.json")[0] == run("backup", "x" * 300)[0] == 2
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out.csv"]
