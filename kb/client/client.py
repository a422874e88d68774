"""Client: a served knowledge base with the methods of one in process."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from kb.client.connection import Connection
from kb.client.documents import DocumentCalls
from kb.client.files import FileCalls
from kb.client.jobs import JobCalls
from kb.client.searching import SearchCalls
from kb.embedding.base import Embedder
from kb.lazy import Lazy
from kb.retry import RetryPolicy

_TIMEOUT_S = 120.0


class Client(SearchCalls, DocumentCalls, JobCalls):
    """A knowledge base that ``kb serve`` serves. Thread-safe; close it, or use it in a ``with``.

    Its methods are those of :class:`kb.KnowledgeBase`, with the same values in and out and the
    same errors, so that a program moves from one to the other by one line; so does
    :func:`ingest.ingest`, which takes either::

        base = KnowledgeBase.open()
        base = Client("http://127.0.0.1:8600", key="kb_…")

    Methods take the name of a collection; None means the one in the server's settings, or that of
    a key for one collection.

    Args:
        url: the server's address.
        key: an API key of the server; empty if it asks for none.
        timeout_s: the longest silence of the server, seconds.
        retries: when to ask again while the server is too busy.

    Attributes:
        files: what is known of the files that documents came from.

    Raises (every method that asks the server):
        KnowledgeServerError: the key does not allow it, or the address is no such server's.
        KnowledgeServerUnavailableError: the server is away or too busy; trying again may help.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str = "",
        timeout_s: float = _TIMEOUT_S,
        retries: RetryPolicy | None = None,
    ) -> None:
        policy = retries or RetryPolicy()
        super().__init__(Connection(url, key=key, timeout_s=timeout_s, retries=policy))
        self.files = FileCalls(self.server)

        def open_embedder() -> Embedder:
            from kb.embedding.remote.embedder import ServerEmbedder  # noqa: PLC0415 - few need it

            address = f"{self.server.peer.root}/v1"
            return ServerEmbedder(address, key=key, timeout_s=timeout_s, policy=policy)

        self._embedder = Lazy(open_embedder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._embedder.close()
        self.server.close()

    @property
    def embedder(self) -> Embedder:
        """The server's embedding model, met at first use; its key needs the scope ``embed``.

        Raises:
            EmbeddingError: the server is away, or its key does not allow this.
        """
        return self._embedder.get()
