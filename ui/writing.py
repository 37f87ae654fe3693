"""An answer that a model is writing: a thread works, the page looks in, and either may end it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from rag.records import Citation, Claim, Review
from ui.shared_library import Found, Hear


@dataclass
class Writing:
    """What has been verified so far. The thread writes it, the page reads it."""

    claims: list[tuple[Claim, tuple[Citation, ...]]] = field(default_factory=list)
    reviews: dict[str, Review] = field(default_factory=dict)
    found: Found | None = None
    error: Exception | None = None
    stopped: bool = False

    @property
    def is_done(self) -> bool:
        """Whether there is an answer, or a reason why not."""
        return self.found is not None or self.error is not None


def begin(ask: Callable[[Callable[[], bool], Hear], Found], is_closed: Callable[[], bool]) -> Writing:
    """Ask in a thread of its own. It ends when the page is closed, or when `stopped` is set."""
    writing = Writing()

    def hear(claim: Claim, citations: tuple[Citation, ...], reviews: dict[str, Review]) -> None:
        writing.reviews.update(reviews)
        writing.claims.append((claim, citations))

    def work() -> None:
        try:
            writing.found = ask(lambda: writing.stopped or is_closed(), hear)
        except Exception as error:  # noqa: BLE001 - the page says it, in its own thread
            writing.error = error

    threading.Thread(target=work, name="pullquote-answer", daemon=True).start()
    return writing
