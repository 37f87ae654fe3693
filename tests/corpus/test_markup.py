"""What the markup of the corpus means, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.labels import ASPECTS, STANCES, Label, Stance
from corpus.markup import Marked, MarkupError, escape
from corpus.markup import parse as parse_with

FILM = tuple(ASPECTS["film"])
MARKS = {stance: mark for mark, stance in STANCES.items()}

Piece = tuple[str, tuple[str, Stance] | None]


def parse(source: str, first_line: int = 1) -> Marked:
    return parse_with(source, FILM, first_line)


plain_pieces = st.tuples(st.text(), st.none())
marked_pieces = st.tuples(
    st.text(min_size=1).filter(lambda words: words == words.strip()),
    st.tuples(st.sampled_from(FILM), st.sampled_from(sorted(MARKS))),
)


@given(st.lists(plain_pieces | marked_pieces))
def test_marked_pieces_of_any_text_parse_back_to_the_text_and_its_spans(pieces: list[Piece]) -> None:
    source, text = "", ""
    labels: list[Label] = []
    for words, mark in pieces:
        if mark is None:
            source += escape(words)
        else:
            aspect, stance = mark
            source += f"{{{MARKS[stance]}{aspect}| {escape(words)}}}"
            labels.append(Label(len(text), len(text) + len(words), aspect, stance))
        text += words

    marked = parse(source)

    assert marked.text == text
    assert marked.labels == tuple(labels)


@given(st.text())
def test_escaped_text_parses_to_itself_without_labels(text: str) -> None:
    marked = parse(escape(text))

    assert (marked.text, marked.labels) == (text, ())


def test_the_blank_after_the_bar_is_not_part_of_the_text() -> None:
    marked = parse("Well. {+acting| She is wonderful here.} Yes.")

    assert marked.text == "Well. She is wonderful here. Yes."
    assert marked.labels == (Label(6, 28, "acting", "positive"),)


def test_a_mixed_span_gives_one_label_for_each_sign() -> None:
    marked = parse("{+ending -ending| clever in both senses}")

    assert [(label.aspect, label.stance) for label in marked.labels] == [
        ("ending", "positive"),
        ("ending", "negative"),
    ]
    assert {(label.start, label.end) for label in marked.labels} == {(0, len(marked.text))}


def test_sarcasm_belongs_to_every_label_of_its_span() -> None:
    marked = parse("{-pacing sarcasm -story| Marvellous.}")

    assert all(label.sarcasm for label in marked.labels)


def test_a_severe_complaint_belongs_to_the_blame_alone() -> None:
    praise, blame = parse("{+acting !danger -visuals| Well played, but it flashes.}").labels

    assert praise.severity is None
    assert blame.severity == "danger"


def test_a_span_may_run_over_a_line_break() -> None:
    marked = parse("{+visuals| so much nothing\nso patiently}")

    assert marked.text[marked.labels[0].start : marked.labels[0].end] == "so much nothing\nso patiently"


def test_offsets_count_code_points() -> None:
    marked = parse("😭 {+emotion| großartig}!")

    assert marked.labels == (Label(2, 11, "emotion", "positive"),)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{+acting| good", "never closed"),
        ("good} here", "closes nothing"),
        ("{+acting| good {+story| too}}", "inside a marked span"),
        ("{+acting {+story| good}", "inside a marked span"),
        ("{+acting good}", "without a '|'"),
        ("a | b", "parts no labels from words"),
        ("{+acting| a | b}", "parts no labels from words"),
        ("{+acting|good}", "no blank after"),
        ("{+acting|}", "no words"),
        ("{+acting| }", "no words"),
        ("{+acting|   }", "no words"),
        ("{+acting|  good}", "begins or ends with a blank"),
        ("{+acting| good }", "begins or ends with a blank"),
        ("{+acting| good\n}", "begins or ends with a blank"),
        ("{| good}", "no aspect"),
        ("{sarcasm| good}", "no aspect"),
        ("{+lighting| good}", "unknown aspect 'lighting'"),
        ("{+| good}", "unknown aspect ''"),
        ("{acting| good}", "unknown flag 'acting'"),
        ("{-acting irony| good}", "unknown flag 'irony'"),
        ("{-acting !dull| good}", "unknown severe complaint '!dull'"),
        ("{+acting 0acting| good}", "neutral and signed at once"),
        ("{+acting !danger| good}", "without any blame"),
        ("{-acting !danger !abuse| bad}", "two severe complaints"),
        ("{+acting +acting| good}", "written twice"),
        (r"a \n b", "a backslash before 'n'"),
        ("a \\", "a backslash at the very end"),
    ],
)
def test_wrong_markup_is_refused(source: str, problem: str) -> None:
    with pytest.raises(MarkupError, match="line 1: ") as refusal:
        parse(source)

    assert problem in refusal.value.problem
    assert refusal.value.remedy


def test_an_error_names_the_line_it_is_on() -> None:
    with pytest.raises(MarkupError) as refusal:
        parse("one\ntwo\n{+lighting| three}", first_line=8)

    assert refusal.value.line == 10


def test_an_unclosed_span_is_reported_where_it_was_opened() -> None:
    with pytest.raises(MarkupError) as refusal:
        parse("one\n{+acting| two\nthree\nfour")

    assert refusal.value.line == 2


def test_each_kind_of_title_has_its_own_aspects() -> None:
    assert parse_with("{+food| Good soup.}", ASPECTS["place"]).labels[0].aspect == "food"
    with pytest.raises(MarkupError, match="unknown aspect 'food'; use one of story"):
        parse("{+food| Good soup.}")
