"""A share as it would be if the coder did not err: from each review's score, by EM and a line. Pure.

The reviews of a title praise more, or less, than those the coder was trained on, so its probabilities are moved to the
prior under which they agree with themselves (M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the Outputs of a
Classifier to New a Priori Probabilities", 2002). That estimate spreads titles too far apart; a straight line fitted on
titles with known shares draws it in. The interval is of these titles' errors, larger where there are fewer reviews.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from rag.findings import Adjusted

LEAST = 20
"""Reviews below which nothing is adjusted: that was not measured."""
METHOD = "EM of Saerens et al. 2002, and a line fitted on other titles"
_PSEUDO = 0.5
"""Reviews that are added on each side: a weak prior, so that no share is 0 or 1."""
_ROUNDS = 200
_ENOUGH = 1e-6
_MOST_LOGIT = 9.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What is fitted on titles whose shares are known; `evals.calibration` makes it."""

    scale: float
    offset: float
    """A score's log-odds times `scale` plus `offset` are the log-odds that the review is for it."""
    prior: float
    """The share for which that holds."""
    intercept: float
    slope: float
    """The line from the EM's estimate to the share."""
    between: float
    sampling: float
    """The variance of an error: `between` titles, and `sampling` over the number of reviews."""
    width: float
    """Deviations that hold 95 % of the errors."""

    @classmethod
    def of(cls, card: Mapping[str, float]) -> Calibration:
        """From a model card."""
        return cls(**{field.name: float(card[field.name]) for field in fields(cls)})


def adjusted(logits: Floats, fitted: Calibration) -> Adjusted | None:
    """The share of these reviews that are for it, with its 95 % interval; None of fewer than LEAST.

    `logits` are the coder's log-odds, one a review.
    """
    if len(logits) < LEAST:
        return None
    value = float(np.clip(fitted.intercept + fitted.slope * em_share(logits, fitted), 0.0, 1.0))
    half = fitted.width * float(np.sqrt(fitted.between + fitted.sampling / len(logits)))
    return Adjusted(value, max(0.0, value - half), min(1.0, value + half), METHOD)


def em_share(logits: Floats, fitted: Calibration) -> float:
    """The EM's estimate alone."""
    odds = np.exp(np.clip(fitted.scale * logits + fitted.offset, -_MOST_LOGIT, _MOST_LOGIT))
    likelihood = odds * (1 - fitted.prior) / fitted.prior
    share = fitted.prior
    for _ in range(_ROUNDS):
        weighed = share * likelihood
        posterior = weighed / (weighed + 1 - share)
        before, share = share, float((posterior.sum() + _PSEUDO) / (len(logits) + 2 * _PSEUDO))
        if abs(share - before) < _ENOUGH:
            break
    weighed = share * likelihood
    return float((weighed / (weighed + 1 - share)).mean())
