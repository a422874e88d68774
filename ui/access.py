"""Who may use the browser UI: this machine alone, unless a password or OIDC guards it.

Passwords are kept as argon2id hashes (RFC 9106) with the library's parameters.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

LEAST_CHARACTERS = 8
FAILURES_FREE = 5
"""Wrong passwords from one address before it has to wait."""
WAIT_S = 30.0

_hasher = PasswordHasher()


def is_loopback(address: str | None) -> bool:
    """Say whether only this machine reaches a server bound to ``address``; None is everything."""
    if not address:
        return False
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False  # a name: who knows where it leads


def refusal(address: str | None, *, guarded: bool) -> str | None:
    """Return why the UI must not be served at ``address``, None where it may."""
    if guarded or is_loopback(address):
        return None
    return (
        f"the browser UI would be open to everybody who reaches {address or 'this machine'}: "
        "anyone could read, add and delete documents. Set a password first "
        "(`kb ui --set-password`), or set up a login by OpenID Connect in Streamlit's "
        "secrets.toml ([auth]); without either it is served on this machine only"
    )


def hashed(password: str) -> str:
    """Return what is kept of a password (argon2id, about 50 ms)."""
    return _hasher.hash(password)


def is_right(password: str, kept: str) -> bool:
    """Say whether a password is the one that ``kept`` was made of."""
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False


class Attempts:
    """Slows down guessing: after some failures an address waits before the next try. Thread-safe.

    Args:
        clock: seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._failures: dict[str, tuple[int, float]] = {}

    def wait_s(self, address: str) -> float:
        """Return how long ``address`` has to wait before its next try, seconds."""
        with self._mutex:
            count, since = self._failures.get(address, (0, 0.0))
            if count < FAILURES_FREE:
                return 0.0
            return max(0.0, since + WAIT_S - self._clock())

    def failed(self, address: str) -> None:
        """Count a wrong password."""
        with self._mutex:
            count = self._failures.get(address, (0, 0.0))[0]
            self._failures[address] = (count + 1, self._clock())

    def succeeded(self, address: str) -> None:
        """Forget the failures of an address."""
        with self._mutex:
            self._failures.pop(address, None)
