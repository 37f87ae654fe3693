"""The way of a question: candidates → evidence → draft → verified answer.

Engines propose; here each proposed claim becomes exact citations, is checked against them, and is shown or
dropped whole with its reason. Counts are made here, over all reviews in scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.candidates import MAX_COVERED, Asking, Found, find
from rag.counted import complaints_told, count_claim, coverage
from rag.engines.base import AnswerRequest
from rag.errors import Cancelled, EngineError, InputError
from rag.evidence import count
from rag.opinions_asked import answers
from rag.records import (
    Answer,
    BadLine,
    Citation,
    Claim,
    DraftClaim,
    DraftEnd,
    Dropped,
    Evidence,
    Filters,
    Opinion,
    Passage,
    Status,
    Usage,
)
from rag.reviews import scope as scopes
from rag.reviews import store as stores
from rag.reviews import tally
from rag.search import retrieve
from rag.search.plan import MAX_QUESTION
from rag.verify import STANDS_ALONE, Quotable, Verifier, continuation

_UNCODED = "Code them with: pullquote code"
_NONE_PICKED = "Of none of these titles do more reviews say so than say the opposite."
_NEARBY = "No sentence names all of {asked}; what is quoted comes near it."
_UNANSWERED = "The passages that speak of it don’t answer the question."
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
    chosen = _chosen(asking, found)
    offered = _offered(asking, found, chosen)
    quotable = _quotable(asking, found, offered or _nearest(found))
    asked = filter(None, (found.plan.focus, found.plan.aspect))
    judge = asking.adviser.supports if asking.adviser is not None else None
    verifier = Verifier(quotable, asked, asking.embedder, asking.stance_of, judge)
    if not chosen:
        return _with_advice(asking, _abstained(found, verifier))
    counted = count_claim(found, verifier)
    asked_for = AnswerRequest(question, found.plan, list(quotable.evidence.values()), cancelled)
    speaking = _about(asked_for, frozenset(p.sentence.id for p in chosen))
    ended, fallback = _draft(asking, asked_for, speaking, verifier, counted, on_claim)
    if cancelled():
        raise Cancelled("The question was cancelled.")
    found = replace(found, stamp=replace(found.stamp, fallback=fallback))
    return _with_advice(asking, _answered(found, verifier, counted, ended, frozenset(p.sentence.id for p in offered)))


def _with_advice(asking: Asking, answer: Answer) -> Answer:
    """An answer with what its adviser cost, and what became of that."""
    if asking.adviser is None:
        return answer
    warnings = (*answer.warnings, *asking.adviser.warnings)
    return replace(answer, usage=answer.usage + asking.adviser.usage, warnings=warnings)


def evidence(asking: Asking, question: str, *, titles: Sequence[str] | None = None) -> list[Evidence]:
    """The sentences that a question would be answered from, best first. Empty: nothing mentions what is asked."""
    return [item for item in request(asking, question, titles=titles).evidence if item.continues is None]


def request(asking: Asking, question: str, *, titles: Sequence[str] | None = None) -> AnswerRequest:
    """What an engine would get to see."""
    found = find(asking, _checked(question), titles, None, None)
    offered = _quotable(asking, found, _offered(asking, found, _chosen(asking, found))).evidence.values()
    return AnswerRequest(found.question, found.plan, list(offered))


def _checked(question: str) -> str:
    question = " ".join(question.split())
    if not question:
        raise InputError(
            "The question is empty.", 'Ask something, for example: pullquote ask "Is the ending any good?"'
        )
    if not any(letter.isalnum() for letter in question):
        raise InputError("The question holds no word.", "Ask something, for example: Is the ending any good?")
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
        opinions: dict[str, list[Opinion]] = {}
        for one in tally.of_reviews(reading, ids):
            opinions.setdefault(one.review_id, []).append(one)
        coded = tally.read_of(reading, ids)
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
    return Quotable(evidence, reviews, sentences, opinions, coded)


def _chosen(asking: Asking, found: Found) -> list[Passage]:
    """The evidence: what speaks of what is asked and is not of the other side, of the titles that may be chosen."""
    return _spread(asking, found.answering)


def _spread(asking: Asking, passages: Sequence[Passage]) -> list[Passage]:
    return retrieve.spread(passages, asking.retrieval.per_review, asking.retrieval.evidence)


def _offered(asking: Asking, found: Found, chosen: Sequence[Passage]) -> list[Passage]:
    """What the engine gets to see. A model may find that more bears on the question than what names it."""
    if asking.engine.model is None or not chosen:
        return list(chosen)
    known = {passage.sentence.id for passage in chosen}
    others = [passage for passage in found.ranked
              if passage.sentence.id not in known and answers(found.plan, replace(passage, mentions=True))]  # fmt: skip
    return [*chosen, *_spread(asking, others)[: asking.retrieval.evidence - len(chosen)]]


def _about(request: AnswerRequest, chosen: frozenset[str]) -> AnswerRequest:
    """A request with only the sentences that speak of what is asked, and what they go on with."""
    names = {item.id for item in request.evidence if item.passage.sentence.id in chosen}
    kept = [item for item in request.evidence if item.id in names or item.continues in names]
    return replace(request, evidence=kept)


def _nearest(found: Found) -> list[Passage]:
    """What an abstention shows: the best passages that can stand alone, one a review; those that name it all first."""
    whole = [passage for passage in found.ranked if len(passage.sentence.view.split()) >= STANDS_ALONE]
    whole.sort(key=lambda passage: passage.held < 1)
    return retrieve.spread(whole, per_review=1, limit=NEAREST)


def _draft(
    asking: Asking,
    request: AnswerRequest,
    speaking: AnswerRequest,
    verifier: Verifier,
    counted: Claim | None,
    heard: OnClaim | None,
) -> tuple[DraftEnd, str | None]:
    """The engine's draft, verified; where nothing of it holds the offline engine's, from what is `speaking`, and why.

    Raises EngineError where there is none.
    """
    try:
        ended = _verify_all(asking.engine.draft_answer(request), verifier, counted, heard)
        if ended.complete and verifier.dropped:
            ended = _mend(asking, request, ended, verifier, counted, heard)
        why = "Nothing that the model wrote could be verified." if verifier.dropped or not ended.complete else None
    except EngineError as error:
        if asking.fallback is None:
            raise
        why = error.message
        ended = DraftEnd(complete=False, warnings=(why,), usage=Usage(*error.paid))
    if verifier.claims or asking.fallback is None or why is None or request.cancelled():
        return ended, None
    filled = _verify_all(asking.fallback.draft_answer(speaking), verifier, counted, heard)
    said = () if why in ended.warnings else (why,)
    return replace(filled, warnings=(*ended.warnings, *said), usage=ended.usage), why


def _mend(
    asking: Asking,
    request: AnswerRequest,
    ended: DraftEnd,
    verifier: Verifier,
    counted: Claim | None,
    heard: OnClaim | None,
) -> DraftEnd:
    """Once, the engine may write its refused lines again. Those it does stand for the first of them."""
    refused, claims = list(verifier.dropped), len(verifier.claims)
    verifier.dropped.clear()
    try:
        again = _verify_all(asking.engine.draft_answer(request, refused), verifier, counted, heard)
    except EngineError as error:
        again = DraftEnd(complete=True, warnings=(error.message,), usage=Usage(*error.paid))
    written = len(verifier.claims) - claims + len(verifier.dropped)
    verifier.dropped[:0] = refused[written:]
    warnings = tuple(dict.fromkeys((*ended.warnings, *again.warnings)))
    return replace(ended, warnings=warnings, usage=ended.usage + again.usage)


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


def _answered(
    found: Found, verifier: Verifier, counted: Claim | None, ended: DraftEnd, chosen: frozenset[str]
) -> Answer:
    silent = found.silent
    reasons = []
    if not ended.complete:
        reasons.append("The draft broke off.")
    if found.only_near:
        reasons.append(_NEARBY.format(asked=found.spoken_focus))
    uncoded = not any(totals.read for totals in found.totals.values())
    if found.plan.kind == "how_many" and not found.counts:
        reasons.append("How many hold an opinion on this is not counted; how many mention it is.")
        reasons += [_UNCODED] if uncoded else []
    if found.plan.kind == "who" and found.plan.stance and uncoded:
        reasons.append(f"Who praises and who blames is not told apart before opinions are coded. {_UNCODED}")
    if len(found.titles) <= MAX_COVERED and silent and found.picked is None and not found.complaining:
        reasons.append(f"Nothing is said for {', '.join(silent)}.")
    if not verifier.claims:
        refused = verifier.dropped or not ended.complete
        reasons = ["Passages were found, but none could be quoted whole." if refused else _UNANSWERED]
    nearest = () if verifier.claims else _nearest_ids(verifier)
    status: Status = "abstained" if not verifier.claims else "partial" if reasons else "answered"
    claims = ((counted,) if counted else ()) + tuple(verifier.claims)
    return replace(
        _frame(found, verifier),
        status=status,
        reason=" ".join(reasons) or None,
        claims=claims if verifier.claims else (),
        nearest=nearest,
        usage=ended.usage,
        warnings=(*found.warnings, *_stance_warning(found), *ended.warnings),
        chosen=chosen,
    )


def _stance_warning(found: Found) -> tuple[str, ...]:
    """Where nothing is coded, praise and blame can't be told apart."""
    uncoded = sum(one.uncoded for one in found.totals.values())
    if found.plan.stance is None or not uncoded:
        return ()
    return (f"{uncoded} reviews in scope are not coded: of these, praise and blame stand side by side. {_UNCODED}",)


