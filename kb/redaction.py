"""Takes passwords and keys out of addresses before anybody sees them.

An address with a password in it is refused where it would be used. It stands in a setting all the
same, and settings are shown in lists, in errors and in the browser.
"""

from __future__ import annotations

import re

HIDDEN = "***"

# From a scheme to white space, or to the next address of a list.
_ADDRESS = re.compile(r"(?<=://)\S*?(?=,?\s|,?[A-Za-z][A-Za-z0-9+.-]*://|$)")
_SECRET_PARAMETER = re.compile(
    r"([?&;][^=&;\s#]*(?:key|token|secret|pass|pwd|auth|sig|cred)[^=&;\s#]*=)[^&;\s#'\"]*",
    re.IGNORECASE,
)
_PORT = re.compile(r":\d*$")


def redacted(text: str) -> str:
    """Return a text with ``***`` for what stands before the ``@`` of its addresses, and for keys.

    Works on one address, on several, and on sentences that quote them.
    """
    if "://" not in text:
        return text
    return _SECRET_PARAMETER.sub(rf"\1{HIDDEN}", _ADDRESS.sub(_without_user, text))


def holds_secret(text: str) -> bool:
    """Say whether an address holds what :func:`redacted` hides."""
    return redacted(text) != text


def _without_user(found: re.Match[str]) -> str:
    rest = found[0]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in host:
        at = host.rindex("@")
    elif "@" in rest and ":" in host and not _PORT.search(host):
        at = rest.rindex("@")  # a password with one of /?# in it, which ends the host too early
    else:
        return rest
    return f"{HIDDEN}{rest[at:]}"
