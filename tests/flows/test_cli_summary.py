"""Counting, as it is typed: summary, compare, code, and the counts in answers; what is printed, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from rag import settings as configuration
from rag import terminal_summary
from rag.library import Library
from rag.records import Counts
from tests.doubles import BlindCoder, ListIndex, WordCoder, WordEmbedder
from tests.flows.conftest import Run
from tests.written import put

SALT = [
    *({"text": f"The ending on night {n} is a lovely piece.", "critic": f"Critic {n}", "date": f"2024-0{n + 1}-01"}
      for n in range(5)),
    {"text": "The ending is a dreadful cheat.", "critic": "Mara Quill", "outlet": "Post", "rating": "1/5"},
    {"text": "The ending is dreadful, I say. The music is a lovely noise.", "critic": "Jon Ashby"},
    {"text": "There was a fire in row nine.", "critic": "Ida Penn"},
    {"text": "A keeper lives alone by the sea."},
]  # fmt: skip
LAMP = [
    *({"text": f"The ending in week {n} is a dreadful piece.", "critic": f"Reader {n}"} for n in range(8)),
    {"text": "The ending was lovely to see.", "critic": "Odd One"},
]
FORMATS = ["json", "csv", "markdown", "html"]


@pytest.fixture
def run(typed: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line with quick doubles for coder, model and index."""
    doubles = {"engine": WordCoder(), "embedder": WordEmbedder(), "index": ListIndex()}
    opened = Library.open
    monkeypatch.setattr(Library, "open", lambda path=None, **_: opened(path, **doubles))  # type: ignore[arg-type]
    return typed


