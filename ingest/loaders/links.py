"""Shows the address of a link: after the link's text, in parentheses.

The address becomes part of the text, so that both kinds of search find it and every reader sees it.
A link whose text already is the address stays unchanged.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

LONGEST_ADDRESS = 300
"""Most characters of a shown address; longer ones carry tracking data instead of names."""

# Targets that no person can visit: scripts, data, places in the same document.
_NOWHERE = re.compile(r"(?:javascript|vbscript|data|about|blob|cid):|#", re.IGNORECASE)
_TOLD_BY_ITSELF = re.compile(r"(?:mailto|tel|sms|callto):", re.IGNORECASE)
_ENCODED_LETTERS = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_START = re.compile(r"(?:[a-z][a-z0-9+.-]*:/{0,3})?(?:www\.)?", re.IGNORECASE)


def address_after(text: str, address: str) -> str:
    """Return the suffix for a link's text: `` (address)``, "" if it says nothing new.

    >>> address_after("the manual", "https://docs.example.org/a")
    ' (https://docs.example.org/a)'
    >>> address_after("docs.example.org", "https://docs.example.org/")
    ''
    >>> address_after("Ann", "mailto:ann@example.org?subject=Hi")
    ' (ann@example.org)'
    """
    shown = "".join(address.split("\n")).strip()
    if not shown or _NOWHERE.match(shown):
        return ""
    if _TOLD_BY_ITSELF.match(shown):
        shown = unquote(shown.partition(":")[2].partition("?")[0]).strip()
    shown = _ENCODED_LETTERS.sub(_decoded, shown)
    if len(shown) > LONGEST_ADDRESS:
        shown = re.split(r"[?#]", shown, maxsplit=1)[0][:LONGEST_ADDRESS]
    return f" ({shown})" if shown and not _says(text, shown) else ""


def shows_address(text: str, address: str) -> bool:
    """Return whether a text contains an address, with or without ``https://`` and ``www.``."""
    bare = _bare(address)
    return bool(bare) and bare in unquote("".join(text.split())).casefold()


def _decoded(encoded: re.Match[str]) -> str:
    """Return letters beyond ASCII as browsers show them; others stay encoded."""
    letters = unquote(encoded[0], errors="replace")
    return letters if letters.isprintable() and "\ufffd" not in letters else encoded[0]


def _says(text: str, address: str) -> bool:
    """Return whether a link's text contains its address, even without ``https://`` or ``www.``."""
    bare = _bare(address)
    return bool(bare) and bare in (_bare(word) for word in (*text.split(), "".join(text.split())))


def _bare(address: str) -> str:
    found = unquote(address).strip("<>()[]{}.,;:!?\"'").casefold()
    return _START.sub("", found, count=1).rstrip("/")
