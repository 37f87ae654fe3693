"""The check passes on what is written, and refuses what contradicts itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file
from pathlib import Path

import pytest

from corpus import loader
from corpus.__main__ import main
from corpus.built import SAMPLE, SAMPLE_FILE, built_files, built_folder
from corpus.check import check_split, shape_problems, stale_files
from corpus.reader import SPLITS, split_folder

DEV = loader.load("dev")
TEST = loader.load("test")

Spoil = Callable[[Path], object]


@pytest.mark.parametrize("split", SPLITS)
def test_the_check_finds_nothing_to_refuse(split: loader.Split) -> None:
    assert check_split(split, split_folder(split)).problems == ()


def test_the_corpus_has_the_size_that_it_promises() -> None:
    assert list(shape_problems(DEV, TEST)) == []


def test_a_promise_that_is_not_kept_is_named() -> None:
    smaller = replace(TEST, titles=TEST.titles[1:])

    assert any("ten test titles" in problem for problem in shape_problems(DEV, smaller))


def test_the_generated_files_are_up_to_date() -> None:
    assert list(stale_files([DEV, TEST], built_folder())) == []


def test_building_twice_gives_the_same_bytes() -> None:
    assert built_files([loader.load("dev")]) == built_files([DEV])


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for slug in SAMPLE:
        with as_file(split_folder("dev") / slug) as folder:
            shutil.copytree(folder, tmp_path / slug)
    return tmp_path


def _replace(name: str, old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        source = (folder / name).read_bytes().decode("utf-8")
        assert old in source
        (folder / name).write_bytes(source.replace(old, new).encode("utf-8"))

    return spoil


def _ask(question: str) -> Spoil:
    return lambda folder: (folder / "questions.toml").write_text(f"[[question]]\n{question}", "utf-8")


TERSE = "the-salt-ladder/08-tuesday.md"
BLOG = "the-salt-ladder/04-boiler.md"
REPRINTED = "the-salt-ladder/10-one-coat.md"
TITLE = "the-salt-ladder/title.toml"
DERIVED = "the-salt-ladder:dislike"
HORSE = "the-salt-ladder/06: The horse is fine."
ASKED = 'id = "a"\ntext = "Is the horse fine?"\nkind = "yes_no"\nabout = ["the-salt-ladder"]\n'


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_replace(TERSE, "{-pacing|", "{-tempo|"), f"{TERSE}: line 8: unknown aspect 'tempo'"),
        (_replace(TERSE, "outlet: The Aisle\n", ""), f"{TERSE}: field 'outlet' is missing"),
        (_replace(TERSE, "outlet:", "paper:"), f"{TERSE}: unknown field 'paper'"),
        (_replace(TERSE, "rating: 2/5", "rating:"), f"{TERSE}: field 'rating' must be text"),
        (_replace(TERSE, "rating: 2/5", "rating: [2"), f"{TERSE}: front matter is not YAML"),
        (_replace(TERSE, "---\n", ""), f"{TERSE}: needs front matter"),
        (_replace(TERSE, "2022-10-19", "19.10.2022"), "the-salt-ladder/08: '19.10.2022' is no date"),
        (_replace(TERSE, "2022-10-19", "20221019"), "the-salt-ladder/08: '20221019' is no date"),
        (_replace(TERSE, "date:", "lang: German\ndate:"), "the-salt-ladder/08: 'German' is no language"),
        (_replace(TERSE, "date:", "lang: de\ndate:"), "the-salt-ladder/08: trap 'language' and the text disagree"),
        (_replace(TERSE, "date:", "traps: sarcasm\ndate:"), "the-salt-ladder/08: trap 'sarcasm' and the text"),
        (_replace(TERSE, "date:", "traps: puns\ndate:"), "the-salt-ladder/08: unknown trap 'puns'"),
        (_replace(TERSE, "date:", "traps: reprint\ndate:"), "the-salt-ladder/08: trap 'reprint' and the other texts"),
        (_replace(TERSE, "date:", "traps: near_duplicate\ndate:"), "08: trap 'near_duplicate' and the other texts"),
        (_replace(TERSE, "date:", "traps: bomb\ndate:"), "the-salt-ladder: a bomb is 3 reviews or more"),
        (_replace(TERSE, "date:", "url: https://a.test/\ndate:"), "the-salt-ladder/08: the address"),
        (_replace(TERSE, "Saw it Tuesday.", "Saw it " + "again " * 500 + "."), "words; keep it from 30 to 500"),
        (_replace(TERSE, "Tuesday. ", "Tuesday.\r\n"), "the-salt-ladder/08: a control character"),
        (_replace(TERSE, "Gwil Tansett", "Mara Quill"), "the-salt-ladder: 2 reviews by Mara Quill"),
        (
            _replace(TERSE, "Good salt.} {+acting| F", "Good salt. F"),
            "'Good salt. Farrant good too.…' covers two sentences",
        ),
        (_replace(REPRINTED, "{+direction| It", "{-direction| It"), "but other labels"),
        (_replace(REPRINTED, "The Weekly Lantern", "Mid-Shires Press Service"), "same text and outlet as"),
        (_replace(REPRINTED, "share one coat", "share two coats"), "10: trap 'near_duplicate' and the other texts"),
        (_replace(TITLE, "name", "called"), f"{TITLE}: needs a name"),
        (_replace(TITLE, '"film"', '"opera"'), f"{TITLE}: unknown kind 'opera'"),
        (_replace(TITLE, '"film"', '"place"'), "unknown aspect 'acting'"),
        (_replace(TITLE, "=", ":"), f"{TITLE}: not TOML"),
        (_replace(TITLE, "silent = []", 'silent = ["ending"]'), "speaks of 'ending', which title.toml says nobody"),
        (_replace(TITLE, "silent = []", 'silent = ["smell"]'), "the-salt-ladder: unknown silent aspect 'smell'"),
        (_replace(TITLE, '"the subtitles"', '"the horse"'), "holds 'horse', and title.toml says that nobody mentions"),
        (_replace(TERSE, "too.} {-pacing| Long", "too. Long"), "covers two sentences"),
        (lambda folder: (folder / TITLE).unlink(), "title.toml: there is no such file"),
        (lambda folder: (folder / TERSE).rename(folder / "the-salt-ladder/Tuesday.md"), "is named NN-short-slug"),
        (lambda folder: (folder / TERSE).write_bytes(b"\xff"), f"{TERSE}: not UTF-8"),
        (lambda folder: (folder / "my-aunt-the-weather/03-editor-mode.md").unlink(), "7 reviews; a title has from 8"),
        (lambda folder: shutil.copy(folder / TERSE, folder / "the-salt-ladder/08-again.md"), "2 reviews have this"),
        (_ask(ASKED + 'must_cite = [["the-salt-ladder/06: The horse is lame."]]'), "stands 0 times in the-salt-ladder"),
        (_ask(ASKED + 'must_cite = [["the-salt-ladder/99: The horse"]]'), "there is no review 'the-salt-ladder/99'"),
        (_ask(ASKED), "question a: either name passages that answer it"),
        (_ask(ASKED + 'unanswerable = "boring"'), "question 1 unanswerable: Input should be 'absent'"),
        (_ask(ASKED + 'unanswerable = "absent"\nprevious = "b"'), "question a: follows 'b', which is no question"),
        (
            _ask(ASKED + 'unanswerable = "absent"\nprevious = "a"'),
            "question a: follows 'a', which is no question before",
        ),
        (_ask(ASKED + f'unanswerable = "absent"\nprevious = "{DERIVED}"'), "a follow-up names the question before it"),
        (_ask(ASKED + 'unanswerable = "absent"\nanswer = "yes"'), "question 1 answer: Extra inputs are not permitted"),
        (_ask(ASKED + 'unanswerable = "absent"\nmust = ["fine"]'), "question 1 must 1: Input should be a valid list"),
        (_ask(ASKED + 'unanswerable = "absent"\npicked = "no"'), "question 1 picked: Input should be a valid boolean"),
        (_ask(ASKED + 'unanswerable = "absent"\nmust = [["x"]]\nmust_not = ["x"]'), "'x' must be said and must not be"),
        (
            _ask(ASKED + f'must_cite = [["{HORSE}"]]\nmust_not_cite = ["{HORSE}"]'),
            "shares a sentence with one that must",
        ),
        (_ask(ASKED + 'aspect = "smell"'), "question a: unknown aspect 'smell'"),
        (
            _ask(ASKED.replace("the-salt-ladder", "my-aunt-the-weather") + f'must_cite = [["{HORSE}"]]'),
            "is not about its",
        ),
        (_ask(ASKED.replace("yes_no", "maybe")), "question 1 kind: Input should be 'what'"),
        (_ask(ASKED.replace("the-salt-ladder", "x") + 'unanswerable = "absent"'), "question a: there is no title 'x'"),
        (_ask("id = 1"), "question 1 id: Input should be a valid string"),
        (_ask("id"), "questions.toml: not TOML"),
        (lambda folder: (folder / "questions.toml").write_text("[[qustion]]"), "question: Field required"),
    ],
)
def test_the_check_refuses_what_contradicts_itself(copied: Path, spoil: Spoil, complaint: str) -> None:
    assert check_split("dev", copied).problems == ()

    spoil(copied)

    assert any(complaint in problem for problem in check_split("dev", copied).problems)


def test_the_check_refuses_a_generated_file_that_is_missing_or_differs(tmp_path: Path) -> None:
    (tmp_path / SAMPLE_FILE).write_text("{}\n", encoding="ascii")
    (tmp_path / "old.jsonl").write_text("", encoding="ascii")

    stray, *problems = stale_files([DEV], tmp_path)

    assert "old.jsonl: nothing makes this file" in stray
    assert len(problems) == 5
    assert all("no such file" in problem for problem in problems if SAMPLE_FILE not in problem)
    assert any(f"{SAMPLE_FILE}: differs" in problem for problem in problems)


def test_the_check_command_prints_the_tables_and_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("| title | kind | split | reviews | words | sentences |")
    assert "| label | units | given by the first | by the second | agreed | kappa |" in out


def test_commands_refuse_a_bad_corpus_with_one_line_each_and_status_one(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace(TERSE, "{-pacing|", "{-tempo|")(copied)
    monkeypatch.setattr("corpus.__main__.split_folder", lambda split: copied if split == "dev" else split_folder(split))

    for command in ("build", "check", "draw"):
        assert main([command]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_check_refuses_a_readme_that_says_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with as_file(built_folder().parent / "README.md") as written:  # type: ignore[attr-defined]
        text = written.read_text("utf-8")
    readme = tmp_path / "README.md"
    readme.write_text(text.replace("| opinion or none |", "| opinion or none | 1 |"), "utf-8")
    monkeypatch.setattr("corpus.__main__._readme", lambda: readme)

    assert main(["check"]) == 1
    assert "README.md: its tables say otherwise" in capsys.readouterr().err


def test_build_writes_the_files_that_the_corpus_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("".join(f"<!-- corpus:{n} -->\n<!-- /corpus:{n} -->\n" for n in ("titles", "kappa")), "utf-8")
    built = tmp_path / "built"
    monkeypatch.setattr("corpus.__main__.built_folder", lambda: built)
    monkeypatch.setattr("corpus.__main__._readme", lambda: readme)

    assert main(["build"]) == 0

    assert {file.name: file.read_text("ascii") for file in built.iterdir()} == built_files([DEV, TEST])
    assert "| The Salt Ladder | film | dev | 12 |" in readme.read_text("utf-8")


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    assert "python -m corpus check" in capsys.readouterr().out
