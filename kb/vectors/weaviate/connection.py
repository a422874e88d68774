"""Requests through Weaviate's client: connecting, waiting, and the meaning of its errors."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, TypeVar

import weaviate
from weaviate.classes import init
from weaviate.exceptions import UnexpectedStatusCodeError, WeaviateBaseError

from kb.errors import StoreError, VectorServerUnavailableError
from kb.remote.peer import Peer
from kb.retry import AWAY_STATUSES
from kb.vectors import refusals
from kb.vectors.address import Address
from kb.vectors.opening import Site
from kb.vectors.waiting import SEARCH_TIMEOUT_S, patiently

_GRPC_PORT = "50051"
_FULL = re.compile(r"no space left|disk is full|read-only|readonly", re.IGNORECASE)
_AWAY = re.compile(
    r"unavailable|connection|deadline|timed? ?out|reset by peer|not ready|broken pipe|goaway"
    r"|shutting down|leader not found",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"unauthorized|unauthenticated|forbidden|permission.?denied", re.IGNORECASE)

_T = TypeVar("_T")


class Connection:
    """The client of one server, connected at the first request. Thread-safe.

    Args:
        address: the server's address.
        site: the token and the waiting time.
    """

    def __init__(self, address: Address, site: Site) -> None:
        self._address = address
        self._site = site
        self.where = f"the Weaviate server {address.root}"
        self._peer = Peer(named=self.where, root=address.root, secret=site.token, word="token")
        self._mutex = threading.Lock()
        self._client: Any = None

    def close(self) -> None:
        """Close the connections."""
        with self._mutex:
            if self._client is not None:
                self._client.close()
                self._client = None

    def search(self, work: Callable[[Any], _T]) -> _T:
        """Use the client for work that a person waits for.

        Raises:
            VectorServerUnavailableError: the server is down.
            VectorServerError: the server refused, or failed.
        """
        return self._patiently(work, min(SEARCH_TIMEOUT_S, self._site.timeout_s))

    def write(self, work: Callable[[Any], _T]) -> _T:
        """Use the client for repeatable work that may wait for a restarting server.

        It raises the errors of :meth:`search`.
        """
        return self._patiently(work, self._site.timeout_s)

    def _patiently(self, work: Callable[[Any], _T], patience_s: float) -> _T:
        def send(_: float) -> _T:
            try:
                return work(self._connected())
            except WeaviateBaseError as error:
                raise self.explained(str(error), getattr(error, "status_code", None)) from error

        return patiently(send, patience_s, self._site.interrupted)

    def _connected(self) -> Any:  # noqa: ANN401 - the client has no types here
        with self._mutex:
            if self._client is None:
                secure = self._address.parameter("tls", "") not in {"", "0"}
                self._peer.warn_of_onlookers(tls=secure, instead="tls=1 in its address")
                timeout = round(self._site.timeout_s) or 1
                self._client = weaviate.connect_to_custom(
                    http_host=self._address.host,
                    http_port=self._address.port or (443 if secure else 8080),
                    http_secure=secure,
                    grpc_host=self._address.host,
                    grpc_port=int(self._address.parameter("grpc", _GRPC_PORT)),
                    grpc_secure=secure,
                    headers=self._site.headers(),
                    additional_config=init.AdditionalConfig(
                        timeout=init.Timeout(init=5, query=timeout, insert=timeout),
                        trust_env=not self._peer.local,
                    ),
                )
            return self._client

    def explained(self, said: str, status: int | None) -> StoreError:
        """Return this project's error for one of Weaviate's."""
        answer = f"{self.where}: {self._peer.words_in(said, most=400)}"
        if status in {401, 403} or _TOKEN.search(said):
            return refusals.refused(answer, self._peer, self._site.token_header)
        if status == 507 or _FULL.search(said):  # noqa: PLR2004 - insufficient storage
            return refusals.full(answer)
        if status in AWAY_STATUSES or _AWAY.search(said):
            return VectorServerUnavailableError(answer)
        return refusals.failed(answer)


@contextmanager
def passing_over_unknown() -> Iterator[None]:
    """End the block if the server does not know the requested object."""
    try:
        yield
    except UnexpectedStatusCodeError as error:
        if error.status_code != HTTPStatus.NOT_FOUND:
            raise
