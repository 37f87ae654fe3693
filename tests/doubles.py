"""Stand-ins that are plain objects: an embedder made of words, an index that compares everything."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from rag import words
from rag.engines.base import AnswerRequest, CodingRequest, StatementRequest, Task
from rag.engines.extractive import ExtractiveEngine
from rag.findings import DraftStatement
from rag.records import BadLine, DraftClaim, DraftEnd, DraftOpinion, DraftOpinions, Dropped, Stance, Unit
from rag.search.base import Vectors


class WordEmbedder:
    """Texts that share stems are near. Remembers what it was asked to embed."""

    dimensions = 64

    def __init__(self, identity: str = "words") -> None:
        self.identity = identity
        self.embedded: list[str] = []

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        self.embedded.extend(texts)
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            rows[row, 0] = 0.1
            for stem in words.content_stems(text):
                rows[row, 1 + zlib.crc32(stem.encode()) % (self.dimensions - 1)] += 1
        if on_progress:
            on_progress(len(texts))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True) if len(rows) else rows


class ListIndex:
    """An exact index in a dict."""

    address = "list:"

    def __init__(self) -> None:
        self.vectors: dict[str, Vectors] = {}
        self.refreshed = 0

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        self.vectors.update(zip(ids, vectors, strict=True))

    def delete(self, ids: Sequence[str]) -> None:
        for name in ids:
            self.vectors.pop(name, None)

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        found = [(name, float(held @ vector)) for name, held in self.vectors.items()]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:k]

    def count(self) -> int:
        return len(self.vectors)

    def ids(self) -> Iterator[list[str]]:
        yield list(self.vectors)

    def clear(self) -> None:
        self.vectors.clear()

    def refresh(self) -> None:
        self.refreshed += 1

    def close(self) -> None:
        pass


class ScriptedEngine:
    """Drafts what it was told to, whatever the question."""

    def __init__(self, *drafts: DraftClaim | BadLine | DraftEnd) -> None:
        self.drafts = drafts
        self.requests: list[AnswerRequest] = []

    def identity(self, task: Task) -> str:
        return f"scripted/{task}"

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        return DraftOpinions(())

    def reads(self, embedder: str) -> bool:
        return True

    model = None

    def prompt(self, task: Task) -> None:
        return None

    def draft_statement(self, request: StatementRequest) -> DraftStatement:
        return DraftStatement(())

    def draft_answer(
        self, request: AnswerRequest, faults: Sequence[Dropped] = ()
    ) -> Iterator[DraftClaim | BadLine | DraftEnd]:
        self.requests.append(request)
        yield from self.drafts if not faults else [DraftEnd(complete=True)]


class WordCoder(ExtractiveEngine):
    """Codes by plain words: "lovely" praises, "dreadful" blames, and a sentence is on the aspects it names.

    Counts the units it was asked about.
    """

    def __init__(self) -> None:
        self.coded: list[str] = []
        self.wording = "words"

    def identity(self, task: Task) -> str:
        return f"extractive@{self.wording}/{task}"

    def reads(self, embedder: str) -> bool:
        return True

    def draft_opinions(self, request: CodingRequest) -> DraftOpinions:
        self.coded += [unit.id for unit in request.units]
        failed = {unit.id: f"its language is {unit.lang}" for unit in request.units if unit.lang != "en"}
        found = [one for unit in request.units if unit.id not in failed for one in self._read(unit, request)]
        return DraftOpinions(tuple(found), failed)

    def _read(self, unit: Unit, request: CodingRequest) -> Iterator[DraftOpinion]:
        stems = frozenset(words.stems(unit.text))
        score = 0.8 * ("lovely" in unit.text) - 0.8 * ("dreadful" in unit.text)
        severity = "danger" if "fire" in unit.text else None
        stance: Stance = "positive" if score > 0 else "negative" if score < 0 else "neutral"
        if not score and "mentioned" not in unit.text and severity is None:
            return
        named = [a.id for a in request.taxonomy.aspects if any(phrase <= stems for phrase in a.mentions)]
        for aspect in named or ["other"]:
            yield DraftOpinion(unit.id, aspect, stance, round(score, 4), 0.9, severity)


Said = tuple[str, Stance, float, float] | tuple[str, Stance, float, float, str]
"""Aspect, stance, score, certainty and, where it is a severe complaint, its category."""


class TableCoder(WordCoder):
    """Codes by a table: a unit holds the opinions that stand beside its words."""

    def __init__(self, table: Mapping[str, Sequence[Said]]) -> None:
        super().__init__()
        self.table = table

    def _read(self, unit: Unit, request: CodingRequest) -> Iterator[DraftOpinion]:
        for said in self.table.get(unit.text, ()):
            yield DraftOpinion(unit.id, *said)


class BlindCoder(WordCoder):
    """A coder that can't read the vectors of this embedder: reviews stay uncoded."""

    def reads(self, embedder: str) -> bool:
        return False


class PaidCoder(WordCoder):
    """A coder that costs: it is never called unasked."""

    def identity(self, task: Task) -> str:
        return f"chat@{self.wording}/{task}"
