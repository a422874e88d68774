"""Keys from environment variables or from the files they name, so that no process list shows them.

``NAME_FILE`` names a file that holds the value of ``NAME``: containers get their secrets so.
"""

from __future__ import annotations

import os
from pathlib import Path

from kb.errors import SettingsError


def bearer(key: str, *, header: str = "Authorization") -> dict[str, str]:
    """Return the header with a key as bearer token; an empty dict for an empty key."""
    return {header: f"Bearer {key}"} if key else {}


def secret_of(variable: str) -> str:
    """Return the value of a variable, or of its ``…_FILE``; ``""`` if neither is set.

    Raises:
        SettingsError: the file cannot be read.
    """
    value = os.environ.get(variable, "").strip()
    file = os.environ.get(f"{variable}_FILE", "")
    if value or not file:
        return value
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{variable}_FILE names {file}, which cannot be read: {error}; mend it or unset it"
        raise SettingsError(msg) from error


def key_from_environment(*variables: str) -> str:
    """Return the key in the first of these variables that is set; ``""`` if none is.

    Raises:
        SettingsError: the key has characters that no HTTP header can carry (the message does not
            quote it), or its file cannot be read.
    """
    for variable in variables:
        key = secret_of(variable)
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            msg = f"{variable} holds characters that no API key has; set it again"
            raise SettingsError(msg)
        if key:
            return key
    return ""
