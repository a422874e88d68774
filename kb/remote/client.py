"""Requests to one server of models: connections, the key, and what its answers mean.

``failures`` beside it reads responses; nothing else of this room knows httpx.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx

from kb.errors import ModelCallError
from kb.remote.address import ServerAddress
from kb.remote.failures import (
    UnavailableError,
    explain,
    explain_page,
)

_log = logging.getLogger(__name__)

KEY_VARIABLES = ("KB_API_KEY", "OPENAI_API_KEY")
"""Where the key for model servers is looked for, in this order."""
CONNECT_TIMEOUT_S = 5.0
_PROBE_TIMEOUT_S = 15.0


def open_http(address: ServerAddress, *, key: str, timeout_s: float) -> httpx.Client:
    """Return connections to a server; ``key`` goes along as a bearer token unless it is empty."""
    if key and not address.loopback and address.root.startswith("http:"):
        _log.warning("the API key goes to %s unencrypted; use https", address.root)
    return httpx.Client(
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
        trust_env=not address.loopback,  # a proxy cannot reach this machine's own servers
        # Reading the certificates takes 25 ms, for nothing where no TLS is spoken.
        verify=not address.loopback or address.root.startswith("https:"),
    )


def sendable(text: str) -> str:
    """Return ``text`` as JSON in UTF-8 can carry it: half surrogate pairs become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class ServerClient:
    """Sends JSON to one server. Thread-safe.

    Args:
        address: the server.
        key: sent as a bearer token; ``""`` sends none.
        timeout_s: longest silence of the server within one answer.
        kind: what it is, for messages.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        key: str,
        timeout_s: float,
        kind: str = "embedding server",
    ) -> None:
        self.address = address
        self._named = f"{kind} {address.root}"
        self._key = key
        self._http = open_http(address, key=key, timeout_s=timeout_s)

    @property
    def where(self) -> str:
        """The server's name in messages."""
        return self.address.root

    def post(self, url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Send ``body`` and return the answer.

        Raises:
            UnavailableError: trying again may help.
            BatchTooLargeError: fewer texts may do.
            InputTooLongError: a text has too many tokens.
            ModelCallError: the server refuses; trying again does not help.
        """
        return self._read(self._send("POST", url, body))

    def look(self, url: str, body: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 - JSON
        """Ask for what a server may not have; None where it has not.

        Raises:
            UnavailableError: trying again may help.
        """
        response = self._send("POST" if body else "GET", url, body, timeout_s=_PROBE_TIMEOUT_S)
        try:
            return self._read(response)
        except UnavailableError:
            raise
        except ModelCallError:
            return None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(
        self, method: str, url: str, body: dict[str, Any] | None, timeout_s: float | None = None
    ) -> httpx.Response:
        extra: dict[str, Any] = {} if timeout_s is None else {"timeout": timeout_s}
        try:
            return self._http.request(method, url, json=body, **extra)
        except httpx.TimeoutException as error:
            msg = f"the {self._named} gave no answer in time"
            raise UnavailableError(msg) from error
        except httpx.ConnectError as error:
            msg = f"there is no connection to the {self._named} ({error})"
            raise UnavailableError(msg) from error
        except httpx.HTTPError as error:
            msg = f"the connection to the {self._named} broke off ({error})"
            raise UnavailableError(msg) from error
        except RuntimeError as error:  # httpx: the client was closed
            msg = f"the connection to the {self._named} is closed"
            raise ModelCallError(msg) from error

    def _read(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if not response.is_success:
            raise explain(response, self._named, self._key)
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise explain_page(response, self._named) from error
        except RecursionError as error:
            msg = (
                f"the answer of the {self._named} is nested too deep to be read; "
                "check the address in the settings"
            )
            raise ModelCallError(msg) from error