def _abstained(found: Found, verifier: Verifier) -> Answer:
    """Nothing in scope mentions the focus: say so, and show the nearest passages as such."""
    nearest = _nearest_ids(verifier)
    total = sum(found.reviews.values())
    other_side = any(passage.mentions for passage in found.ranked) and found.plan.stance is not None
    if other_side and found.counts and found.picked is None:
        counted = count_claim(found, verifier)
        return replace(
            _frame(found, verifier),
            reason=counted.text if counted else None,
            nearest=nearest,
        )
    if found.picked is not None and other_side:
        return replace(_frame(found, verifier), reason=_NONE_PICKED, nearest=nearest)
    if found.plan.severe and total and not (found.plan.focus and sum(found.mentioning.values())):
        return replace(_frame(found, verifier), reason=complaints_told(found), nearest=nearest)
    asked = f"“{found.plan.focus}”" if found.plan.focus else "what you ask"
    mentioned = sum(found.mentioning.values()) if found.plan.mentions else 0
    said = count.no_opinion(mentioned, total, asked) if mentioned else count.no_mention(total, asked)
    return replace(
        _frame(found, verifier),
        reason=said if total else "There are no reviews in scope.",
        nearest=nearest,
    )


def _nearest_ids(verifier: Verifier) -> tuple[int, ...]:
    """The citations of the first passages, shown as such beside an abstention."""
    return verifier.behind(NEAREST)


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
        coverage=tuple(coverage(found, t.id) for t in found.titles if few or t.id in covered),
        engine=found.stamp,
        dropped=tuple(verifier.dropped),
        warnings=found.warnings,
        candidates=tuple(found.ranked),
    )
