"""Coding: in batches, resumable, once a review; anew where the coder or its taxonomy changed; never by one that costs."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag import opinions, taxonomy
from rag.engines.base import CodingRequest
from rag.errors import Cancelled, ModelMissing, UnknownTitle
from rag.export import ExportFormat
from rag.library import Library
from rag.opinions import AT_ONCE
from rag.records import DraftOpinions, Opinion, Progress
from rag.reviews import coded, tally
from rag.reviews.store import Store
from tests.doubles import BlindCoder, PaidCoder, WordCoder, WordEmbedder
from tests.written import ids_by_text, put, reading

Open = Callable[..., Library]
MANY = 2 * AT_ONCE + 50
GERMAN = "Der Film hat mir sehr gut gefallen und die Musik war wirklich wunderbar, und das Ende ist stark."


class BreakingCoder(WordCoder):
    """Breaks at the second request it gets."""

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        if self.coded:
            raise KeyboardInterrupt
        return super().draft_opinions(request)


@pytest.fixture
def many(open_library: Open) -> Path:
    """A library whose reviews no coder has read."""
    library = open_library(engine=BlindCoder())
    put(library, *(f"On night {n} the ending is {'lovely' if n % 3 else 'dreadful'}." for n in range(MANY)))
    return library.path


def held(library: Library, title: str = "Salt") -> list[Opinion]:
    with reading(library) as found:
        return list(tally.in_title(found, library.title(title).id))


def assert_each_voted_once(library: Library) -> None:
    assert max(Counter(one.review_id for one in held(library)).values()) == 1
    with reading(library) as found:
        counts = tally.by_aspect(found, library.title("Salt").id)["ending"]
    assert (counts.mentioning, counts.negative, counts.positive) == (MANY, MANY // 3, MANY - MANY // 3)


# ── batches, and what breaks off ─────────────────────────────────────────────────────────────────


def test_reviews_are_coded_in_batches_with_progress(many: Path, open_library: Open) -> None:
    heard: list[Progress] = []
    library = open_library(many, engine=WordCoder())
    report = library.code(on_progress=heard.append)
    assert [(one.done, one.total) for one in heard if one.stage == "code"] == [(200, MANY), (400, MANY), (MANY, MANY)]
    (title,) = report.titles
    assert (title.name, title.read, title.opinions, title.failed) == ("Salt", MANY, MANY, 0)
    assert_each_voted_once(library)
    assert library.code().titles == ()


def test_a_cancelled_run_keeps_what_was_read_and_the_same_command_goes_on(many: Path, open_library: Open) -> None:
    coder, asked = WordCoder(), iter([False, False, True])
    library = open_library(many, engine=coder)
    with pytest.raises(Cancelled):
        library.code(cancelled=lambda: next(asked))
    assert len(coder.coded) == 2 * AT_ONCE
    assert held(library) == []  # nothing is counted before everything is read
    assert library.code().titles[0].read == MANY - 2 * AT_ONCE
    assert Counter(Counter(coder.coded).values()) == {1: MANY}
    assert_each_voted_once(library)


def test_a_run_that_breaks_in_a_batch_reads_that_batch_again_and_counts_it_once(many: Path, open_library: Open) -> None:
    first, second = BreakingCoder(), WordCoder()
    with pytest.raises(KeyboardInterrupt):
        open_library(many, engine=first).code()
    library = open_library(many, engine=second)
    assert library.code().titles[0].read == MANY - AT_ONCE
    assert not set(first.coded) & set(second.coded)
    assert_each_voted_once(library)


def test_adding_goes_on_where_coding_was_broken_off(many: Path, open_library: Open) -> None:
    with pytest.raises(KeyboardInterrupt):
        open_library(many, engine=BreakingCoder()).code()
    library = open_library(many, engine=WordCoder())
    put(library, "The music is lovely.")
    assert sum(one.aspect == "sound" for one in held(library)) == 1
    assert len(held(library)) == MANY + 1


# ── what is coded, and when ──────────────────────────────────────────────────────────────────────


def test_adding_codes_by_itself_and_only_what_is_new(open_library: Open) -> None:
    coder = WordCoder()
    library = open_library(engine=coder)
    put(library, "The ending is lovely.")
    assert (library.opinion_counts(), len(coder.coded)) == ({library.title("Salt").id: 1}, 1)
    put(library, "The music is dreadful. I went home.")
    assert len(coder.coded) == 3
    assert library.code().titles == ()


@pytest.mark.parametrize("change", ["edit", "restore", "kind"])
def test_what_comes_in_by_another_verb_is_coded_too(open_library: Open, change: str) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is lovely.")
    put(library, "The music is dreadful.", title="Lamp")
    (review,) = ids_by_text(library, "Lamp").values()
    if change == "edit":
        library.edit_review(review, title="Salt")
    elif change == "restore":
        library.remove(review)
        library.restore(review)
    else:
        library.edit_title("Lamp", kind="book")
    title = "Salt" if change == "edit" else "Lamp"
    (one,) = [one for one in held(library, title) if one.review_id == review]
    assert one.coder.rpartition("/")[2].partition("@")[0] == ("book" if change == "kind" else "film")


def test_a_sentence_that_turns_round_in_the_middle_is_two_opinions_with_exact_places(open_library: Open) -> None:
    library = open_library(engine=WordCoder())
    put(library, "I went in.  The ending is a lovely one, but the music of it is dreadful.  \n\n It rained.")
    (text,) = ids_by_text(library)
    assert [(one.aspect, one.stance, text[one.start : one.end]) for one in held(library)] == [
        ("ending", "positive", "The ending is a lovely one,"),
        ("sound", "negative", "but the music of it is dreadful."),
    ]


def test_one_title_can_be_coded_alone_and_an_unknown_one_is_said(open_library: Open) -> None:
    library = open_library(engine=BlindCoder())
    put(library, "The ending is lovely.")
    put(library, "The ending is dreadful.", title="Lamp")
    library = open_library(library.path, engine=WordCoder())
    assert [title.name for title in library.code(["lamp"]).titles] == ["Lamp"]
    assert held(library) == []
    with pytest.raises(UnknownTitle) as caught:
        library.code(["Slat"])
    assert "Salt" in str(caught.value.hint)


def test_without_vectors_that_the_coder_can_read_it_says_so(open_library: Open) -> None:
    library = open_library(engine=BlindCoder())
    put(library, "The ending is lovely.")
    with pytest.raises(ModelMissing, match="offline coder"):
        library.code()


# ── another coder, another taxonomy ──────────────────────────────────────────────────────────────


def test_another_coder_reads_everything_again_and_its_opinions_alone_count(open_library: Open) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is lovely.", "The music is dreadful.")
    other = WordCoder()
    other.wording = "other words"
    library = open_library(library.path, engine=other)
    assert library.code().titles[0].read == 2
    assert {one.coder.partition("/")[0] for one in held(library)} == {"extractive@other words"}
    with sqlite3.connect(library.path / "library.db") as connection:
        assert connection.execute("SELECT count(*) FROM opinions").fetchone() == (2,)
    connection.close()


def test_until_another_coder_has_read_all_the_opinions_of_the_first_count(many: Path, open_library: Open) -> None:
    open_library(many, engine=WordCoder()).code()
    breaking = BreakingCoder()
    breaking.wording = "other words"
    library = open_library(many, engine=breaking)
    with pytest.raises(KeyboardInterrupt):
        library.code()
    assert {one.coder.partition("/")[0] for one in held(library)} == {"extractive@words"}
    assert_each_voted_once(library)


@pytest.fixture
def own_taxonomies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Chooses a folder with a film taxonomy of these words for the ending."""

    def choose(word: str) -> None:
        folder = tmp_path / f"taxonomies-{word}"
        folder.mkdir()
        aspect = f'[[aspects]]\nid = "ending"\nname = "the ending"\nwords = [["{word}"]]\nexamples = ["It ends."]\n'
        (folder / "film.toml").write_text(f'signs = ["film"]\n{aspect}')
        monkeypatch.setenv("PULLQUOTE_TAXONOMIES", str(folder))

    yield choose
    taxonomy.use_folder(None)


