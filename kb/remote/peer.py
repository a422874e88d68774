"""Common parts of requests to other servers of any kind.

It makes connections, words their failures, and quotes answers without the secret. Model servers and
vector servers use it, and choose the errors themselves.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from kb.loopback import is_loopback

_log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
_QUOTED_CHARACTERS = 240
# Keys of error messages in answers, the most detailed first.
_WORDS = ("message", "msg", "error", "detail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A server to connect to.

    Attributes:
        named: its name in messages, ``the embedding server http://…``.
        root: the server's address.
        secret: our key or token; empty for none.
        word: the name of the secret in messages: ``API key``, ``token``.
    """

    named: str
    root: str
    secret: str = field(default="", repr=False)
    word: str = "API key"

    @property
    def local(self) -> bool:
        """Whether it is on this machine, so that no proxy is in between."""
        return is_loopback(urlsplit(self.root).hostname)

    def warn_of_onlookers(self, *, tls: bool, instead: str) -> None:
        """Warn in the log if others can read the secret on its way; ``instead`` is the advice."""
        if self.secret and not tls and not self.local:
            _log.warning("the %s goes to %s unencrypted; use %s", self.word, self.root, instead)

    def connect(
        self, headers: Mapping[str, str], *, timeout_s: float | None = None
    ) -> httpx.Client:
        """Return connections to it; the ``headers`` already contain the secret.

        ``timeout_s`` is the longest pause within a request.
        """
        local, tls = self.local, self.root.startswith("https:")
        self.warn_of_onlookers(tls=tls, instead="https")
        return httpx.Client(
            headers=dict(headers),
            timeout=patience(timeout_s) if timeout_s else None,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=16),
            trust_env=not local,  # a proxy cannot reach this machine's own servers
            # Reading the certificates takes 25 ms, in vain without TLS.
            verify=tls or not local,
        )

    @contextmanager
    def calling(
        self,
        away: Callable[[str], Exception],
        closed: Callable[[str], Exception],
        *,
        broken: Callable[[str], Exception] | None = None,
        advice: str = "",
    ) -> Iterator[None]:
        """Turn the failures of a request in the block into errors of the caller.

        Args:
            away: makes the error of a server that does not answer, or not completely, from a
                message.
            closed: makes the error of connections that this process has closed.
            broken: makes the error of a missing or broken connection; ``away`` by default.
            advice: text to add if there is no connection.
        """
        try:
            yield
        except httpx.TimeoutException as error:
            msg = f"{self.named} gave no answer in time"
            raise away(msg) from error
        except httpx.ConnectError as error:
            msg = f"there is no connection to {self.named} ({error}){advice}"
            raise (broken or away)(msg) from error
        except httpx.HTTPError as error:
            msg = f"the connection to {self.named} broke off ({error})"
            raise (broken or away)(msg) from error
        except RuntimeError as error:  # httpx: the client was closed
            if "closed" not in str(error):
                raise
            msg = f"the connection to {self.named} is closed"
            raise closed(msg) from error

    def words(self, response: httpx.Response, *, most: int = _QUOTED_CHARACTERS) -> str:
        """Return an answer's error message, on one line, without the secret and echoed inputs.

        It is empty for web pages, and for JSON without an error message.
        """
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):
            page = "html" in response.headers.get("content-type", "")
            body = "" if page else response.text
        return self.words_in(body, most=most)

    def words_in(self, body: Any, *, most: int = _QUOTED_CHARACTERS) -> str:  # noqa: ANN401 - JSON
        """Return the error message of parsed JSON, as :meth:`words` does."""
        said = " ".join(_message(body).split())
        return (said.replace(self.secret, "…") if self.secret else said)[:most]

    def quoted(self, response: httpx.Response) -> str:
        """Return :meth:`words` after a colon and in quotes; empty if there are none."""
        said = self.words(response)
        return f': "{said}"' if said else ""

    @property
    def refusal(self) -> str:
        """Explanation of its answer 401 or 403."""
        key = self.word.removeprefix("API ")
        return f"it refuses this {key}" if self.secret else f"it wants a {key}"


def patience(timeout_s: float) -> httpx.Timeout:
    """Return the timeouts of a request: the longest pause, and less for connecting."""
    return httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))


def _message(body: Any) -> str:  # noqa: ANN401 - whatever a server sends
    """Find the error message in the shapes that servers use."""
    if isinstance(body, str):
        return body
    if isinstance(body, list):  # FastAPI: one item for each field; its input is left out
        return "; ".join(_message(item) for item in body)
    if isinstance(body, dict):
        for key in _WORDS:
            if body.get(key):
                return _message(body[key])
    return ""
