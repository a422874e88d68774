"""Keys from the environment, or from files that it names: in no list of processes.

``NAME_FILE`` names a file with the value of ``NAME``, as secrets are handed to containers.
"""

from __future__ import annotations

import os
from pathlib import Path

from kb.errors import SettingsError


def bearer(key: str, *, header: str = "Authorization") -> dict[str, str]:
    """Return the header that shows a key as a bearer token, none for an empty one."""
    return {header: f"Bearer {key}"} if key else {}


def secret_of(variable: str) -> str:
    """Return the value of a variable, or of the file that ``…_FILE`` names; ``""`` for neither.

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
    """Return the key in the first of some variables that is set, ``""`` where none is.

    Raises:
        SettingsError: it has characters that no HTTP header can carry, and is not repeated; or
            the file that holds it cannot be read.
    """
    for variable in variables:
        key = secret_of(variable)
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            msg = f"{variable} holds characters that no API key has; set it again"
            raise SettingsError(msg)
        if key:
            return key
    return ""
