"""Who asks, as far as turns go: whoever brings a key is one client, so is every address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_asking: ContextVar[str] = ContextVar("_asking", default="")


@contextmanager
def asking(client: str) -> Iterator[None]:
    """Have everything that the block waits for wait in the name of a client."""
    before = _asking.set(client)
    try:
        yield
    finally:
        _asking.reset(before)


def present_client() -> str:
    """Return in whose name the present request waits; "" outside of any."""
    return _asking.get()


def client_name(key: str, address: str) -> str:
    """Return one name for all requests of a client.

    Args:
        key: name of the key that it brings, "" for none.
        address: where it asks from, which only counts without a key.
    """
    return f"key {key}" if key else f"address {address}"
