"""The server's life: with which key and bounds, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from kb.knowledge_base import KnowledgeBase
from kb.listening import AnnouncingServer, require_guard, take_addresses, url_of
from kb.server.app import application
from kb.server.connections import MOST_HEADER_BYTES, connection_class
from kb.server.credentials import KEY_VARIABLE, own_key
from kb.server.gate import Gate, Limits

# Requests have ended by then, with an answer in the API's shape.
_LAST_RESORT_S = 5

# Longer than clients keep idle connections (httpx: 5 s), so that none is closed under a request.
_IDLE_S = 75


class GuardedServer(AnnouncingServer):
    """A server on sockets that are bound already.

    Args:
        config: uvicorn's.
        gate: the application.
        taken: the sockets.
        started: called when requests are answered.
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
        """Serve until a signal says to end."""
        super().run(sockets or self._taken)


def serve(
    base: KnowledgeBase,
    *,
    host: str,
    port: int,
    limits: Limits | None = None,
    announce: Callable[[str], None],
) -> None:
    """Serve a knowledge base until a signal says to end; requests under way are finished.

    The signal is raised again after the end, for the handlers that were there before. Arguments
    and errors are those of :func:`prepared`.
    """
    with prepared(base, host=host, port=port, limits=limits, announce=announce) as server:
        server.run()


@contextmanager
def prepared(
    base: KnowledgeBase,
    *,
    host: str,
    port: int,
    limits: Limits | None = None,
    announce: Callable[[str], None],
) -> Iterator[GuardedServer]:
    """Lend a server that is ready to run.

    The address is taken first and the model loaded before anybody can connect.

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
    require_guard(host, guarded=bool(key), otherwise=_open_to_all(host))
    with ExitStack() as held:
        taken = [held.enter_context(each) for each in take_addresses(host, port)]
        gate = held.enter_context(application(base, key=key, limits=limits))
        config = uvicorn.Config(
            gate,
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
        f"knowledge base: set a key in the environment variable {KEY_VARIABLE} (clients send it "
        "as `Authorization: Bearer KEY`), or listen on 127.0.0.1"
    )
