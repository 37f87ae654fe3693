"""The vector index: Chroma in a folder, in memory, on a server or in its cloud. The one module that knows chromadb.

Only ids and vectors are stored: words come from SQLite, and Chroma is never handed a text to embed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx  # what Chroma's client speaks through; it has no setting for timeouts
import numpy as np
from chromadb.api import ServerAPI
from chromadb.api.models.Collection import Collection
from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT, Settings, System
from chromadb.errors import AuthorizationError, ChromaAuthError, NotFoundError

from rag.errors import DiskFull, IndexMismatch, IndexUnreachable, LibraryDamaged, PullquoteError
from rag.search import trust
from rag.search.base import Vectors
from rag.settings import (
    CloudIndex,
    FolderIndex,
    IndexAddress,
    MemoryIndex,
    ServerIndex,
    index_secret,
    is_loopback,
)

CLOUD_URL = "https://api.trychroma.com"
TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 5.0
_COLLECTION = "sentences"
_BATCH = 1_000
_PAGE = 2_000
_CLOUD_ROWS = 300
"""Chroma Cloud writes and returns no more at once."""
_SAMPLES = 32
_HNSW: Any = {"hnsw": {"space": "cosine", "ef_search": 200}}
"""Chroma's default of 100 finds .97 of the ten nearest, 200 finds .986; a question fetches more and pays nothing."""
_EMBEDDER = "embedder"
_REBUILD = "Make it anew with: pullquote rebuild"

T = TypeVar("T")


def _nobody() -> str | None:
    return None


