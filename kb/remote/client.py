"""JSON requests to one model server; ``failures`` interprets the answers."""

from __future__ import annotations

import json
from typing import Any

import httpx

from kb.errors import ModelCallError
from kb.keys import bearer
from kb.remote.address import ServerAddress
from kb.remote.failures import (
    DisconnectedError,
    KeyRefusedError,
    UnavailableError,
    explain,
    explain_page,
)
from kb.remote.peer import Peer

KEY_VARIABLES = ("KB_API_KEY", "OPENAI_API_KEY")
"""Environment variables with the key for model servers, in order of precedence."""
_PROBE_TIMEOUT_S = 15.0


def sendable(text: str) -> str:
    """Return ``text`` in a form for JSON in UTF-8: lone surrogates become U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class ServerClient:
    """Sends JSON to one server. Thread-safe.

    Args:
        address: the server.
        key: key to send as a bearer token; ``""`` for none.
        timeout_s: longest pause of the server within one answer, in seconds.
        kind: kind of server, for messages.
        key_advice: what to do if the key is refused, for messages.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        key: str,
        timeout_s: float,
        kind: str = "embedding server",
        key_advice: str = "set KB_API_KEY in the environment",
    ) -> None:
        self.address = address
        self._key_advice = key_advice
        self._peer = Peer(named=f"the {kind} {address.root}", root=address.root, secret=key)
        self._http = self._peer.connect(bearer(key), timeout_s=timeout_s)

    @property
    def where(self) -> str:
        """The server's name in messages."""
        return self.address.root

    def post(self, url: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """Send ``body`` and return the answer.

        Raises:
            UnavailableError: retrying may help.
            BatchTooLargeError: fewer texts may succeed.
            InputTooLongError: a text has too many tokens.
            ModelCallError: the server refuses; retrying does not help.
        """
        return self._read(self._send("POST", url, body))

    def look(self, url: str, body: dict[str, Any] | None = None, *, needed: bool = False) -> Any:  # noqa: ANN401 - JSON
        """Request something that a server may lack; return None if it does.

        Args:
            url: the URL.
            body: the JSON to send, if any.
            needed: whether a refused key is an error, because the answer must be known.

        Raises:
            UnavailableError: retrying may help.
            KeyRefusedError: the server refuses the key, and ``needed`` is true.
        """
        response = self._send("POST" if body else "GET", url, body, timeout_s=_PROBE_TIMEOUT_S)
        try:
            return self._read(response)
        except UnavailableError:
            raise
        except KeyRefusedError:
            if needed:
                raise
            return None
        except ModelCallError:
            return None

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(
        self, method: str, url: str, body: dict[str, Any] | None, timeout_s: float | None = None
    ) -> httpx.Response:
        extra: dict[str, Any] = {} if timeout_s is None else {"timeout": timeout_s}
        with self._peer.calling(UnavailableError, ModelCallError, broken=DisconnectedError):
            return self._http.request(method, url, json=body, **extra)

    def _read(self, response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
        if not response.is_success:
            raise explain(response, self._peer, key_advice=self._key_advice)
        try:
            return json.loads(response.content)
        except ValueError as error:
            raise explain_page(response, self._peer) from error
        except RecursionError as error:
            msg = (
                f"the answer of {self._peer.named} is nested too deep to be read; "
                "check the address in the settings"
            )
            raise ModelCallError(msg) from error
