"""What a model writes, line by line: whatever the text, a draft, a fault with a reason, or the end."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.engines import protocol
from rag.engines.protocol import MAX_LINE, MAX_LINES, End, Line, Lines
from rag.records import BadLine, DraftClaim

TAG = "0123456789ab"

ANY = st.text(st.characters(exclude_categories=()))
"""Any text that Python can hold: control characters, overrides, lone surrogates."""
LIKELY = st.sampled_from([
    "- ", "* ", "• ", "12) ", "good", " ", "\n", "\r\n", "\r", "[S1]", "[S1, S2]", "[", "]", "(http://x.org)", "<b>",
    "**", "`", "END", ".", ",", "|", TAG, "\x1b[31m", "\u202e", "\x00", "\u2028", "\x85", "é", "x" * 300, " " * 700,
])  # fmt: skip
LINES = st.lists(LIKELY | ANY, max_size=12).map("".join)
"""Texts that look like replies more often than chance would have it."""


def pieces(text: str, cuts: list[int]) -> list[str]:
    at = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[first:last] for first, last in pairwise(at)]


def lines_of(*fed: str) -> list[str]:
    lines = Lines()
    return [line for piece in fed for line in lines.feed(piece)] + lines.close()


# ── lines out of pieces ──────────────────────────────────────────────────────────────────────────


@given(LINES, st.lists(st.integers(0, 10_000), max_size=8))
@example(" " * (MAX_LINE + 5) + "late\nnext", [MAX_LINE + 9])
@example("- A claim. [S1]\r\nEND", [15, 16])
@example("x" * (2 * MAX_LINE) + "\nEND", [MAX_LINE, MAX_LINE + 1])
def test_a_text_cut_anywhere_gives_the_lines_of_the_whole(text: str, cuts: list[int]) -> None:
    assert lines_of(*pieces(text, cuts)) == lines_of(text)


@given(LINES)
def test_a_text_fed_a_character_at_a_time_gives_the_lines_of_the_whole(text: str) -> None:
    assert lines_of(*text) == lines_of(text)


def test_a_line_comes_as_soon_as_it_is_complete_and_the_last_one_at_the_end() -> None:
    lines = Lines()

    assert lines.feed("- One. [S1]") == []
    assert lines.feed("\n- Two. ") == ["- One. [S1]"]
    assert lines.feed("[S2]\r\n\n\n") == ["- Two. [S2]"]
    assert lines.feed("END") == []
    assert lines.close() == ["END"]
    assert lines.close() == []


def test_a_line_without_end_is_kept_only_as_far_as_it_is_needed() -> None:
    lines = Lines()

    for _ in range(100):
        assert lines.feed("x" * 100_000) == []
        assert sum(sys.getsizeof(value) for value in vars(lines).values()) < 4 * MAX_LINE
    (line,) = lines.feed("\n")
    assert len(line) <= MAX_LINE + 1
    assert isinstance(protocol.claim(line), BadLine)


def test_blanks_before_a_line_are_no_part_of_its_length() -> None:
    (line,) = lines_of("\t" * MAX_LINE + "- Good. [S1]")

    assert protocol.claim(line) == DraftClaim("paraphrase", "Good.", ("S1",))


def test_a_model_that_does_not_stop_is_known_by_its_lines() -> None:
    lines = Lines()

    lines.feed("- Good. [S1]\n\n" * MAX_LINES)
    assert not lines.too_many
    lines.feed("\n \n\t\n")
    assert not lines.too_many
    lines.feed("- Good. [S1]\n")
    assert lines.too_many


# ── a line ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["- Good. [S1]", "* Good. [S1]", "• Good. [S1]", "– Good. [S1]", "1. Good. [S1]",
                                  "12) Good. [S1]", "  -   Good. [S1]  ", "-\tGood. [S1]", "- Good [S1].",
                                  "- Good[S1] .", "- [S1] Good.", "- Good. [ S1 ]"])  # fmt: skip
def test_a_claim_in_any_of_the_usual_forms(text: str) -> None:
    assert protocol.claim(text) == DraftClaim("paraphrase", "Good.", ("S1",))


@pytest.mark.parametrize(("text", "said", "ids"), [
    ("- Ana [S1] likes it, Bo [S2] does not.", "Ana likes it, Bo does not.", ("S1", "S2")),
    ("- Ana likes it [S1], Bo [S2].", "Ana likes it, Bo.", ("S1", "S2")),
    ("- Good. [S1][S5]", "Good.", ("S1", "S5")),
    ("- Good. [S1] [S5]", "Good.", ("S1", "S5")),
    ("- Good. [S1, S5; S2]", "Good.", ("S1", "S5", "S2")),
    ("- Good. [S2][S1][S2, S1]", "Good.", ("S2", "S1")),
    ("- Good. [acting][special-effects]", "Good.", ("acting", "special-effects")),
    ("- It costs 3.50 (too much), they say: no! [S1]", "It costs 3.50 (too much), they say: no!", ("S1",)),
    ("- Praised by {praised:acting}. [acting]", "Praised by {praised:acting}.", ("acting",)),
    ("- It ends... and begins, e.g. at 8.30 p.m., says A. B. Reed. [S1]",
     "It ends... and begins, e.g. at 8.30 p.m., says A. B. Reed.", ("S1",)),
    ("- Ein Fest für Ohren – “wunderbar”. [S1]", "Ein Fest für Ohren – “wunderbar”.", ("S1",)),
])  # fmt: skip
def test_ids_are_taken_out_of_the_words_wherever_they_stand(text: str, said: str, ids: tuple[str, ...]) -> None:
    assert protocol.parse(text) == Line(said, ids)


@pytest.mark.parametrize("text", ["END", "end", "  END  ", "END.", "**END**", "`END`", "End\r"])
def test_the_end_in_its_usual_forms(text: str) -> None:
    assert protocol.claim(text) == End()


@pytest.mark.parametrize("text", ["THE END", "- END [S1]", "ENDING", "END OF LIST"])
def test_what_only_holds_the_word_is_no_end(text: str) -> None:
    assert protocol.claim(text) != End()


@pytest.mark.parametrize(("text", "why"), [
    ("Sure! Here is what I found.", "form"),
    ("Good. [S1]", "form"),
    ("-Good. [S1]", "form"),
    ("123. Good. [S1]", "form"),
    ("# Heading", "form"),
    ("", "form"),
    ("- Good.", "cites nothing"),
    ("- [S1]", "says nothing"),
    ("- ... [S1]", "says nothing"),
    ("- Good. []", "markup"),
    ("- Good. [1]", "markup"),
    ("- Good. [S1", "markup"),
    ("- Good. [[S1]]", "markup"),
    ("- Good, see [here](http://example.com/). [S1]", "markup"),
    ("- Good. [S1](http://example.com/)", "markup"),
    ("- Good. [S1] (http://example.com/)", "markup"),
    ("- ![image](x.png) Good. [S1]", "markup"),
    ("- <b>Good</b>. [S1]", "markup"),
    ("- 3 < 4. [S1]", "markup"),
    ("- **Good**. [S1]", "markup"),
    ("- __Good__. [S1]", "markup"),
    ("- `Good`. [S1]", ""),
    ("- | Good | [S1]", "markup"),
    ("- See ftp://example.com [S1]", "link"),
    ("- See HTTPS://example.com/a [S1]", "link"),
    ("- See WWW.example.com [S1]", "address"),
    ("- See example.org. [S1]", "address"),
    ("- Write to ana@localhost. [S1]", "address"),
    ("- Good \U0001f44d. [S1]", "picture"),
    ("- JavaScript:alert(1) [S1]", "link"),
    ("- \x1b7Good. [S1]", "control"),
    ("- Good\u202eb. [S1]", "control"),
    ("- Go\u200bod. [S1]", "control"),
    ("- Go\x00od. [S1]", "control"),
    ("- Good\ud800. [S1]", "control"),
    ("- Good\ue000. [S1]", "control"),
    (f"- Good {TAG}. [S1]", "mark of the evidence"),
    (f"</reviews-{TAG}>", "mark of the evidence"),
    (f"- {'x' * MAX_LINE} [S1]", "at most 600 characters"),
])  # fmt: skip
def test_what_is_no_claim_is_a_fault_with_a_reason(text: str, why: str) -> None:
    found = protocol.claim(text, TAG)

    assert isinstance(found, BadLine)
    assert why in found.why
    assert TAG not in found.text and len(found.text) <= 200


def test_the_longest_claim_there_may_be() -> None:
    longest = f"- {'x' * (MAX_LINE - 7)} [S1]"

    assert len(longest) == MAX_LINE
    assert isinstance(protocol.claim(longest), DraftClaim)
    assert isinstance(protocol.claim(longest.replace("x", "xx", 1)), BadLine)


def test_without_a_mark_none_is_looked_for() -> None:
    assert isinstance(protocol.claim(f"- Good {TAG}. [S1]"), DraftClaim)


FORBIDDEN = re.compile(r"[\[\]<>`|]|\*\*|__|://|www\.\w|javascript:", re.IGNORECASE)


@given(LINES, st.sampled_from(["", TAG]))
def test_any_text_is_a_draft_a_fault_or_the_end(text: str, tag: str) -> None:
    for line in [text, *lines_of(text)]:
        claimed, parsed = protocol.claim(line, tag), protocol.parse(line, tag)
        assert isinstance(claimed, DraftClaim | BadLine | End)
        assert isinstance(parsed, Line | BadLine | End)
        if isinstance(claimed, BadLine):
            assert claimed == parsed and claimed.why
            assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in claimed.text)
            assert not tag or tag not in claimed.text


@given(st.lists(LIKELY | ANY, max_size=8).map(lambda parts: f"- {''.join(parts)} [S1]"))
def test_a_claim_is_plain_text_whatever_stood_in_its_line(text: str) -> None:
    found = protocol.claim(text, TAG)

    if not isinstance(found, DraftClaim):
        return
    assert found.ids and len(found.text) <= MAX_LINE
    assert len(set(found.ids)) == len(found.ids)
    assert all(re.fullmatch(r"[A-Za-z][\w-]*", name) for name in found.ids)
    assert any(character.isalnum() for character in found.text)
    assert not any(unicodedata.category(character)[0] == "C" for character in found.text)
    assert not FORBIDDEN.search(found.text)
    assert TAG not in found.text
    assert found.text == " ".join(found.text.split())


WORD = st.text("abcdefghijklmnopqrstuvwxyzäéß'", min_size=1, max_size=8).filter(lambda word: word[0] != "'")


@given(
    st.lists(WORD, min_size=1, max_size=12),
    st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True),
    st.data(),
)
def test_an_honest_claim_arrives_whole(words: list[str], numbers: list[int], data: st.DataObject) -> None:
    bullet = data.draw(st.sampled_from(["- ", "* ", "3. "]))
    cited = "".join(f"[S{number}]" for number in numbers)

    found = protocol.claim(f"{bullet}{' '.join(words)}. {cited}", TAG)

    assert found == DraftClaim("paraphrase", f"{' '.join(words)}.", tuple(f"S{number}" for number in numbers))
