"""Who may use the browser UI: only this machine, unless a password or OIDC protects the UI.

Passwords are kept as argon2id hashes (RFC 9106) with the library's parameters. "Listens on
loopback" does not mean "only this machine": a reverse proxy here, or a page of another site whose
name leads here, brings strangers. Headers identify their requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from kb.forwarding import is_forwarded
from kb.loopback import is_loopback

LEAST_CHARACTERS = 8

Trust = Literal["local", "proxy", "all"]
"""Values of the setting ``ui_trust``."""

_hasher = PasswordHasher()


def turned_away(
    headers: Mapping[str, str], *, address: str | None, guarded: bool, trust: Trust
) -> Literal["open", "forwarded", "host"] | None:
    """Return the reason for refusing a request; None if it may pass.

    With a login everybody may pass, because the login checks them. Without one, ``open`` means that
    the server listens for others, ``forwarded`` that a proxy sent the request, ``host`` that the
    browser names another site.

    Args:
        headers: the request's, names in lower case.
        address: the address of the server.
        guarded: whether there is a login.
        trust: the setting ``ui_trust``.
    """
    if guarded:
        return None
    if not is_loopback(address):
        return "open"
    if is_forwarded(headers):
        return "forwarded" if trust == "local" else None
    return None if _names_this_machine(headers.get("host", "")) else "host"


def same_site(headers: Mapping[str, str]) -> bool:
    """Return whether a request that changes something comes from this UI's page or from no page."""
    origin = headers.get("origin")
    if origin is None:
        return True
    return origin.partition("://")[2].lower() == headers.get("host", "").lower()


def _names_this_machine(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name.lower().endswith(".localhost") or is_loopback(name)


def open_to_all(address: str | None) -> str:
    """Return why the UI refuses to serve others without a login at an address that they reach."""
    return (
        f"the browser UI would be open to everybody who reaches {address or 'this machine'}: "
        "anyone could read, add and delete documents. Set a password first "
        "(`kb ui --set-password`), or set up a login by OpenID Connect in Streamlit's "
        "secrets.toml ([auth]); without either it is served on this machine only"
    )


def hashed(password: str) -> str:
    """Return the stored hash of a password (argon2id, about 50 ms)."""
    return _hasher.hash(password)


def is_right(password: str, kept: str) -> bool:
    """Return whether a password matches the stored hash ``kept``."""
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False