def test_another_wording_of_a_taxonomy_codes_its_titles_anew_and_no_others(
    open_library: Open, own_taxonomies: Callable[[str], None]
) -> None:
    own_taxonomies("finale")
    library = open_library(engine=WordCoder())
    put(library, "The finale is lovely.", "The curtain is dreadful.")
    put(library, "The plot is lovely.", title="Lamp", kind="book")
    assert sorted(one.aspect for one in held(library)) == ["ending", "other"]
    own_taxonomies("curtain")
    library = open_library(library.path, engine=WordCoder())
    assert [title.name for title in library.code().titles] == ["Salt"]
    by_aspect = {one.aspect: one.stance for one in held(library)}
    assert by_aspect == {"ending": "negative", "other": "positive"}


# ── a coder that costs ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def paid(open_library: Open) -> Library:
    """A title that a model coded, with a review that came later, and one that was coded offline."""
    coder = PaidCoder()
    library = open_library(engine=WordCoder())
    put(library, "The ending is lovely.")
    put(library, "The music is lovely.", title="Lamp")
    store = Store(library.path)
    opinions.code(store, coder, WordEmbedder(), [library.title("Salt")], lambda _: None)
    store.close()
    return library


def test_a_coder_that_costs_is_never_called_unasked_and_the_command_is_named(paid: Library, tmp_path: Path) -> None:
    (tmp_path / "late.txt").write_text("The ending is dreadful.")
    report = paid.add([tmp_path / "late.txt"], title="Salt")
    assert any("1 new review is not coded (Salt)" in text and "pullquote code" in text for text in report.warnings)
    assert [one.coder.startswith("chat@") for one in held(paid)] == [True]
    with reading(paid) as found:
        assert tally.totals(found, [paid.title("Salt").id])[paid.title("Salt").id].uncoded == 1
    put(paid, "The ending is dreadful of this one.", title="Lamp")
    assert len(held(paid, "Lamp")) == 2


