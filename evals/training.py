"""How the heads are trained: one logistic regression each, over what `rag.engines.heads` sees of a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from rag.engines.heads import Bags, Floats, Head, Signs, Vectors, Vocabulary, grams

INVERSE_PENALTY = 2.0
"""scikit-learn's C where there are thousands of examples."""
INVERSE_PENALTY_FEW = 0.3
"""Where there are hundreds: an aspect's head."""
_MOST_ITERATIONS = 400
_ASPECT_SCALE = 3.0
"""An aspect's head may rely more on the vector: there are too few examples to learn words from."""

Labels = NDArray[np.bool_]


def vocabulary(texts: Sequence[str], least_texts: int = 2) -> Vocabulary:
    """The grams of at least so many texts, with their smoothed inverse document frequency."""
    counted = Counter(gram for text in texts for gram in set(grams(text)))
    kept = sorted(gram for gram, times in counted.items() if times >= least_texts)
    times = np.array([counted[gram] for gram in kept], np.float64)
    idf = np.log((1 + len(texts)) / (1 + times)) + 1
    return Vocabulary(np.array(kept, np.uint32), idf.astype(np.float32))


def fit(vectors: Vectors, bags: Bags, labels: Labels) -> Head:
    """A head over vector and words. Both classes weigh alike, whatever there is more of."""
    columns = sparse.hstack([sparse.csr_matrix(vectors), _matrix(bags)]).tocsr()
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=_MOST_ITERATIONS, class_weight="balanced")
    model.fit(columns, labels)
    weights = model.coef_[0].astype(np.float32)
    cut = vectors.shape[1]
    return Head(weights[:cut], weights[cut:], float(model.intercept_[0]))


def fit_aspect(vectors: Vectors, signs: Signs, labels: Labels) -> Head:
    """A head over vector, the taxonomy's words and its examples; no words of the training data."""
    columns = np.column_stack([_ASPECT_SCALE * vectors, signs.mentions, _ASPECT_SCALE * signs.similarity])
    model = LogisticRegression(C=INVERSE_PENALTY_FEW, max_iter=_MOST_ITERATIONS, class_weight="balanced")
    model.fit(columns, labels)
    weights: Floats = model.coef_[0].astype(np.float32)
    return Head(
        vector=_ASPECT_SCALE * weights[:-2],
        grams=np.empty(0, np.float32),
        bias=float(model.intercept_[0]),
        mention=float(weights[-2]),
        similarity=float(_ASPECT_SCALE * weights[-1]),
    )


def folds(count: int, groups: Sequence[str] | None = None, parts: int = 10, seed: int = 0) -> list[NDArray[np.int64]]:
    """Indices in `parts` lots of about one size, the same for the same seed; a group is never parted."""
    random = np.random.default_rng(seed)
    if groups is None:
        return [np.sort(part) for part in np.array_split(random.permutation(count), parts)]
    names = np.array(groups)
    lots = np.array_split(random.permutation(np.unique(names)), parts)
    return [np.flatnonzero(np.isin(names, lot)) for lot in lots]


def _matrix(bags: Bags) -> sparse.csr_matrix:
    return sparse.csr_matrix((bags.values, (bags.rows, bags.columns)), shape=(bags.texts, bags.width))
