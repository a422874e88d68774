"""Cuts the connections of an HTTP client once nobody waits for its work any more.

A read from a server that sends nothing would otherwise end with its time limit only. The sockets
come from httpx's ``trace`` extension, which tells of each connection.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from kb.stopping import StoppedError, checkpoint

_LOOK_S = 0.2
_CONNECTED = ("connection.connect_tcp.complete", "connection.start_tls.complete")


@contextmanager
def severed_on_stop(client: httpx.Client) -> Iterator[None]:
    """Let requests of ``client`` in this block end soon after the work was stopped.

    Raises:
        StoppedError: it was stopped, and a request ended for that.
    """
    streams: list[Any] = []  # of httpcore
    done = threading.Event()
    check = checkpoint()

    def trace(event: str, info: dict[str, Any]) -> None:
        if event in _CONNECTED:
            streams.append(info["return_value"])

    def traced(request: httpx.Request) -> None:
        request.extensions["trace"] = trace

    client.event_hooks = {"request": [traced]}
    watcher = threading.Thread(target=_watch, args=(check, done, streams), name="stop", daemon=True)
    watcher.start()
    try:
        yield
    except httpx.TransportError:
        check()  # says StoppedError where that was the reason
        raise
    finally:
        done.set()
        watcher.join()


def _watch(check: Callable[[], None], done: threading.Event, streams: list[Any]) -> None:
    while not done.wait(_LOOK_S):
        try:
            check()
        except StoppedError:
            # Again and again: a connection may be in the making. What is still read afterwards may
            # be ciphertext, so whoever receives asks for a stop before it writes.
            for stream in tuple(streams):
                with suppress(OSError):
                    stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
