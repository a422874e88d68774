"""How much of everything a server takes."""

from __future__ import annotations

from dataclasses import dataclass

from kb.cores import available_cores
from kb.remote.address import names_servers
from kb.server.fields import LongInputs
from kb.settings import Settings
from kb.vectors.address import Address

_MORE_THAN_CORES = 2
"""Searches that go on while others wait: for the interpreter, for the model, for a disk."""


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
        searches: most searches at work at once; others wait. None is :func:`searches_at_once`.
        threads: most listings and the like at work at once; others wait.
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
    searches: int | None = None
    threads: int = 16
    queue_texts: int = 4096
    queue_bytes: int = 64 * 2**20
    rate: int | None = None
    files: int = 256
    long_inputs: LongInputs = "windows"


def searches_at_once(settings: Settings, limits: Limits) -> int:
    """Return how many searches are at work at once.

    What computes here gains nothing from more threads than the cores keep busy: they take the
    interpreter from each other and make every search slow instead of some wait. A search that asks
    another server for vectors or scores mostly waits, so that many go on at once.
    """
    if limits.searches is not None:
        return limits.searches
    asks_others = (
        names_servers(settings.model)
        or names_servers(settings.reranker or "")
        or Address(settings.vector_store).is_server
    )
    if asks_others:
        return limits.threads
    return min(limits.threads, available_cores() + _MORE_THAN_CORES)
