"""The offline statement: what is praised, what is criticised, what divides people, as a critics' consensus says it.

Its sentences come from the closed patterns below. They hold no number: slots are filled by code, from the counts. Which
pattern is taken depends on the title alone, so that the same reviews always read the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from rag.engines.base import StatementRequest
from rag.findings import DraftSentence, Finding, Verdict
from rag.taxonomy import OTHER

_MERGED = 3
"""At most so many aspects share a sentence."""

_LOVED = (
    "Reviewers are won over by {names}: {detail}.",
    "{Names} {carry} it: {detail}.",
    "What people take away from it is {names}: {detail}.",
)
_LIKED_TOO = (
    "{Names} {come} off well too.",
    "There is praise for {names} as well.",
    "{Names} {find} friends besides.",
)
_BLAMED = (
    "The complaint is {names}: {detail}.",
    "What lets it down is {names}: {detail}.",
    "Patience runs out over {names}: {detail}.",
)
_BUT_BLAMED = (
    "But {names} {let} it down: {detail}.",
    "It is {names} that reviewers hold against it: {detail}.",
    "They are less forgiving of {names}: {detail}.",
)
_DIVIDED = (
    "{Names} {split} the room: {detail}.",
    "Where they part ways is {names}: {detail}.",
    "On {names} there is no agreement: {detail}.",
)
_QUIET = (
    "Reviewers touch on {names} without coming down on a side.",
    "No verdict stands out; what comes up is {names}.",
)
_SINGLE = "There is a single review; it speaks of {names}."


def draft_statement(request: StatementRequest) -> list[DraftSentence]:
    """Two to five sentences, as far as there is something to say."""
    said = [finding for finding in request.findings if finding.aspect != OTHER]
    if not said:
        return []
    if request.reviews == 1:
        chosen = said[:_MERGED]
        return [DraftSentence(_SINGLE.format(names=_listed(chosen)), _ids(chosen))]
    by: dict[Verdict, list[Finding]] = {}
    for finding in said:
        by.setdefault(finding.verdict, []).append(finding)
    praised, criticised, divided = (by.get(name, []) for name in ("praised", "criticised", "divided"))
    seed = zlib.crc32(request.title.encode())
    drafts = []
    if praised:
        drafts.append(_sentence(_LOVED, praised[:_MERGED], "praised", seed))
        if praised[_MERGED : 2 * _MERGED]:
            drafts.append(_sentence(_LIKED_TOO, praised[_MERGED : 2 * _MERGED], "praised", seed))
    if criticised:
        patterns = _BUT_BLAMED if praised else _BLAMED
        drafts.append(_sentence(patterns, criticised[:_MERGED], "criticised", seed // 3))
    if divided:
        drafts.append(_sentence(_DIVIDED, divided[:2], "divided", seed // 5))
    if not drafts:
        drafts.append(_sentence(_QUIET, said[:_MERGED], "neither", seed))
    return drafts


def _sentence(patterns: Sequence[str], findings: Sequence[Finding], verdict: Verdict, seed: int) -> DraftSentence:
    names = _listed(findings)
    plural = len(findings) > 1 or (findings[0].name.endswith("s") and not findings[0].name.endswith("ss"))
    verbs = {"carry": "carries", "come": "comes", "find": "finds", "let": "lets", "split": "splits"}
    forms = {verb: verb if plural else single for verb, single in verbs.items()}
    text = patterns[seed % len(patterns)].format(
        names=names, Names=names[:1].upper() + names[1:], detail=_detail(findings, verdict), **forms
    )
    return DraftSentence(text, _ids(findings))


def _detail(findings: Sequence[Finding], verdict: Verdict) -> str:
    """The counts behind it, aspect by aspect, with slots for the numbers; what they are of is said once."""
    parts = []
    for at, one in enumerate(findings):
        short = ":short" if at else ""
        subject = f"{one.name} " if len(findings) > 1 else ""
        if verdict == "divided":
            parts.append(f"{subject}praised by {{praised:{one.id}:short}}, faulted by {{criticised:{one.id}{short}}}")
        else:
            verb = "" if at else "praised " if verdict == "praised" else "faulted "
            parts.append(f"{subject}{verb}by {{{verdict}:{one.id}{short}}}")
    return ("; " if verdict == "divided" else ", ").join(parts)


def _listed(findings: Sequence[Finding]) -> str:
    """ "the acting", "the acting and the music", "the acting, the music and the pacing"."""
    names = [finding.name for finding in findings]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _ids(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.id for finding in findings)