@pytest.fixture
def salt(run: Run, tmp_path: Path) -> Run:
    """Two titles are in."""
    for name, rows in (("The Salt Ladder", SALT), ("Lamp", LAMP)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert run("add", f"{name}.jsonl", "--title", name, "--kind", "film")[0] == 0
    return run


# ── summary ──────────────────────────────────────────────────────────────────────────────────────


def test_a_summary_in_the_terminal_says_what_divides_and_who_was_harmed_with_counts_and_quotes(salt: Run) -> None:
    code, out, err = salt("summary", "the salt ladder")
    assert (code, err) == (0, "")
    flat = " ".join(out.split())
    assert "9 reviews: 5 for, 1 against, 2 between, 1 that takes no side" in flat
    assert "9 reviews: 8 with an opinion on a part, 1 without" in flat
    assert "ending ≠ 7 " in flat and "5 (71 %, 36–92)" in flat and "2 (29 %, 8–64)" in flat
    assert "█" in out
    assert "! 1 of 9 reviews tells of danger." in flat
    assert "“There was a fire in row nine.” Ida Penn" in flat
    assert (
        "“The ending is a dreadful cheat.” Mara Quill · Post" in flat or "“The ending is dreadful, I say.” Jon" in flat
    )
    assert "extractive@words/code/film@sha256:" in flat


@pytest.mark.parametrize("columns", ["100", "80", "60", "40"])
def test_no_number_of_a_summary_is_lost_in_a_narrow_terminal(
    salt: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = salt("summary", "the salt ladder")[1]
    assert "…" not in out
    for number in ("5 (71 %, 36–92)", "2 (29 %, 8–64)"):
        assert number in out
    flat = " ".join(out.split())
    assert "ending ≠: 7 mention it" in flat or "ending ≠ 7 " in flat
    assert "both 0 · neither 0" in flat or "both neither" in flat


def test_the_bar_of_an_aspect_is_full_where_all_that_mention_it_are_on_one_side(salt: Run) -> None:
    out = salt("summary", "Lamp")[1]
    assert "█████████· 8 (89 %" in out and "A full bar is all that mention the part" in out


def test_those_that_take_no_side_on_an_aspect_are_counted(open_library: Callable[..., Library]) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is lovely.", "The ending is dreadful.", "The ending is lovely, then dreadful.")
    found = library.summary("Salt")
    (ending,) = [one for one in found.findings if one.aspect == "ending"]
    several = replace(ending, counts=Counts(6, 2, 2, 1))
    out = io.StringIO()
    terminal_summary.summary(Console(file=out, width=120), replace(found, findings=(several,)))
    (line,) = [line for line in out.getvalue().splitlines() if line.startswith("ending")]
    assert line.split()[-2:] == ["1", "1"]  # both, neither


@pytest.mark.parametrize(("length", "is_whole"), [(400, True), (600, True), (601, False), (3000, False)])
def test_a_quote_is_shown_whole_and_one_that_is_too_long_is_cut_at_a_word_and_said(
    open_library: Callable[..., Library], length: int, is_whole: bool
) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is a lovely piece.")
    found = library.summary("Salt")
    said = ("The ending glows on and on, " * 150)[: length - 6] + " word."
    findings = tuple(
        replace(one, praised=tuple(replace(quote, quote=said) for quote in one.praised)) for one in found.findings
    )
    out = io.StringIO()
    terminal_summary.summary(Console(file=out, width=60), replace(found, findings=findings))
    flat = " ".join(out.getvalue().split())
    shown = flat.split("“The ending glows")[1].split("”")[0]
    assert (f"“{' '.join(said.split())}”" in flat) == is_whole
    assert ("” [cut here; --json has the whole]" in flat) != is_whole
    assert said.startswith(f"The ending glows{shown}") and said[len(f"The ending glows{shown}") :][:1] in ("", " ")


def test_a_summary_says_what_changed_since_the_last(salt: Run, tmp_path: Path) -> None:
    salt("summary", "Lamp")
    (tmp_path / "more.txt").write_text("The music is a lovely noise.")
    salt("add", "more.txt", "--title", "Lamp")
    out = salt("summary", "Lamp")[1]
    assert "Since the last summary: 10 reviews, 1 more than before." in out
    assert "Since the last summary: The music: not mentioned before." in out
    assert "Since the last" not in salt("summary", "Lamp")[1]


def test_what_is_stored_is_shown_with_what_is_out_of_date_and_only_on_request(salt: Run) -> None:
    code, _, err = salt("summary", "Lamp", "--no-refresh")
    assert (code, "no stored summary" in err, 'pullquote summary "Lamp"' in err) == (2, True, True)
    salt("summary", "Lamp")
    odd = json.loads(salt("show", "Lamp", "--json", "--query", "lovely")[1])["reviews"][0]["id"]
    salt("remove", odd)
    assert "(stale)" in salt("summary", "Lamp", "--no-refresh")[1]
    shown = json.loads(salt("summary", "Lamp", "--no-refresh", "--json")[1])
    assert [(one["mentioning"], one["stale"]) for one in shown["findings"]] == [(9, True)]
    shown = json.loads(salt("summary", "Lamp", "--json")[1])
    assert [(one["mentioning"], one["stale"]) for one in shown["findings"]] == [(8, False)]


def test_json_is_one_object_of_one_title_and_one_of_all(salt: Run) -> None:
    code, out, _ = salt("summary", "Lamp", "--json")
    one = json.loads(out)
    assert (code, one["schema"], out.isascii(), out.count("\n")) == (0, "pullquote.summary/1", True, 1)
    assert json.loads(salt("summary", "Lamp", "--format", "json")[1]) == one
    code, out, _ = salt("summary", "--all", "--json")
    every = json.loads(out)
    assert (code, every["schema"]) == (0, "pullquote.summaries/1")
    assert {summary["title"]["name"] for summary in every["summaries"]} == {"Lamp", "The Salt Ladder"}
    assert one in every["summaries"]


def test_all_titles_are_shown_one_behind_the_other(salt: Run) -> None:
    code, out, _ = salt("summary", "--all")
    assert (code, out.startswith("Lamp\n"), "\n\nThe Salt Ladder\n" in out) == (0, True, True)
    rows = list(csv.DictReader(io.StringIO(salt("summary", "--all", "--format", "csv")[1])))
    assert {(row["title"], row["aspect"], row["mentioning"]) for row in rows} >= {
        ("Lamp", "ending", "9"),
        ("The Salt Ladder", "ending", "7"),
        ("The Salt Ladder", "sound", "1"),
    }


@pytest.mark.parametrize("command", [["summary", "Lamp"], ["summary", "--all"], ["compare", "The Salt Ladder", "Lamp"]])
@pytest.mark.parametrize("form", FORMATS)
def test_a_report_is_written_the_same_to_the_screen_and_to_a_file(
    salt: Run, tmp_path: Path, command: list[str], form: str
) -> None:
    code, out, _ = salt(*command, "--format", form)
    start = {
        "json": '{"schema": "pullquote.',
        "csv": ("title,", "aspect,"),
        "markdown": "# ",
        "html": "<!doctype html>",
    }
    assert (code, out.startswith(start[form])) == (0, True)  # type: ignore[arg-type]
    code, shown, err = salt(*command, "--format", form, "--output", "report.out")
    assert (code, shown, "Written to report.out" in err) == (0, "", True)
    assert (tmp_path / "report.out").read_text("utf-8").replace("\r\n", "\n") == out.replace("\r\n", "\n")


def test_a_file_without_a_format_is_markdown(salt: Run, tmp_path: Path) -> None:
    assert (
        salt("summary", "Lamp", "-o", "lamp.md")[0]
        == salt("compare", "Lamp", "The Salt Ladder", "-o", "two.md")[0]
        == 0
    )
    assert (tmp_path / "lamp.md").read_text().startswith("# Lamp\n")
    assert (tmp_path / "two.md").read_text().startswith("# Lamp and The Salt Ladder\n")


# ── compare ──────────────────────────────────────────────────────────────────────────────────────


def test_a_comparison_in_the_terminal_names_what_holds_with_a_quote_for_each(salt: Run) -> None:
    code, out, _ = salt("compare", "The Salt Ladder", "lamp")
    flat = " ".join(out.split())
    assert code == 0
    assert "5 of 7 (71 %, 36–92)" in flat and "1 of 9 (11 %, 2–43)" in flat
    assert "+60 points (" in flat and "holds" in flat
    assert "is a dreadful piece.”" in flat and "is a lovely piece.”" in flat
    found = json.loads(salt("compare", "The Salt Ladder", "Lamp", "--json")[1])
    (ending,) = found["aspects"]
    assert (found["schema"], ending["holds"], ending["counts"][1]["mentioning"]) == ("pullquote.comparison/1", True, 9)


def test_where_no_difference_holds_that_is_said_first(salt: Run, tmp_path: Path) -> None:
    rows = [{"text": f"The ending on day {n} is a dreadful piece."} for n in range(3)]
    (tmp_path / "more.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert salt("add", "more.jsonl", "--title", "Lamp II", "--kind", "film")[0] == 0
    out = salt("compare", "Lamp", "Lamp II")[1]
    assert out.startswith("No difference holds: each could be chance among so few reviews.")


# ── code ─────────────────────────────────────────────────────────────────────────────────────────


def test_coding_says_what_it_read_and_that_there_is_nothing_left(salt: Run, tmp_path: Path) -> None:
    assert "Everything is coded already." in salt("code")[1]
    (tmp_path / "late.txt").write_text("The music is a lovely noise.")
    with Library(Path(".pullquote"), configuration.load(), BlindCoder(), WordEmbedder(), ListIndex()) as library:
        library.add([tmp_path / "late.txt"], title="Lamp")
    code, out, _ = salt("code", "lamp", "--json")
    report = json.loads(out)
    assert (code, report["schema"]) == (0, "pullquote.code/1")
    assert [(t["name"], t["read"], t["opinions"], t["failed"]) for t in report["titles"]] == [("Lamp", 1, 1, 0)]
    assert json.loads(salt("titles", "--json")[1])["titles"][0]["opinions"] == 10


def test_a_language_the_coder_does_not_know_is_said_by_coding_and_by_the_summary(salt: Run, tmp_path: Path) -> None:
    (tmp_path / "de.jsonl").write_text(json.dumps({"text": "Das Ende ist schwach.", "lang": "de"}))
    salt("add", "de.jsonl", "--title", "Lamp")
    out = " ".join(salt("summary", "Lamp")[1].split())
    assert "1 that the coder can’t judge" in out
    assert "The coder can't judge 1 of 10 reviews" in out


# ── what is refused ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["summary", "Slat Ladder"], "Did you mean The Salt Ladder?"),
        (["summary", "Slat Ladder", "--output", "x.md"], "Did you mean The Salt Ladder?"),
        (["summary"], "Name one title, or --all."),
        (["summary", "Lamp", "--all"], "Name one title, or --all."),
        (["summary", "Lamp", "--format", "pdf"], "no format 'pdf'"),
        (["summary", "Lamp", "--format", "pdf", "--output", "x.pdf"], "no format 'pdf'"),
        (["summary", "Lamp", "--output", "nowhere/x.md"], "can't be written"),
        (["compare", "Lamp"], "second"),
        (["compare", "Lamp", "Lampp"], "Did you mean Lamp?"),
        (["compare", "Lamp", "lamp"], "itself"),
        (["compare", "Lamp", "The Salt Ladder", "--format", "pdf"], "no format 'pdf'"),
        (["code", "Lampp"], "Did you mean Lamp?"),
        (["ask", "How is the ending?", "--stance", "furious"], "furious"),
        (["summary", "Lamp", "--library", "nowhere"], "no library"),
    ],
)
def test_errors_are_sentences_with_exit_code_two(salt: Run, tmp_path: Path, arguments: list[str], says: str) -> None:
    code, out, err = salt(*arguments)
    assert (code, out) == (2, "")
    assert says in " ".join(err.split()) and "Traceback" not in err
    assert not [*tmp_path.glob("x.*")]
    code, out, _ = salt(*arguments, "--json") if "--format" not in arguments else (2, "", "")
    if out:
        assert set(json.loads(out)["error"]) == {"code", "message", "hint", "details", "retryable"}


@pytest.mark.parametrize("command", ["summary", "compare", "code"])
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert (code, f"pullquote {command}" in out.split("Usage", 1)[1].split("\n", 1)[1]) == (0, True)


def test_nothing_of_a_review_acts_on_the_terminal(run: Run, tmp_path: Path) -> None:
    for name in ("S\u009dalt", "Lamp\u202e"):
        text = "The ending \x1b]0;owned\x07 is a lovely \u202ereversed\u202c [red]markup[/red] thing."
        rows = [{"text": f"{text} {n}", "critic": "A\x1b[31mnn", "title": name, "outlet": "[bold]P"} for n in range(3)]
        (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, rows)))
        assert run("add", "x.jsonl", "--kind", "film")[0] == 0
    for arguments in (["summary", "--all"], ["compare", "S\u009dalt", "Lamp\u202e"], ["code"],
                      ["summary", "--all", "--format", "markdown"], ["summary", "--all", "--format", "html"]):  # fmt: skip
        code, out, _ = run(*arguments)
        assert code == 0
        assert not set(out) & set("\x1b\x07\u009d\u202e\u202c"), arguments
    assert "[red]markup[/red]" in run("summary", "--all")[1].replace("\n", " ")


