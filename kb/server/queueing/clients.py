"""The client that a request counts for: each key is one, and so is each address without a key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asking: ContextVar[str] = ContextVar("_asking", default="")


@contextmanager
def asking(client: str) -> Iterator[None]:
    """Let everything in the block wait in a client's name."""
    before = _asking.set(client)
    try:
        yield
    finally:
        _asking.reset(before)


def present_client() -> str:
    """Return the client of the present request; "" outside of requests."""
    return _asking.get()


def client_name(key: str, address: str) -> str:
    """Return one name for all requests of a client.

    Args:
        key: name of its key, "" for none.
        address: its address, which counts only without a key.
    """
    return f"key {key}" if key else f"address {address}"
