"""Listening sockets for programs and browsers: guard, addresses, announcements.

``kb serve`` and ``kb ui`` share this module.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import uvicorn

from kb.errors import SettingsError
from kb.loopback import is_loopback

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound
# A port that is free on one address may be taken on another address of the same name.
_FREE_PORTS_TRIED = 8


def require_guard(host: str | None, *, guarded: bool, otherwise: str) -> None:
    """Refuse an address that other machines reach unless clients must prove who they are.

    Args:
        host: address or name to listen on.
        guarded: whether a key or a login is required.
        otherwise: the error message if there is neither.

    Raises:
        SettingsError: other machines reach the address, and nothing guards it.
    """
    if not guarded and not is_loopback(host):
        raise SettingsError(otherwise)


def take_addresses(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to all addresses of a name, on one port, not listening yet.

    Args:
        host: address or name of this machine.
        port: 0 takes any free one.

    Raises:
        SettingsError: an address is in use, or belongs to another machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        places = [
            _Place(family, kind, protocol, address)
            for family, kind, protocol, _, address in dict.fromkeys(found)
        ]
        for left in reversed(range(1 if port else _FREE_PORTS_TRIED)):
            try:
                return _bound(places, port)
            except OSError as error:
                if not left or error.errno != errno.EADDRINUSE:
                    raise
    except OSError as error:
        reason = error.strerror or str(error)
        msg = f"cannot listen on {host} port {port}: {reason}; choose another --port or --host"
        raise SettingsError(msg) from error
    raise AssertionError(places)


def url_of(host: str, port: int, *, scheme: str = "http") -> str:
    """Return the URL of an address for a person at this machine."""
    if host in _EVERYWHERE:
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class AnnouncingServer(uvicorn.Server):
    """Announces when it starts to answer requests and when it stops.

    Args:
        config: uvicorn's configuration.
        started: called once the server answers requests.
        ending: called before the server waits for running requests.
        ended: awaited after that.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        started: Callable[[], None],
        ending: Callable[[], None] | None = None,
        ended: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(config)
        self._announce = started
        self._ending = ending
        self._ended = ended

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then announce it."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for running requests, then close."""
        if self._ending is not None:
            self._ending()
        await super().shutdown(sockets)
        if self._ended is not None:
            await self._ended()


class _Place(NamedTuple):
    """One address of a name."""

    family: socket.AddressFamily
    kind: socket.SocketKind
    protocol: int
    address: tuple[Any, ...]


def _bound(places: list[_Place], port: int) -> list[socket.socket]:
    """Return a socket for each address, all bound to one port.

    Raises:
        OSError: an address is not available. Then none is taken.
    """
    taken: list[socket.socket] = []
    apart = len({place.family for place in places}) > 1  # otherwise `::` takes IPv4 as well
    try:
        for place in places:
            try:
                bound = socket.socket(place.family, place.kind, place.protocol)
            except OSError:
                continue  # a kernel without this address family
            taken.append(bound)
            # A port may be reused at once while old connections are still closing.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if place.family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(apart))
            host, _, *rest = place.address
            bound.bind((host, port, *rest))
            port = port or bound.getsockname()[1]
    except BaseException:
        for bound in taken:
            bound.close()
        raise
    return taken
