"""Summaries as they are kept: what nothing touched is shown as it was, what a change touches is made again, alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.contract_summary import summary as as_json
from rag.errors import InputError
from rag.findings import Consensus
from rag.library import Library
from rag.records import Counts
from rag.reviews import lock
from rag.reviews import store as stores
from tests.doubles import ListIndex, WordCoder, WordEmbedder
from tests.test_keeping import held
from tests.written import Row, assert_exact, ids_by_text, put

Open = Callable[..., Library]
LOVELY, DREADFUL = "The ending is a lovely piece.", "The music is a dreadful noise."
FIRE = "There was a fire in row nine."
ROWS: list[Row] = [
    {"text": LOVELY, "critic": "Ann", "date": "2024-01-05"},
    {"text": DREADFUL, "critic": "Bob", "date": "2024-02-05"},
    {"text": "The acting is a lovely thing.", "critic": "Cem", "date": "2024-02-06"},
    {"text": FIRE, "critic": "Dora", "date": "2024-02-07"},
]


@pytest.fixture
def library(open_library: Open) -> Library:
    library = open_library(engine=WordCoder())
    put(library, *ROWS)
    return library


def made_again(before: Consensus, after: Consensus) -> set[str]:
    """The findings and severe complaints of the later summary that were not taken over from the earlier one."""
    old = {one.id: one.generation for one in before.findings}
    severe = {one.category: one.generation for one in before.minorities}
    again = {one.id for one in after.findings if old.get(one.id) != one.generation}
    return again | {one.category for one in after.minorities if severe.get(one.category) != one.generation}


def stale(found: Consensus) -> set[str]:
    return {one.id for one in found.findings if one.stale}


def stored(library: Library) -> int:
    with sqlite3.connect(library.path / "library.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM summaries").fetchone()
    connection.close()
    return int(count)


# ── what is made again ───────────────────────────────────────────────────────────────────────────


def test_where_nothing_changed_the_same_is_shown_and_nothing_is_stored(library: Library) -> None:
    first, generation = library.summary("Salt"), library.generation
    before = (library.path / "library.db").read_bytes()
    again = library.summary("Salt")
    assert again == first
    assert (stored(library), library.generation) == (1, generation)
    assert (library.path / "library.db").read_bytes() == before


def test_a_summary_is_the_same_when_it_is_shown_by_another_process(library: Library, open_library: Open) -> None:
    first = library.summary("Salt")
    assert open_library(library.path, engine=WordCoder()).summary("salt") == first


def add(library: Library) -> None:
    put(library, {"text": "The music of it is lovely.", "date": "2024-02-09"})


def add_years_later(library: Library) -> None:
    put(library, {"text": "The plot was a lovely one by now.", "date": "2029-02-09"})


def correct_critic(library: Library) -> None:
    library.edit_review(ids_by_text(library)[DREADFUL], critic="Joan Trimble")


def correct_date(library: Library) -> None:
    library.edit_review(ids_by_text(library)[DREADFUL], date="2024-01-09")


def remove(library: Library) -> None:
    library.remove(ids_by_text(library)[DREADFUL])


def move_away(library: Library) -> None:
    library.edit_review(ids_by_text(library)[DREADFUL], title="Lamp")


@pytest.mark.parametrize("change", [add, correct_critic, correct_date, remove, move_away])
def test_a_change_marks_exactly_what_rests_on_it_and_only_that_is_made_again(
    library: Library, change: Callable[[Library], None]
) -> None:
    put(library, "The plot is a lovely one.", title="Lamp")
    put(library, "The music is a lovely noise.")
    first, lamp = library.summary("Salt"), library.summary("Lamp")
    change(library)
    assert stale(library.summary("Salt", refresh=False)) == {"sound"}
    second = library.summary("Salt")
    assert made_again(first, second) == {"sound"}
    assert (stale(second), stored(library)) == (set(), 3)
    if change is not move_away:
        assert library.summary("Lamp") == lamp
    for citation in second.citations:
        assert_exact(library, citation)


def test_what_is_made_in_part_is_what_would_be_made_anew(library: Library, open_library: Open) -> None:
    library.summary("Salt")
    put(library, {"text": "The acting was a lovely thing.", "date": "2024-03-01"})
    for change in (add, correct_critic, add_years_later, remove):
        change(library)
        in_part = as_json(library.summary("Salt"))
        with sqlite3.connect(library.path / "library.db") as connection:
            connection.execute("DELETE FROM summaries")
        connection.close()
        anew = as_json(library.summary("Salt"))
        for passing in ("made", "changed"):
            del in_part[passing], anew[passing]
        assert in_part == anew


def test_what_is_restored_or_superseded_marks_its_findings_too(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("The plot is a lovely one.")
    library.add([path], title="Salt")
    ending = ids_by_text(library)[LOVELY]
    library.remove(ending)
    first = library.summary("Salt")
    library.restore(ending)
    second = library.summary("Salt")
    assert made_again(first, second) == {"ending"}
    path.write_text("The acting is a dreadful one.")
    library.add([path], title="Salt")
    third = library.summary("Salt")
    assert made_again(second, third) == {"acting"}
    assert "story" not in {one.id for one in third.findings}


def test_a_severe_complaint_is_made_again_only_when_it_is_touched(library: Library) -> None:
    first = library.summary("Salt")
    assert [one.category for one in first.minorities] == ["danger"]
    add(library)
    second = library.summary("Salt")
    assert second.minorities[0].generation == first.minorities[0].generation
    library.edit_review(ids_by_text(library)[FIRE], critic="Dot")
    third = library.summary("Salt")
    assert made_again(second, third) == {"danger", "other"}
    library.remove(ids_by_text(library)[FIRE])
    assert library.summary("Salt").minorities == ()


def test_a_corrected_critic_is_named_wherever_the_review_is_cited(library: Library) -> None:
    clear = [f"The music on night {n} is a dreadful noise that goes on." for n in range(5)]
    put(library, *clear)
    library.summary("Salt")
    for review in ids_by_text(library).values():
        library.edit_review(review, critic="Joan Trimble")
    found = library.summary("Salt")
    assert len(found.citations) == len(ROWS) + len(clear)
    assert {citation.critic for citation in found.citations} == {"Joan Trimble"}


def test_another_coder_makes_everything_again(library: Library, open_library: Open) -> None:
    first = library.summary("Salt")
    other = WordCoder()
    other.wording = "other words"
    again = open_library(library.path, engine=other)
    again.code()
    assert stale(again.summary("Salt", refresh=False)) == {one.id for one in first.findings}
    second = again.summary("Salt")
    assert second.coder != first.coder
    assert made_again(first, second) == {one.id for one in first.findings} | {"danger"}


def test_a_renamed_title_is_summarised_under_its_new_name(library: Library) -> None:
    library.summary("Salt")
    library.edit_title("Salt", name="The Salt Ladder")
    found = library.summary("salt")
    assert (found.title.name, found.changed) == ("The Salt Ladder", ())


# ── what changed ─────────────────────────────────────────────────────────────────────────────────


def test_a_later_summary_says_what_changed_and_an_unchanged_one_says_nothing(library: Library) -> None:
    assert library.summary("Salt").changed == ()
    put(library, "The plot is a lovely one.", "The music is a lovely noise.", "The music is lovely for me.")
    changed = library.summary("Salt").changed
    assert changed[0] == "7 reviews, 3 more than before."
    assert "The story: not mentioned before." in changed
    assert any(one.startswith("The music: praised; before: criticised") for one in changed)
    assert library.summary("Salt").changed == ()
    library.remove(ids_by_text(library)["The plot is a lovely one."])
    assert library.summary("Salt").changed == ("6 reviews, 1 fewer than before.", "The story: not mentioned any more.")


def test_a_new_severe_complaint_is_said_to_be_new(library: Library) -> None:
    library.summary("Salt")
    put(library, "There was a fire in row ten.")
    assert "Severe complaints (danger): 2, before 1." in library.summary("Salt").changed


# ── what is stored ───────────────────────────────────────────────────────────────────────────────


def test_without_a_refresh_the_stored_summary_is_shown_as_it_was_with_what_is_out_of_date(library: Library) -> None:
    first = library.summary("Salt")
    remove(library)
    shown = library.summary("Salt", refresh=False)
    assert (shown.totals, shown.statement, shown.citations) == (first.totals, first.statement, first.citations)
    assert (stale(shown), stored(library)) == ({"sound"}, 1)
    assert {one["id"]: one["stale"] for one in as_json(shown)["findings"]}["ending"] is False


def test_without_a_refresh_and_with_nothing_stored_the_command_is_named(library: Library) -> None:
    with pytest.raises(InputError, match="no stored summary") as caught:
        library.summary("Salt", refresh=False)
    assert 'pullquote summary "Salt"' in str(caught.value.hint)


def test_the_library_lock_of_another_verb_is_never_waited_for(library: Library) -> None:
    with lock.writing(library.path, "add"):
        found = library.summary("Salt")
    assert (found.warnings, stored(library)) == ((), 1)


def test_while_another_process_writes_the_summary_is_shown_and_said_not_to_be_stored(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_BUSY_MS", 50)  # how long SQLite waits, and no more
    writer = sqlite3.connect(library.path / "library.db", isolation_level=None)
    with Library.open(library.path, engine=WordCoder(), embedder=WordEmbedder(), index=ListIndex()) as other:
        writer.execute("BEGIN IMMEDIATE")
        found = other.summary("Salt")
        assert [one.counts for one in found.findings if one.id == "ending"] == [Counts(1, 1, 0, 0)]
        (warning,) = found.warnings
        assert "could not be stored" in warning
        writer.execute("ROLLBACK")
        writer.close()
        assert stored(library) == 0
        assert (other.summary("Salt").warnings, stored(library)) == ((), 1)


def test_a_stored_summary_that_this_version_cannot_read_is_made_again(library: Library) -> None:
    first = library.summary("Salt")
    with sqlite3.connect(library.path / "library.db") as connection:
        connection.execute("UPDATE summaries SET content = '{\"citations\": []}'")
    connection.close()
    again = library.summary("Salt")
    assert (again.findings, again.changed) == (first.findings, ())


# ── purge ────────────────────────────────────────────────────────────────────────────────────────

SECRET = "The ending smelled of zebrawood and is a dreadful quicklime thing."


@pytest.mark.parametrize("what", ["review", "title"])
def test_a_purged_review_is_in_no_file_of_the_library_summaries_included(library: Library, what: str) -> None:
    put(library, {"text": SECRET, "critic": "Quentin Obloquy"})
    library.summary("Salt")
    put(library, "The acting is a dreadful one.")
    library.summary("Salt")
    assert held(library.path, "zebrawood") and stored(library) == 2
    library.remove(ids_by_text(library)[SECRET] if what == "review" else "Salt", purge=True)
    assert held(library.path, "zebrawood", "quicklime") == []
    assert held(library.path, "Quentin Obloquy") == []
    if what == "review":
        found = library.summary("Salt")
        assert all("zebrawood" not in citation.quote + citation.before + citation.after for citation in found.citations)
        assert [one.counts for one in found.findings if one.id == "ending"] == [Counts(1, 1, 0, 0)]
    library.close()
    assert held(library.path, "zebrawood", "quicklime", "Quentin Obloquy") == []


def test_summaries_that_a_purged_review_was_no_part_of_are_kept(library: Library) -> None:
    put(library, "The plot is a lovely one.", title="Lamp")
    put(library, "The plot is a dreadful one.", title="Pier")
    for title in ("Salt", "Lamp", "Pier"):
        library.summary(title)
    review = ids_by_text(library)[LOVELY]
    library.edit_review(review, title="Pier")  # Salt's summary still quotes it
    library.remove(review, purge=True)
    assert stored(library) == 1
    assert library.summary("Lamp", refresh=False).title.name == "Lamp"


def test_names_and_words_of_a_purged_review_that_a_summary_only_tells_of_are_gone_too(library: Library) -> None:
    author = [{"text": f"It went on for {n} nights.", "critic": "Quentin Obloquy"} for n in range(6)]
    batch = put(library, *author)
    assert "Quentin Obloquy" in library.summary("Salt").warnings[0]
    library.remove(batch=batch, purge=True)
    library.close()
    assert held(library.path, "Quentin Obloquy") == []


def test_a_summary_codes_nothing(library: Library, open_library: Open) -> None:
    coder = WordCoder()
    open_library(library.path, engine=coder).summary("Salt")
    assert coder.coded == []
