"""Coding by a faulty model: it ends in time, what was read before stays, and nothing is kept that no reply said.

Forty reviews are two transactions of twenty, each of two calls. The first three calls are answered well, so the fault
befalls half of the second transaction, and every attempt to mend that.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rag import taxonomy
from rag.errors import PullquoteError
from rag.library import Library
from rag.opinions import AT_ONCE_PAID, CodingReport
from rag.records import Counts, Totals
from tests.doubles import BlindCoder, ListIndex, WordEmbedder
from tests.flows.conftest import Run
from tests.flows.faulty import (
    SHORT,
    STAMP,
    TOUCHES_NOTHING,
    assert_clear,
    assert_keeps_no_key,
    assert_no_key,
    assert_nothing_is_left,
    copied,
    in_time,
    scripted,
)
from tests.peer import FAULTS, Peer, Seen, text_of
from tests.written import put

Open = Callable[..., Library]

FILM = taxonomy.load("film")
MANY = 2 * AT_ONCE_PAID
SAYINGS = ("On night {} I loved the ending.", "On night {} the middle was dull.", "On night {} we took the bus.")
TOLD = ((0, 1), (2, 0), (1, 2), (2,))
"""Which of these a review says, by the rest of its number divided by four."""
STANCES = ("positive", "negative", None)
NIGHTS = {number: [SAYINGS[one].format(number) for one in TOLD[number % 4]] for number in range(MANY)}
GOOD_CALLS = 3

Row = tuple[int, int, str, str, float, float, str | None]


@dataclass
class Stored:
    """What lies in the database, read by hand: reviews, outcomes and opinions by review, and what is shown of them."""

    texts: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    opinions: dict[str, list[Row]] = field(default_factory=dict)
    coder: str | None = None

    @property
    def failed(self) -> set[str]:
        return {name for name, outcome in self.outcomes.items() if outcome == "failed"}


def stored(library: Library) -> Stored:
    found = Stored()
    database = sqlite3.connect(library.path / "library.db")
    try:
        found.texts = dict(database.execute("SELECT id, text FROM reviews"))
        rows = database.execute("SELECT review_id, outcome FROM codings").fetchall()
        found.outcomes = dict(rows)
        assert len(rows) == len(found.outcomes)  # no review is read twice
        for name, *row in database.execute(
            "SELECT review_id, start, end, aspect, stance, score, certainty, severity FROM opinions ORDER BY start"
        ):
            found.opinions.setdefault(name, []).append((*row,))
        coders = "SELECT identity FROM coders JOIN titles ON titles.coder_id = coders.id"
        found.coder = next((name for (name,) in database.execute(coders)), None)
        reading = {name for (name,) in database.execute("SELECT identity FROM coders")}
        assert all(name.startswith(f"chat@1/{STAMP}/code.v1@sha256:") for name in reading)
    finally:
        database.close()
    return found


def number_of(text: str) -> int:
    return int(re.findall(r"\d+", text)[0])


def of_good_model(text: str) -> list[Row]:
    """What the good model finds in a review: by hand, from the sentences it was put together of."""
    number = number_of(text)
    found: list[Row] = []
    for saying, sentence in zip(TOLD[number % 4], NIGHTS[number], strict=True):
        stance, start = STANCES[saying], text.index(sentence)
        if stance is not None:
            score = 0.8 if stance == "positive" else -0.8
            found.append((start, start + len(sentence), FILM.aspects[0].id, stance, score, 0.9, None))
    return found


def assert_nothing_untrue(kept: Stored) -> None:
    """A review that counts as read holds just what a whole reply said of it, whatever the fault; one that does not
    holds nothing."""
    for name, outcome in kept.outcomes.items():
        assert outcome in ("coded", "no_opinion", "failed")
        expected = [] if outcome == "failed" else of_good_model(kept.texts[name])
        assert kept.opinions.get(name, []) == expected
        assert outcome == "failed" or (outcome == "coded") == bool(expected)
    assert kept.opinions.keys() <= kept.outcomes.keys() <= kept.texts.keys()


def sentences_of(requests: list[Seen]) -> Counter[str]:
    asked = (re.findall(r"^\[U\d+\] (.*)$", text_of(seen.body["messages"][-1]), re.MULTILINE) for seen in requests)
    return Counter(sentence for sentences in asked for sentence in sentences)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews that no coder has read."""
    path = tmp_path_factory.mktemp("waiting") / "library"
    with Library.open(path, engine=BlindCoder(), embedder=WordEmbedder(), index=ListIndex()) as library:
        put(library, *map(" ".join, NIGHTS.values()))
    return path


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    with scripted(monkeypatch, SHORT) as started:
        started.chunk = 64
        yield started


@pytest.fixture
def library(waiting: Path, peer: Peer, open_library: Open, tmp_path: Path) -> Library:
    return open_library(copied(waiting, tmp_path / "library"))


def coded(library: Library) -> CodingReport | PullquoteError:
    try:
        return library.code(by_model=True)
    except PullquoteError as error:
        return error


