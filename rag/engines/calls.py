"""What is asked of a model and what comes back: a request, a whole reply, and the check of a stream on its way.

A server is a stranger: its text is bounded, and its counts are believed only where they can be true.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rag.engines.budget import Price
from rag.engines.disarm import PLACEHOLDER
from rag.engines.model_errors import endless
from rag.engines.prompts import Messages, tokens
from rag.errors import PullquoteError

MOST_CHARACTERS = 200_000
"""Of one reply; what writes more does not stop by itself."""


@dataclass(frozen=True)
class Call:
    """What is sent. `schema` is the JSON schema of the reply, where it has one; `tag` marks the reviews in it."""

    messages: Messages
    temperature: float
    max_tokens: int
    tag: str
    schema: Mapping[str, Any] | None = None
    attempt: int = 1
    """The same asked again is another call: what was kept of the first would be the same rubbish."""

    @property
    def digest(self) -> str:
        """SHA-256 of the whole request, with a placeholder for the mark of the reviews, which differs each time."""
        messages = [[role, text.replace(self.tag, PLACEHOLDER) if self.tag else text] for role, text in self.messages]
        whole = [messages, self.temperature, self.max_tokens, self.schema, self.attempt]
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    @property
    def tokens(self) -> int:
        """About how many the request has."""
        schema = json.dumps(self.schema) if self.schema else ""
        return sum(tokens(text) for _, text in self.messages) + tokens(schema)


@dataclass(frozen=True)
class Reply:
    """What a model wrote, whole. `cost_usd` is None where no price is known; a kept reply costs no token."""

    text: str
    finish: str | None
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = 0.0
    estimated: bool = False
    """Whether the server said nothing of the tokens."""

    @property
    def is_whole(self) -> bool:
        """Whether the server said that the model had come to its end."""
        return self.finish == "stop"


@dataclass(frozen=True)
class Abilities:
    """What a server can do, as far as one call shows."""

    streams: bool
    keeps_schema: bool
    context: int | None


@dataclass(frozen=True)
class Ending:
    """How a stream ended, as far as the server says."""

    finish: str | None = None
    refusal: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Model(Protocol):
    """One model: a request goes out, its text comes back, or an error."""

    @property
    def identity(self) -> str:
        """Its name and where it is."""
        ...

    @property
    def price(self) -> Price | None:
        """What its tokens cost; None where that is not known."""
        ...

    def stream(self, call: Call, cancelled: Callable[[], bool]) -> Iterator[str | Reply]:
        """The pieces of a reply as they come, and `Reply` last; ends early when cancelled.

        Raises EngineError, with what had arrived already given, BudgetExhausted, InputError.
        """
        ...

    def complete(self, calls: Sequence[Call], cancelled: Callable[[], bool]) -> list[Reply | PullquoteError]:
        """The replies of several calls in their order, an error in the place of one; ends early when cancelled."""
        ...

    def forget(self, call: Call) -> None:
        """Keep nothing of what was replied to this: it was not of the form that was asked for."""
        ...

    def probe(self) -> Abilities:
        """What the server can do, by one tiny call. Raises EngineError."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


def object_schema(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object that has these properties, all of them and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def object_in(text: str) -> str:
    """The JSON in what a model wrote: some put it between fences."""
    start, end = text.find("{"), text.rfind("}")
    return text[start : end + 1] if 0 <= start < end else text


def checked(host: str) -> Callable[[AsyncIterator[Any]], AsyncIterator[str | Ending]]:
    """The last part of a chain: chunks → their text, bounded, and how it ended.

    A chunk is LangChain's `AIMessageChunk`. Raises EngineError.
    """

    async def check(chunks: AsyncIterator[Any]) -> AsyncIterator[str | Ending]:
        finish = refusal = None
        counted: tuple[int | None, int | None] = (None, None)
        length = 0
        async for chunk in chunks:
            finish = chunk.response_metadata.get("finish_reason") or finish
            refusal = chunk.additional_kwargs.get("refusal") or refusal
            if chunk.usage_metadata:
                counted = _counted(chunk.usage_metadata)
            if isinstance(chunk.content, str) and chunk.content:
                length += len(chunk.content)
                if length > MOST_CHARACTERS:
                    raise endless(host, MOST_CHARACTERS)
                yield chunk.content
        yield Ending(finish, refusal, *counted)

    return check


def _counted(usage: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Prompt and completion tokens; None where what a server says can't be."""
    pair = usage.get("input_tokens"), usage.get("output_tokens")
    sound = all(isinstance(one, int) and one >= 0 for one in pair) and pair[0]
    return pair if sound else (None, None)
