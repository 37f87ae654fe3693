"""A drafted claim → a claim with exact citations, or dropped whole with the reason.

Nothing that an engine writes is shown before it has passed here, and what passed stays shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rag.evidence import cite, overall, quoted, support
from rag.records import Citation, Claim, ClaimKind, DraftClaim, Dropped, Evidence, Opinion, Review, Sentence
from rag.search.base import Embedder, Vectors

STANDS_ALONE = 8
"""A sentence of fewer words is offered together with the one behind it."""


@dataclass(frozen=True)
class Quotable:
    """Numbered evidence, and the whole reviews it stands in."""

    evidence: Mapping[str, Evidence]
    reviews: Mapping[str, Review]
    sentences: Mapping[str, Sequence[Sentence]]
    opinions: Mapping[str, Sequence[Opinion]] = field(default_factory=dict)
    """What was coded in them."""
    coded: frozenset[str] = frozenset()
    """The reviews that a coder has read."""


def continuation(
    sentence: Sentence, sentences: Mapping[str, Sequence[Sentence]], reviews: Mapping[str, Review]
) -> Sentence | None:
    """What a sentence too short to stand alone ("For the end I am sorry.") goes on with, in its paragraph."""
    tiles, text = sentences[sentence.review_id], reviews[sentence.review_id].text
    if len(sentence.view.split()) >= STANDS_ALONE or sentence.ordinal + 1 >= len(tiles):
        return None
    following = tiles[sentence.ordinal + 1]
    return None if following.noise or "\n\n" in text[sentence.start : sentence.end] else following


class Verifier:
    """Takes drafted claims one by one and keeps what became of them."""

    def __init__(
        self,
        quotable: Quotable,
        asked: Iterable[str],
        embedder: Embedder | None,
        stance_of: Callable[[str, Vectors], float] | None = None,
        judge: Callable[[str, Sequence[str]], bool | None] | None = None,
    ) -> None:
        """`asked` are words of the question's plan; a claim may always use these, and the names of whom it cites.

        `judge` may refuse a paraphrase that the support check let pass.
        """
        self._quotable = quotable
        self._embedder = embedder
        self._stance_of = stance_of
        self._judge = judge
        self._asked = tuple(asked)
        self._by_span: dict[cite.Span, Citation] = {}
        self.claims: list[Claim] = []
        self.dropped: list[Dropped] = []

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Every passage cited so far, by id."""
        return tuple(self._by_span.values())

    def take(self, draft: DraftClaim) -> Claim | None:
        """The claim with its citations, or None where it was dropped; the reason is kept."""
        spans = self._spans(draft)
        if isinstance(spans, cite.Refused):
            self._drop(draft, spans.why)
            return None
        quotes = [self._quote(span) for span in spans]
        named = self._named(draft)
        allowed = [*self._asked, *named]
        exact = quoted.exact(draft.text, quotes, [*allowed, "{quote}"] if draft.kind == "quote" else allowed)
        if isinstance(exact, cite.Refused):
            self._drop(draft, exact.why)
            return None
        own_words = draft.text.replace("{quote}", "")
        similarity, leans = self._compared(draft, quotes)
        stances = None if leans is None else (leans, self._stance_in(spans))
        verdict = support.check(own_words, quotes, allowed, similarity, stances)
        if not verdict.holds:
            self._drop(draft, "; ".join(verdict.faults) or "the cited passage does not say it")
            return None
        if draft.kind == "paraphrase":
            # Who asks in a sentence's own words does not make them a claim's own.
            repeats = support.repeats(own_words, quotes, named)
            if not repeats and self._repeats_another(draft, own_words, allowed):
                self._drop(draft, "its words are those of another sentence than it cites")
                return None
            retold = next((span for span in spans if repeats or self._is_no_opinion(span)), None)
            if retold is not None:
                return self._keep("quote", f"{self._who(retold)} writes: “{self._quote(retold)}”", [retold], verdict)
            if self._judge is not None and self._judge(own_words, quotes) is False:
                self._drop(draft, "the judge does not find it in what it cites")
                return None
        # Replaced once, so that a quote that holds "{quote}" is left alone.
        text = exact.replace("{quote}", quotes[0], 1) if draft.kind == "quote" else exact
        return self._keep(draft.kind, text, spans, verdict)

    def _keep(self, kind: ClaimKind, text: str, spans: Sequence[cite.Span], verdict: support.Verdict) -> Claim:
        claim = Claim(kind, text, tuple(self.citation(span).id for span in spans), verdict.score)
        self.claims.append(claim)
        return claim

    def _repeats_another(self, draft: DraftClaim, own_words: str, allowed: Sequence[str]) -> bool:
        """Whether a claim repeats a sentence that was offered and that it does not cite."""
        others = (item.text for name, item in self._quotable.evidence.items() if name not in draft.ids)
        return any(support.repeats(own_words, [text], allowed) for text in others)

    def _who(self, span: cite.Span) -> str:
        review = self._quotable.reviews[span.review_id]
        return review.critic or (f"A review in {review.outlet}" if review.outlet else "An unsigned review")

    def citation(self, span: cite.Span) -> Citation:
        """The citation of a span; the same span has one citation."""
        if span not in self._by_span:
            review = self._quotable.reviews[span.review_id]
            number = len(self._by_span) + 1
            self._by_span[span] = cite.citation(number, review, span, self._opinion_in(span))
        return self._by_span[span]

    def behind(self, limit: int) -> tuple[int, ...]:
        """The citations of the first offered passages, for a count that rests on what they say."""
        going_on = {item.continues: name for name, item in self._quotable.evidence.items() if item.continues}
        found: list[int] = []
        for name in [name for name, item in self._quotable.evidence.items() if item.continues is None][:limit]:
            spans = self.spans_of([name, going_on[name]] if name in going_on else [name])
            found += [] if isinstance(spans, cite.Refused) else [self.citation(spans[0]).id]
        return tuple(dict.fromkeys(found))

    def _is_no_opinion(self, span: cite.Span) -> bool:
        """Whether a coder has read the review and found no opinion in the span that is sure and clear.

        An order to the machine, an advertisement or a link is no opinion. It may stand in an answer as somebody's
        words, with quotation marks, and never as the answer's own: a model's words for it are shown as what they
        stand for.
        """
        held = (one for one in self._quotable.opinions.get(span.review_id, ()) if _holds(span, one))
        return span.review_id in self._quotable.coded and not any(map(overall.quotable, held))

    def _opinion_in(self, span: cite.Span) -> Opinion | None:
        """The clearest of the opinions in a span, the one that was asked for before any other."""
        asked = [
            item.passage.opinion
            for item in self._quotable.evidence.values()
            if item.passage.opinion and _holds(span, item.passage.opinion)
        ]
        held = asked or [one for one in self._quotable.opinions.get(span.review_id, ()) if _holds(span, one)]
        return max(held, key=lambda one: (abs(one.score) * one.certainty, -one.start), default=None)

    def _named(self, draft: DraftClaim) -> list[str]:
        """Whom a claim may name though no passage does: who is cited, and not who else was read."""
        cited = [self._quotable.evidence[name] for name in draft.ids]
        return [text for item in cited for text in (item.critic, item.outlet, item.title) if text]

    def _spans(self, draft: DraftClaim) -> list[cite.Span] | cite.Refused:
        unknown = [name for name in draft.ids if name not in self._quotable.evidence]
        if not draft.ids or unknown:
            return cite.Refused(f"it cites what was not offered: {', '.join(unknown) or 'nothing'}")
        spans = self.spans_of(draft.ids)
        if draft.kind == "quote" and not isinstance(spans, cite.Refused) and len(spans) != 1:
            return cite.Refused("a quote comes from one passage")
        return spans

    def spans_of(self, ids: Sequence[str]) -> list[cite.Span] | cite.Refused:
        """The spans that offered sentences make."""
        cited = [self._quotable.evidence[name].passage.sentence for name in ids]
        texts = {review_id: review.text for review_id, review in self._quotable.reviews.items()}
        return cite.cite(cited, self._quotable.sentences, texts)

    def _quote(self, span: cite.Span) -> str:
        return self._quotable.reviews[span.review_id].text[span.start : span.end]

    def _compared(self, draft: DraftClaim, quotes: Sequence[str]) -> tuple[float | None, float | None]:
        """How near a claim is to its quotes, and how it leans. Only a paraphrase has words of its own to compare."""
        if self._embedder is None or draft.kind == "quote":
            return None, None
        claim, passage = self._embedder.embed([draft.text, " ".join(quotes)])
        return float(claim @ passage), self._stance_of(draft.text, claim) if self._stance_of else None

    def _stance_in(self, spans: Sequence[cite.Span]) -> float | None:
        """How what is cited leans, on the whole; None where no opinion was coded in it."""
        scores = [one.score for span in spans if (one := self._opinion_in(span)) is not None]
        return sum(scores) / len(scores) if scores else None

    def _drop(self, draft: DraftClaim, why: str) -> None:
        self.dropped.append(Dropped(draft.text.replace("{quote}", "…"), why))


def _holds(span: cite.Span, opinion: Opinion) -> bool:
    return opinion.review_id == span.review_id and span.start <= opinion.start < span.end
