"""A drafted statement → sentences with their numbers filled in from the findings, or dropped with the reason. Pure.

A draft holds no number of its own: `{praised:ID}` and `{criticised:ID}` stand where one belongs, "9 of the 12 reviews
that mention it", or `{praised:ID:short}`, "9 of 12"; `each` stands for several aspects with the same counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rag import words
from rag.evidence import verdicts
from rag.findings import DraftSentence, Finding, Side
from rag.records import Dropped

MOST_SENTENCES = 5
_SLOT = re.compile(r"\{(praised|criticised):([a-z0-9-]+)(?::(short|each))?\}")


def fill(
    drafts: Iterable[DraftSentence], findings: Mapping[str, Finding], reviews: int, allowed: Sequence[str] = ()
) -> tuple[list[DraftSentence], list[Dropped]]:
    """The sentences that hold, their slots filled, and those that don't with the reason.

    `allowed` are names (of the title, of aspects) whose own numbers are no counts, where they stand as whole words:
    "The Ninth Car".
    """
    kept: list[DraftSentence] = []
    dropped: list[Dropped] = []
    for draft in drafts:
        why = _fault(draft, findings, allowed)
        if why is None and len(kept) < MOST_SENTENCES:
            kept.append(DraftSentence(_filled(draft.text, findings, reviews), draft.findings))
        else:
            dropped.append(Dropped(_SLOT.sub("…", draft.text), why or f"a statement has {MOST_SENTENCES} sentences"))
    return kept, dropped


def _fault(draft: DraftSentence, findings: Mapping[str, Finding], allowed: Sequence[str]) -> str | None:
    unknown = [
        name for name in (*draft.findings, *(slot[1] for slot in _SLOT.findall(draft.text))) if name not in findings
    ]
    if unknown:
        return f"it rests on a finding that is none: {unknown[0]}"
    if not draft.findings:
        return "it rests on no finding"
    own = _SLOT.sub("", draft.text)
    for name in sorted(filter(None, allowed), key=len, reverse=True):
        own = re.sub(rf"(?<!\w)(?:{re.escape(name)}|{re.escape(name[:1].upper() + name[1:])})(?!\w)", " ", own)
    if "{" in own or "}" in own:
        return "it holds a slot that is none"
    counting = [*words.numbers(own), *words.quantifiers(own)]
    return f"“{counting[0]}” counts something, and counts are filled in by code" if counting else None


def _filled(text: str, findings: Mapping[str, Finding], reviews: int) -> str:
    def number(match: re.Match[str]) -> str:
        side: Side = "praised" if match[1] == "praised" else "criticised"
        return verdicts.counted(findings[match[2]], side, reviews, match[3] or "")

    return _SLOT.sub(number, text)
