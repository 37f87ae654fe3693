"""Support as a model judges it: a metric that costs, and that is worth what the judge's agreement with people is.

So the judge is measured first, on claims that were paraphrased by hand and on as many that do not belong to their
passages (`support_pairs`, development titles).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.agreement import agreement
from evals.metrics import mean
from evals.outcomes import Outcome, quoted_out
from evals.support_pairs import support_pairs

Supports = Callable[[str, Sequence[str]], bool | None]
PAIRS = 60
"""So many pairs are judged to know the judge: the interval of its agreement is then at most 13 points each way."""


@dataclass(frozen=True)
class Judge:
    """A model that judges, and how it agrees with people."""

    supports: Supports
    told: Mapping[str, Any]
    """Its model and prompt, the pairs, its accuracy, and Cohen's kappa."""

    def scores(self, found: Outcome) -> dict[str, float | None]:
        """The share of the claims in a model's own words that the judge finds in what they cite; None without any."""
        quotes = {one["id"]: one["quote"] for one in found.get("citations", ())}
        judged = [
            self.supports(quoted_out(claim["text"], [*quotes.values()]), [quotes[name] for name in claim["citations"]])
            for claim in found.get("claims", ())
            if claim["kind"] == "paraphrase"
        ]
        return {"supported": mean(None if one is None else float(one) for one in judged)}


def measured(supports: Supports, identity: str) -> Judge:
    """A judge whose agreement has been measured. Raises what `supports` raises."""
    pairs = support_pairs("dev")
    chosen = [pairs[n * len(pairs) // PAIRS] for n in range(min(PAIRS, len(pairs)))]
    votes = [(pair.kind == "true", supports(pair.claim, [pair.passage])) for pair in chosen]
    heard = agreement((str(right), str(said)) for right, said in votes if said is not None)
    told = {"judge": identity, "pairs": len(chosen), "heard": heard.units, "agreed": heard.agreed, "kappa": heard.kappa}
    return Judge(supports, told)
