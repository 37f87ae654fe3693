"""Real servers on loopback: Chroma's own, and HTTP peers that behave as they are told."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

DIMENSIONS = 24


@contextmanager
def chroma(folder: Path) -> Iterator[str]:
    """A real `chroma run` on a free port: its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str(folder / "data")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log, cwd=folder
        )
    try:
        _wait_for(f"{url}/api/v2/heartbeat", process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "chroma run ended at once"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("chroma run did not answer")


class Peer(ThreadingHTTPServer):
    """An HTTP server in this process that keeps what it was asked."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.told: list[str] = []
        """How to misbehave: one word for each request to come; the last one stays."""
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def next_order(self) -> str:
        if not self.told:
            return ""
        return self.told.pop(0) if len(self.told) > 1 else self.told[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away is what some tests are about


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[Peer]:
    peer = Peer(handler)
    thread = threading.Thread(target=peer.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield peer
    finally:
        peer.released.set()
        peer.shutdown()
        thread.join()
        peer.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Peer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def read(self) -> Any:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        asked = json.loads(body) if body else None
        self.server.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}, asked))
        return asked

    def reply(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def hang(self) -> None:
        self.server.released.wait(20)
        self.close_connection = True


class Misfit(_Handler):
    """No Chroma: HTML, rubbish, a refusal, or silence. Repeats the token it was given."""

    def do_GET(self) -> None:
        self.read()
        order, token = self.server.next_order(), self.headers.get("authorization", "")
        if order == "hang":
            self.hang()
        elif order == "html":
            self.reply(200, f"<html>welcome {token}</html>".encode(), "text/html")
        elif order == "json":
            self.reply(200, b'{"surprise": true}')
        else:
            self.reply(int(order), f"no entry with {token}".encode(), "text/plain")

    do_POST = do_GET


def vector(text: str) -> list[float]:
    """A vector of a text's words: texts that share words are near. Not of length 1, as some models give."""
    row = np.zeros(DIMENSIONS)
    row[0] = 0.3
    for word in text.lower().replace(".", " ").replace("?", " ").split():
        row[1 + int(hashlib.sha256(word.encode()).hexdigest(), 16) % (DIMENSIONS - 1)] += 1
    return [float(x) for x in row * 3]


class Embeddings(_Handler):
    """`/v1/embeddings`, well-behaved unless told otherwise."""

    def do_POST(self) -> None:
        asked = self.read()
        order = self.server.next_order()
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        if order == "hang":
            return self.hang()
        if order == "html":
            return self.reply(200, b"<html>nginx</html>", "text/html")
        if order.isdigit():
            said = {"error": {"message": f"no: {self.headers.get('authorization')}"}}
            return self.reply(int(order), json.dumps(said).encode(), **({"retry_after": "0"} if order == "429" else {}))
        data = [{"object": "embedding", "index": n, "embedding": vector(text)} for n, text in enumerate(texts)]
        body = json.dumps({"object": "list", "model": asked["model"], "data": self._spoilt(data, order)}).encode()
        if order == "cut":
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return None
        if order == "drip":
            return self._drip(body)
        return self.reply(200, body)

    def _drip(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        for byte in body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.released.wait(0.05):
                return

    @staticmethod
    def _spoilt(data: list[dict[str, Any]], order: str) -> list[dict[str, Any]]:
        spoilt: dict[str, Any] = {
            "nan": [float("nan")] * DIMENSIONS,
            "huge": [float("inf")] * DIMENSIONS,
            "zero": [0.0] * DIMENSIONS,
            "words": ["a"] * DIMENSIONS,
            "null": None,
            "ragged": data[0]["embedding"][1:],
        }
        if order in spoilt:
            data[0]["embedding"] = spoilt[order]
        elif order == "shuffle":
            random.Random(1).shuffle(data)
        elif order == "few":
            data.pop()
        elif order == "twice":
            data[0]["index"] = len(data) - 1
        for item in data:
            if order == "shorter":
                item["embedding"].pop()
            elif order == "base64":
                item["embedding"] = base64.b64encode(np.array(item["embedding"], "<f4").tobytes()).decode()
        return data
