"""A small OpenAI-compatible server on loopback: what a scripted model writes, one chunk a write. Standard library only.

As a program (`python -m benchmarks.peer`) it reads a JSON list of chunks from the first line of standard input, writes
its address, and gives them as every reply until standard input is closed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from unittest import mock

Body = dict[str, Any]
Model = Callable[[Body], Iterable[str]]
"""The chunks that a model writes for the body of a request."""
_DEAF_S = 10.0


class Peer:
    """The server, in threads of its own while the context is open."""

    def __init__(self, model: Model, pause_s: float = 0.0) -> None:
        """`pause_s` is for each time that a chunk has ended a line."""
        self.model, self.pause_s = model, pause_s
        self.sent: list[tuple[float, str]] = []
        """When each chunk was about to be sent, by the clock `time.monotonic`, all replies in a row."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_DEAF_S)


def evidence(body: Body) -> dict[str, str]:
    """The sentences of the block of reviews in the last message, by id, without who wrote them."""
    lines = user_message(body).partition("</reviews-")[0].splitlines()
    found = {}
    for line in lines:
        name, bracket, rest = line.partition("] (")
        if name.startswith("[S") and bracket:
            found[name[1:]] = rest.partition(") ")[2].strip()
    return found


def user_message(body: Body) -> str:
    """What a request ends with."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


@contextmanager
def in_process(chunks: Iterable[str]) -> Iterator[str]:
    """The address of a peer in a process of its own, which gives these chunks as every reply."""
    command = [sys.executable, "-m", "benchmarks.peer"]
    root = Path(__file__).parent.parent
    child = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(list(chunks)) + "\n")
        child.stdin.flush()
        yield child.stdout.readline().strip()
    finally:
        child.stdin.close()
        child.wait(_DEAF_S)
        child.stdout.close()


@contextmanager
def speaking_to(url: str) -> Iterator[None]:
    """The environment in which a library's model is there."""
    with mock.patch.dict(os.environ, {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}):
        yield


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            written = 0
            for piece in peer.model(body):
                peer.sent.append((time.monotonic(), piece))
                self._event(_chunk(body, {"content": piece}))
                written += 1
                if peer.pause_s and piece.endswith("\n"):
                    time.sleep(peer.pause_s)
            self._event(_chunk(body, {}, "stop"))
            usage = {"prompt_tokens": 1, "completion_tokens": written, "total_tokens": written + 1}
            self._event({**_chunk(body, {}), "choices": [], "usage": usage})
            self._write(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")

        def _event(self, event: Body) -> None:
            self._write(b"data: %s\n\n" % json.dumps(event).encode())

        def _write(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _chunk(body: Body, delta: Body, finish: str | None = None) -> Body:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "scripted", "object": "chat.completion.chunk", "created": 1_700_000_000}
    return {**head, "model": body.get("model", ""), "choices": [choice]}


def main() -> None:
    chunks = json.loads(sys.stdin.readline())
    with Peer(lambda _: chunks) as peer:
        print(peer.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
