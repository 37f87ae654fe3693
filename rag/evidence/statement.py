"""A drafted statement → sentences with their numbers filled in from the findings, or dropped with the reason. Pure.

A draft holds no number of its own: `{praised:ID}` and `{criticised:ID}` stand where one belongs, "9 of the 12 reviews
that mention it", or `{praised:ID:short}`, "9 of 12"; `each` stands for several aspects with the same counts. Nor has it
words of its own between quotation marks: these are copied from the quotes that it cites.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from rag import words
from rag.evidence import cite, quoted, support, verdicts
from rag.findings import DraftSentence, Finding, Side
from rag.records import Citation, Dropped

MOST_SENTENCES = 5
_CONTRARY = "it praises what the reviews criticise, or the other way round"
_VERBS: Mapping[Side, frozenset[str]] = {
    "praised": frozenset(
        map(words.stem, "praise praises praised praising like liked love loved admire admired enjoy enjoyed".split())
    ),
    "criticised": frozenset(
        map(
            words.stem,
            """criticise criticised criticises criticize criticized blame blamed dislike disliked hate hated fault
            faulted complain complained complaint complaints""".split(),
        )
    ),
}
"""Verbs by which a sentence says on which side reviewers are."""
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
        said = _said(draft, findings, reviews, allowed)
        if isinstance(said, str) and len(kept) < MOST_SENTENCES:
            kept.append(DraftSentence(said, draft.findings))
        else:
            why = f"a statement has {MOST_SENTENCES} sentences" if isinstance(said, str) else said.why
            dropped.append(Dropped(_SLOT.sub("…", draft.text), why))
    return kept, dropped


def cited(names: Iterable[str], findings: Mapping[str, Finding]) -> list[Citation]:
    """The first quote of each finding, on the side that a sentence tells of; both sides of what divides."""
    quotes: list[Citation] = []
    for finding in (findings[name] for name in names):
        if finding.verdict != "criticised":
            quotes += finding.praised[:1]
        if finding.verdict != "praised":
            quotes += finding.criticised[:1]
    return quotes


def untrue(
    draft: DraftSentence, findings: Mapping[str, Finding], title: str, leaning: Callable[[str], float] | None
) -> str | None:
    """What a sentence says that its findings do not: a name in none of their quotes, or the other side. None: nothing.

    Its numbers are `fill`'s to refuse. `leaning` says how a sentence leans, -1 to 1, where that can be told.
    """
    rests = [findings[name] for name in draft.findings if name in findings]
    own = _SLOT.sub("it", draft.text)
    quotes = [quote.quote for finding in rests for quote in (*finding.praised, *finding.criticised)]
    allowed = [title, *(finding.name for finding in findings.values())]
    foreign = support.foreign_names(own, " ".join(quotes), " ".join(allowed))
    if foreign:
        return foreign[0]
    if _says_the_contrary(draft, own, rests, findings):
        return _CONTRARY
    verdicts_ = {finding.verdict for finding in rests}
    if leaning is None or len(verdicts_) != 1:
        return None
    side = {"praised": 1.0, "criticised": -1.0}.get(verdicts_.pop(), 0.0)
    return _CONTRARY if side * leaning(own) <= -support.LEANS else None


def _says_the_contrary(
    draft: DraftSentence, own: str, rests: Sequence[Finding], findings: Mapping[str, Finding]
) -> bool:
    """Whether its verbs are all of one side, and what it counts or rests on is of the other; or it counts nobody."""
    said = set(words.stems(own))
    verbs = {side for side, stems in _VERBS.items() if said & stems}
    sides: set[str] = {slot[0] for slot in _SLOT.findall(draft.text)}
    counted = sides or {finding.verdict for finding in rests} & _VERBS.keys()
    if len(verbs) == 1 and counted and not verbs & counted:
        return True
    # "Reviewers have praised it: none of the 3."
    return any(
        not (findings[name].total_praised if side == "praised" else findings[name].total_criticised)
        and findings[name].verdict not in (side, "neither")
        for side, name, _ in _SLOT.findall(draft.text)
        if name in draft.findings and name in findings
    )


def _said(
    draft: DraftSentence, findings: Mapping[str, Finding], reviews: int, allowed: Sequence[str]
) -> str | cite.Refused:
    """A sentence with its slots filled and its quotations copied."""
    why = _fault(draft, findings, allowed)
    if why is not None:
        return cite.Refused(why)
    quotes = [one.quote for one in cited(draft.findings, findings)]
    return quoted.exact(_filled(draft.text, findings, reviews), quotes, allowed)


def _fault(draft: DraftSentence, findings: Mapping[str, Finding], allowed: Sequence[str]) -> str | None:
    slots = [slot[1] for slot in _SLOT.findall(draft.text)]
    unknown = [name for name in (*draft.findings, *slots) if name not in findings]
    if unknown:
        return f"it rests on a finding that is none: {unknown[0]}"
    if any(name not in draft.findings for name in slots):
        return "it counts for a finding that it does not rest on"
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