@pytest.mark.parametrize("fault", ["good", *sorted(FAULTS)])
def test_whatever_the_server_does_what_is_kept_is_what_was_said(
    fault: str, peer: Peer, library: Library, open_library: Open
) -> None:
    peer.play(*["good"] * GOOD_CALLS, fault)

    with in_time(2 * SHORT):
        done = coded(library)

    kept = stored(library)
    assert_nothing_untrue(kept)
    assert_nothing_is_left(peer, library)
    assert_keeps_no_key(library.path)
    answered = sentences_of(peer.seen[:GOOD_CALLS])
    if isinstance(done, PullquoteError):
        assert_clear(done)
        # The first transaction stays, whole; of the second nothing is there, and none of it is shown.
        assert len(kept.outcomes) == AT_ONCE_PAID and not kept.failed and kept.coder is None
    else:
        (title,) = done.titles
        assert (title.read, title.failed) == (MANY, len(kept.failed)) == (len(kept.outcomes), title.failed)
        assert title.opinions == sum(map(len, kept.opinions.values())) and title.coder == kept.coder
        # What failed is what no call was answered about, and only that.
        said = {name: set(NIGHTS[number_of(text)]) for name, text in kept.texts.items()}
        unread = {name for name, sentences in said.items() if not sentences <= answered.keys()}
        assert kept.failed == (set() if fault in TOUCHES_NOTHING else unread)
    assert_counted(open_library(library.path, engine="extractive"), kept)

    peer.play("good")
    again = open_library(library.path)
    again.code(by_model=True)

    later = stored(again)
    assert_nothing_untrue(later)
    assert later.outcomes.keys() == later.texts.keys() and later.failed <= kept.failed
    if isinstance(done, PullquoteError):
        # The good half of the broken transaction is not paid for twice.
        asked = sentences_of(peer.seen)
        assert asked.keys() == {sentence for sentences in NIGHTS.values() for sentence in sentences}
        assert all(asked[sentence] == 1 for sentence in answered)


def assert_counted(offline: Library, kept: Stored) -> None:
    """The summary counts what was read, and says what was not; of a coding that was broken off it shows nothing."""
    made = offline.summary("Salt")
    if kept.coder is None:
        assert made.totals == Totals(MANY, 0, 0, 0, MANY) and made.findings == () and made.statement == ()
        assert any(f"{MANY} of {MANY} reviews are not coded" in one for one in made.warnings)
        return
    by_outcome = Counter(kept.outcomes.values())
    assert made.totals == Totals(MANY, by_outcome["coded"], by_outcome["no_opinion"], by_outcome["failed"], 0)
    told = [one for one in made.warnings if f"can't judge {len(kept.failed)} of {MANY} reviews" in one]
    assert bool(told) == bool(kept.failed)
    stances = [{row[3] for row in rows} for rows in kept.opinions.values()]
    positive, negative = stances.count({"positive"}), stances.count({"negative"})
    (finding,) = made.findings
    assert finding.counts == Counts(len(stances), positive, negative, len(stances) - positive - negative)


@pytest.mark.parametrize(("fault", "kind"), [
    ("401", "key"), ("404", "unknown"), ("413", "context"), ("422", "rejected"), ("429-long", "busy"),
    ("broken-json", "rubbish"), ("no-choices", "rubbish"), ("empty", "rubbish"), ("fifty-mb", "rubbish"),
    ("refusal", "filtered"), ("reset-middle", "broke_off"), ("stall", "timeout"), ("503", "server"),
    ("html", "rubbish"),
    ("content-filter", "filtered"),
])  # fmt: skip
def test_the_error_says_what_is_wrong_in_the_terminal(
    fault: str, kind: str, peer: Peer, library: Library, typed: Run
) -> None:
    peer.play(fault)

    code, out, err = typed("code", "--engine", "chat", "--yes", "--json", "--library", str(library.path))

    error = json.loads(out)["error"]
    assert (code, error["code"], error["details"]["kind"]) == (3, "engine_error", kind)
    assert error["message"].startswith("The model at 127.0.0.1") and "Traceback" not in out + err
    assert_no_key(out + err)
    assert stored(library).outcomes == {}


def test_a_reply_that_was_cut_off_fails_its_reviews_and_not_the_run(peer: Peer, library: Library) -> None:
    peer.play(*["good"] * GOOD_CALLS, "length")

    (title,) = library.code(by_model=True).titles

    assert title.read == MANY and 0 < title.failed < MANY


@pytest.mark.parametrize("fault", ["ignores-protocol", "two-choices"])
def test_what_the_model_left_unread_is_read_by_the_next_run(
    fault: str, peer: Peer, library: Library, open_library: Open
) -> None:
    peer.play(*["good"] * GOOD_CALLS, fault)
    library.code(by_model=True)
    peer.play("good")

    again = open_library(library.path)
    again.code(by_model=True)

    assert stored(again).failed == set() and len(stored(again).outcomes) == MANY
