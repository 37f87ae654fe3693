"""Replies of a model in a file, given again to the same requests: a run without a server, and the same each time.

A reply is kept by the digest of the whole request, with a placeholder for the mark of the reviews: another prompt,
question or sentence is another request, and has no recording. Each one says where it came from, `live` or `scripted`;
a scripted one shows that the way of an answer works and says nothing of how good a model's answers are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from rag.engines.budget import Price
from rag.engines.calls import Abilities, Call, Model, Reply
from rag.engines.prompts import tokens
from rag.errors import Cancelled, EngineError, InputError, PullquoteError

Origin = Literal["live", "scripted"]
_SCHEMA = "pullquote.recording/1"


@dataclass(frozen=True)
class Recording:
    """One reply. `tokens` are as the server counted them, or about as many."""

    request: str
    """The digest of what was sent."""
    model: str
    origin: Origin
    text: str
    finish: str | None
    prompt_tokens: int
    completion_tokens: int


def read(file: Path) -> dict[str, Recording]:
    """The recordings of a file, by request; none where there is no file. Raises InputError where a line is none."""
    if not file.exists():
        return {}
    found = {}
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            told = json.loads(line)
            assert told.pop("schema") == _SCHEMA
            one = Recording(**told)
        except (ValueError, KeyError, TypeError, AssertionError):
            raise InputError(f"{file}, line {number}: no recording of a kind that is known.") from None
        found[one.request] = one
    return found


def write(file: Path, recordings: Sequence[Recording]) -> None:
    """Write the file anew, by request: what has not changed stays on its line."""
    lines = [json.dumps({"schema": _SCHEMA, **vars(one)}) + "\n" for one in sorted(recordings, key=lambda r: r.request)]
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text("".join(lines), "utf-8")
    part.replace(file)


class RecordedModel:
    """A `Model` that answers from recordings. What it has no recording of is an error that names the command."""

    def __init__(self, recordings: dict[str, Recording], command: str) -> None:
        """`command` makes the recordings anew."""
        self._recordings, self._command = recordings, command

    @property
    def identity(self) -> str:
        """The model that was recorded; the first, where several were."""
        first = next(iter(self._recordings.values()), None)
        return f"{first.model}, recorded" if first else "nothing recorded"

    @property
    def price(self) -> Price | None:
        """A recording costs nothing, and says nothing of what it cost."""
        return None

    def stream(self, call: Call, cancelled: Callable[[], bool]) -> Iterator[str | Reply]:
        """The reply in lines. Raises EngineError where there is none."""
        kept = self._kept(call)
        yield from kept.text.splitlines(keepends=True)
        yield _reply(kept)

    def complete(self, calls: Sequence[Call], cancelled: Callable[[], bool]) -> list[Reply | PullquoteError]:
        """The replies, or errors in their places."""
        found: list[Reply | PullquoteError] = []
        for call in calls:
            try:
                found.append(_reply(self._kept(call)))
            except EngineError as error:
                found.append(error)
        return found

    def forget(self, call: Call) -> None:
        """What is recorded stays."""

    def probe(self) -> Abilities:
        """It does what was recorded."""
        return Abilities(streams=True, keeps_schema=True, context=None)

    def close(self) -> None:
        """It holds nothing."""

    def _kept(self, call: Call) -> Recording:
        found = self._recordings.get(call.digest)
        if found is None:
            raise EngineError(
                "unknown",
                "No recording answers this request: a prompt, the evidence or a question has changed since.",
                f"Record the suite anew: {self._command}",
            )
        return found


class RecordingModel:
    """A `Model` that asks another one and keeps every reply."""

    def __init__(self, ask: Callable[[Call], Reply], identity: str, origin: Origin, price: Price | None = None) -> None:
        """`ask` may raise EngineError and BudgetExhausted. Threads may share it."""
        self._ask, self.identity, self._origin, self.price = ask, identity, origin, price
        self._lock = Lock()
        self.made: dict[str, Recording] = {}

    def stream(self, call: Call, cancelled: Callable[[], bool]) -> Iterator[str | Reply]:
        """The reply in lines."""
        if cancelled():
            return
        reply = self._recorded(call)
        yield from reply.text.splitlines(keepends=True)
        yield reply

    def complete(self, calls: Sequence[Call], cancelled: Callable[[], bool]) -> list[Reply | PullquoteError]:
        """The replies, one behind the other."""
        if cancelled():
            raise Cancelled("The recording was cancelled.")
        return [self._recorded(call) for call in calls]

    def forget(self, call: Call) -> None:
        """What was said is what was said."""

    def probe(self) -> Abilities:
        """As of the model that is asked."""
        return Abilities(streams=False, keeps_schema=True, context=None)

    def close(self) -> None:
        """It holds nothing."""

    def _recorded(self, call: Call) -> Reply:
        reply = self._ask(call)
        sent, back = reply.prompt_tokens or call.tokens, reply.completion_tokens or tokens(reply.text)
        made = Recording(call.digest, self.identity, self._origin, reply.text, reply.finish, sent, back)
        with self._lock:
            self.made[call.digest] = made
        return reply


def asking(model: Model) -> Callable[[Call], Reply]:
    """A live model as `RecordingModel` wants it."""

    def ask(call: Call) -> Reply:
        (reply,) = model.complete([call], lambda: False)
        if isinstance(reply, PullquoteError):
            raise reply
        return reply

    return ask


def _reply(kept: Recording) -> Reply:
    return Reply(kept.text, kept.finish, kept.prompt_tokens, kept.completion_tokens, cost_usd=None)
