"""What a label may say: the aspects of each kind of title, the stances, the severe complaints.

The words are explained for a reader in ``guide.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stance = Literal["positive", "negative", "neutral"]

STANCES: dict[str, Stance] = {"+": "positive", "-": "negative", "0": "neutral"}
"""By their signs in the markup."""

OVERALL = "overall"
"""The verdict on the whole; an aspect of every kind."""

ASPECTS: dict[str, dict[str, str]] = {
    "film": {
        "story": "the story",
        "characters": "the characters",
        "acting": "the acting",
        "direction": "the direction",
        "writing": "the script",
        "ending": "the ending",
        "pacing": "the pacing",
        "visuals": "the visuals",
        "sound": "the music and sound",
        "humour": "the humour",
        "emotion": "the emotion",
        "themes": "the themes",
        "originality": "the originality",
        OVERALL: "the film as a whole",
    },
    "book": {
        "story": "the story",
        "characters": "the characters",
        "writing": "the writing",
        "ending": "the ending",
        "pacing": "the pacing",
        "humour": "the humour",
        "emotion": "the emotion",
        "themes": "the themes",
        "originality": "the originality",
        "edition": "the edition",
        OVERALL: "the book as a whole",
    },
    "product": {
        "performance": "the performance",
        "quality": "the build quality",
        "use": "the ease of use",
        "comfort": "the comfort",
        "looks": "the looks",
        "price": "the price",
        "delivery": "the delivery",
        "service": "the customer service",
        OVERALL: "the product as a whole",
    },
    "place": {
        "food": "the food",
        "drinks": "the drinks",
        "service": "the service",
        "atmosphere": "the atmosphere",
        "price": "the prices",
        "cleanliness": "the cleanliness",
        "location": "the location",
        OVERALL: "the place as a whole",
    },
    "game": {
        "gameplay": "the gameplay",
        "story": "the story",
        "visuals": "the graphics",
        "sound": "the music and sound",
        "controls": "the controls",
        "difficulty": "the difficulty",
        "length": "the length",
        "stability": "the stability",
        "multiplayer": "the multiplayer",
        "price": "the price",
        "originality": "the originality",
        OVERALL: "the game as a whole",
    },
}
"""By kind of title: each aspect's id, and what a question calls it."""

SEVERITIES = (
    "illness",  # somebody fell ill of it
    "danger",  # somebody was hurt, or could have been
    "fraud",  # money for what was not given, or sold as something it is not
    "abuse",  # somebody was insulted, harassed or degraded
    "harm",  # a child or an animal was harmed or put at risk
    "refund",  # money back was owed and refused
)


@dataclass(frozen=True)
class Label:
    """One opinion: ``text[start:end]`` takes this stance on this aspect."""

    start: int
    end: int
    aspect: str
    stance: Stance
    severity: str | None = None
    sarcasm: bool = False
