"""Removes passwords and keys from addresses before anybody sees them.

The code that uses an address refuses one with a password. The setting still holds it, and lists,
errors and the browser show settings.
"""

from __future__ import annotations

import re

HIDDEN = "***"

# A scheme, even a mistyped one: "http:/", "http:".
_BEGIN = r"(?P<begin>https?:[/\\]*|://[/\\]*)"
# From a scheme to white space, or to the next address of a list.
_ADDRESS = re.compile(
    _BEGIN + r"(?P<rest>\S*?)(?=,?\s|,?[A-Za-z][A-Za-z0-9+.-]*://|$)", re.IGNORECASE
)
_NO_PORT = r"(?!\d*(?:[\s/?#,;.'\"`)\]]|$))"
# A password with a space in it. It ends before the next address.
_BLANK = re.compile(
    _BEGIN + rf"(?P<user>[^\s/?#@\[:]*:{_NO_PORT}(?:(?!://)[^@\n]){{0,200}})(?=@)", re.IGNORECASE
)
# name:password@host without a scheme. Drives, paths and times begin otherwise.
_BARE = re.compile(
    r"(?:(?<=[\s'\"`(,;=<\[{])|(?<![\s\S]))(?!mailto:|\d+:)"
    rf"(?P<rest>[^\s:/\\@?#'\"`(,;=<\[{{]+:(?![/\\]){_NO_PORT}\S*)",
    re.IGNORECASE,
)
_SECRET_PARAMETER = re.compile(
    r"([?&;][^=&;\s#]*(?:key|token|secret|pass|pwd|auth|sig|cred)[^=&;\s#]*=)[^&;\s#'\"]*",
    re.IGNORECASE,
)
_PORT = re.compile(r":\d*$")


def redacted(text: str) -> str:
    """Return a text with ``***`` for keys and for the part of each address before its ``@``.

    Works on one address, on several, and on sentences that quote them.
    """
    if "@" in text:
        text = _BLANK.sub(rf"\g<begin>{HIDDEN}", text)
        text = _BARE.sub(lambda found: _without_user(found["rest"]), text)
        text = _ADDRESS.sub(lambda found: found["begin"] + _without_user(found["rest"]), text)
    return _SECRET_PARAMETER.sub(rf"\1{HIDDEN}", text) if "://" in text else text


def holds_secret(text: str) -> bool:
    """Return whether an address holds a secret that :func:`redacted` hides."""
    return redacted(text) != text


def _without_user(rest: str) -> str:
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        at = host.rindex("@")
    elif "@" in rest and ":" in host and not _PORT.search(host):
        at = rest.rindex("@")  # a password with one of /?# in it, which ends the host too early
    else:
        return rest
    return f"{HIDDEN}{rest[at:]}"
