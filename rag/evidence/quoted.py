"""Words between quotation marks in a drafted sentence → the reviewer's own, copied, or refused. Pure.

A reader takes what stands between quotation marks for somebody's words. So it must stand in a passage that is cited, or
be a name; it may differ in case, blanks, the form of quotes, dashes and ellipses, and punctuation at its ends, and what
is shown is copied from there. Marks of every form are shown as “ and ”, so that it is plain where the copy ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag import words
from rag.evidence.cite import Refused

DOUBLE = '"“”„‟«»‹›「」『』〝〞〟＂″ˮʺ❝❞'
SINGLE = "'‘’‚‛′＇ʻʼʹ❛❜"
_PAIRS = "|".join(
    (
        # The usual pairs first, so that one may stand inside another; then any two marks.
        r"“([^”]+)”",
        r'"(?=\S)([^"]+)(?<=\S)"',
        r"«([^»]+)»",
        r"„([^“”]+)[“”]",
        rf"[{DOUBLE}](?=\S)([^{DOUBLE}]+)(?<=\S)[{DOUBLE}]",
        # What stands inside a word ("isn't") or behind one ("the critics' choice") opens nothing.
        rf"[{SINGLE}]+(?=\S)(.+?)(?<=\S)[{SINGLE}]+",
    )
)
_ALONE = rf"[{DOUBLE}‘‚‛❛]|(?<!\S)[{SINGLE}]+(?!\S)"
_INCH = r"(?<=\d)[\"″](?!\w)"
# Each takes a run whole, from its start: else a draft of many dashes tries all ways to part those of a review, and a
# review of many blanks is looked through from each of them.
_FORMS = (
    r"(?:(?:(?<!\s)\s++)?+[-‐‑‒–—―−]++)++\s*",
    r"…|\.\.\.",
    rf"(?<![{DOUBLE}{SINGLE}])[{DOUBLE}{SINGLE}]++",
    r"(?<!\s)\s++",
)
"""What may be written in several ways, each read as any other of its kind."""
_PIECE = re.compile("|".join((*_FORMS, ".")), re.DOTALL)
_STOPS = frozenset(".,;:")
_ENDS = re.compile(rf"([\s.,;:!?…{DOUBLE}{SINGLE}]*)(.*?)([\s.,;:!?…{DOUBLE}{SINGLE}]*)", re.DOTALL)


def exact(text: str, passages: Iterable[str], names: Iterable[str] = ()) -> str | Refused:
    """A sentence whose every quotation is a slice of one of the passages, or of a name; Refused where one is not."""
    names = list(names)
    sources = [*passages, *names]
    faults: list[str] = []

    def copied(match: re.Match[str]) -> str:
        if match["name"] or match["inch"]:
            return match["name"] or "″"
        said = next(filter(None, match.groups()), None)
        found = _slice(said, sources) if said else None
        if found is None:
            faults.append(f"“{said}” is quoted, and no cited passage says it" if said else "a quotation mark is alone")
        return found or ""

    marks = rf"(?P<name>{_with_marks(names)})|(?P<inch>{_INCH})|(?<!\w)(?:{_PAIRS})(?!\w)|{_ALONE}"
    shown = re.sub(marks, copied, text)
    return Refused(faults[0]) if faults else shown


def _with_marks(names: Iterable[str]) -> str:
    """The names that hold quotation marks or apostrophes of their own, which quote nobody: Bob “Ace” Hall."""
    marked = [name for name in names if re.search(rf"[{DOUBLE}{SINGLE}]", name) and re.search(r"\w", name)]
    return "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(marked, key=len, reverse=True)) or "(?!)"


def _slice(said: str, sources: Iterable[str]) -> str | None:
    """What the first source that says it says, between marks; a full stop of the draft's own comes behind them."""
    before, core, behind = _ENDS.fullmatch(said).groups()  # type: ignore[union-attr]  # it fits every text
    if not core:
        return None
    # Whole words, where a script parts them.
    start, end = ("" if words.UNSPACED.match(core[at]) else edge for at, edge in ((0, r"(?<!\w)"), (-1, r"(?!\w)")))
    pattern = rf"(?:{_alike(before)})?{start}{_alike(core)}{end}(?:{_alike(behind)})?"
    found = next(filter(None, (re.search(pattern, source, re.IGNORECASE) for source in sources)), None)
    if found is None:
        return None
    own, stop = found[0].strip(), behind[-1:]
    return f"“{own}”{stop if stop in _STOPS and not own.endswith(stop) else ''}"


def _alike(text: str) -> str:
    """A pattern for a text, in all the ways in which it may be written."""
    return "".join(
        next((rf"(?:{form})" for form in _FORMS if re.fullmatch(form, piece)), re.escape(piece))
        for piece in _PIECE.findall(text)
    )
