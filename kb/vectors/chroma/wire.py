"""Requests to a Chroma server: waiting while it is down, and the meaning of its answers.

Chroma's own HTTP client (1.5.9) has two faults: it has no timeout, and it loses the status of an
answer that is not Chroma's own, such as a proxy's 503 or 507.
"""

from __future__ import annotations

import json
import re
from typing import Any

import httpx

from kb.errors import StoreError, VectorServerError, VectorServerUnavailableError
from kb.remote.peer import Peer, patience
from kb.retry import AWAY_STATUSES, requested_wait_s
from kb.vectors import refusals
from kb.vectors.address import Address
from kb.vectors.chroma import records as chroma
from kb.vectors.opening import Site
from kb.vectors.waiting import SEARCH_TIMEOUT_S, patiently

_VERSION = "1."
_FULL = re.compile(r"disk is full|no space left|storage full|quota", re.IGNORECASE)
_HTTP = httpx.codes


class NotThereError(StoreError):
    """The requested object does not exist on the server (404)."""


class TooLargeError(StoreError):
    """The request is too large for the server (413)."""


class Wire:
    """Sends JSON to one server, and repeats requests while it is down. Thread-safe.

    Args:
        address: the server.
        site: the token and the waiting time.
    """

    def __init__(self, address: Address, site: Site) -> None:
        self.where = f"the Chroma server {address.root}"
        self._peer = Peer(named=self.where, root=address.root, secret=site.token, word="token")
        self._root = f"{address.root}/api/v2"
        self._token_header = site.token_header
        self._timeout_s = site.timeout_s
        self._interrupted = site.interrupted
        self._is_known = False
        self._http = self._peer.connect(site.headers())

    def search(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Send a request that a person waits for, and return the answer.

        Raises:
            VectorServerUnavailableError: the server is down.
            VectorServerError: the server refused, or failed.
            NotThereError: the requested object does not exist.
        """
        return self._patiently(method, path, body, min(SEARCH_TIMEOUT_S, self._timeout_s))

    def write(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Send a repeatable request that may wait for a restarting server.

        Raises:
            TooLargeError, and the errors of :meth:`search`.
        """
        return self._patiently(method, path, body, self._timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _patiently(self, method: str, path: str, body: object, patience_s: float) -> Any:  # noqa: ANN401 - JSON
        def send(left_s: float) -> Any:  # noqa: ANN401 - JSON
            try:
                self._greet(left_s)
                return self._once(method, path, body, left_s)
            except VectorServerUnavailableError:
                self._is_known = False  # another server may answer when it is back
                raise

        return patiently(send, patience_s, self._interrupted)

    def _greet(self, timeout_s: float) -> None:
        """Refuse a server of another version, once after each time that it was down."""
        if self._is_known:
            return
        try:
            version = self._once("GET", "/version", None, timeout_s)
        except NotThereError as error:
            msg = (
                f"{self.where} does not speak Chroma's API of version 2: it is another server, or "
                "older than 1.0; check `vector_store`, or run a Chroma of this release's version"
            )
            raise VectorServerError(msg) from error
        if not str(version).startswith(_VERSION):
            msg = (
                f"{self.where} is of version {version}; this release works with Chroma 1.x, so "
                "run such a server"
            )
            raise VectorServerError(msg)
        self._is_known = True

    def _once(self, method: str, path: str, body: object, timeout_s: float) -> Any:  # noqa: ANN401 - JSON
        with self._peer.calling(VectorServerUnavailableError, VectorServerError):
            response = self._http.request(
                method, self._root + path, json=body, timeout=patience(timeout_s)
            )
        if not response.is_success:
            raise self._explained(response)
        try:
            return json.loads(response.content)
        except ValueError as error:
            msg = f"{self.where} answered with something else than JSON; check `vector_store`"
            raise VectorServerError(msg) from error

    def _explained(self, response: httpx.Response) -> StoreError:
        """Return the error of an unsuccessful response."""
        status, said = response.status_code, self._peer.quoted(response)
        answer = f"{self.where} answered {status}{said}"
        if status in {_HTTP.UNAUTHORIZED, _HTTP.FORBIDDEN}:
            return refusals.refused(answer, self._peer, self._token_header)
        if status == _HTTP.INSUFFICIENT_STORAGE or _FULL.search(said):
            return refusals.full(answer)
        if status in AWAY_STATUSES or chroma.is_being_made(said):
            wait_s = requested_wait_s(response.headers.get("retry-after"))
            return VectorServerUnavailableError(answer, wait_s)
        if status == _HTTP.REQUEST_ENTITY_TOO_LARGE:
            return TooLargeError(answer)
        if status == _HTTP.NOT_FOUND:
            return NotThereError(answer)
        return refusals.failed(answer)
