"""The sample corpus holds what its README says, and its check refuses what it should."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from corpus import sample
from corpus.__main__ import main
from corpus.built import LABELS_FILE, REVIEWS_FILE, built_files, built_folder
from corpus.check import check_sources, stale_files, word_count
from corpus.sample import Review

REVIEWS = tuple(sample.reviews())
NO_MUSIC = "my-aunt-the-weather"
REPRINTED = "the-salt-ladder/10"
REPRINT = "the-salt-ladder/11"
DIRTY = "the-salt-ladder/09"
ORDERS = "my-aunt-the-weather/03"
GERMAN = "nine-minutes-to-dunmarrow/04"
MUSIC = re.compile(
    r"music|score|song|sound|melod|orchest|compos|choir|piano|drum|audio|nois"
    r"|\b(?:sing|sings|sung|tune|tunes|hear|heard|loud|quiet)\b",
    re.IGNORECASE,
)


def review(review_id: str) -> Review:
    return next(found for found in REVIEWS if found.id == review_id)


def test_three_films_have_eight_ten_and_twelve_reviews() -> None:
    assert Counter(found.slug for found in REVIEWS) == {
        "my-aunt-the-weather": 8,
        "nine-minutes-to-dunmarrow": 10,
        "the-salt-ladder": 12,
    }


def test_half_of_the_reviews_have_about_a_hundred_and_twenty_words() -> None:
    assert 110 <= median(word_count(found.text) for found in REVIEWS) <= 135


def test_the_check_finds_nothing_to_refuse() -> None:
    assert check_sources(sample.sample_folder()).problems == ()


def test_the_generated_files_are_up_to_date() -> None:
    assert list(stale_files(REVIEWS, built_folder())) == []


def test_building_twice_gives_the_same_bytes() -> None:
    assert built_files(sample.reviews()) == built_files(sample.reviews())


def test_every_label_written_out_slices_the_text_written_out() -> None:
    texts = {record["id"]: record["text"] for record in _records(REVIEWS_FILE)}

    for record in _records(LABELS_FILE):
        words = texts[record["id"]][record["start"] : record["end"]]
        assert words
        assert words == words.strip()


def test_every_marked_span_stands_in_its_file_word_for_word() -> None:
    for folder in sample.title_folders(sample.sample_folder()):
        for file in sample.review_files(folder):
            found = review(f"{folder.name}/{file.name[:2]}")
            source = file.read_bytes().decode("utf-8")
            written = re.findall(r"\{[^|{}\\]+\| ([^{}\\]+)\}", source)
            spans = dict.fromkeys((label.start, label.end) for label in found.labels)
            assert [found.text[start:end] for start, end in spans] == written


def test_generated_files_are_ascii_and_leave_absent_values_out() -> None:
    for name in (REVIEWS_FILE, LABELS_FILE):
        assert (built_folder() / name).read_bytes().isascii()
    reprint = next(record for record in _records(REVIEWS_FILE) if record["id"] == REPRINT)
    assert list(reprint) == ["id", "title", "outlet", "date", "rating", "text"]


def test_one_review_carries_the_dirt_of_scraping() -> None:
    assert _ids_with("Advertisement") == [DIRTY]
    for dirt in ("Share this article", "cookies", "Home > Reviews > Film", "toInes Corrowabout"):
        assert dirt in review(DIRTY).text


def test_one_review_is_an_unsigned_reprint_of_another() -> None:
    by_text = defaultdict(list)
    for found in REVIEWS:
        by_text[found.text].append(found.id)

    assert [ids for ids in by_text.values() if len(ids) > 1] == [[REPRINTED, REPRINT]]
    assert len(review(REPRINT).text) >= 100
    assert review(REPRINT).critic is None
    assert review(REPRINT).outlet != review(REPRINTED).outlet


def test_one_review_is_in_another_language() -> None:
    assert [(found.id, found.lang) for found in REVIEWS if found.lang] == [(GERMAN, "de")]


def test_one_review_gives_orders_and_still_has_opinions() -> None:
    assert _ids_with("gnore all previous instructions") == [ORDERS]
    for trick in ("[SYSTEM]", "[S1]", "![five stars](", "](https://", "<b ", '{"role"'):
        assert trick in review(ORDERS).text
    assert {label.stance for label in review(ORDERS).labels} == {"positive", "negative"}


def test_nobody_says_a_word_about_music_in_one_film_alone() -> None:
    silent = [found for found in REVIEWS if found.slug == NO_MUSIC]

    assert [(found.id, MUSIC.findall(found.text)) for found in silent if MUSIC.search(found.text)] == []
    assert {found.slug for found in REVIEWS if any(label.aspect == "sound" for label in found.labels)} == {
        "nine-minutes-to-dunmarrow",
        "the-salt-ladder",
    }


@pytest.mark.parametrize("slug", sorted({found.slug for found in REVIEWS}))
def test_the_ending_of_each_film_is_discussed_by_five_and_disputed(slug: str) -> None:
    stances = {
        found.id: {label.stance for label in found.labels if label.aspect == "ending"}
        for found in REVIEWS
        if found.slug == slug and found.id != REPRINT
    }

    assert sum(bool(taken) for taken in stances.values()) >= 5
    assert sum("positive" in taken for taken in stances.values()) >= 2
    assert sum("negative" in taken for taken in stances.values()) >= 2


def test_two_reviews_have_no_critic_and_two_no_rating() -> None:
    assert [found.id for found in REVIEWS if not found.critic] == ["nine-minutes-to-dunmarrow/07", REPRINT]
    assert len([found for found in REVIEWS if not found.rating]) == 2


@pytest.mark.parametrize("rarity", ["“", "O. Tarrow", "...", "😭", "\n\n"])
def test_the_rarities_that_text_handling_trips_over_are_there(rarity: str) -> None:
    assert _ids_with(rarity)


Spoil = Callable[[Path], object]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for folder in sample.title_folders(sample.sample_folder()):
        target = tmp_path / folder.name
        target.mkdir()
        for file in folder.iterdir():
            (target / file.name).write_bytes(file.read_bytes())
    return tmp_path


def _replace(name: str, old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        source = (folder / name).read_bytes().decode("utf-8")
        assert old in source
        (folder / name).write_bytes(source.replace(old, new).encode("utf-8"))

    return spoil


TERSE = "the-salt-ladder/08-tuesday.md"


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (_replace(TERSE, "{-pacing|", "{-tempo|"), f"{TERSE}: line 7: unknown aspect 'tempo'"),
        (_replace(TERSE, "outlet: The Aisle\n", ""), f"{TERSE}: field 'outlet' is missing"),
        (_replace(TERSE, "outlet:", "paper:"), f"{TERSE}: unknown field 'paper'"),
        (_replace(TERSE, "rating: 2/5", "rating:"), f"{TERSE}: field 'rating' must be text"),
        (_replace(TERSE, "rating: 2/5", "rating: [2"), f"{TERSE}: front matter is not YAML"),
        (_replace(TERSE, "---\n", ""), f"{TERSE}: needs front matter"),
        (_replace(TERSE, "2022-10-19", "19.10.2022"), "the-salt-ladder/08: '19.10.2022' is no date"),
        (_replace(TERSE, "2022-10-19", "20221019"), "the-salt-ladder/08: '20221019' is no date"),
        (_replace(TERSE, "date:", "lang: German\ndate:"), "the-salt-ladder/08: 'German' is no language"),
        (_replace(TERSE, "date:", "url: https://a.test/\ndate:"), "the-salt-ladder/08: the address"),
        (
            _replace(TERSE, "Eleven people in at the start, seven by the finish.", ""),
            "the-salt-ladder/08: 39 words",
        ),
        (_replace(TERSE, "Tuesday. ", "Tuesday.\r\n"), "the-salt-ladder/08: a control character"),
        (_replace(TERSE, "Gwil Tansett", "Mara Quill"), "the-salt-ladder: 2 reviews by Mara Quill"),
        (
            _replace("the-salt-ladder/10-one-coat.md", "{+direction| It", "{-direction| It"),
            "but other labels",
        ),
        (_replace("the-salt-ladder/title.toml", "kind", "sort"), "the-salt-ladder/title.toml: needs name"),
        (_replace("the-salt-ladder/title.toml", "=", ":"), "the-salt-ladder/title.toml: not TOML"),
        (
            lambda folder: (folder / "the-salt-ladder/title.toml").unlink(),
            "title.toml: there is no such file",
        ),
        (
            lambda folder: (folder / TERSE).rename(folder / "the-salt-ladder/Tuesday.md"),
            "is named NN-short-slug",
        ),
        (lambda folder: (folder / TERSE).write_bytes(b"\xff"), f"{TERSE}: not UTF-8"),
        (
            lambda folder: (folder / "my-aunt-the-weather/03-editor-mode.md").unlink(),
            "7 reviews; a title has from 8",
        ),
        (
            lambda folder: shutil.copy(folder / TERSE, folder / "the-salt-ladder/08-again.md"),
            "the-salt-ladder/08: 2 reviews have this number",
        ),
    ],
)
def test_the_check_refuses_what_contradicts_itself(copied: Path, spoil: Spoil, complaint: str) -> None:
    spoil(copied)

    assert any(complaint in problem for problem in check_sources(copied).problems)


def test_the_check_refuses_a_generated_file_that_is_missing_or_differs(tmp_path: Path) -> None:
    (tmp_path / REVIEWS_FILE).write_text("{}\n", encoding="ascii")

    differs, missing = stale_files(REVIEWS, tmp_path)

    assert "differs" in differs
    assert "no such file" in missing


def test_the_check_command_prints_a_table_and_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["title", "reviews", "words", "positive", "negative", "neutral"]
    assert lines[-1].split()[:2] == ["all", "30"]


def test_commands_refuse_a_bad_corpus_with_one_line_each_and_status_one(
    copied: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace(TERSE, "{-pacing|", "{-tempo|")(copied)
    monkeypatch.setattr("corpus.__main__.sample_folder", lambda: copied)

    for command in ("build", "check"):
        assert main([command]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1


def test_build_writes_the_files_that_the_corpus_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.__main__.built_folder", lambda: tmp_path)

    assert main(["build"]) == 0

    written = {file.name: file.read_text(encoding="ascii") for file in tmp_path.iterdir()}
    assert written == built_files(REVIEWS)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])

    assert "python -m corpus check" in capsys.readouterr().out


def _records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (built_folder() / name).read_text(encoding="ascii").splitlines()]


def _ids_with(words: str) -> list[str]:
    return [found.id for found in REVIEWS if words in found.text]
