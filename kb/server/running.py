"""Runs the server until Ctrl-C or SIGTERM, with its key and limits."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.listening import AnnouncingServer, require_guard, take_addresses, url_of
from kb.loopback import is_loopback
from kb.server.app import application
from kb.server.connections import MOST_HEADER_BYTES, connection_class
from kb.server.cors import Cors
from kb.server.credentials import KEY_VARIABLE, own_key
from kb.server.gate import Gate
from kb.server.guard import MAKE_ONE, Policy
from kb.server.journal import Journal
from kb.server.limits import Limits

_MAKE_KEY = (
    f"make a key with {MAKE_ONE}, or set one in the environment variable {KEY_VARIABLE} (clients "
    "send it as `Authorization: Bearer KEY`)"
)
_BEHIND_PROXY = (
    "whoever the proxy lets through could read the whole knowledge base, and there is no key: "
    f"{_MAKE_KEY}, or leave out --behind-proxy where nothing passes requests on"
)

# By then all requests have ended, with an answer in the API's shape.
_LAST_RESORT_S = 5

# Longer than clients keep idle connections (httpx: 5 s), so that the server closes none under a
# request.
_IDLE_S = 75


class GuardedServer(AnnouncingServer):
    """A server on sockets that are already bound.

    Args:
        config: uvicorn's.
        gate: the application.
        taken: the sockets.
        started: called when the server answers requests.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        gate: Gate,
        taken: list[socket.socket],
        started: Callable[[], None],
    ) -> None:
        super().__init__(config, started=started, ending=gate.end)
        self.gate = gate
        self._taken = taken

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal."""
        super().run(sockets or self._taken)


def serve(
    base: KnowledgeBase,
    *,
    host: str,
    port: int,
    announce: Callable[[str], None],
    limits: Limits | None = None,
    behind_proxy: bool = False,
    origins: Collection[str] = (),
    note: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Serve a knowledge base until a signal; finish running requests first.

    The handlers from before then get the same signal. Arguments and errors are those of
    :func:`prepared`.
    """
    with prepared(
        base,
        host=host,
        port=port,
        announce=announce,
        limits=limits,
        behind_proxy=behind_proxy,
        origins=origins,
        note=note,
    ) as server:
        server.run()


@contextmanager
def prepared(
    base: KnowledgeBase,
    *,
    host: str,
    port: int,
    announce: Callable[[str], None],
    limits: Limits | None = None,
    behind_proxy: bool = False,
    origins: Collection[str] = (),
    note: Callable[[dict[str, Any]], None] | None = None,
) -> Iterator[GuardedServer]:
    """Lend a server that is ready to run.

    It binds the address first, and loads the model and the index before anybody can connect.

    Args:
        base: the knowledge base.
        host: address or name to listen on.
        port: 0 takes any free one.
        announce: receives the URL once the server answers requests.
        limits: limits; the defaults if not given.
        behind_proxy: a reverse proxy passes requests on, so that all need a key.
        origins: web pages that may send requests without a key.
        note: receives a line of the access log for each request, as JSON values.

    Raises:
        SettingsError: the address is not available; other machines can reach the server and there
            is no key; the key of the environment is easy to guess; an origin is invalid.
        ModelError: the model is missing or cannot be loaded.
    """
    policy = Policy(
        own_key=own_key(),
        exposed=not is_loopback(host),
        behind_proxy=behind_proxy,
        origins=frozenset(map(_origin, origins)),
    )
    limits = limits or Limits()
    guarded = bool(policy.own_key) or any(key.standing == "active" for key in base.keys.listed())
    require_guard(host, guarded=guarded, otherwise=_open_to_all(host))
    if behind_proxy and not guarded:
        raise SettingsError(_BEHIND_PROXY)
    with ExitStack() as held:
        taken = [held.enter_context(each) for each in take_addresses(host, port)]
        gate = held.enter_context(application(base, policy=policy, limits=limits))
        front: ASGIApp = Journal(
            Cors(gate, policy.origins),
            metrics=gate.metrics,
            add=note or (lambda _: None),
            behind_proxy=behind_proxy,
        )
        config = uvicorn.Config(
            front,
            http=connection_class(limits),
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=round(limits.grace_s) + _LAST_RESORT_S,
        )
        url = url_of(host, taken[0].getsockname()[1])
        yield GuardedServer(config, gate=gate, taken=taken, started=lambda: announce(url))


def _open_to_all(host: str) -> str:
    return (
        f"{host} can be reached from other machines, and whoever reaches it could read the whole "
        f"knowledge base: {_MAKE_KEY}, or listen on 127.0.0.1"
    )


def _origin(text: str) -> str:
    """Return an origin in the form that browsers use.

    Raises:
        SettingsError: it is not an origin.
    """
    parts = urlsplit(text.strip().rstrip("/").lower())
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts[2:] != ("", "", ""):
        msg = f"{text!r} is no origin; write it as browsers do: https://chat.example:8443"
        raise SettingsError(msg)
    return f"{parts.scheme}://{parts.netloc}"
