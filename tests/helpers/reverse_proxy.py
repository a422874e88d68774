"""A small reverse proxy: passes HTTP and websockets on, with the headers that it is told to add."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_PART = 65536


@contextmanager
def reverse_proxy(port: int, headers: Mapping[str, str]) -> Iterator[str]:
    """Pass requests on to a port of this machine; gives the proxy's URL.

    Names in ``headers`` replace those of the client. One request for each connection, unless it
    becomes a websocket.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=_pass_on, args=(client, port, headers), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://localhost:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _pass_on(client: socket.socket, port: int, headers: Mapping[str, str]) -> None:
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(_PART)
            if not part:
                return
            head += part
        head, _, body = head.partition(b"\r\n\r\n")
        server.sendall(_rewritten(head, headers) + b"\r\n\r\n" + body)
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _rewritten(head: bytes, headers: Mapping[str, str]) -> bytes:
    request, *lines = head.decode("latin-1").split("\r\n")
    own = {name.lower(): (name, value) for name, value in headers.items()}
    if not any(line.lower().startswith("upgrade:") for line in lines):
        own["connection"] = ("Connection", "close")
    kept = [line for line in lines if line.partition(":")[0].strip().lower() not in own]
    added = [f"{name}: {value}" for name, value in own.values()]
    return "\r\n".join([request, *kept, *added]).encode("latin-1")


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(_PART):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
