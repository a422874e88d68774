"""Who may ask: requests that name this machine, or bring the key; and what is a key at all."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from kb.errors import SettingsError
from kb.keys import key_from_environment
from kb.loopback import is_loopback
from kb.server.errors import RefusalError

KEY_VARIABLE = "KB_SERVER_API_KEY"
SHORTEST_KEY = 16
_FEWEST_DIFFERENT = 6  # characters; 16 random hexadecimal digits have fewer once in 27,000 times


def own_key() -> str:
    """Return the key that clients must bring, ``""`` where none is set.

    Raises:
        SettingsError: it has characters that no HTTP header can carry, or can be guessed; it is
            not repeated.
    """
    key = key_from_environment(KEY_VARIABLE)
    if key and (len(key) < SHORTEST_KEY or len(set(key)) < _FEWEST_DIFFERENT):
        msg = (
            f"{KEY_VARIABLE} is too easy to guess: a key has at least {SHORTEST_KEY} characters, "
            f"{_FEWEST_DIFFERENT} of them different. Make one with "
            '`python -c "import secrets; print(secrets.token_urlsafe())"`'
        )
        raise SettingsError(msg)
    return key


def check_host(headers: Mapping[str, str]) -> None:
    """Refuse a request that does not call this machine by a name of its own.

    Raises:
        RefusalError: it calls it otherwise (403).
    """
    host = headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if not is_loopback(name):
        msg = (
            f"this server answers on this machine only, not as {host[:200]!r}; "
            f"call it as localhost, or start it with a key in {KEY_VARIABLE}"
        )
        raise RefusalError(HTTPStatus.FORBIDDEN, msg)


def check_key(headers: Mapping[str, str], key: bytes) -> None:
    """Refuse a request without the key.

    Raises:
        RefusalError: there is none, or another (401).
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    # Starlette reads headers as Latin-1, so this gives back the bytes that were sent.
    given = token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
    if not hmac.compare_digest(given, key):
        what = "is not the one of this server" if given else "is missing"
        msg = f"the API key {what}; send it as `Authorization: Bearer KEY`"
        raise RefusalError(HTTPStatus.UNAUTHORIZED, msg, code="invalid_api_key")
