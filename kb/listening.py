"""Listening for programs and browsers: for whom, on which addresses, until a signal ends it.

``kb serve`` and ``kb ui`` do it alike.
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
# A free port of one address may be taken on another of the same name.
_FREE_PORTS_TRIED = 8


def require_guard(host: str | None, *, guarded: bool, otherwise: str) -> None:
    """Refuse an address that other machines reach, unless whoever comes is asked who they are.

    Args:
        host: address or name to listen on.
        guarded: there is a key, or a login.
        otherwise: what to say where there is none.

    Raises:
        SettingsError: ``otherwise``.
    """
    if not guarded and not is_loopback(host):
        raise SettingsError(otherwise)


def take_addresses(host: str, port: int) -> list[socket.socket]:
    """Return sockets bound to all addresses of a name, on one port; they do not listen yet.

    Args:
        host: address or name of this machine.
        port: 0 takes any free one.

    Raises:
        SettingsError: an address is in use or not this machine's.
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
    """Return the URL by which a person at this machine reaches an address."""
    if host in _EVERYWHERE:
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class AnnouncingServer(uvicorn.Server):
    """Says once that requests are answered, and that they will be no longer.

    Args:
        config: uvicorn's.
        started: called when requests are answered.
        ending: called before requests under way are waited for.
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
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let requests under way end, then close."""
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
    """Return a socket for each address, all on one port.

    Raises:
        OSError: one of them cannot be had; then none is.
    """
    taken: list[socket.socket] = []
    apart = len({place.family for place in places}) > 1  # else `::` takes IPv4 as well
    try:
        for place in places:
            try:
                bound = socket.socket(place.family, place.kind, place.protocol)
            except OSError:
                continue  # a kernel without this kind of address
            taken.append(bound)
            # A port of which connections are still dying may be taken again at once.
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
