"""Other people's BM25 over one item's sentences, each with its own defaults."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

Scores = NDArray[np.float64]

_STEMMER = Stemmer.Stemmer("english")
_WORD = re.compile(r"\w+")


def tokens(texts: Sequence[str], stop_words: str = "en") -> list[list[str]]:
    """Snowball stems without English stop words, as bm25s cuts them. `en_plus` is its longer list."""
    return bm25s.tokenize(list(texts), stopwords=stop_words, stemmer=_STEMMER, return_ids=False, show_progress=False)


class Bm25s:
    """bm25s at its defaults (Lucene's form, k1 1.5, b 0.75)."""

    def __init__(self, texts: Sequence[str], stop_words: str = "en") -> None:
        self._stop_words = stop_words
        self._index = bm25s.BM25()
        self._index.index(tokens(texts, stop_words), show_progress=False)
        self._size = len(texts)

    def scores(self, question: str) -> Scores:
        """Of every sentence; 0 where the question has only stop words."""
        asked = list(dict.fromkeys(tokens([question], self._stop_words)[0]))
        return np.asarray(self._index.get_scores(asked), np.float64) if asked else np.zeros(self._size)


class RankBm25:
    """rank_bm25's BM25Okapi at its defaults, on the tokens that bm25s gets."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._index = BM25Okapi(tokens(texts))

    def scores(self, question: str) -> Scores:
        """Of every sentence."""
        return np.asarray(self._index.get_scores(list(dict.fromkeys(tokens([question])[0]))), np.float64)


class Fts5:
    """SQLite's FTS5 `bm25()` over words cut and stemmed by `porter unicode61`; any word may match."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._size = len(texts)
        self._database = sqlite3.connect(":memory:")
        self._database.execute("CREATE VIRTUAL TABLE s USING fts5(view, tokenize='porter unicode61')")
        self._database.executemany("INSERT INTO s(rowid, view) VALUES (?, ?)", enumerate(texts))

    def scores(self, question: str) -> Scores:
        """Of every sentence; FTS5 has no stop words, so the question loses those of bm25s here."""
        asked = [word for word in _WORD.findall(question.lower()) if word not in STOPWORDS_EN]
        scores = np.zeros(self._size)
        if asked:
            match = " OR ".join(f'"{word}"' for word in asked)
            for row, score in self._database.execute("SELECT rowid, -bm25(s) FROM s WHERE s MATCH ?", (match,)):
                scores[row] = score
        return scores
