"""Keys from the environment, where they stand in no file and no list of processes."""

from __future__ import annotations

import os

from kb.errors import SettingsError


def bearer(key: str, *, header: str = "Authorization") -> dict[str, str]:
    """Return the header that shows a key as a bearer token, none for an empty one."""
    return {header: f"Bearer {key}"} if key else {}


def key_from_environment(*variables: str) -> str:
    """Return the key in the first of some variables that is set, ``""`` where none is.

    Raises:
        SettingsError: it has characters that no HTTP header can carry; it is not repeated.
    """
    for variable in variables:
        key = os.environ.get(variable, "").strip()
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            msg = f"{variable} holds characters that no API key has; set it again"
            raise SettingsError(msg)
        if key:
            return key
    return ""