def test_what_waits_is_told_apart_by_what_it_costs(paid: Library) -> None:
    blind = Library.open(paid.path, engine=BlindCoder(), embedder=WordEmbedder(), index=paid._index)
    put(blind, "The ending is dreadful.", "It went on.")
    put(blind, "The ending is dreadful.", title="Lamp")
    store = Store(paid.path)
    free, costly = opinions.waiting(store)
    store.close()
    blind.close()
    assert ([title.name for title in free], costly) == (["Lamp"], {"Salt": 2})


def test_nothing_waits_where_everything_is_coded(paid: Library) -> None:
    store = Store(paid.path)
    assert opinions.waiting(store) == ([], {})
    store.close()
    assert opinions.left_uncoded({}) is None


def test_codings_of_a_coder_that_costs_are_replaced_only_when_asked(paid: Library) -> None:
    assert [title.name for title in paid.code().titles] == ["Salt"]
    assert [one.coder.startswith("extractive@") for one in held(paid)] == [True]


# ── languages ────────────────────────────────────────────────────────────────────────────────────


def test_a_review_in_a_language_the_coder_does_not_know_fails_and_is_said(open_library: Open) -> None:
    library = open_library(engine=WordCoder())
    put(library, "The ending is lovely.", GERMAN, {"text": "The ending is lovely, sagt er.", "lang": "de"})
    with reading(library) as found:
        totals = tally.totals(found, [library.title("Salt").id])[library.title("Salt").id]
    assert (totals.coded, totals.failed, totals.read) == (1, 2, 1)
    assert len(held(library)) == 1
    (warning,) = library.summary("Salt").warnings
    assert "can't judge 2 of 3 reviews" in warning and "2: its language is de" in warning
    exported = json.loads("".join(library.export(ExportFormat.json)))
    assert (len(exported["reviews"]), len(exported["opinions"])) == (3, 1)
    assert library.code().titles == ()  # it is not tried again and again
    with reading(library) as found:
        assert coded.failures(found, library.title("Salt").id) == {"its language is de": 2}
