"""Listening: on which address, with which key, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn

from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.loopback import is_loopback
from kb.server.app import application
from kb.server.connections import MOST_HEADER_BYTES, connection_class
from kb.server.credentials import KEY_VARIABLE, own_key
from kb.server.gate import Limits

# Requests have ended by then, with an answer in the API's shape.
_LAST_RESORT_S = 5

# Longer than clients keep idle connections (httpx: 5 s), so that none is closed under a request.
_IDLE_S = 75


def serve(
    base: KnowledgeBase,
    *,
    host: str,
    port: int,
    limits: Limits | None = None,
    announce: Callable[[str], None],
) -> None:
    """Serve a knowledge base until a signal says to end; requests under way are finished.

    The address is taken first and the model loaded before anybody can connect. The signal is
    raised again after the end, for the handlers that were there before.

    Args:
        base: what is served.
        host: address or name to listen on.
        port: 0 takes any free one.
        limits: bounds, the defaults if not given.
        announce: told the URL once requests are answered.

    Raises:
        SettingsError: the address cannot be had, or is open to others and there is no key; the
            key can be guessed.
        ModelError: the model is missing or cannot be loaded.
    """
    key = own_key()
    limits = limits or Limits()
    check_open(host, key)
    with take_address(host, port) as taken, application(base, key=key, limits=limits) as app:
        config = uvicorn.Config(
            app,
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
        server = _Server(config, lambda: announce(_url(host, taken.getsockname()[1])), app.end)
        server.run([taken])


def check_open(host: str, key: str) -> None:
    """Refuse an address that other machines reach, unless there is a key.

    Raises:
        SettingsError: says why.
    """
    if key or is_loopback(host):
        return
    msg = (
        f"{host} can be reached from other machines, and whoever reaches it could read the whole "
        f"knowledge base: set a key in the environment variable {KEY_VARIABLE} (clients send it "
        "as `Authorization: Bearer KEY`), or listen on 127.0.0.1"
    )
    raise SettingsError(msg)


def take_address(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address, which does not listen yet.

    Raises:
        SettingsError: the address is in use or not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        taken = socket.socket(family, kind, protocol)
        try:
            # A port of which connections are still dying may be taken again at once.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
        except BaseException:
            taken.close()
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"cannot listen on {host} port {port}: {reason}; choose another --port or --host"
        raise SettingsError(msg) from error
    return taken


class _Server(uvicorn.Server):
    """Says once that requests are answered, and that they will be no longer."""

    def __init__(
        self, config: uvicorn.Config, announce: Callable[[], None], end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._end = end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests under way end, then close."""
        self._end()
        await super().shutdown(sockets)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
