"""A scripted peer that speaks OpenAI's protocol over real HTTP/1.1 on loopback, well or badly, as it is told.

Longer than 400 lines: the table of everything that goes wrong with such servers stands in one place.

    with Peer() as peer:
        peer.play("429-seconds", "good")  # one behaviour a request; the last one repeats
        ...  # point a client at peer.url
        assert [seen.path for seen in peer.seen] == ["/v1/chat/completions"] * 2

`FAULTS` is the table, `good_answer` a model that keeps to the protocol of cited claims.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import formatdate
from math import ceil
from typing import Any, Self

Body = dict[str, Any]

MODEL = "scripted"
CONTEXT = 8192
KEEP_ALIVE = 0.2
"""Seconds between two comments of a server that only keeps the connection alive."""
FIFTY_MB = 50_000_000


@dataclass(frozen=True)
class Seen:
    """One request as it came. Names of headers are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: Body
    at: float


@dataclass(frozen=True)
class Fault:
    """A way to go wrong: before the headers, in the middle, in the payload, or in what the model wrote."""

    name: str
    group: str
    play: Callable[[Exchange], Awaitable[None]]


# What a chat completion says


@dataclass(frozen=True)
class Answer:
    """A chat completion before it is put on the wire."""

    pieces: Iterable[str] | None
    """What the deltas hold, one each; None for a content of null."""
    finish: str | None = "stop"
    field: str = "content"
    choices: int = 1
    usage: int = 1
    """The sign of the usage numbers; 0 for none."""
    done: bool = True
    fingerprint: str = "fp_scripted"

    @property
    def text(self) -> str | None:
        return None if self.pieces is None else "".join(self.pieces)


def _usage(body: Body, answer: Answer) -> dict[str, int]:
    asked = sum(len(text_of(message).split()) for message in body.get("messages", []))
    written = len((answer.text or "").split())
    counts = {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}
    return {name: count * answer.usage for name, count in counts.items()}


def _head(body: Body, answer: Answer, kind: str) -> Body:
    said = {"id": "chatcmpl-scripted", "object": kind, "created": 1_700_000_000, "model": body.get("model", MODEL)}
    return {**said, "system_fingerprint": answer.fingerprint}


def _of_choice(index: int, piece: str | None) -> str | None:
    """The second choice shouts, so that nobody takes it for the first."""
    return piece.upper() if index and piece else piece


def _completion(body: Body, answer: Answer) -> Body:
    """The whole answer as one object, for a request without `stream`."""

    def message(index: int) -> Body:
        return {"role": "assistant", "content": None, "refusal": None, answer.field: _of_choice(index, answer.text)}

    choices = [
        {"index": n, "message": message(n), "logprobs": None, "finish_reason": answer.finish}
        for n in range(answer.choices)
    ]
    usage = {"usage": _usage(body, answer)} if answer.usage else {}
    return {**_head(body, answer, "chat.completion"), "choices": choices, **usage}


def _deltas(answer: Answer) -> Iterator[tuple[Body, str | None]]:
    yield {"role": "assistant", "content": "" if answer.field == "content" else None}, None
    for piece in [None] if answer.pieces is None else answer.pieces:
        yield {answer.field: piece}, None
    if answer.finish:
        yield {}, answer.finish


def _chunks(body: Body, answer: Answer) -> Iterator[Body]:
    """The answer as the objects of a stream: the role, the pieces, why it ended, and the usage if it was asked for."""
    counted = bool(answer.usage and (body.get("stream_options") or {}).get("include_usage"))
    head = _head(body, answer, "chat.completion.chunk") | ({"usage": None} if counted else {})
    for delta, finish in _deltas(answer):
        if not answer.choices:
            yield {**head, "choices": []}
        for n in range(answer.choices):
            shown = {field: _of_choice(n, value) if field == answer.field else value for field, value in delta.items()}
            yield {**head, "choices": [{"index": n, "delta": shown, "logprobs": None, "finish_reason": finish}]}
    if counted:
        yield {**head, "choices": [], "usage": _usage(body, answer)}


def _json(value: Body) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> Body:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


# How it is put on the wire


