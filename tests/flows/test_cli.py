"""The command line, end to end: what is printed, what is exited with, what never reaches the terminal."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from rag import __version__, cli, terminal
from rag.library import Library
from rag.reviews import lock
from tests.conftest import CACHE, SAMPLE
from tests.flows.conftest import Run

ENDING = "What did critics dislike about the ending?"


@pytest.fixture
def run(typed: Run, needs_model: None) -> Run:
    """The command line with the real model."""
    return typed


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    folder = tmp_path / "The Salt Ladder"
    folder.mkdir()
    (folder / "a.txt").write_text("---\ncritic: Mara Quill\n---\nThe film is grey. The ending is a cheat.")
    (folder / "b.txt").write_text("I cried. The film has a brave ending.")
    return folder


def test_add_ask_show_and_titles(run: Run, reviews: Path) -> None:
    code, out, _ = run("add", str(reviews))
    assert (code, "Added 2 reviews" in out) == (0, True)
    assert "Added 0 reviews, 2 unchanged" in run("add", str(reviews))[1]
    code, out, _ = run("ask", ENDING, "--json")
    answer = json.loads(out)
    assert (code, answer["status"], len({c["review_id"] for c in answer["citations"]})) == (0, "answered", 1)
    assert (answer["coverage"][0]["mentioning"], answer["coverage"][0]["negative"]) == (2, 1)
    for citation in answer["citations"]:
        review = json.loads(run("show", citation["review_id"], "--json")[1])
        assert review["text"][citation["start"] : citation["end"]] == citation["quote"]
    page = json.loads(run("show", "the salt ladder", "--json", "--query", "brave")[1])
    assert (page["total"], len(page["reviews"])) == (1, 1)
    assert json.loads(run("titles", "--json")[1])["titles"][0]["reviews"] == 2
    assert run("doctor")[0] == 0


def test_an_answer_in_the_terminal_names_its_sources(run: Run, reviews: Path) -> None:
    run("add", str(reviews))
    code, out, _ = run("ask", ENDING, "--explain")
    assert code == 0
    assert "1 of the 2 reviews that judge the ending criticises it" in out
    assert "Mara Quill writes: “The ending is a cheat.”" in out or "Mara Quill says: “The ending is a cheat.”" in out
    assert "Sources" in out and "Why this answer" in out


def test_an_abstention_is_done(run: Run, reviews: Path) -> None:
    run("add", str(reviews))
    code, out, _ = run("ask", "What did critics say about the soundtrack?")
    assert (code, "The reviews don’t say." in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ask", "x", "--library", "nowhere"], 2, "no library"),
        (["add", "nowhere.csv"], 2, "no file or folder"),
        (["add", "{reviews}", "--kind", "opera"], 2, "no kind"),
        (["add", "{reviews}", "--map", "text"], 2, "FIELD=COLUMN"),
        (["ask", "x", "--title", "Slat Ladder"], 2, "Did you mean The Salt Ladder?"),
        (["show", "nothing"], 2, "no title"),
        (["ask", " "], 2, "empty"),
        (["ask", "--json"], 2, "needs a question"),
        (["frobnicate"], 2, "frobnicate"),
        (["add"], 2, "paths"),
        (["show", "\udcff"], 2, "UTF-8"),
        (["show", "x", "--offset", "99999999999999999999"], 2, "offset"),
    ],
)
def test_errors_are_sentences_with_an_exit_code(
    run: Run, reviews: Path, arguments: list[str], code: int, says: str
) -> None:
    run("add", str(reviews))
    arguments = [argument.format(reviews=reviews) for argument in arguments]
    found, out, err = run(*arguments)
    assert found == code
    assert says in err or says in out
    assert "Traceback" not in out + err
    if "--json" not in arguments and arguments[0] != "frobnicate":
        found, out, _ = run(*arguments, "--json")
        error = json.loads(out)
        assert (found, set(error["error"])) == (code, {"code", "message", "hint", "details", "retryable"})


def test_refused_rows_are_listed_and_strict_says_no(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("text,user\nIt glows.,A\n\n ,B\n,\n")
    code, out, _ = run("add", "x.csv")
    assert (code, "x.csv:4: it has no text" in out) == (0, True)
    assert run("add", "x.csv", "--strict")[0] == 2
    report = json.loads(run("add", "x.csv", "--json", "--dry-run")[1])
    assert {"batch", "added", "unchanged", "superseded", "duplicates", "columns", "rejected", "titles"} <= set(report)


def test_without_a_question_a_prompt_opens_keeps_the_thread_and_remembers(run: Run, reviews: Path) -> None:
    run("add", str(reviews))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("How is the ending?\nAnd who liked it?\n\n")
        code, out, _ = run("ask")
    assert (code, out.count("judge the ending")) == (0, 2)
    assert "+And who liked it?" in Path(".pullquote/questions.txt").read_text()


@pytest.mark.parametrize("leave", ["quit", "Exit", "", " "])
def test_the_prompt_says_what_it_asks_of_and_how_to_leave(run: Run, reviews: Path, leave: str) -> None:
    run("add", str(reviews))
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text(f"{leave}\n")
        code, out, _ = run("ask")
    assert (code, "don’t say" in out) == (0, False)
    assert out.startswith(".pullquote: 1 title with 2 reviews.") and "quit or Ctrl-D leaves" in out
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("\n")
        assert "“The Salt Ladder” with 2 reviews." in run("ask", "-t", "the salt ladder")[1]
        assert run("ask", "-t", "Slat")[0] == 2


@pytest.mark.parametrize("group", [[], ["model"], ["prompts"], ["eval"]])
def test_a_group_of_verbs_alone_shows_its_help_and_is_no_error(typed: Run, group: list[str]) -> None:
    code, out, err = typed(*group)
    assert (code, err, out.startswith("Usage: "), "Commands:" in out) == (0, "", True, True)


def test_the_version_is_said(typed: Run) -> None:
    assert typed("--version") == (0, f"Pullquote {__version__}\n", "")


def test_an_answer_is_not_offered_as_a_table(run: Run, reviews: Path) -> None:
    assert "json, markdown or html" in " ".join(run("ask", "--help")[1].split())
    assert "csv" not in run("ask", "--help")[1]
    run("add", str(reviews))
    assert run("ask", ENDING, "--format", "csv")[0] == 2


def test_what_could_not_be_read_is_shown_where_nothing_could(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("name,stars\nSalt,4\n")
    code, _, err = run("add", "x.csv")
    assert (code, "it has name, stars" in err, "No review could be read." in err) == (2, True, True)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n", b""])
def test_columns_are_spoken_of_only_where_there_are_some(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    code, _, err = run("add", "x.csv")
    assert (code, "--map" in err, "Mend what is named" in err) == (2, False, True)


def test_one_of_a_thing_is_said_in_the_singular(run: Run, tmp_path: Path) -> None:
    long = "The film glows for the whole of its two hours and the harbour glows with it and nobody sleeps. " * 2
    (tmp_path / "x.csv").write_text(f"text,date\n{long},soon\n{long},\n")
    out = run("add", "x.csv", "--title", "Salt")[1]
    assert "1 was the same vote again" in out and "1 date could not be read and is left empty" in out
    assert "1 review read" in run("ask", "How is the harbour?")[1]


def test_a_list_of_reviews_says_what_is_left_out_and_shows_the_match(run: Run, tmp_path: Path) -> None:
    long = "It begins at the sea. " * 12 + "The zither is loud. " + "It ends at the sea. " * 12
    rows = [{"text": "It glows."}, {"text": long}]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run("add", "x.jsonl", "--title", "Salt")
    lines = [line for line in run("show", "Salt")[1].splitlines() if line.startswith("  ")]
    assert "  It glows." in lines
    (cut,) = [line for line in lines if line != "  It glows."]
    assert cut.startswith("  It begins at the sea.") and cut.endswith(" …") and cut.split()[-2] in long.split()
    (found,) = [line for line in run("show", "Salt", "--query", "zither")[1].splitlines() if line.startswith("  ")]
    assert "The zither is loud." in found and found.startswith("  … ") and found.endswith(" …")


@given(st.text(alphabet="ab ", max_size=500), st.text(alphabet="ab", max_size=3))
def test_a_passage_is_part_of_its_text_and_holds_the_match(text: str, query: str) -> None:
    text = " ".join(text.split())
    shown = terminal._passage(text, query)  # what is left out is marked, and what is shown is in the text
    bare = shown.removeprefix("… ").removesuffix(" …")
    assert bare in text and (bare == text) == (shown == text)
    assert query not in text or query in bare


@pytest.mark.parametrize("columns", ["40", "80"])
def test_the_id_of_a_title_is_never_cut(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    (tmp_path / "x.txt").write_text("It glows.")
    run("add", "x.txt", "--title", "A Title That Is Longer Than Any Narrow Terminal Has Room For In One Line")
    title = json.loads(run("titles", "--json")[1])["titles"][0]
    assert title["id"] in run("titles")[1] and "…" not in run("titles")[1]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_what_an_encoding_lacks_is_no_fault(run: Run, reviews: Path, encoding: str) -> None:
    run("add", str(reviews))
    for arguments in (["ask", ENDING], ["summary", "The Salt Ladder"], ["ask", "x", "--title", "Sält ♥"]):
        done = subprocess.run(
            [sys.executable, "-c", "from rag import cli; cli.main()", *arguments],
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == (2 if "Sält ♥" in arguments else 0), done.stderr
        assert b"went wrong" not in done.stderr


def test_a_long_report_is_cut_and_says_so(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"Film {n},The harbour of film {n} glows.\n" for n in range(25)) + "\n".join(
        "A, " for _ in range(30)
    )
    (tmp_path / "x.csv").write_text(f"film,text\n{rows}")
    code, out, _ = run("add", "x.csv")
    assert (code, "… and 5 more titles" in out, "… and 10 more; see them all with --json" in out) == (0, True, True)


def test_the_demo_never_adds_to_a_library_of_yours(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PULLQUOTE_LIBRARY", str(tmp_path / "mine"))
    assert run("demo")[0] == 0
    assert not (tmp_path / "mine").exists()


def test_standard_input_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"user,text\nAnn,The film glows.\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "Added 1 review" in run("add", "-", "--title", "Salt")[1]
    stdin = io.TextIOWrapper(io.BytesIO(b"The film sleeps."))
    monkeypatch.setattr(sys, "stdin", stdin)
    code, _, err = run("add", "-")
    assert (code, "--title" in err) == (2, True)


def test_nothing_of_a_review_acts_on_the_terminal(run: Run, tmp_path: Path) -> None:
    text = "The ending \x1b]0;owned\x07 \u202ereversed\u202c [red]markup[/red] :smile: is bold."
    (tmp_path / "x.jsonl").write_text(json.dumps({"text": text, "critic": "A\x1b[31mnn", "title": "S\u009dalt"}))
    for arguments in (
        ["add", "x.jsonl"],
        ["ask", "How is the ending?", "--explain"],
        ["titles"],
        ["show", "S\u009dalt"],
    ):
        code, out, _ = run(*arguments)
        assert code == 0
        assert not set(out) & set("\x1b\x07\u009d\u202e\u202c"), arguments
    assert "[red]markup[/red] :smile:" in run("ask", "How is the ending?")[1].replace("\n", " ")


def test_a_second_writer_is_told_who_the_first_is(run: Run, reviews: Path) -> None:
    run("add", str(reviews))
    with lock.writing(Path(".pullquote"), "add"):
        code, _, err = run("add", str(reviews))
        assert (code, "`add`, process" in err) == (4, True)
        assert run("ask", ENDING)[0] == 0  # reading never waits


def test_a_fault_of_ours_is_one_sentence_and_a_log(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Library:
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr(Library, "open", broken)
    code, out, err = run("titles")
    assert (code, "RuntimeError" in err, "innermost" in out + err) == (70, True, False)
    log = Path(err.rsplit("Details are in ", 1)[1].strip().replace("\n", ""))
    assert "innermost" in log.read_text()
    log.unlink()


@pytest.mark.parametrize("command", [["add"], ["ask"], ["titles"], ["show"], ["doctor"], ["rebuild"], ["demo"], ["ui"],
                                     ["model", "fetch"], ["model", "path"], ["model", "check"]])  # fmt: skip
def test_every_command_has_help_with_an_example(run: Run, command: list[str]) -> None:
    code, out, _ = run(*command, "--help")
    assert (code, f"pullquote {' '.join(command)}" in out.split("Usage", 1)[1].split("\n", 1)[1]) == (0, True)


def test_the_model_is_found_and_checked(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = Path(run("model", "path")[1].strip())
    assert (folder / "model.safetensors").is_file()
    assert run("model", "check")[0] == 0
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"other")
    monkeypatch.setenv("PULLQUOTE_MODEL_DIR", str(tmp_path))
    assert run("model", "check")[0] == 3


def test_the_demo_ends_in_a_cited_answer_and_an_honest_silence(run: Run) -> None:
    code, out, _ = run("demo")
    assert code == 0
    assert "reviews judge the ending" in out or "reviews that judge the ending" in out
    assert "[1]" in out
    assert "The reviews don’t say." in out
    assert run("demo")[0] == 0  # a second time too


# ── in a process of its own ──────────────────────────────────────────────────────────────────────


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from rag.cli import main; main()", *arguments]


def environment() -> dict[str, str]:
    root = str(Path(cli.__file__).parent.parent)
    return {**os.environ, "PULLQUOTE_CACHE_DIR": str(CACHE), "PYTHONPATH": root}


HEAVY = (
    "langchain",
    "langchain_core",
    "openai",
    "chromadb",
    "streamlit",
    "onnxruntime",
    "sqlalchemy",
    "numpy",
)


@pytest.mark.parametrize(
    ("arguments", "never"),
    [(["--help"], HEAVY), (["ask", "--help"], HEAVY), (["titles"], (*HEAVY[:4], "streamlit", "onnxruntime")),
     (["ask", ENDING, "--title", "The Salt Ladder"], HEAVY[:5])],
)  # fmt: skip
def test_a_verb_imports_only_what_it_uses(
    needs_model: None, run: Run, arguments: list[str], never: tuple[str, ...]
) -> None:
    run("add", str(SAMPLE), "--kind", "film")
    program = "import sys; from rag import cli; code = cli.run(sys.argv[1:]); print(*sys.modules, file=sys.stderr); sys.exit(code)"
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment(), capture_output=True, text=True, check=True
    )
    assert not set(never) & set(done.stderr.split())


def test_a_closed_pipe_is_no_error(run: Run) -> None:
    run("add", str(SAMPLE), "--kind", "film")
    shown = subprocess.Popen(
        command("ask", ENDING, "--explain"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert shown.stdout is not None and shown.stderr is not None
    shown.stdout.close()
    assert b"Traceback" not in shown.stderr.read()
    shown.stderr.close()
    shown.wait()


def test_the_page_is_served_on_loopback_and_ends_with_its_command(needs_model: None, run: Run) -> None:
    run("add", str(SAMPLE), "--kind", "film")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    serving = subprocess.Popen(
        command("ui", "--headless", "--port", port),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: answers(port))
    finally:
        serving.terminate()
        serving.wait(20)
    assert not answers(port)


def answers(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as reply:
            return bool(reply.read() == b"ok")
    except OSError:
        return False


def eventually(holds: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_ctrl_c_that_falls_into_a_finaliser_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt):
        cli.interrupt_again(SimpleNamespace(exc_type=KeyboardInterrupt))
        time.sleep(5)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("form", "opens"), [("markdown", "# What did critics"), ("html", "<!doctype html>"), ("json", "{")]
)
def test_an_answer_can_be_taken_away_with_its_sources(
    form: str, opens: str, run: Run, reviews: Path, tmp_path: Path
) -> None:
    run("add", str(reviews))
    code, out, _ = run("ask", ENDING, "--format", form, "--output", "answer.out")
    written = (tmp_path / "answer.out").read_text("utf-8")

    assert (code, out) == (0, "") and written.startswith(opens)
    assert "The ending is a cheat." in written.replace("\\", "") and "Mara Quill" in written
    assert run("ask", ENDING, "--format", "csv")[0] == 2