class ChromaIndex:
    """An `Index` at any address."""

    def __init__(
        self,
        address: IndexAddress,
        *,
        embedder: Callable[[], str | None] = _nobody,
        examined: bool = False,
        timeout_s: float = TIMEOUT_S,
        cloud_url: str = CLOUD_URL,
    ) -> None:
        """Open or create it.

        `embedder()` names who makes the vectors: an index filled by another one is refused. `examined`: the folder
        was looked at, or this is the process that may die of it. Raises LibraryDamaged, IndexMismatch,
        IndexUnreachable, IndexReadOnly.
        """
        self._at = address
        self._embedder = embedder
        self._timeout_s = timeout_s
        self._cloud_url = cloud_url
        self._secret = index_secret(address)
        self._writing: trust.Writing | None = None
        self._midway = False  # a write that was broken off leaves the folder unsealed, as a killed one does
        self._system: System | None = None
        if isinstance(address, CloudIndex) and self._secret is None:
            raise IndexUnreachable(
                f"{self.address} needs a key, and there is none.", "Set CHROMA_API_KEY in the environment."
            )
        if isinstance(address, FolderIndex) and not examined:
            _refuse_damaged(address)
        self._open()

    @property
    def address(self) -> str:
        """The folder, the server, the cloud's database, or `memory:`. Never a secret."""
        return shown(self._at)

    # ── opening and closing ──────────────────────────────────────────────────────────────────────

    def _open(self) -> None:
        try:
            self._system = System(_settings(self._at, self._cloud_url, self._headers()))
            api: Any = self._system.instance(ServerAPI)  # type: ignore[type-abstract]
            self._api = api
            if isinstance(self._at, ServerIndex | CloudIndex):
                api._session = self._session(api._session)
            self._system.start()
            self._largest = min(_BATCH, self._api.get_max_batch_size(), self._rows)
            self._collection = self._fetch()
            self._check_embedder()
        except Exception as error:  # noqa: BLE001 - Chroma lets anything out of a folder it can't open
            self._stop()
            raise self._translated(error) from None

    def _headers(self) -> dict[str, str]:
        if self._secret is None:
            return {}
        secret = self._secret.get_secret_value()
        return {"X-Chroma-Token": secret} if isinstance(self._at, CloudIndex) else {"Authorization": f"Bearer {secret}"}

    def _session(self, theirs: httpx.Client) -> httpx.Client:
        """A client like Chroma's own, but one that waits for a silent server only so long.

        A proxy named in the environment is passed by on the way to this very machine.
        """
        theirs.close()
        host = urlsplit(self._at.url if isinstance(self._at, ServerIndex) else self._cloud_url).hostname
        return httpx.Client(
            headers=theirs.headers,
            timeout=httpx.Timeout(self._timeout_s, connect=min(self._timeout_s, _CONNECT_TIMEOUT_S)),
            trust_env=not is_loopback(host),
        )

    @property
    def _rows(self) -> int:
        return _CLOUD_ROWS if isinstance(self._at, CloudIndex) else _PAGE

    @property
    def _place(self) -> dict[str, str]:
        """Tenant and database, as every call that names a collection takes them."""
        if isinstance(self._at, CloudIndex):
            return {"tenant": self._at.tenant, "database": self._at.database}
        return {"tenant": DEFAULT_TENANT, "database": DEFAULT_DATABASE}

    @property
    def _name(self) -> str:
        return self._at.collection if isinstance(self._at, ServerIndex | CloudIndex) else _COLLECTION

    def _fetch(self) -> Collection:
        model = self._api.get_or_create_collection(self._name, configuration=_HNSW, **self._place)
        return Collection(client=self._api, model=model, embedding_function=None, data_loader=None)

    def _check_embedder(self) -> None:
        filled, ours = (self._collection.metadata or {}).get(_EMBEDDER), self._embedder()
        if filled and ours and filled != _label(ours):
            raise IndexMismatch(f"The vector index in {self.address} was filled by {filled}, not by {ours}.", _REBUILD)

    def _stop(self) -> None:
        """Let go of Chroma."""
        system, self._system = self._system, None
        if system is None or not system._running:
            return
        if isinstance(self._at, ServerIndex | CloudIndex):
            self._api._session.close()
        else:
            with suppress(AttributeError):  # a store that did not start can't be stopped
                system.stop()

    def refresh(self) -> None:
        """See what another process wrote: a folder is opened anew, a server's collection may be another one."""
        if isinstance(self._at, FolderIndex):
            self.close()
            _refuse_damaged(self._at)
            self._open()
        elif not isinstance(self._at, MemoryIndex):
            self._collection = self._do(self._fetch)
            self._check_embedder()

    def close(self) -> None:
        """Let go of files and connections; what was written is sealed."""
        self._stop()
        if self._writing is not None:
            self._writing.end(sealed=not self._midway)
            self._writing = None
            self._midway = False

    # ── writing ──────────────────────────────────────────────────────────────────────────────────

    def _writable(self) -> Collection:
        """The collection, with the right to write it, labelled with who makes its vectors."""
        self._hold()
        if _EMBEDDER not in (self._collection.metadata or {}) and (ours := self._embedder()):
            self._collection.modify(metadata={_EMBEDDER: _label(ours)})
        return self._collection

    def upsert(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors under ids, in batches of a size this Chroma takes."""
        for start in range(0, len(ids), self._largest):
            rows = slice(start, start + self._largest)
            self._do(self._put, list(ids[rows]), vectors[rows])

    def _put(self, ids: list[str], vectors: Any) -> None:
        collection = self._writable()
        self._midway = True
        collection.upsert(ids=ids, embeddings=vectors)
        self._midway = False

    def delete(self, ids: Sequence[str]) -> None:
        """Remove ids; those that are not there are no error."""
        for start in range(0, len(ids), self._largest):
            self._do(self._drop, list(ids[start : start + self._largest]))

    def _drop(self, ids: list[str]) -> None:
        collection = self._writable()
        self._midway = True
        collection.delete(ids=ids)
        self._midway = False

    def clear(self) -> None:
        """Remove everything: the collection itself, so that vectors of another length can follow."""
        self._do(self._anew)

    def _anew(self) -> None:
        self._hold()
        self._api.delete_collection(self._name, **self._place)
        self._collection = self._fetch()

    def _hold(self) -> None:
        if isinstance(self._at, FolderIndex) and self._writing is None:
            self._writing = trust.Writing(self._at.path)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """At most `k` pairs (id, cosine), best first. Chroma Cloud gives no more than 300."""
        wanted = min(k, _CLOUD_ROWS) if isinstance(self._at, CloudIndex) else k
        result = self._do(self._query, np.asarray(vector, np.float32).reshape(1, -1), wanted)
        return [(name, 1.0 - distance) for name, distance in zip(result["ids"][0], result["distances"][0], strict=True)]

    def _query(self, query: Any, k: int) -> Any:
        return self._collection.query(query_embeddings=query, n_results=k, include=["distances"])

    def count(self) -> int:
        """How many vectors it holds."""
        return int(self._do(lambda: self._collection.count()))

    def ids(self) -> Iterator[list[str]]:
        """Every id it holds, by pages."""
        offset = 0
        while True:
            page = self._do(self._page, offset, self._rows)["ids"]
            if not page:
                return
            yield page
            offset += len(page)

    def _page(self, offset: int, limit: int, *include: str) -> Any:
        return self._collection.get(limit=limit, offset=offset, include=list(include))  # type: ignore[arg-type]

    def some(self) -> list[tuple[str, list[float]]]:
        """A few ids with their vectors, from the beginning and the end."""
        last = max(0, self.count() - _SAMPLES)
        found: dict[str, list[float]] = {}
        for offset in sorted({0, last}):
            page = self._do(self._page, offset, _SAMPLES, "embeddings")
            found |= {name: vector.tolist() for name, vector in zip(page["ids"], page["embeddings"], strict=True)}
        return list(found.items())

    # ── errors ───────────────────────────────────────────────────────────────────────────────────

    def _do(self, work: Callable[..., T], *given: Any) -> T:
        """Do it, in our own errors. A collection that another process made anew is fetched once."""
        try:
            try:
                return work(*given)
            except NotFoundError:
                self._collection = self._fetch()
                return work(*given)
        except Exception as error:  # noqa: BLE001 - Chroma's errors share no base but this
            raise self._translated(error) from None

    def _translated(self, error: Exception) -> PullquoteError:
        if isinstance(error, PullquoteError):
            return error
        said = self._said(error)
        if "dimension" in said:
            return IndexMismatch(
                f"The vector index in {self.address} holds vectors of another length: {said}", _REBUILD
            )
        if isinstance(self._at, ServerIndex | CloudIndex):
            return self._unreachable(error, said)
        if "No space left" in said or "disk is full" in said:
            return DiskFull(
                f"The disk is full where the vector index lives ({self.address}).", "Make room, then retry."
            )
        return _damaged(self.address, said)

    def _unreachable(self, error: Exception, said: str) -> IndexUnreachable:
        """A server's failure, told apart as far as the person who runs it can do something else about it."""
        where = f"The vector server {self.address}"
        if isinstance(error, httpx.TimeoutException):
            return IndexUnreachable(f"{where} did not answer within {self._timeout_s:g} seconds.", "Is it overloaded?")
        if isinstance(error, httpx.TransportError):
            return IndexUnreachable(f"{where} can't be reached: {said}", "Is it running, and is the address right?")
        response = getattr(error.__context__, "response", None)
        status = response.status_code if isinstance(response, httpx.Response) else None
        if isinstance(error, AuthorizationError | ChromaAuthError) or status in (401, 403):
            variable = "CHROMA_API_KEY" if isinstance(self._at, CloudIndex) else "PULLQUOTE_INDEX_TOKEN"
            return IndexUnreachable(f"{where} lets nobody in with this token.", f"Set {variable} in the environment.")
        return IndexUnreachable(
            f"{where} answers with an error: {said or status}", "Is it a Chroma server, of 1.0 or newer?"
        )

    def _said(self, error: Exception) -> str:
        """An error's text in one short line, without the secret, whoever repeated it."""
        text = " ".join(f"{error}".split()) or type(error).__name__
        if self._secret is not None:
            text = text.replace(self._secret.get_secret_value(), "…")
        return text[:200]


def discard(address: IndexAddress) -> None:
    """Remove the index of this address without opening it, for it may be damaged. Raises IndexUnreachable."""
    if isinstance(address, FolderIndex):
        if address.path.is_dir():
            shutil.rmtree(address.path, ignore_errors=True)
        else:
            address.path.unlink(missing_ok=True)
    elif not isinstance(address, MemoryIndex):
        index = ChromaIndex(address)
        index.clear()
        index.close()


def shown(address: IndexAddress) -> str:
    """An address as a person would write it."""
    if isinstance(address, FolderIndex):
        return str(address.path)
    if isinstance(address, ServerIndex):
        return f"{address.url} ({address.collection})"
    if isinstance(address, CloudIndex):
        return f"cloud://{address.tenant}/{address.database} ({address.collection})"
    return "memory:"


def _settings(address: IndexAddress, cloud_url: str, headers: dict[str, str]) -> Settings:
    """Chroma's settings: a client of a server, or the store itself. A stranger's `.env` is not read."""
    if isinstance(address, ServerIndex | CloudIndex):
        return Settings(  # type: ignore[call-arg]
            _env_file=None,
            anonymized_telemetry=False,
            chroma_api_impl="chromadb.api.fastapi.FastAPI",
            chroma_server_host=address.url if isinstance(address, ServerIndex) else cloud_url,
            chroma_server_http_port=0,  # the address holds it
            chroma_server_headers=headers,
        )
    folder = str(address.path) if isinstance(address, FolderIndex) else None
    return Settings(  # type: ignore[call-arg]
        _env_file=None,
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.rust.RustBindingsAPI",
        is_persistent=folder is not None,
        persist_directory=folder or "",
    )


def _refuse_damaged(address: FolderIndex) -> None:
    trust.check_writable(address.path)
    problem = trust.may_open(address.path).problem
    if problem is not None:
        raise _damaged(str(address.path), problem)


def _damaged(address: str, said: str) -> LibraryDamaged:
    return LibraryDamaged(f"The vector index in {address} can't be read: {said}", "Mend it with: pullquote rebuild")


def _label(embedder: str) -> str:
    """An embedder's identity, cut to what Chroma Cloud keeps of a label."""
    return embedder[:250]
