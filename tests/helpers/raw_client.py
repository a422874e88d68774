"""A client that speaks HTTP as bytes, so that it can speak it badly."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_S = 60


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Open a connection to a server."""
    with opened(url) as client:
        yield client


def opened(url: str) -> socket.socket:
    """Return a connection to a server, for the caller to close."""
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=TIMEOUT_S)


def request(path: str, body: Any = None, *, version: str = "1.1") -> bytes:  # noqa: ANN401 - JSON
    """Return a request as bytes: a GET, or a POST of JSON."""
    if body is None:
        return f"GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode()
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/{version}\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def everything(client: socket.socket) -> bytes:
    """Return all that a server says until it closes the connection."""
    said = b""
    while part := client.recv(1 << 16):
        said += part
    return said


def answered(said: bytes) -> tuple[int, Any]:
    """Return status and JSON of the one answer in what a server said; it may say "go on" before."""
    while said.startswith(b"HTTP/1.1 100 "):
        said = said.partition(b"\r\n\r\n")[2]
    head, _, body = said.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)
