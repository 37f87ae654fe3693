"""Questions worth asking of a title: what its reviews speak of most, each asked the way that they lean."""

from __future__ import annotations

from rag import taxonomy
from rag.evidence import verdicts
from rag.records import Title
from rag.reviews import tally
from rag.reviews.store import Reading

MOST = 5
_ASKED = {
    "praised": "What do critics like about {name}?",
    "criticised": "What did critics dislike about {name}?",
    "divided": "What do critics say about {name}?",
    "neither": "How is {name}?",
}


def suggestions(reading: Reading, title: Title) -> list[str]:
    """The questions, the most mentioned aspect first; none where no opinion was read."""
    names = {aspect.id: aspect.name for aspect in taxonomy.load(title.kind).aspects}
    counts = {name: one for name, one in tally.by_aspect(reading, title.id).items() if name in names}
    spoken = sorted((name for name, one in counts.items() if one.mentioning), key=lambda n: (-counts[n].mentioning, n))
    return [_ASKED[verdicts.verdict(counts[name])].format(name=names[name]) for name in spoken[:MOST]]
