"""The way of a question: candidates → evidence → draft → verified answer.

Engines propose; here each proposed claim becomes exact citations, is checked against them, and is shown or
dropped whole with its reason. Counts are made here, over all reviews in scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag import taxonomy
from rag.candidates import MAX_COVERED, Asking, Found, find
from rag.engines.base import AnswerRequest
from rag.errors import Cancelled, InputError
from rag.evidence import cite, count
from rag.records import (
    Answer,
    BadLine,
    Citation,
    Claim,
    Coverage,
    DraftClaim,
    DraftEnd,
    Dropped,
    Evidence,
    Filters,
    Passage,
    Plan,
    Status,
)
from rag.reviews import scope as scopes
from rag.reviews import store as stores
from rag.search import retrieve
from rag.search.plan import MAX_QUESTION
from rag.verify import STANDS_ALONE, Quotable, Verifier, continuation

NEAREST = 3
"""How many passages an abstention shows."""

OnClaim = Callable[[Claim, tuple[Citation, ...]], None]


def ask(
    asking: Asking,
    question: str,
    *,
    titles: Sequence[str] | None = None,
    filters: Filters | None = None,
    previous: Answer | None = None,
    on_claim: OnClaim | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Answer:
    """Answer a question from the reviews. Raises InputError, UnknownTitle and Cancelled."""
    question = _checked(question)
    found = find(asking, question, titles, filters, previous)
    if cancelled():
        raise Cancelled("The question was cancelled.")
    chosen = retrieve.spread([p for p in found.ranked if p.mentions])
    quotable = _quotable(asking, found, chosen or _nearest(found))
    verifier = Verifier(quotable, filter(None, (found.plan.focus, found.plan.aspect)), asking.embedder)
    if not chosen:
        return _abstained(found, verifier, quotable)
    counted = _count_claim(found)
    request = AnswerRequest(question, found.plan, list(quotable.evidence.values()), cancelled)
    ended = _verify_all(asking.engine.draft_answer(request), verifier, counted, on_claim)
    if cancelled():
        raise Cancelled("The question was cancelled.")
    return _answered(found, verifier, counted, ended, frozenset(p.sentence.id for p in chosen))


def evidence(asking: Asking, question: str, *, titles: Sequence[str] | None = None) -> list[Evidence]:
    """The sentences that a question would be answered from, best first. Empty: nothing mentions what is asked."""
    found = find(asking, _checked(question), titles, None, None)
    chosen = retrieve.spread([p for p in found.ranked if p.mentions])
    offered = _quotable(asking, found, chosen).evidence.values()
    return [item for item in offered if item.continues is None]


def _checked(question: str) -> str:
    question = " ".join(question.split())
    if not question:
        raise InputError(
            "The question is empty.", 'Ask something, for example: pullquote ask "Is the ending any good?"'
        )
    if len(question) > MAX_QUESTION:
        raise InputError(f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} are read.")
    return question


# ── what may be quoted ───────────────────────────────────────────────────────────────────────────


def _quotable(asking: Asking, found: Found, chosen: Sequence[Passage]) -> Quotable:
    ids = sorted({passage.sentence.review_id for passage in chosen})
    names = {title.id: title.name for title in found.titles}
    with asking.store.reading() as reading:
        reviews = stores.get_reviews(reading, ids)
        sentences = scopes.sentences_of(reading, ids)
    # A review that was superseded since the search has no sentences any more.
    kept = [passage for passage in chosen if passage.sentence.review_id in sentences]
    evidence: dict[str, Evidence] = {}

    def offer(passage: Passage, continues: str | None = None) -> str:
        review, sentence = reviews[passage.sentence.review_id], passage.sentence
        number = f"S{len(evidence) + 1}"
        text = review.text[sentence.start : sentence.end]
        start = sentence.start + len(text) - len(text.lstrip())
        title = names[passage.title_id]
        evidence[number] = Evidence(
            number, passage, start, text.strip(), review.critic, review.outlet, title, continues
        )
        return number

    for passage in kept:
        number = offer(passage)
        following = continuation(passage.sentence, sentences, reviews)
        if following:
            offer(replace(passage, sentence=following), continues=number)
    return Quotable(evidence, reviews, sentences)


def _nearest(found: Found) -> list[Passage]:
    """What an abstention shows: the best passages that can stand alone, one a review."""
    whole = [passage for passage in found.ranked if len(passage.sentence.view.split()) >= STANDS_ALONE]
    return retrieve.spread(whole, per_review=1, limit=NEAREST)


def _verify_all(
    draft: Iterator[DraftClaim | BadLine | DraftEnd], verifier: Verifier, counted: Claim | None, heard: OnClaim | None
) -> DraftEnd:
    """Verify a draft as it comes. A claim is heard the moment it holds, the count before the first that does."""
    for item in draft:
        if isinstance(item, DraftEnd):
            return item
        if isinstance(item, BadLine):
            verifier.dropped.append(Dropped(item.text, item.why))
            continue
        claim = verifier.take(item)
        if claim is None or heard is None:
            continue
        if counted and len(verifier.claims) == 1:
            heard(counted, ())
        by_id = {citation.id: citation for citation in verifier.citations}
        heard(claim, tuple(by_id[number] for number in claim.citations))
    return DraftEnd(complete=False, warnings=("The draft broke off.",))


# ── answer ───────────────────────────────────────────────────────────────────────────────────────


def _count_claim(found: Found) -> Claim | None:
    """How many reviews mention what was asked, in every title. Made by code, so it has no support score."""
    if not found.plan.mentions or len(found.titles) > MAX_COVERED:
        return None
    names = {title.id: title.name for title in found.titles}
    sentence = count.mention_sentence(
        {names[title]: k for title, k in found.mentioning.items()},
        {names[title]: n for title, n in found.reviews.items()},
        _spoken_focus(found),
    )
    return Claim("count", sentence, ()) if sentence else None


def _spoken_focus(found: Found) -> str:
    """What the question is about, as a sentence says it: "the ending", "the ferry crossing"."""
    if found.plan.aspect and not found.plan.required:
        return next(
            aspect.name
            for title in found.titles
            if (aspect := taxonomy.load(title.kind).aspect(found.plan.aspect)) is not None
        )
    return f"“{found.plan.focus}”"


def _answered(
    found: Found, verifier: Verifier, counted: Claim | None, ended: DraftEnd, chosen: frozenset[str]
) -> Answer:
    silent = [t.name for t in found.titles if found.reviews[t.id] and not found.mentioning[t.id]]
    reasons = []
    if not ended.complete:
        reasons.append("The draft broke off.")
    if found.plan.kind == "how_many":
        reasons.append("How many hold an opinion is not counted before opinions are coded; how many mention it is.")
    if found.plan.kind == "who" and found.plan.stance:
        reasons.append("Who praises and who blames is not told apart before opinions are coded.")
    if len(found.titles) <= MAX_COVERED and silent:
        reasons.append(f"Nothing is said for {', '.join(silent)}.")
    if not verifier.claims:
        reasons = ["Passages were found, but none could be quoted whole."]
    status: Status = "abstained" if not verifier.claims else "partial" if reasons else "answered"
    claims = ((counted,) if counted else ()) + tuple(verifier.claims)
    return replace(
        _frame(found, verifier),
        status=status,
        reason=" ".join(reasons) or None,
        claims=claims if verifier.claims else (),
        warnings=(*found.warnings, *_stance_warning(found.plan), *ended.warnings),
        chosen=chosen,
    )


def _stance_warning(plan: Plan) -> tuple[str, ...]:
    if plan.stance is None and plan.kind != "how_many":
        return ()
    return (
        "Opinions are not coded yet: passages were chosen by what they mention, "
        "so praise and blame stand side by side and neither is counted.",
    )


def _abstained(found: Found, verifier: Verifier, quotable: Quotable) -> Answer:
    """Nothing in scope mentions the focus: say so, and show the nearest passages as such."""
    nearest = []
    for name in quotable.evidence:
        spans = verifier.spans_of([name])
        nearest += [] if isinstance(spans, cite.Refused) else [verifier.citation(span).id for span in spans]
    total = sum(found.reviews.values())
    asked = f"“{found.plan.focus}”" if found.plan.focus else "what you ask"
    return replace(
        _frame(found, verifier),
        reason=count.no_mention(total, asked) if total else "There are no reviews in scope.",
        nearest=tuple(dict.fromkeys(nearest)),
    )


def _frame(found: Found, verifier: Verifier) -> Answer:
    """What every answer holds, whatever became of the draft."""
    covered = {citation.title_id for citation in verifier.citations}
    few = len(found.titles) <= MAX_COVERED
    return Answer(
        question=found.question,
        status="abstained",
        reason=None,
        plan=found.plan,
        titles=found.titles,
        reviews=sum(found.reviews.values()),
        claims=(),
        citations=verifier.citations,
        coverage=tuple(_coverage(found, t.id) for t in found.titles if few or t.id in covered),
        engine=found.stamp,
        dropped=tuple(verifier.dropped),
        warnings=found.warnings,
        candidates=tuple(found.ranked),
    )


def _coverage(found: Found, title_id: str) -> Coverage:
    """Nothing is coded yet. Only a focus that is no aspect is counted by its words (design: coverage)."""
    total = found.reviews[title_id]
    by_words = found.plan.aspect is None and bool(found.plan.mentions)
    return Coverage(
        title_id=title_id,
        reviews=total,
        coded=0,
        no_opinion=0,
        failed=0,
        uncoded=total,
        mentioning=found.mentioning[title_id] if by_words else None,
    )
