"""The offline statement: what is praised, what is criticised, what divides people, as a critics' consensus says it.

Its sentences come from the closed patterns below. They hold no number: slots are filled by code, from the counts. Which
pattern is taken depends on the title alone, so that the same reviews always read the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from rag.engines.base import StatementRequest
from rag.findings import DraftSentence, Finding, Verdict
from rag.records import Counts
from rag.taxonomy import OTHER

_MERGED = 3
"""At most so many aspects share a sentence."""
_LEAST_REVIEWS, _LEAST_SHARE = 2, 0.1
"""An aspect is worth a sentence where so many reviews mention it, while there is one that as many do."""

_FOR = (
    "On the whole it pleases: {praised:overall} are for it.",
    "The verdict is warm: {praised:overall} come down in its favour.",
    "Reviewers like it: {praised:overall} are on its side.",
)
_AGAINST = (
    "On the whole it disappoints: {criticised:overall} are against it.",
    "The verdict is cold: {criticised:overall} come down against it.",
    "Reviewers are not won over: {criticised:overall} speak against it.",
)
_SPLIT = (
    "Opinion is split: {praised:overall} are for it, {criticised:overall:short} against.",
    "There is no common verdict: {praised:overall} are for it, {criticised:overall:short} against.",
)
_LEANING_FOR = (
    "Opinion is split, and leans its way: {praised:overall} are for it, {criticised:overall:short} against.",
    "It divides, and the greater part is for it: {praised:overall}, {criticised:overall:short} against.",
)
_LEANING_AGAINST = (
    "Opinion is split, and leans against it: {criticised:overall} are against it, {praised:overall:short} for.",
    "It divides, and the greater part is against it: {criticised:overall}, {praised:overall:short} for.",
)
_LEANS = 2
"""A split leans where one side is so many times the other."""
_PRAISED = (
    "{Names} {win} people over: {detail}.",
    "{Names} {carry} it: {detail}.",
    "Praise goes to {names}: {detail}.",
    "What reviewers like is {names}: {detail}.",
)
_PRAISED_TOO = (
    "{Names} {come} off well too ({brief}).",
    "There is praise for {names} as well ({brief}).",
    "{Names} {find} friends besides ({brief}).",
)
_BLAMED = (
    "{Names} {let} it down: {detail}.",
    "The complaint is {names}: {detail}.",
    "Patience runs out over {names}: {detail}.",
)
_BUT_BLAMED = (
    "But {names} {let} it down: {detail}.",
    "Reviewers are less kind about {names}: {detail}.",
    "What they hold against it is {names}: {detail}.",
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
_VERBS = {"win": "wins", "carry": "carries", "come": "comes", "find": "finds", "let": "lets", "split": "splits"}


def draft_statement(request: StatementRequest) -> list[DraftSentence]:
    """Up to five sentences, as far as there is something to say that can be quoted."""
    said = [finding for finding in request.findings if finding.aspect != OTHER]
    seed = zlib.crc32(request.title.encode())
    if not said:
        return _whole(request.overall, seed)
    if request.reviews == 1:
        return [_sentence((_SINGLE,), said[:_MERGED], "neither", 0)]
    least = max(_LEAST_REVIEWS, _LEAST_SHARE * request.reviews)
    said = [finding for finding in said if finding.counts.mentioning >= least] or said
    praised = [one for one in said if one.verdict == "praised" and one.praised]
    criticised = [one for one in said if one.verdict == "criticised" and one.criticised]
    divided = [one for one in said if one.verdict == "divided" and one.praised and one.criticised]
    groups: tuple[tuple[Sequence[str], Sequence[Finding], Verdict], ...] = (
        (_PRAISED, praised[:_MERGED], "praised"),
        (_PRAISED_TOO, praised[_MERGED : 2 * _MERGED], "praised"),
        (_BUT_BLAMED if praised else _BLAMED, criticised[:_MERGED], "criticised"),
        (_DIVIDED, divided[:2], "divided"),
    )
    drafts = [_sentence(patterns, group, verdict, seed) for patterns, group, verdict in groups if group]
    drafts = [*_whole(request.overall, seed), *drafts]
    return drafts or [_sentence(_QUIET, said[:_MERGED], "neither", seed)]


def _whole(overall: Finding | None, seed: int) -> list[DraftSentence]:
    """The verdict on the whole, where a side has it or both do, and there is a quote for it."""
    if overall is None or overall.counts.mentioning < _LEAST_REVIEWS:
        return []
    patterns, quoted = {
        "praised": (_FOR, overall.praised),
        "criticised": (_AGAINST, overall.criticised),
        "divided": (_split(overall.counts), overall.praised and overall.criticised),
        "neither": ((), ()),
    }[overall.verdict]
    return [DraftSentence(_chosen(patterns, seed), (overall.id,))] if quoted else []


def _split(counts: Counts) -> Sequence[str]:
    if counts.positive >= _LEANS * counts.negative:
        return _LEANING_FOR
    return _LEANING_AGAINST if counts.negative >= _LEANS * counts.positive else _SPLIT


def _chosen(patterns: Sequence[str], seed: int) -> str:
    return patterns[zlib.crc32(f"{seed} {patterns[0]}".encode()) % len(patterns)]


def _sentence(patterns: Sequence[str], findings: Sequence[Finding], verdict: Verdict, seed: int) -> DraftSentence:
    names = _listed([finding.name for finding in findings])
    several = len(findings) > 1 or findings[0].plural
    forms = {verb: verb if several else single for verb, single in _VERBS.items()}
    text = _chosen(patterns, seed).format(
        names=names,
        Names=names[:1].upper() + names[1:],
        detail=_divided(findings) if verdict == "divided" else _detail(findings, verdict),
        brief=_brief(findings, verdict),
        **forms,
    )
    return DraftSentence(text, tuple(finding.id for finding in findings))


def _detail(findings: Sequence[Finding], verdict: Verdict) -> str:
    """The counts behind it, aspect by aspect, with slots for the numbers; what they are of is said once."""
    verb = "praised" if verdict == "praised" else "faulted"
    first, *rest = findings
    if not rest:
        return f"{verb} by {{{verdict}:{first.id}}}"
    counts = {(one.total_praised, one.total_criticised, one.counts.mentioning) for one in findings}
    if len(counts) == 1:
        return f"each {verb} by {{{verdict}:{first.id}:each}}"
    head = f"{first.name} {verb} by {{{verdict}:{first.id}}}"
    return ", ".join([head, *(f"{one.name} by {{{verdict}:{one.id}:short}}" for one in rest)])


def _divided(findings: Sequence[Finding]) -> str:
    parts = []
    for one in findings:
        subject = f"{one.name} " if len(findings) > 1 else ""
        parts.append(f"{subject}praised by {{praised:{one.id}:short}}, faulted by {{criticised:{one.id}:short}}")
    return "; ".join(parts) + ("" if len(findings) > 1 else f" of the reviews that mention {findings[0].pronoun}")


def _brief(findings: Sequence[Finding], verdict: Verdict) -> str:
    if len(findings) == 1:
        return f"{{{verdict}:{findings[0].id}:short}}"
    return ", ".join(f"{one.name} {{{verdict}:{one.id}:short}}" for one in findings)


def _listed(names: Sequence[str]) -> str:
    """ "the acting", "the acting and the music", "the acting, the music and the pacing"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
