"""The benchmark on our own corpus: what counts as found, cited and left unanswered, and that a run says its split."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks import corpus, model, report
from benchmarks.__main__ import main
from benchmarks.corpus import Outcome
from benchmarks.report import CannotMeasure
from corpus.labels import Label
from corpus.loader import Corpus
from corpus.planted import Span
from corpus.questions import Question
from corpus.reader import Review, Title
from evals.metrics import Passage

TEXT = "We came late. The soup was cold and the bread was stale. Nobody minded."
REVIEW = Review(
    "inn/01", "The Inn", TEXT, (Label(14, 31, "food", "negative"), Label(36, 56, "food", "negative")), "P", "2024-01-01"
)
ASKED = Question(
    "q", "How is the food?", "what", "hand", ("inn",), must_cite=((Span("inn/01", 14, 31),), (Span("inn/01", 36, 56),))
)
SILENT = replace(ASKED, id="s", must_cite=(), unanswerable="absent")


def outcome(question: Question, *, abstained: bool = False, recall: float | None = None) -> Outcome:
    return Outcome(question, abstained, recall, recall, ())


def test_two_marked_clauses_of_a_sentence_are_one_sentence_to_find() -> None:
    assert corpus._gold(ASKED, {"inn/01": REVIEW}) == [[Passage("inn/01", 14, 31), Passage("inn/01", 36, 56)]]


def test_the_report_names_the_split_and_keeps_answerable_and_unanswerable_apart() -> None:
    titles = (Title("inn", "The Inn", "place", ()),)
    outcomes = [
        outcome(ASKED, recall=0.5),
        outcome(replace(ASKED, about=("bar",)), recall=1.0),
        outcome(replace(ASKED, kind="who", origin="derived"), abstained=True, recall=0.0),
        outcome(SILENT, abstained=True),
        outcome(SILENT),
    ]

    found = corpus._report(Corpus("test", titles, (REVIEW,), ()), outcomes)

    assert found.name == "corpus:test"
    assert found.figures["split"] == "test"
    assert "of the test split" in found.sentence
    text = report.markdown(found)
    assert "| what | 2 | 2 | 0.750 | 0.750 |" in text
    assert "| who | 1 | 0 | 0.000 | 0.000 |" in text
    assert "| a topic of which no review speaks | 2 | 1 |" in text
    # One right silence, one wrong, one answer that should have been silence: F1 = 2 / 4.
    assert "| abstention F1 | 0.500" in text
    assert report.exit_code([found]) == 0


def test_a_quick_run_asks_every_question_of_a_few_titles_and_breaks_no_quote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    try:
        model.folder()
    except CannotMeasure:
        pytest.skip("no model files")

    assert main(["corpus", "--quick", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)["corpus:dev"]["figures"]
    assert found["split"] == "dev"
    assert found["broken_quotes"] == 0
    assert len(found["cases"]) == found["questions"] >= 20


def test_a_split_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["corpus", "--split", "train"])
    assert "invalid choice: 'train'" in capsys.readouterr().err
