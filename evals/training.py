"""How the heads are trained: one logistic regression each, over what `rag.engines.heads` sees of a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from rag.engines.heads import Bags, Floats, Head, Signs, Vectors, Vocabulary, grams

INVERSE_PENALTY = 3.0
"""scikit-learn's C where there are tens of thousands of examples."""
_EVEN = 0.25
"""What a word weighs that tells nothing alone, to one whose log-odds ratio is 1 greater; the rest is its ratio."""
INVERSE_PENALTY_FEW = 0.1
"""Where there are hundreds of a kind: an aspect's head."""
_MOST_ITERATIONS = 400
_VECTOR_SCALE, _BAG_SCALE = 3.0, 2.0
"""How much more an aspect's head may rely on the vector, and on words, than on one sign of the taxonomy."""

Labels = NDArray[np.bool_]


def vocabulary(texts: Sequence[str], least_texts: int = 3) -> Vocabulary:
    """The grams of at least so many texts, with their smoothed inverse document frequency."""
    counted = Counter(gram for text in texts for gram in set(grams(text)))
    kept = sorted(gram for gram, times in counted.items() if times >= least_texts)
    times = np.array([counted[gram] for gram in kept], np.float64)
    idf = np.log((1 + len(texts)) / (1 + times)) + 1
    return Vocabulary(np.array(kept, np.uint32), idf.astype(np.float32))


def fit(vectors: Vectors, bags: Bags, labels: Labels, weights: Floats | None = None) -> Head:
    """A head over vector and words. Both classes weigh alike, whatever there is more of.

    Words are scaled by how telling each is alone, interpolated with an even scale (Wang and Manning 2012, "Baselines
    and Bigrams"), and the scale is multiplied into the weights, so that it costs nothing where the head is used.
    """
    words = _matrix(bags)
    scales = _EVEN + (1 - _EVEN) * np.abs(_log_ratios(words, labels))
    columns = sparse.hstack([sparse.csr_matrix(vectors), words @ sparse.diags(scales)]).tocsr()
    found, bias = _fitted(columns, labels, weights, INVERSE_PENALTY)
    cut = vectors.shape[1]
    return Head(found[:cut], (found[cut:] * scales).astype(np.float32), bias)


def _log_ratios(words: sparse.csr_matrix, labels: Labels) -> NDArray[np.float64]:
    """How much likelier each column's word is in texts with the label; each is counted once more than it stands."""
    stands = (words > 0).astype(np.float64)
    shares = []
    for side in (labels, ~labels):
        times = 1 + np.asarray(stands[side].sum(axis=0)).ravel()
        shares.append(times / times.sum())
    return np.asarray(np.log(shares[0] / shares[1]))


def fit_aspect(vectors: Vectors, bags: Bags, signs: Signs, labels: Labels, weights: Floats | None = None) -> Head:
    """A head over vector, words, and the taxonomy's words and examples."""
    shown = np.column_stack(
        [
            signs.mentions,
            _VECTOR_SCALE * signs.similarity,
            signs.mentions_before,
            signs.similarity_before,
        ]
    )
    parts = [sparse.csr_matrix(_VECTOR_SCALE * vectors), sparse.csr_matrix(shown), _BAG_SCALE * _matrix(bags)]
    found, bias = _fitted(sparse.hstack(parts).tocsr(), labels, weights, INVERSE_PENALTY_FEW)
    vector, shown_weights, grams_weights = np.split(found, [vectors.shape[1], vectors.shape[1] + shown.shape[1]])
    mention, similarity, mention_before, similarity_before = map(float, shown_weights)
    return Head(
        vector=_VECTOR_SCALE * vector,
        grams=_BAG_SCALE * grams_weights,
        bias=bias,
        mention=mention,
        similarity=_VECTOR_SCALE * similarity,
        mention_before=mention_before,
        similarity_before=similarity_before,
    )


def fit_few(columns: Floats, labels: Labels) -> tuple[Floats, float]:
    """Weights of a few columns and the bias, so that the log-odds are those of the examples as they are."""
    model = LogisticRegression(C=10.0, max_iter=_MOST_ITERATIONS).fit(columns, labels)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def _fitted(columns: sparse.csr_matrix, labels: Labels, weights: Floats | None, c: float) -> tuple[Floats, float]:
    model = LogisticRegression(C=c, max_iter=_MOST_ITERATIONS, class_weight="balanced")
    model.fit(columns, labels, sample_weight=weights)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


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
