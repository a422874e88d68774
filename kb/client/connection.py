"""Requests to a server of a knowledge base, and the errors that its refusals are."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx

from kb.errors import (
    KnowledgeBaseError,
    KnowledgeServerError,
    KnowledgeServerUnavailableError,
    SettingsError,
)
from kb.keys import bearer
from kb.remote.peer import Peer, patience
from kb.retry import AWAY_STATUSES, LONGEST_REQUESTED_WAIT_S, RetryPolicy, requested_wait_s
from kb.wire.errors import kind_of

Json = Any
"""A value as JSON gives it."""

_REFUSED_FOR_NOW = frozenset({429, 503})
"""Nothing was begun: the same request may be sent again."""

_HTTP = httpx.codes


class Connection:
    """Connections to one server. Thread-safe.

    Args:
        url: its address, with or without ``/v1``.
        key: its API key; empty if it asks for none.
        timeout_s: the longest silence of the server, seconds.
        retries: when to ask a server again that is too busy.

    Raises:
        SettingsError: the address or the key cannot be used.
    """

    def __init__(self, url: str, *, key: str, timeout_s: float, retries: RetryPolicy) -> None:
        root = _root(url)
        if not (key.isascii() and key.isprintable() and " " not in key):
            msg = "the key holds characters that no API key has; give it as it was shown"
            raise SettingsError(msg)
        self.peer = Peer(named=f"the knowledge base server {root}", root=root, secret=key)
        self._retries = retries
        self._timeout_s = timeout_s
        self._http = self.peer.connect(bearer(key), timeout_s=timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **params: str | int | None) -> Json:
        """Send a GET request and return its JSON; leave out parameters that are None."""
        given = {name: value for name, value in params.items() if value is not None}
        return self.ask("GET", path, params=given)

    def ask(self, method: str, path: str, **request: Any) -> Json:  # noqa: ANN401 - httpx's
        """Send a request and return the JSON of its answer; None if it has no body.

        Args:
            method: of HTTP.
            path: below the root, quoted.
            request: what httpx takes: ``json``, ``params``, ``content``, ``files``, …

        Raises:
            KnowledgeBaseError: what the server refused with, as in process.
            KnowledgeServerError: the key or the address is wrong, or it gave no such answer.
            KnowledgeServerUnavailableError: it is away, or too busy for too long.
        """
        for attempt in range(1, self._retries.attempts + 1):
            with self._calling():
                response = self._http.request(method, f"{self.peer.root}{path}", **request)
            waits_s = self._wait_s(response, attempt)
            if waits_s is None:
                break
            time.sleep(waits_s)
        return self._read(response)

    @contextmanager
    def streaming(
        self,
        method: str,
        path: str,
        *,
        silence_s: float | None = None,
        **request: Any,  # noqa: ANN401 - httpx's
    ) -> Iterator[httpx.Response]:
        """Lend a response that is read as it comes.

        Raises:
            KnowledgeBaseError: as :meth:`ask`.
        """
        timeout = patience(silence_s or self._timeout_s)
        with (
            self._calling(),
            self._http.stream(
                method, f"{self.peer.root}{path}", timeout=timeout, **request
            ) as response,
        ):
            if not response.is_success:
                response.read()
                raise self.error(response)
            yield response

    def error(self, response: httpx.Response) -> KnowledgeBaseError:
        """Return the error that an answer other than success means."""
        told = _told(response)
        said = self.peer.words(response, most=2000)
        kind = kind_of(told.get("code"))
        if kind is not None:
            return kind(said)
        return self._of_http(response.status_code, said)

    def raised(self, told: Mapping[str, Any]) -> KnowledgeBaseError:
        """Return the error that stands in the middle of a stream."""
        said = self.peer.words_in(dict(told), most=2000)
        return (kind_of(told.get("code")) or KnowledgeServerError)(said)

    def _of_http(self, status: int, said: str) -> KnowledgeBaseError:
        quoted = f': "{said}"' if said else ""
        answer = f"{self.peer.named} answered {status}{quoted}"
        if status in {_HTTP.UNAUTHORIZED, _HTTP.FORBIDDEN}:
            return KnowledgeServerError(f"{answer}; give a key that allows this")
        if status in AWAY_STATUSES:
            return KnowledgeServerUnavailableError(f"{answer}; try again later")
        if status == _HTTP.BAD_REQUEST:
            return SettingsError(said or answer)
        return KnowledgeServerError(f"{answer}; check that its address is that of a `kb serve`")

    def _wait_s(self, response: httpx.Response, attempt: int) -> float | None:
        """Return how long to wait before the request is sent again; None where it is not."""
        if response.status_code not in _REFUSED_FOR_NOW or attempt >= self._retries.attempts:
            return None
        asked = requested_wait_s(response.headers.get("Retry-After"))
        if asked is not None and asked > LONGEST_REQUESTED_WAIT_S:
            return None
        return self._retries.delay_s(attempt, asked)

    def _read(self, response: httpx.Response) -> Json:
        if not response.is_success:
            raise self.error(response)
        if not response.content:
            return None
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise self.not_understood(response.url.path) from error

    def not_understood(self, path: str) -> KnowledgeServerError:
        """Return the error of an answer that is not what this release knows."""
        return KnowledgeServerError(
            f"{self.peer.named} gave an answer to {path} that cannot be read; check that its "
            "address is that of a `kb serve` of this release"
        )

    @contextmanager
    def _calling(self) -> Iterator[None]:
        advice = ". Is `kb serve` running there?"
        with self.peer.calling(
            KnowledgeServerUnavailableError, KnowledgeServerError, advice=advice
        ):
            yield


def _root(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if not usable or parts.query or parts.fragment:
        msg = "the address of the server cannot be used; write it as http://host:8600"
        raise SettingsError(msg)
    path = parts.path.rstrip("/").removesuffix("/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


def _told(response: httpx.Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return {}
    found = body.get("error") if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}
