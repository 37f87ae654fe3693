"""Candidates: a large scope is entered through the indexes, and finds what an exact search finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.errors import EmbedderUnavailable, IndexUnreachable, LibraryDamaged
from rag.library import Library
from rag.records import Answer, Filters
from rag.reviews import scope
from rag.search import retrieve
from tests.doubles import ListIndex, WordEmbedder
from tests.written import put

QUESTION = "Is the harbour in it?"


class Counting(ListIndex):
    """Remembers how often it was searched."""

    searched = 0

    def nearest(self, vector, k):  # type: ignore[no-untyped-def]
        self.searched += 1
        return super().nearest(vector, k)


class Broken(ListIndex):
    """Takes vectors and gives nothing back."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    def nearest(self, vector, k):  # type: ignore[no-untyped-def]
        if self.error is not None:
            raise self.error
        return []


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "x.csv"
    rows = [f"The harbour glows on night {n}. I went home.,Critic {n},Outlet {n % 10},T{n % 3}" for n in range(30)]
    rows += [f"A scene of rain and pianos {n}. It was long.,Other {n},Outlet {n % 10},T{n % 3}" for n in range(90)]
    path.write_text("text,critic,outlet,title\n" + "\n".join(rows))
    return path


def facts(answer: Answer) -> tuple[object, ...]:
    """What must not depend on the way by which the candidates were found."""
    mentioning = {coverage.title_id: coverage.mentioning for coverage in answer.coverage}
    return answer.status, answer.reviews, mentioning, answer.claims[:1], len(answer.citations)


@pytest.mark.parametrize("filters", [Filters(), Filters(outlets=("Outlet 3", "Outlet 4"))])
def test_the_indexes_find_what_an_exact_search_finds(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch, filters: Filters
) -> None:
    index = Counting()
    library = open_library(index=index)
    library.add([table])
    exact = library.ask(QUESTION, filters=filters)
    assert index.searched == 0
    monkeypatch.setattr(retrieve, "EXACT_LIMIT", 10)
    through = library.ask(QUESTION, filters=filters)
    assert index.searched == 1
    assert facts(through) == facts(exact)
    assert {c.critic for c in through.citations} <= {f"Critic {n}" for n in range(30)}


def test_a_narrowed_scope_of_which_the_index_names_too_little_is_compared_whole(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieve, "EXACT_LIMIT", 4)
    monkeypatch.setattr(retrieve, "FETCHED", 5)
    library = open_library()
    library.add([table])
    found = library.ask("How are the pianos?", filters=Filters(outlets=("Outlet 7",)))
    assert {c.outlet for c in found.citations} == {"Outlet 7"}
    assert found.reviews == 12
    assert len(found.citations) >= 5


@pytest.mark.parametrize("error", [None, LibraryDamaged("It is damaged."), IndexUnreachable("It is away.")])
def test_without_an_index_all_vectors_are_compared_and_that_is_said(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch, error: Exception | None
) -> None:
    library = open_library(index=Broken(error))
    library.add([table])
    exact = library.ask(QUESTION)
    monkeypatch.setattr(retrieve, "EXACT_LIMIT", 10)
    found = library.ask(QUESTION)
    assert facts(found) == facts(exact)
    assert any("compared one by one" in warning for warning in found.warnings)


def test_without_the_server_that_embeds_words_answer_and_that_is_said(
    open_library: Callable[..., Library], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = WordEmbedder()
    library = open_library(embedder=embedder)
    library.add([table])

    def away(*_: object) -> None:
        raise EmbedderUnavailable("It is away.")

    monkeypatch.setattr(embedder, "embed", away)
    found = library.ask(QUESTION)
    assert (found.status, found.engine.embedder) == ("answered", None)
    assert any("words alone" in warning for warning in found.warnings)


def test_what_was_added_since_is_found_without_opening_the_library_again(
    open_library: Callable[..., Library], table: Path, tmp_path: Path
) -> None:
    index = ListIndex()
    reader, writer = open_library(index=index), open_library(index=index)
    writer.add([table])
    assert reader.ask(QUESTION).reviews == 120
    (tmp_path / "more.txt").write_text("The harbour is new.")
    writer.add([tmp_path / "more.txt"], title="T0")
    assert reader.ask(QUESTION).reviews == 121
    writer.remove("T0")
    assert len(reader.titles()) == 2


def test_the_word_search_of_a_narrowed_scope_gives_the_best_first(
    open_library: Callable[..., Library], tmp_path: Path
) -> None:
    rows = "".join(f"The harbour and much else on a long night number {n}.,Salt\n" for n in range(40))
    (tmp_path / "y.csv").write_text("text,title\n" + rows + "Harbour harbour.,Salt\nA lamp.,Lamp\n")
    library = open_library()
    library.add([tmp_path / "y.csv"])
    title = library.title("Salt").id
    with library._opened().reading() as reading:
        found = {
            selection: scope.with_words(reading, ["harbour"], selection, 3)
            for selection in (scope.Selection(), scope.Selection((title,)))
        }
    best = next(r.id for r in library.reviews("Salt", query="harbour harbour")[0])
    assert {names[0] for names in found.values()} == {f"{best}.0"}


def test_a_question_is_read_alike_however_it_is_typed(library: Library) -> None:
    put(
        library,
        "The ending is dull and it drags.",
        "I loved the music, every bar of it.",
        "A gaot is in it for a while.",
    )
    plain = library.ask("What did critics dislike about the ending?")
    for typed in (
        "what did critics dislike about the ending",
        "WHAT DID CRITICS DISLIKE ABOUT THE ENDING?",
        "Hi! Could you tell me, please: What did critics dislike about the ending? Thank you.",
        "What did critics dislkie about the endnig?",
    ):
        found = library.ask(typed)
        assert (found.plan.aspect, found.plan.stance) == (plain.plan.aspect, plain.plan.stance), typed
        assert [one.quote for one in found.citations] == [one.quote for one in plain.citations]
    assert "“endnig” was read as “ending”." in library.ask("How is the endnig?").warnings
    # A word that a review holds is no slip.
    assert not any("gaot" in one for one in library.ask("How is the gaot?").warnings)