# ── counts in answers ────────────────────────────────────────────────────────────────────────────


def test_how_many_is_answered_by_a_count_with_the_quotes_behind_it_and_coverage(salt: Run) -> None:
    code, out, _ = salt("ask", "How many critics disliked the ending?", "--title", "The Salt Ladder", "--json")
    found = json.loads(out)
    assert (code, found["status"], found["plan"]["kind"], found["plan"]["stance"]) == (
        0,
        "answered",
        "how_many",
        "negative",
    )
    counted = found["claims"][0]
    assert (counted["kind"], counted["support"]) == ("count", None)
    assert counted["text"] == "Some of the 7 reviews that judge the ending criticise it: 2 (29 %, 8–64)."
    behind = [citation for citation in found["citations"] if citation["id"] in counted["citations"]]
    assert {citation["critic"] for citation in behind} == {"Mara Quill", "Jon Ashby"}
    assert {citation["stance"] for citation in behind} == {"negative"}
    (coverage,) = found["coverage"]
    totals = [coverage[name] for name in ("reviews", "coded", "no_opinion", "failed", "uncoded")]
    assert totals == [9, 8, 1, 0, 0]
    assert [coverage[name] for name in ("mentioning", "positive", "negative", "mixed")] == [7, 5, 2, 0]
    assert (coverage["negative_share"]["k"], coverage["negative_share"]["n"]) == (2, 7)
    assert coverage["words"] == {"positive": "most", "negative": "some"}