class Exchange:
    """One request and the means to answer it, byte by byte."""

    def __init__(self, peer: Peer, seen: Seen, writer: asyncio.StreamWriter) -> None:
        self.peer, self.headers, self.body = peer, seen.headers, seen.body
        self.stream = bool(self.body.get("stream"))
        self._writer = writer
        self._chunked = False

    def good(self, text: str | None = None) -> Answer:
        """An answer in which all is well; its text is what `peer.reply` writes unless given."""
        text = self.peer.reply(self.body) if text is None else text
        return Answer([text[at : at + self.peer.chunk] for at in range(0, len(text), self.peer.chunk)])

    def parts(self, answer: Answer) -> Iterator[bytes]:
        """The bytes of a good delivery: events of a stream, or one object."""
        if not self.stream:
            yield _json(_completion(self.body, answer))
            return
        for chunk in _chunks(self.body, answer):
            yield b"data: %s\n\n" % _json(chunk)
        if answer.done:
            yield b"data: [DONE]\n\n"

    async def send(self, answer: Answer, kind: str = "") -> None:
        await self.begin(kind)
        for n, part in enumerate(self.parts(answer)):
            if n and self.peer.pause:
                await asyncio.sleep(self.peer.pause)
            await self.write(part)
        await self.end()

    async def begin(self, kind: str = "") -> None:
        """The headers of a reply whose length nobody knows yet."""
        kind = kind or ("text/event-stream; charset=utf-8" if self.stream else "application/json")
        self._chunked = True
        await self._raw(_headers(200, {"content-type": kind, "transfer-encoding": "chunked"}))

    async def write(self, data: bytes) -> None:
        await self._raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        await self._raw(b"0\r\n\r\n")

    async def whole(self, status: int, data: bytes, kind: str = "application/json", **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        await self._raw(_headers(status, {"content-type": kind, "content-length": str(len(data)), **named}) + data)

    def reset(self) -> None:
        """RST instead of FIN: what a crashed server or a firewall does."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


def _headers(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "connection: keep-alive", "", ""]).encode()


# Players: each makes, or is, the `play` of a row of the table

Player = Callable[[Exchange], Awaitable[None]]


def _status(status: int, message: str, kind: str, code: str | None = None, **headers: str) -> Player:
    async def play(exchange: Exchange) -> None:
        await exchange.whole(status, _json(_error(message, kind, code)), **headers)

    return play


def _changed(**changes: Any) -> Player:
    """A good answer but for what is changed."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(replace(exchange.good(), **changes))

    return play


def _written(write: Callable[[Body], str]) -> Player:
    """Well-formed on the wire; the text is what this model writes."""

    async def play(exchange: Exchange) -> None:
        await exchange.send(exchange.good(write(exchange.body)))

    return play


async def _good(exchange: Exchange) -> None:
    await exchange.send(exchange.good())


async def _wrong_key(exchange: Exchange) -> None:
    """As OpenAI does, it repeats a part of the key."""
    said = f"Incorrect API key provided: sk-...{exchange.headers.get('authorization', '')[-4:]}. Find yours elsewhere."
    await exchange.whole(401, _json(_error(said, code="invalid_api_key")))


async def _later(exchange: Exchange) -> None:
    when = formatdate(ceil(time.time()) + 1, usegmt=True)
    await exchange.whole(429, _json(_error("Rate limit reached", "requests", "rate_limit_exceeded")), retry_after=when)


async def _bad_gateway(exchange: Exchange) -> None:
    await exchange.whole(502, b"<html><h1>502 Bad Gateway</h1><hr>nginx</html>", "text/html")


async def _reset(exchange: Exchange) -> None:
    exchange.reset()


async def _silence(exchange: Exchange) -> None:
    await asyncio.Event().wait()


async def _no_schema(exchange: Exchange) -> None:
    if "response_format" not in exchange.body:
        return await _good(exchange)
    said = "response_format is not supported by this model"
    return await exchange.whole(400, _json(_error(said, code="unsupported_parameter")))


async def _half(exchange: Exchange) -> None:
    parts = list(exchange.parts(exchange.good()))
    if len(parts) == 1:
        parts = [parts[0][: len(parts[0]) // 2], b""]
    await exchange.begin()
    for part in parts[: len(parts) // 2]:
        await exchange.write(part)


async def _reset_middle(exchange: Exchange) -> None:
    await _half(exchange)
    await asyncio.sleep(0.05)  # some systems drop what was not yet read when the RST comes
    exchange.reset()


async def _stall(exchange: Exchange) -> None:
    await _half(exchange)
    await _silence(exchange)


async def _keep_alives(exchange: Exchange) -> None:
    """Comments in a stream, and the blank lines that some servers send ahead of a whole reply."""
    await exchange.begin()
    while True:
        await exchange.write(b": keep-alive\n\n" if exchange.stream else b"\n")
        await asyncio.sleep(KEEP_ALIVE)


async def _one_byte_a_second(exchange: Exchange) -> None:
    await exchange.begin()
    for byte in b"".join(exchange.parts(exchange.good())):
        await exchange.write(bytes([byte]))
        await asyncio.sleep(1)
    await exchange.end()


async def _split_utf8(exchange: Exchange) -> None:
    # A fingerprint with an accent, so that there is something to cut whatever the reply is.
    answer = replace(exchange.good(), fingerprint="fp_é")
    await exchange.begin()
    for part in exchange.parts(answer):
        for piece in re.split(rb"(?<=[\xc0-\xff])", part):  # after each first byte of a character of several
            await exchange.write(piece)
            await asyncio.sleep(0.002)
    await exchange.end()


async def _duplicated(exchange: Exchange) -> None:
    answer = exchange.good()
    await exchange.send(replace(answer, pieces=[piece for piece in answer.pieces or () for _ in range(2)]))


async def _reordered(exchange: Exchange) -> None:
    """Every two neighbours change places."""
    pieces = list(exchange.good().pieces or ())
    swapped = [piece for at in range(0, len(pieces), 2) for piece in reversed(pieces[at : at + 2])]
    await exchange.send(replace(exchange.good(), pieces=swapped))


async def _fifty_mb(exchange: Exchange) -> None:
    piece = "- Good. [S1]\n" * 5000
    await exchange.send(replace(exchange.good(""), pieces=[piece] * ceil(FIFTY_MB / len(piece))))


async def _html(exchange: Exchange) -> None:
    await exchange.whole(200, b"<html><h1>Welcome</h1>Please log in.</html>", "text/html")


async def _broken_json(exchange: Exchange) -> None:
    await exchange.begin()
    broken = _json(_completion(exchange.body, exchange.good()))[:-20]
    await exchange.write(b"data: %s\n\ndata: [DONE]\n\n" % broken if exchange.stream else broken)
    await exchange.end()


async def _as_plain_text(exchange: Exchange) -> None:
    await exchange.send(exchange.good(), "text/plain")


def _cut(finish: str) -> Player:
    async def play(exchange: Exchange) -> None:
        text = exchange.peer.reply(exchange.body)
        await exchange.send(replace(exchange.good(text[: len(text) // 2]), finish=finish))

    return play


async def _refusal(exchange: Exchange) -> None:
    await exchange.send(replace(exchange.good("I'm sorry, I can't help with that."), field="refusal"))


# Models: what they write for a prompt with lines `[S1] sentence` between <reviews-TAG> and </reviews-TAG>


def text_of(message: Body) -> str:
    """A message's text, which may come as a list of parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def evidence(body: Body) -> dict[str, str]:
    """The sentences between the tags of the user's last message, by id, without who wrote them."""
    texts = [text_of(message) for message in body.get("messages", []) if message.get("role") == "user"]
    blocks = re.finditer(r"<reviews-([\w-]+)>(.*?)</reviews-\1>", texts[-1] if texts else "", re.DOTALL)
    lines = re.compile(r"^\[(S\d+)\] *(?:\([^)\n]*\) +)?(.*?) *$", re.MULTILINE)
    return {id_: said for block in blocks for id_, said in lines.findall(block[2])}


def _claim(sentence: str, *ids: str) -> str:
    return f"- {sentence.rstrip('.!?… ')}. {''.join(f'[{id_}]' for id_ in ids)}"


def _lines(*lines: str) -> str:
    return "\n".join([*lines, "END"])


def good_answer(body: Body) -> str:
    """A model that keeps to the protocol: it claims what the first three sentences say."""
    return _lines(*(_claim(sentence, id_) for id_, sentence in itertools.islice(evidence(body).items(), 3)))


def _cites_everything(body: Body) -> str:
    given = evidence(body)
    return _lines(*(_claim(sentence, *given) for sentence in itertools.islice(given.values(), 3)))


def _echo(body: Body) -> str:
    return text_of(body["messages"][-1])


ORDER = re.compile(r"\b(?:ignore|disregard|forget|instructions?)\b", re.IGNORECASE)
SAYING = re.compile(
    r"\b(?:say|output|write|respond|reply|answer|print)\b(?: (?:only|just|exactly|with|that))*[\s:,]*", re.IGNORECASE
)


def _obeys(body: Body) -> str:
    """A model that does what the evidence tells it: it writes what follows the order, citing the order."""
    sentences = list(evidence(body).items())
    lines = []
    for at, (id_, sentence) in enumerate(sentences):
        sayings = list(SAYING.finditer(sentence))
        if not sayings and not ORDER.search(sentence):
            continue
        told = sentence[sayings[0].end() :].strip(" .\"'“”") if sayings else ""
        following = sentences[at + 1][1] if at + 1 < len(sentences) else sentence
        lines.append(_claim(told or following, id_))
    return _lines(*lines) if lines else good_answer(body)


CHATTY = "Sure! I had a look at the reviews for you. People are rather fond of it, though some had complaints."
INVENTED = _lines("- Good. [S99]", "- Bad. [S0]", "- Fine. [X1]")
NUMBERS = _lines("- 7 of 10 critics, most people, 80 % of all guests and 4.5 stars say it is good. [S1]")
MARKUP = _lines(
    '- <script>alert(1)</script><img src="http://example.com/a.png" onerror="alert(1)"> Good. [S1]',
    "- **Good**, see [here](http://example.com/) ![image](http://example.com/a.png) `code`. [S1]",
    "# Heading",
    "- | a | table | [S1]",
)
CONTROLS = _lines("- \x1b[31mGood\x1b[0m \x1b]0;title\x07\u202egnol\u202c \u2066isolated\u2069 \x00\x9b2J. [S1]")
GERMAN = _lines("- Das Essen war ausgezeichnet, die Bedienung jedoch sehr langsam. [S1]", "- Zu teuer. [S1]")


# The table

_TABLE = [
    # Before any header: the request as a whole is answered by an error, or by nothing.
    # The key is wrong; the message repeats a part of it.
    Fault("401", "before", _wrong_key),
    # The key may not use this model.
    Fault("403", "before", _status(403, "You may not use this model", "permission_error", "forbidden")),
    # There is no such model.
    Fault("404", "before", _status(404, "The model does not exist", "invalid_request_error", "model_not_found")),
    # The server waited too long for the request.
    Fault("408", "before", _status(408, "Request timed out", "timeout")),
    # Something else is being done to the same thing.
    Fault("409", "before", _status(409, "Conflict", "conflict_error")),
    # The request is too big for the server, or for a proxy before it.
    Fault("413", "before", _status(413, "Request too large", "invalid_request_error", "request_too_large")),
    # A field of the request has a value that the server refuses.
    Fault("422", "before", _status(422, "Unprocessable value", "invalid_request_error")),
    # Too many requests: come back in a second.
    Fault("429-seconds", "before", _status(429, "Rate limit", "requests", "rate_limit_exceeded", retry_after="1")),
    # Too many requests: come back at a date, 1 to 2 seconds from now.
    Fault("429-date", "before", _later),
    # Too many requests: come back in an hour, which nobody waits for.
    Fault("429-long", "before", _status(429, "Rate limit", "requests", "rate_limit_exceeded", retry_after="3600")),
    # The server broke.
    Fault("500", "before", _status(500, "The server had an error", "server_error")),
    # A proxy in front of a server that is down says so in HTML.
    Fault("502-html", "before", _bad_gateway),
    # The server is starting, or too busy.
    Fault("503", "before", _status(503, "The engine is overloaded", "server_error", "overloaded")),
    # The same in a number that is no standard one.
    Fault("529", "before", _status(529, "Overloaded", "overloaded_error")),
    # RST before any byte.
    Fault("reset", "before", _reset),
    # It takes the request and never answers.
    Fault("silence", "before", _silence),
    # It knows no response_format; without one all is well.
    Fault("400-no-schema", "before", _no_schema),
    # The prompt is longer than the model can read.
    Fault(
        "400-context",
        "before",
        _status(
            400,
            f"This model's maximum context length is {CONTEXT} tokens. Please reduce the length of the messages.",
            "invalid_request_error",
            "context_length_exceeded",
        ),
    ),
    # In the middle: status 200, and then the bytes go wrong.
    # Half the reply, then RST.
    Fault("reset-middle", "middle", _reset_middle),
    # Half the reply, then silence.
    Fault("stall", "middle", _stall),
    # Nothing but signs of life, for ever: no read ever times out.
    Fault("keep-alives", "middle", _keep_alives),
    # All is well, and takes minutes: no read ever times out here either.
    Fault("one-byte-a-second", "middle", _one_byte_a_second),
    # Good, but characters of several bytes are cut between two writes.
    Fault("split-utf8", "middle", _split_utf8),
    # Good, but nothing says [DONE].
    Fault("no-done", "middle", _changed(done=False)),
    # The whole text and [DONE], but nothing says why it ended (and a whole reply has a finish_reason of null).
    Fault("no-finish", "middle", _changed(finish=None)),
    # Each piece of the text comes twice.
    Fault("duplicated-chunks", "middle", _duplicated),
    # Pieces of the text come in another order.
    Fault("reordered-chunks", "middle", _reordered),
    # 50 MB of claims, as fast as the client reads.
    Fault("fifty-mb", "middle", _fifty_mb),
    # In the payload: status 200, every byte arrives, and it is not what was asked for.
    # The login page of a network.
    Fault("html", "payload", _html),
    # JSON that stops before its end.
    Fault("broken-json", "payload", _broken_json),
    # `choices: []`.
    Fault("no-choices", "payload", _changed(choices=0)),
    # Two choices, though one was asked for; in a stream they take turns. The second is in capitals.
    Fault("two-choices", "payload", _changed(choices=2)),
    # A content of null.
    Fault("null-content", "payload", _changed(pieces=None)),
    # Good, but called text/plain.
    Fault("wrong-content-type", "payload", _as_plain_text),
    # Half the reply: the model had no tokens left.
    Fault("length", "payload", _cut("length")),
    # Half the reply: a filter stopped it.
    Fault("content-filter", "payload", _cut("content_filter")),
    # The model declines, in the field for that.
    Fault("refusal", "payload", _refusal),
    # No usage, asked for or not.
    Fault("no-usage", "payload", _changed(usage=0)),
    # Usage below zero.
    Fault("negative-usage", "payload", _changed(usage=-1)),
    # In what the model wrote: faultless on the wire.
    # A chatty paragraph, no list, no END.
    Fault("ignores-protocol", "model", _written(lambda _: CHATTY)),
    # Cites what was never given.
    Fault("invents-ids", "model", _written(lambda _: INVENTED)),
    # Each line cites all there is.
    Fault("cites-everything", "model", _written(_cites_everything)),
    # Repeats the last message whole.
    Fault("echoes-prompt", "model", _written(_echo)),
    # Counts and shares that nobody counted.
    Fault("writes-numbers", "model", _written(lambda _: NUMBERS)),
    # HTML, Markdown, links and images.
    Fault("markup", "model", _written(lambda _: MARKUP)),
    # Escapes of terminals, bidirectional overrides, NUL.
    Fault("control-characters", "model", _written(lambda _: CONTROLS)),
    # German, whatever the question's language.
    Fault("other-language", "model", _written(lambda _: GERMAN)),
    # The same line 500 times, no END.
    Fault("loops", "model", _written(lambda _: "- Good. [S1]\n" * 500)),
    # Not a word.
    Fault("empty", "model", _written(lambda _: "")),
    # Does what the evidence tells it to.
    Fault("obeys", "model", _written(_obeys)),
]
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _TABLE}
_PLAYERS: Mapping[str, Player] = {"good": _good} | {fault.name: fault.play for fault in _TABLE}


def refused_url() -> str:
    """An address on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


# The server


class _Reader(asyncio.StreamReader):
    """Knows at once when the other side has gone, even while nobody reads."""

    def __init__(self) -> None:
        super().__init__(limit=2**20)
        self.gone = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.gone.set()

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.gone.set()


class Peer:
    """The server, in a thread of its own while the context is open."""

    def __init__(self, reply: Callable[[Body], str] = lambda _: "- Good. [S1]\nEND") -> None:
        self.reply = reply
        """What a good model writes for the body of a request."""
        self.chunk = 8
        """Characters a chunk of a stream."""
        self.pause = 0.0
        """Seconds between two chunks."""
        self.url = ""
        self.seen: list[Seen] = []
        self.open_connections = 0
        self.hung_up = 0
        """How often the client closed before its reply was complete. What is all sent counts as complete:
        a short reply without a `pause` is gone before anybody can hang up."""
        self._plays = deque(["good"])
        self._broken: list[Exception] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def play(self, *behaviours: str) -> None:
        """How to treat the requests to come: one name each, the last one for all the rest."""
        unknown = [name for name in behaviours if name not in _PLAYERS]
        assert behaviours and not unknown, f"no such behaviour: {unknown}"
        self._plays = deque(behaviours)

    def wait_idle(self, seconds: float) -> bool:
        """Wait until no connection is open: whether that came true in time."""
        until = time.monotonic() + seconds
        while self.open_connections and time.monotonic() < until:
            time.sleep(0.005)
        return not self.open_connections

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the peer did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the peer did not end"
        if self._broken and kind is None:
            raise self._broken[0]  # a script that fails must fail its test

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        """Accepts by itself: a server of asyncio that closes leaks the sockets it is just accepting."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
            listening.setblocking(False)
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
            self._loop.add_reader(listening, self._accept, listening)
            self._ready.set()
            await self._stop.wait()
            self._loop.remove_reader(listening)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        with suppress(BlockingIOError):  # whoever came has gone again
            sock, _ = listening.accept()
            sock.setblocking(False)
            self.open_connections += 1
            task = asyncio.ensure_future(self._serve(sock))
            self._tasks.add(task)
            task.add_done_callback(lambda _: self._ended(task, sock))

    def _ended(self, task: asyncio.Task[None], sock: socket.socket) -> None:
        """A callback, because a task that is cancelled before its first step cleans up nothing."""
        sock.close()
        self._tasks.discard(task)
        self.open_connections -= 1

    async def _serve(self, sock: socket.socket) -> None:
        """One connection, request after request."""
        reader = _Reader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self._loop.connect_accepted_socket(lambda: protocol, sock)
        transport.set_write_buffer_limits(high=0)  # what was drained has left us
        writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while not writer.is_closing():
                    await self._answer(await _request(reader), reader, writer)
        except Exception as error:  # noqa: BLE001 - told to the test at the end
            self._broken.append(error)
        finally:
            transport.abort()

    async def _answer(self, request: tuple[str, Seen], reader: _Reader, writer: asyncio.StreamWriter) -> None:
        """Play until the end, or until the client has gone."""
        method, seen = request
        self.seen.append(seen)
        playing = asyncio.ensure_future(self._player(method, seen)(Exchange(self, seen, writer)))
        gone = asyncio.ensure_future(reader.gone.wait())
        try:
            await asyncio.wait({playing, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done() or isinstance(playing.exception(), ConnectionError):
                self.hung_up += 1
                writer.transport.abort()
            else:
                playing.result()
        finally:
            playing.cancel()
            gone.cancel()
            await asyncio.wait({playing, gone})
        if seen.headers.get("connection", "").lower() == "close":
            writer.transport.abort()

    def _player(self, method: str, seen: Seen) -> Player:
        if (method, seen.path) == ("POST", "/v1/chat/completions"):
            name = self._plays.popleft() if len(self._plays) > 1 else self._plays[0]
            return _PLAYERS[name]
        if (method, seen.path) == ("GET", "/v1/models"):
            return _models
        return _status(404, f"Unknown request URL: {method} {seen.path}", "invalid_request_error", "unknown_url")


async def _models(exchange: Exchange) -> None:
    one = {"id": MODEL, "object": "model", "created": 1_700_000_000, "owned_by": "tests", "context_length": CONTEXT}
    await exchange.whole(200, _json({"object": "list", "data": [one]}))


async def _request(reader: asyncio.StreamReader) -> tuple[str, Seen]:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    data = await reader.readexactly(int(headers.get("content-length", 0)))
    try:
        body = json.loads(data)
    except ValueError:
        body = {}
    return method, Seen(path, headers, body if isinstance(body, dict) else {}, time.monotonic())
