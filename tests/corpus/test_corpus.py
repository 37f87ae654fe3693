"""What is written in the corpus: every label is the exact slice, and what is promised is there."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from statistics import median
from typing import Any

import pytest

from corpus import loader
from corpus.built import SAMPLE, built_folder
from corpus.check import word_count
from corpus.labels import ASPECTS
from corpus.orders import orders
from corpus.reader import SPLITS, TRAPS, review_files, split_folder, title_folders

CORPORA = {split: loader.load(split) for split in SPLITS}
REVIEWS = [review for corpus in CORPORA.values() for review in corpus.reviews]
BY_ID = {review.id: review for review in REVIEWS}
MUSIC = re.compile(
    r"music|score|song|sound|melod|orchest|compos|choir|piano|drum|audio|nois"
    r"|\b(?:sing|sings|sung|tune|tunes|hear|heard|loud|quiet)\b",
    re.IGNORECASE,
)


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (built_folder() / name).read_text(encoding="ascii").splitlines()]


def ids_with(words: str) -> list[str]:
    return [found.id for found in REVIEWS if words in found.text]


# ── labels ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("split", SPLITS)
def test_every_span_written_out_is_the_exact_slice_of_the_text_written_out(split: loader.Split) -> None:
    texts = {record["id"]: record["text"] for record in records(f"{split}.reviews.jsonl")}
    written = {review.id: review for review in CORPORA[split].reviews}
    questions = records(f"{split}.questions.jsonl")
    cited = [span for q in questions for group in [*q["must_cite"], q["must_not_cite"]] for span in group]
    spans = [
        (r["id"], r["start"], r["end"]) for kind in ("labels", "sentences") for r in records(f"{split}.{kind}.jsonl")
    ]

    assert spans
    assert cited
    for name, start, end in [*spans, *((span["review"], span["start"], span["end"]) for span in cited)]:
        words = texts[name][start:end]
        assert words
        assert words == words.strip()
        assert words == written[name].text[start:end]


@pytest.mark.parametrize("split", SPLITS)
def test_every_marked_span_stands_in_its_file_word_for_word(split: loader.Split) -> None:
    for folder in title_folders(split_folder(split)):
        for file in review_files(folder):
            found = BY_ID[f"{folder.name}/{file.name[:2]}"]
            body = file.read_bytes().decode("utf-8").split("---\n", 2)[2]
            written = [
                re.sub(r"\\(.)", r"\1", s) for s in re.findall(r"(?<!\\)\{[^|{}\\]+\| ((?:[^{}\\]|\\.)+)\}", body)
            ]
            spans = dict.fromkeys((label.start, label.end) for label in found.labels)
            assert [found.text[start:end] for start, end in spans] == written


@pytest.mark.parametrize("split", SPLITS)
def test_sentences_follow_one_another_and_every_label_lies_in_the_one_it_names(split: str) -> None:
    sentences: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records(f"{split}.sentences.jsonl"):
        found = sentences[record["id"]]
        assert record["ordinal"] == len(found)
        assert not found or found[-1]["end"] <= record["start"]
        found.append(record)
    for label in records(f"{split}.labels.jsonl"):
        sentence = sentences[label["id"]][label["sentence"]]
        assert sentence["start"] <= label["start"] < label["end"] <= sentence["end"]


def test_generated_files_are_ascii_and_leave_absent_values_out() -> None:
    for file in built_folder().iterdir():
        assert file.read_bytes().isascii()
    reprint = next(r for r in records("sample.reviews.jsonl") if r["id"] == "the-salt-ladder/11")
    assert list(reprint) == ["id", "title", "outlet", "date", "rating", "text"]


# ── what is there ────────────────────────────────────────────────────────────────────────────────


def test_thirty_titles_of_eight_to_twelve_reviews_and_one_of_sixty() -> None:
    times = Counter(Counter(found.slug for found in REVIEWS).values())

    assert sum(times.values()) == 30
    assert times[60] == 1
    assert set(times) <= {*range(8, 13), 60}


def test_reviews_are_short_and_long_and_half_have_about_ninety_words() -> None:
    words = [word_count(found.text) for found in REVIEWS]

    assert 75 <= median(words) <= 105
    assert min(words) >= 30
    assert sum(count < 50 for count in words) >= 30
    assert sum(count > 250 for count in words) >= 20
    assert max(words) <= 500


def test_voices_differ_within_each_title() -> None:
    voices: dict[str, set[str]] = defaultdict(set)
    for found in REVIEWS:
        voices[found.slug].add(found.voice)

    assert min(len(found) for found in voices.values()) >= 6


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_is_set_in_both_splits(trap: str) -> None:
    for corpus in CORPORA.values():
        assert any(trap in found.traps for found in corpus.reviews)


def test_two_other_languages_are_spoken() -> None:
    assert {found.lang for found in REVIEWS} == {None, "de", "fr"}


def test_severe_complaints_of_every_category_are_in_both_splits() -> None:
    for corpus in CORPORA.values():
        found = {label.severity for review in corpus.reviews for label in review.labels}
        assert found == {None, "illness", "danger", "fraud", "abuse", "harm", "refund"}


def test_every_aspect_is_praised_or_blamed_somewhere() -> None:
    kinds = {title.slug: title.kind for corpus in CORPORA.values() for title in corpus.titles}
    labels = [(kinds[review.slug], label) for review in REVIEWS for label in review.labels]
    found = {(kind, label.aspect) for kind, label in labels if label.stance != "neutral"}

    assert found == {(kind, aspect) for kind, aspects in ASPECTS.items() for aspect in aspects}


def test_dates_lie_years_apart() -> None:
    years = {found.date[:4] for found in REVIEWS}

    assert len(years) >= 5


def test_at_least_forty_orders_of_fifteen_kinds_say_what_obeying_would_look_like() -> None:
    found = orders()

    assert len(found) >= 40
    assert len({order.kind for order in found}) >= 15
    assert len({order.id for order in found}) == len(found)
    assert all(order.text.strip() and order.aim for order in found)
    assert sum(bool(order.forbidden) for order in found) >= 40


# ── the sample, which others rely on ─────────────────────────────────────────────────────────────


def test_the_sample_is_three_development_films() -> None:
    counted = Counter(record["id"].partition("/")[0] for record in records("sample.reviews.jsonl"))

    assert counted == dict(zip(SAMPLE, (8, 10, 12), strict=True))


def test_nobody_says_a_word_about_music_in_the_film_that_is_silent_about_it() -> None:
    silent = [found for found in REVIEWS if found.slug == "my-aunt-the-weather"]

    assert [(found.id, MUSIC.findall(found.text)) for found in silent if MUSIC.search(found.text)] == []


@pytest.mark.parametrize("slug", SAMPLE)
def test_the_ending_of_each_sample_film_is_discussed_by_five_and_disputed(slug: str) -> None:
    stances = [
        {label.stance for label in found.labels if label.aspect == "ending"}
        for found in REVIEWS
        if found.slug == slug and found.id != "the-salt-ladder/11"
    ]

    assert sum(bool(taken) for taken in stances) >= 5
    assert sum("positive" in taken for taken in stances) >= 2
    assert sum("negative" in taken for taken in stances) >= 2


@pytest.mark.parametrize("rarity", ["“", "O. Tarrow", "...", "😭", "\n\n", "Advertisement", "[S1]", '{"role"'])
def test_the_rarities_that_text_handling_trips_over_are_there(rarity: str) -> None:
    assert ids_with(rarity)


def test_dirt_stands_where_it_is_named() -> None:
    dirt = re.compile(r"advert|cookie|privacy|share|newsletter|home [>»]|log in|&\w+;|\w[a-z][A-Z]\w", re.IGNORECASE)
    named = [found for found in REVIEWS if "dirt" in found.traps]

    assert len(named) >= 8
    assert [found.id for found in named if not dirt.search(found.text)] == []