def test_titles_are_counted_apart(salt: Run) -> None:
    found = json.loads(salt("ask", "How many critics disliked the ending?", "--json")[1])
    assert {row["mentioning"] for row in found["coverage"]} == {7, 9}
    text = found["claims"][0]["text"]
    assert "of the 7 reviews of The Salt Ladder" in text and "of the 9 reviews of Lamp" in text


@pytest.mark.parametrize(("stance", "said"), [("positive", "lovely"), ("negative", "dreadful")])
def test_the_stance_filter_leaves_the_other_side_aside_and_every_review_in_the_count(
    salt: Run, stance: str, said: str
) -> None:
    found = json.loads(salt("ask", "How is the ending?", "--title", "Lamp", "--stance", stance, "--json")[1])
    assert {citation["stance"] for citation in found["citations"]} == {stance}
    assert all(said in citation["quote"] for citation in found["citations"])
    assert (found["plan"]["filters"], found["scope"]["reviews"]) == ({"stance": stance}, 9)
    assert [found["coverage"][0][name] for name in ("mentioning", "positive", "negative")] == [9, 1, 8]


def test_where_nobody_is_on_the_side_asked_for_that_is_counted_and_said(salt: Run) -> None:
    code, out, _ = salt("ask", "What did critics dislike about the music?", "--title", "The Salt Ladder", "--json")
    found = json.loads(out)
    assert (code, found["status"]) == (0, "abstained")
    assert found["reason"] == "One of the 9 reviews judges the music, and it does not criticise it."
