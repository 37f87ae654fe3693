"""Vectors from an OpenAI-compatible `/embeddings` endpoint. Used only where the setting `embedder` names a model.

Where to and with which key is said as everywhere: OPENAI_BASE_URL, OPENAI_API_KEY. What goes there are the sentences
of the reviews and the questions. A server is a stranger: each reply is checked before a vector is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import openai

from rag.errors import EmbedderUnavailable
from rag.search.base import Vectors
from rag.settings import is_loopback, model_server

MAX_CHARACTERS = 4_000
"""What stands behind these of a text is not sent: most models read no further."""
TIMEOUT_S = 60.0
"""For one batch, all attempts and pauses included."""
_BATCH_TEXTS = 128
_BATCH_CHARACTERS = 40_000
_REPLY_BYTES = 64_000_000
_ATTEMPTS = 3
_PAUSE_S = 0.5
_BUSY = 429


class OpenAIEmbedder:
    """An `Embedder`. Opening it calls nobody."""

    def __init__(
        self, model: str, dimensions: int | None = None, *, timeout_s: float = TIMEOUT_S, pause_s: float = _PAUSE_S
    ) -> None:
        """`dimensions` are demanded of the server; None takes what it gives. Raises InputError, EmbedderUnavailable."""
        server = model_server()
        self._key = server.key.get_secret_value() if server.key else ""
        self._host = server.host
        self._model, self._demanded, self._dimensions = model, dimensions, dimensions
        self._timeout_s, self._pause_s = timeout_s, pause_s
        if not self._key and server.is_openai:
            raise EmbedderUnavailable(
                f"The setting embedder names {model}, and there is neither a key nor a server.",
                "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own.",
            )
        self._client = openai.OpenAI(
            api_key=self._key or "none",
            base_url=server.url,
            max_retries=0,  # ours keep within the deadline; the client's own obey a Retry-After of minutes
            # Through a proxy to other machines, as everybody; never to this one.
            http_client=openai.DefaultHttpxClient(trust_env=not is_loopback(self._host)),
        )

    @property
    def identity(self) -> str:
        """Model, host and dimensions: what another model's vectors are refused by. May ask the server, once."""
        return f"openai:{self._model}@{self._host}/{self.dimensions}"

    @property
    def dimensions(self) -> int:
        """Length of a vector; the server is asked for one where it is not known yet."""
        if self._dimensions is None:
            self._request(["dimensions"])
        assert self._dimensions is not None
        return self._dimensions

    def embed(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """`(len(texts), dimensions)` unit rows. Raises EmbedderUnavailable."""
        rows, done = [], 0
        for batch in _batches([_sendable(text) for text in texts]):
            rows.append(self._request(batch))
            done += len(batch)
            if on_progress:
                on_progress(done)
        return np.concatenate(rows) if rows else np.zeros((0, self.dimensions), np.float32)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    # ── one batch ────────────────────────────────────────────────────────────────────────────────

    def _request(self, texts: Sequence[str]) -> Vectors:
        """One batch, tried again where waiting may help and there is time."""
        deadline = time.monotonic() + self._timeout_s
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._checked(self._reply(texts, deadline), len(texts))
            except EmbedderUnavailable as error:
                pause = error.details.get("wait_s") or self._pause_s * 2 ** (attempt - 1)
                if not error.retryable or attempt == _ATTEMPTS or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _reply(self, texts: Sequence[str], deadline: float) -> bytes:
        """The body of the reply, read piece by piece: a server that drips meets the deadline too."""
        extra: dict[str, Any] = {"dimensions": self._demanded} if self._demanded else {}
        body = b""
        try:
            with self._client.embeddings.with_streaming_response.create(
                model=self._model,
                input=list(texts),
                encoding_format="float",
                timeout=max(0.1, deadline - time.monotonic()),
                **extra,
            ) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _REPLY_BYTES:
                        raise self._bad(f"it sends more than {_REPLY_BYTES:,} bytes")
                    if time.monotonic() > deadline:
                        raise self._silent()
        except EmbedderUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a body that breaks off raises an error of the client's transport
            if time.monotonic() >= deadline:
                raise self._silent() from None
            raise self._translated(error) from None
        return body

    def _checked(self, body: bytes, wanted: int) -> Vectors:
        """The vectors in the order of the texts. Raises EmbedderUnavailable naming what is wrong with them."""
        try:
            data = json.loads(body)["data"]
            by_index = {int(item["index"]): _vector(item["embedding"]) for item in data}
        except (ValueError, KeyError, TypeError):
            raise self._bad("its reply is no list of embeddings") from None
        if len(data) != wanted or sorted(by_index) != list(range(wanted)):
            raise self._bad(f"it was asked for {wanted} vectors and gave {len(data)}, or numbered them wrong")
        lengths = {vector.size for vector in by_index.values()}
        expected = self._dimensions or max(lengths)
        if lengths != {expected} or not expected:
            raise self._bad(f"its vectors have {sorted(lengths)} dimensions, where {expected} were expected")
        rows = np.stack([by_index[row] for row in range(wanted)])
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(rows).all() or not np.isfinite(norms).all() or not (norms > 0).all():
            raise self._bad("a vector of it is zero, infinite or no number")
        self._dimensions = expected
        unit: Vectors = (rows / norms).astype(np.float32)
        return unit

    # ── errors ───────────────────────────────────────────────────────────────────────────────────

    def _translated(self, error: Exception) -> EmbedderUnavailable:
        if isinstance(error, openai.APITimeoutError):
            return self._silent()
        if isinstance(error, openai.APIStatusError):
            return self._refused(error)
        hint = "Is it running, and is OPENAI_BASE_URL right?"
        return EmbedderUnavailable(
            f"The embedding server {self._host} can't be reached, or broke off: {self._said(error)}",
            hint,
            retryable=True,
        )

    def _refused(self, error: openai.APIStatusError) -> EmbedderUnavailable:
        status, where = error.status_code, f"The embedding server {self._host}"
        if status in (401, 403):
            return EmbedderUnavailable(f"{where} refuses the key.", "Check OPENAI_API_KEY and OPENAI_BASE_URL.")
        if status == _BUSY:
            said = f"{where} is asked too often, or the account has no quota left."
            return EmbedderUnavailable(said, "Try again later.", retryable=True, wait_s=_retry_after(error))
        if status >= 500:
            said = f"{where} answers with error {status}."
            return EmbedderUnavailable(said, "Try again later.", retryable=True, wait_s=_retry_after(error))
        return EmbedderUnavailable(
            f"{where} refuses the request with {status}: {self._said(error)}",
            f"Does it know the model {self._model}?",
        )

    def _silent(self) -> EmbedderUnavailable:
        said = f"The embedding server {self._host} did not answer within {self._timeout_s:g} seconds."
        return EmbedderUnavailable(
            said, "Is it overloaded? What is stored is kept; run the same again.", retryable=True
        )

    def _bad(self, why: str) -> EmbedderUnavailable:
        said = f"The embedding server {self._host} can't be used: {why}."
        return EmbedderUnavailable(said, f"Is {self._model} an embedding model, and OPENAI_BASE_URL its address?")

    def _said(self, error: Exception) -> str:
        """An error's text in one short line, without the key, whoever repeated it."""
        cause = error.__cause__ or error
        text = " ".join(f"{error.message if isinstance(error, openai.APIStatusError) else cause}".split())
        text = text.replace(self._key, "…") if self._key else text
        return text[:200] or type(cause).__name__


def _sendable(text: str) -> str:
    """A text as every server takes it: not empty, not endless, valid Unicode."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode() or " "


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or characters + len(text) > _BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _vector(given: object) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A list of numbers, or little-endian float32 in base64: a server may choose. Raises ValueError, TypeError."""
    if isinstance(given, str):
        try:
            return np.frombuffer(base64.b64decode(given, validate=True), "<f4").astype(np.float64)
        except binascii.Error as error:
            raise ValueError(str(error)) from error
    if not isinstance(given, list) or not all(type(number) in (int, float) for number in given):
        raise TypeError("no list of numbers")
    return np.array(given, np.float64)


def _retry_after(error: openai.APIStatusError) -> float | None:
    """How many seconds the server asks to wait; None where it does not say so in seconds."""
    try:
        return max(0.0, float(error.response.headers.get("retry-after", "")))
    except ValueError:
        return None
