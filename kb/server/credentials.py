"""The key in the environment, which permits everything."""

from __future__ import annotations

from kb.errors import SettingsError
from kb.keys import key_from_environment

KEY_VARIABLE = "KB_SERVER_API_KEY"
SHORTEST_KEY = 16
_FEWEST_DIFFERENT = 6  # characters; 16 random hexadecimal digits have fewer once in 27,000 times


def own_key() -> str:
    """Return the key that clients must bring, ``""`` if none is set.

    Raises:
        SettingsError: the key has characters that no HTTP header can carry, or is easy to guess.
            The message does not repeat it.
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
