"""The light markup in which the sample reviews are written.

An opinion is planted as ``{LABELS| words}``.  LABELS are words parted by blanks: one or more of
``+aspect``, ``-aspect`` and ``0aspect`` (praise, blame, neutral mention), and among them perhaps
the flags ``sarcasm`` and ``!category`` (a severe complaint).  One blank follows the bar and is
not part of the text.  Marked words do not nest.  A literal brace, bar or backslash is written
with a backslash before it.

Offsets count code points of the plain text.  They cannot drift from it, because the text and the
offsets are made in the same pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from corpus.labels import SEVERITIES, STANCES, Label, Stance

SPECIAL = "\\{|}"

_NO_WORDS = ("a span with no words", "put words after the '|', or take the braces away")


@dataclass(frozen=True)
class Marked:
    """Plain text and its labels, in the order of the text and then of the markup."""

    text: str
    labels: tuple[Label, ...]


class MarkupError(ValueError):
    """The markup is wrong: on which line, what is wrong, and what to do about it."""

    def __init__(self, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"line {line}: {problem}; {remedy}")
        self.line = line
        self.problem = problem
        self.remedy = remedy


def parse(source: str, aspects: Collection[str], first_line: int = 1) -> Marked:
    """Read marked-up text whose labels may name these aspects; errors count lines from ``first_line``."""
    parser = _Parser(aspects)
    for token in _tokens(source, first_line):
        parser.take(token)
    return parser.finish()


def escape(text: str) -> str:
    """The markup that stands for exactly this text."""
    return "".join("\\" + character if character in SPECIAL else character for character in text)


_Kind = Literal["character", "open", "bar", "close"]

_KINDS: dict[str, _Kind] = {"{": "open", "|": "bar", "}": "close"}


@dataclass(frozen=True)
class _Token:
    line: int
    kind: _Kind
    character: str


def _tokens(source: str, first_line: int) -> Iterator[_Token]:
    """Every character of the source, with escapes undone and the working braces and bars told apart."""
    line = first_line
    escaped = False
    for character in source:
        if escaped and character not in SPECIAL:
            raise MarkupError(line, f"a backslash before {character!r}", "write \\\\ for a literal backslash")
        if not escaped and character == "\\":
            escaped = True
            continue
        yield _Token(line, "character" if escaped else _KINDS.get(character, "character"), character)
        escaped = False
        if character == "\n":
            line += 1
    if escaped:
        raise MarkupError(line, "a backslash at the very end", "write \\\\ for a literal backslash")


class _Parser:
    """Collects plain text outside a span, its labels inside the head, its words after the bar."""

    def __init__(self, aspects: Collection[str]) -> None:
        self._aspects = aspects
        self._text: list[str] = []
        self._labels: list[Label] = []
        self._place: Literal["outside", "head", "gap", "words"] = "outside"
        self._head: list[str] = []
        self._opened_on = 0
        self._start = 0

    def take(self, token: _Token) -> None:
        if self._place == "gap":
            self._take_gap(token)
        elif token.kind == "open":
            self._open(token.line)
        elif token.kind == "bar":
            self._bar(token.line)
        elif token.kind == "close":
            self._close(token.line)
        elif self._place == "head":
            self._head.append(token.character)
        else:
            self._text.append(token.character)

    def finish(self) -> Marked:
        if self._place != "outside":
            raise MarkupError(self._opened_on, "a '{' is never closed", "close it with '}', or write \\{")
        return Marked("".join(self._text), tuple(self._labels))

    def _open(self, line: int) -> None:
        if self._place != "outside":
            raise MarkupError(line, "a '{' inside a marked span", "spans do not nest: close the first, or write \\{")
        self._place = "head"
        self._head = []
        self._opened_on = line

    def _bar(self, line: int) -> None:
        if self._place != "head":
            raise MarkupError(line, "a '|' that parts no labels from words", "write \\| for a literal bar")
        self._place = "gap"

    def _take_gap(self, token: _Token) -> None:
        if token.kind == "close":
            raise MarkupError(token.line, *_NO_WORDS)
        if token.kind != "character" or token.character not in " \n":
            raise MarkupError(token.line, "no blank after the '|'", "put one blank between the bar and the words")
        self._place = "words"
        self._start = len(self._text)

    def _close(self, line: int) -> None:
        if self._place == "outside":
            raise MarkupError(line, "a '}' that closes nothing", "open it with '{', or write \\}")
        if self._place == "head":
            raise MarkupError(line, "a span without a '|'", "write {LABELS| words}, or \\{ and \\}")
        words = "".join(self._text[self._start :])
        if not words.strip():
            raise MarkupError(self._opened_on, *_NO_WORDS)
        if words != words.strip():
            raise MarkupError(self._opened_on, "a span that begins or ends with a blank", "move it outside the braces")
        opinions, severity, sarcasm = _read_head("".join(self._head), self._aspects, self._opened_on)
        self._labels += [
            # Only blame can be severe: in a mixed span the praise beside it is not.
            Label(self._start, len(self._text), aspect, stance, severity if stance == "negative" else None, sarcasm)
            for stance, aspect in opinions
        ]
        self._place = "outside"


def _read_head(head: str, aspects: Collection[str], line: int) -> tuple[list[tuple[Stance, str]], str | None, bool]:
    """The opinions, the severe complaint and the sarcasm that a head such as ``-ending !fraud sarcasm`` names."""
    marks = head.split()
    for mark in marks:
        _refuse_unknown(mark, aspects, line)
    if len(set(marks)) != len(marks):
        raise MarkupError(line, f"a label written twice in '{head}'", "write it once")
    opinions = [(STANCES[mark[0]], mark[1:]) for mark in marks if mark[0] in STANCES]
    severities = [mark[1:] for mark in marks if mark[0] == "!"]
    if not opinions:
        raise MarkupError(line, f"no aspect in '{head}'", "write at least one of +aspect, -aspect, 0aspect")
    _refuse_contradictions(opinions, severities, line)
    return opinions, severities[0] if severities else None, "sarcasm" in marks


def _refuse_unknown(mark: str, aspects: Collection[str], line: int) -> None:
    if mark == "sarcasm":
        return
    if mark[0] == "!":
        if mark[1:] not in SEVERITIES:
            raise MarkupError(line, f"unknown severe complaint '{mark}'", f"use one of {', '.join(SEVERITIES)}")
    elif mark[0] not in STANCES:
        raise MarkupError(line, f"unknown flag '{mark}'", "use +aspect, -aspect, 0aspect, sarcasm or !category")
    elif mark[1:] not in aspects:
        raise MarkupError(line, f"unknown aspect '{mark[1:]}'", f"use one of {', '.join(aspects)}")


def _refuse_contradictions(opinions: list[tuple[Stance, str]], severities: list[str], line: int) -> None:
    stances: dict[str, set[Stance]] = {}
    for stance, aspect in opinions:
        stances.setdefault(aspect, set()).add(stance)
    for aspect, taken in stances.items():
        if "neutral" in taken and len(taken) > 1:
            raise MarkupError(line, f"'{aspect}' is neutral and signed at once", "keep the 0 or the sign, not both")
    if len(severities) > 1:
        raise MarkupError(line, "two severe complaints on one span", "keep the graver, or mark two clauses")
    if severities and all(stance != "negative" for stance, _ in opinions):
        raise MarkupError(line, f"'!{severities[0]}' without any blame", "give the span a -aspect, or drop the flag")
