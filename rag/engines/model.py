"""One model behind an OpenAI-compatible server: a request goes out, its text comes back piece by piece, or an error.

LangChain's `ChatOpenAI` speaks to the server. What can go wrong there silently is told here in one error type, within
one deadline for all attempts, which only asynchronous code can keep: a server that sends nothing but keep-alive
comments never ends a read. So a loop runs in a thread of its own; callers are ordinary functions.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import count
from typing import Any

import openai
from langchain_core.runnables import Runnable, RunnableGenerator, RunnableLambda
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from rag.cache import Cache
from rag.engines.budget import Budget, Price
from rag.engines.calls import Abilities, Call, Ending, Reply, checked
from rag.engines.model_errors import broke_off, no_reply, refused, silent, translated
from rag.engines.prompts import tokens
from rag.errors import EngineError, PullquoteError
from rag.settings import ModelServer, is_loopback

AT_ONCE = 4
"""Calls of a batch that are under way at the same time."""
REST_S = 30.0
"""How long a server that failed is left alone."""
_POLL_S = 0.1
_ATTEMPTS = 4
_PAUSE_S = 0.5
_CLOSE_S = 5.0
_CONTEXTS = ("context_length", "max_model_len", "context_window", "max_context_length")
_OPTIONAL = frozenset({"temperature", "response_format"})


class ChatModel:
    """Calls nobody before the first request. Threads may share it."""

    def __init__(
        self,
        name: str,
        server: ModelServer,
        budget: Budget,
        cache: Cache,
        *,
        timeout_s: float,
        pause_s: float = _PAUSE_S,
    ) -> None:
        """`timeout_s` is for one request with all its attempts and pauses."""
        self.name, self.server = name, server
        self.budget = budget
        self._cache = cache
        self._timeout_s, self._pause_s = timeout_s, pause_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._http: Any = None
        self._model: ChatOpenAI | None = None
        self._unsupported: set[str] = set()
        self._broken: tuple[float, EngineError] | None = None

    @property
    def identity(self) -> str:
        """Model and host."""
        return f"{self.name}@{self.server.host}"

    @property
    def price(self) -> Price | None:
        """As the budget knows it."""
        return self.budget.price

    def stream(self, call: Call, cancelled: Callable[[], bool]) -> Iterator[str | Reply]:
        """The pieces of a reply as they come, and `Reply` last; ends early when cancelled.

        Raises EngineError, with what had arrived already given, BudgetExhausted, InputError.
        """
        kept = self._kept(call)
        if kept is not None:
            yield kept.text
            yield kept
            return
        self._refuse_while_broken()
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        future = asyncio.run_coroutine_threadsafe(self._paid(call, pieces.put), self._running())
        future.add_done_callback(lambda _: pieces.put(None))
        try:
            while not cancelled():
                try:
                    piece = pieces.get(timeout=_POLL_S)
                except queue.Empty:
                    continue
                if piece is None:
                    yield future.result()
                    return
                yield piece
        finally:
            _cancel(future)

    def complete(self, calls: Sequence[Call], cancelled: Callable[[], bool]) -> list[Reply | PullquoteError]:
        """The replies of several calls, a few at a time, in their order; ends early when cancelled.

        A call that fails has its error in its place.
        """
        future = asyncio.run_coroutine_threadsafe(self._all(calls), self._running())
        try:
            while not cancelled():
                with contextlib.suppress(TimeoutError):
                    return future.result(timeout=_POLL_S)
        finally:
            _cancel(future)
        return []

    def forget(self, call: Call) -> None:
        """Ask the server again the next time."""
        self._cache.forget(self._key(call))

    def probe(self) -> Abilities:
        """What the server can do, by one tiny call. Raises EngineError."""
        # Another text each time: a kept reply would say nothing of the server.
        said = f'Reply with this JSON object and nothing else: {{"ok": true}} ({secrets.token_hex(4)})'
        schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"],
                  "additionalProperties": False}  # fmt: skip
        self._broken = None
        call = Call((("user", said),), 0.0, 200, secrets.token_hex(8), schema)
        *pieces, reply = self.stream(call, lambda: False)
        assert isinstance(reply, Reply)
        with contextlib.suppress(ValueError):
            found = json.loads(reply.text)
            kept = "response_format" not in self._unsupported and isinstance(found, dict) and "ok" in found
            return Abilities(len(pieces) > 1, kept, self._context())
        return Abilities(len(pieces) > 1, False, self._context())

    def _context(self) -> int | None:
        """How many tokens the model reads, where the server's list of models says it."""
        future = asyncio.run_coroutine_threadsafe(self._listed(), self._running())
        try:
            return future.result(_CLOSE_S)
        except Exception:  # noqa: BLE001 - a server need not have such a list
            future.cancel()
            return None

    async def _listed(self) -> int | None:
        assert self._model is not None
        for model in (await self._model.root_async_client.models.list()).data:
            if model.id == self.name:
                extra = model.model_extra or {}
                given = [extra.get(name) for name in _CONTEXTS] + [(extra.get("meta") or {}).get("n_ctx")]
                return next((one for one in given if isinstance(one, int) and one > 0), None)
        return None

    def close(self) -> None:
        """Let go of the connections and the thread."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is None:
            return
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._http.aclose(), loop).result(_CLOSE_S)
        loop.call_soon_threadsafe(loop.stop)
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    # ── one call, in the loop's thread ───────────────────────────────────────────────────────────

    async def _all(self, calls: Sequence[Call]) -> list[Reply | PullquoteError]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(call: Call) -> Reply | PullquoteError:
            async with turn:
                try:
                    kept = self._kept(call)
                    if kept is not None:
                        return kept
                    self._refuse_while_broken()
                    return await self._paid(call, lambda _: None)
                except PullquoteError as error:
                    return error

        return list(await asyncio.gather(*map(one, calls)))

    async def _paid(self, call: Call, hear: Callable[[str], None]) -> Reply:
        """A reply that is paid for, counted and kept. What broke off is paid for as well."""
        reserved = self.budget.reserve(call.tokens, call.max_tokens)
        prompt = completion = 0
        arrived: list[str] = []

        def heard(piece: str) -> None:
            arrived.append(piece)
            hear(piece)

        try:
            reply = await self._within_time(call, heard, arrived)
        except BaseException as error:
            if arrived:  # broken off or cancelled: about so much was paid
                prompt, completion = call.tokens, tokens("".join(arrived))
            cost = self.budget.settle(reserved, prompt, completion)
            if isinstance(error, EngineError):
                error.paid = (prompt, completion, cost if arrived else 0.0)
            raise
        cost = self.budget.settle(reserved, reply.prompt_tokens, reply.completion_tokens)
        reply = replace(reply, cost_usd=cost)
        if reply.is_whole:
            self._cache.keep(self._key(call), asdict(reply))
        return reply

    async def _within_time(self, call: Call, hear: Callable[[str], None], arrived: Sequence[str]) -> Reply:
        """Try again where waiting may help, nothing has come yet (`arrived` is what was heard) and there is time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        for attempt in count(1):
            try:
                async with asyncio.timeout_at(deadline):
                    reply = await self._attempt(call, hear)
            except TimeoutError:
                error = silent(self.server.host, self._timeout_s, sum(map(len, arrived)))
            except EngineError as known:
                error = known
            except Exception as strange:  # noqa: BLE001 - clients and transports raise what they like
                error = translated(strange, self.server, self.name, sum(map(len, arrived)))
                if error.kind == "rejected" and (options := _named_in(strange) - self._unsupported):
                    self._unsupported |= options
                    continue
            else:
                self._broken = None
                return reply
            pause = self._pause(error, attempt)
            if arrived or not error.retryable or attempt == _ATTEMPTS or loop.time() + pause >= deadline:
                self._note(error)
                raise error
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, error: EngineError, attempt: int) -> float:
        """What the server asks for; else twice as long each time, and not all callers at once."""
        if error.wait_s is not None:
            return error.wait_s
        return self._pause_s * float(2 ** (attempt - 1)) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

    async def _attempt(self, call: Call, hear: Callable[[str], None]) -> Reply:
        text: list[str] = []
        ending = Ending()
        try:
            async with contextlib.aclosing(self._chain(call).astream(call.messages)) as pieces:  # type: ignore[type-var]
                async for piece in pieces:
                    if isinstance(piece, Ending):
                        ending = piece
                        continue
                    text.append(piece)
                    hear(piece)
        # Under a schema the client raises what it else gives as the reason of the end.
        except openai.LengthFinishReasonError:
            ending = Ending("length")
        except openai.ContentFilterFinishReasonError:
            ending = Ending("content_filter")
        written = "".join(text)
        if ending.refusal or ending.finish == "content_filter":
            raise refused(self.server.host, ending.refusal, len(written))
        if not written.strip():
            raise no_reply(self.server.host)
        if ending.finish is None:
            raise broke_off(self.server.host, len(written))
        if ending.prompt_tokens is None or ending.completion_tokens is None:
            return Reply(written, ending.finish, call.tokens, tokens(written), estimated=True)
        return Reply(written, ending.finish, ending.prompt_tokens, ending.completion_tokens)

    def _chain(self, call: Call) -> Runnable[Any, Any]:
        """prompt | model | checked parse."""
        assert self._model is not None
        options: dict[str, Any] = {"temperature": call.temperature, "max_tokens": call.max_tokens}
        if not self.server.is_openai:
            options["extra_body"] = {"max_tokens": call.max_tokens}  # the name that other servers know
        if call.schema is not None:
            schema = {"name": "reply", "schema": call.schema, "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": schema}
        sent = {name: value for name, value in options.items() if name not in self._unsupported}
        parse: Runnable[Any, Any] = RunnableGenerator(checked(self.server.host))
        prompt: Runnable[Any, Any] = RunnableLambda(list)
        return prompt | self._model.bind(**sent) | parse

    # ── around a call ────────────────────────────────────────────────────────────────────────────

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop, started with the first call."""
        with self._lock:
            if self._loop is None:
                loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(loop,), name="pullquote-model", daemon=True)
                self._thread.start()
                asyncio.run_coroutine_threadsafe(self._open(), loop).result()
                self._loop = loop
            return self._loop

    async def _open(self) -> None:
        # Through a proxy to other machines, as everybody; never to this one.
        self._http = openai.DefaultAsyncHttpxClient(trust_env=not is_loopback(self.server.host))
        self._model = ChatOpenAI(
            model=self.name,
            base_url=self.server.url,
            api_key=self.server.key or SecretStr("none"),
            max_retries=0,  # ours keep within the deadline; the client's obey a Retry-After of minutes
            timeout=self._timeout_s,
            use_responses_api=False,  # other servers don't have it
            stream_usage=True,  # a base_url of one's own turns it off
            http_async_client=self._http,
        )

    def _refuse_while_broken(self) -> None:
        """A dead server costs one question its time, and not every one."""
        if self._broken is not None and time.monotonic() < self._broken[0]:
            raise self._broken[1]

    def _note(self, error: EngineError) -> None:
        if error.kind in ("unreachable", "timeout", "server", "key"):
            self._broken = (time.monotonic() + REST_S, error)

    def _key(self, call: Call) -> str:
        """The whole request, and of whom it is asked."""
        return hashlib.sha256(f"{self.name}\n{self.server.url}\n{call.digest}".encode()).hexdigest()

    def _kept(self, call: Call) -> Reply | None:
        found = self._cache.reply(self._key(call))
        try:
            # It was paid for when it was made.
            return None if found is None else Reply(str(found["text"]), found["finish"], 0, 0)
        except KeyError:  # kept by another version
            return None


def _named_in(error: Exception) -> set[str]:
    """The options that a refusal names and that can be left out: not every server knows them all."""
    said = str(error).casefold()
    return {option for option in _OPTIONAL if option in said}


def _cancel(future: Any) -> None:
    if not future.done():
        future.cancel()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
