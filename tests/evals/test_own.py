"""A suite of one's own: what a person approved is written so that it is read again, whatever its words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evals import own, suites
from evals.cases import AskCase, Counted, Span
from rag.errors import InputError
from rag.library import Library
from tests.written import put

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


def started(tmp_path: Path, library: Library) -> suites.Suite:
    return suites.load(str(own.starter(tmp_path / "mine.toml", library, [], None, None)))


def test_a_starter_is_a_suite_and_is_never_written_over(tmp_path: Path, library: Library) -> None:
    suite = started(tmp_path, library)

    assert suite.library == "library" and suite.path(suite.library) == library.path and suite.case == ()
    with pytest.raises(InputError, match="already"):
        started(tmp_path, library)


def test_a_starter_for_files_names_them_from_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / 'a "b".csv').write_text("text\nDull.\n")
    file = own.starter(tmp_path / "mine.toml", None, [tmp_path / "data" / 'a "b".csv'], "The “Salt”", "film")
    suite = suites.load(str(file))

    assert (suite.reviews, suite.title, suite.kind) == (('data/a "b".csv',), "The “Salt”", "film")
    with pytest.raises(InputError, match="no file"):
        own.starter(tmp_path / "other.toml", None, [tmp_path / "gone.csv"], None, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(TEXT, TEXT, TEXT, st.integers(0, 9))
def test_any_words_are_kept_as_they_are(
    tmp_path: Path, library: Library, question: str, quote: str, title: str, start: int
) -> None:
    (tmp_path / "mine.toml").unlink(missing_ok=True)
    suite = started(tmp_path, library)
    span = Span(review="ab", start=start, end=start + 5, quote=quote)
    case = AskCase(id="one", cluster=title, question=question, titles=(title,), evidence=((span,), (span,)), aspect="ending",
                   counts=(Counted(title=title, reviews=3, mentioning=2, positive=1, negative=1),))  # fmt: skip

    own.append(suite, case)

    assert tomllib.loads(suite.file.read_text("utf-8"))
    assert suites.load(str(suite.file)).case == (case,)


def test_a_question_that_is_kept_twice_gets_a_number(tmp_path: Path, library: Library) -> None:
    case = AskCase(id="one", question="?")
    ids = [
        own.append(suites.load(str(tmp_path / "mine.toml")), case) for _ in range(3) if started_once(tmp_path, library)
    ]
    assert ids == ["one", "one-2", "one-3"]


def started_once(tmp_path: Path, library: Library) -> bool:
    if not (tmp_path / "mine.toml").exists():
        started(tmp_path, library)
    return True


def test_an_answer_becomes_a_case_with_its_passages_and_counts_and_silence_one_without(library: Library) -> None:
    put(library, {"text": "The ending is dull and drags on.", "critic": "Ana"}, "I loved the songs in it so much.")
    answer = library.ask("What did critics say about the ending?")
    case = own.approved(answer.question, ["Salt"], answer)

    assert case.id == "what-did-critics-say-about-the-ending" and case.cluster == "Salt" and case.titles == ("Salt",)
    assert [item[0].quote for item in case.evidence] == ["The ending is dull and drags on."]
    assert case.unanswerable is None

    silent = own.approved("And the hats?", [], library.ask("What did critics say about the hats?"))
    assert silent.unanswerable == own.SILENT and silent.evidence == () and silent.aspect is None


def test_what_is_suggested_is_what_the_reviews_speak_of(sample_library: Library) -> None:
    title, found = own.suggested(sample_library)

    assert len(found) > 3 and all(question.endswith("?") for question in found)
    assert sample_library.ask(found[0], titles=[title]).status != "abstained"
