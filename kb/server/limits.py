"""Limits of a server."""

from __future__ import annotations

from dataclasses import dataclass

from kb.server.fields import LongInputs

LINGERS_S = 2.0
"""Seconds that a refused client may go on sending. If the connection is closed while it sends, it
gets a reset, which can take the place of the answer (RFC 9112, 9.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a server.

    Attributes:
        body_bytes: largest body.
        small_body_bytes: largest body of requests without documents.
        files_bytes: largest body of files; None means the settings' limit of a file.
        held_bytes: most bytes of all bodies together.
        headers_s: seconds that the headers of a request may take to arrive.
        body_s: seconds that a body may take to arrive.
        stalled_s: seconds that a client may leave an answer unread.
        grace_s: seconds for running requests to end when the server is told to.
        connections: most connections at once, where the system allows as many.
        requests: most requests at once, waiting ones included.
        threads: most searches, listings and the like running at once; others wait.
        queue_texts: most documents that wait for the model, and as many queries.
        queue_bytes: most bytes of those texts.
        rate: most requests a minute of a key without a limit of its own; None for no limit.
        files: most uploads that arrive or wait for their work at once.
        long_inputs: how to treat texts that are too long for the model, unless a request says.
    """

    body_bytes: int = 8 * 2**20
    small_body_bytes: int = 2**20
    files_bytes: int | None = None
    held_bytes: int = 256 * 2**20
    headers_s: float = 10.0
    body_s: float = 60.0
    stalled_s: float = 60.0
    grace_s: float = 30.0
    connections: int = 4096
    requests: int = 4096
    threads: int = 16
    queue_texts: int = 4096
    queue_bytes: int = 64 * 2**20
    rate: int | None = None
    files: int = 256
    long_inputs: LongInputs = "windows"
