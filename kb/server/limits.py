"""How much of everything a server takes."""

from __future__ import annotations

from dataclasses import dataclass

from kb.server.fields import LongInputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a server.

    Attributes:
        body_bytes: largest body.
        small_body_bytes: largest body where no documents are sent.
        files_bytes: largest body of files; None is what the settings take of a file.
        held_bytes: most bytes of all bodies together.
        headers_s: seconds that the headers of a request may take to arrive.
        body_s: seconds that a body may take to arrive.
        stalled_s: seconds that a client may leave an answer unread.
        grace_s: seconds that requests under way get to end in when the server is told to.
        connections: most connections at once, where the system allows as many.
        requests: most requests at once, those that wait for their turn included.
        threads: most searches, listings and the like at work at once; others wait.
        queue_texts: most texts that wait to be embedded, and as many queries.
        queue_bytes: most bytes of those texts.
        rate: most requests a minute of a key that has no bound of its own; None for any number.
        files: most bodies of files arriving, or waiting for what is done with them, at once.
        long_inputs: what becomes of texts that the model cannot read whole, unless a request
            says it.
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
