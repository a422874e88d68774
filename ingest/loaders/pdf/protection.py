"""A PDF's protection and compression, from its bytes, when no engine opens it."""

from __future__ import annotations

import re

STANDARD = "Standard"
"""The name of the protection by passwords, which both engines support."""

KNOWN_FILTERS = frozenset(
    (  # noqa: SIM905 - twenty quoted names say less
        "ASCIIHexDecode AHx ASCII85Decode A85 LZWDecode LZW FlateDecode Fl RunLengthDecode RL "
        "CCITTFaxDecode CCF JBIG2Decode DCTDecode DCT JPXDecode Crypt"
    ).split()
)

_ENCRYPT = re.compile(rb"/Encrypt\s*(?:(\d{1,10})\s+(\d{1,5})\s+R\b|<<)")
_HANDLER = re.compile(rb"/Filter\s*/([^\s/<>\[\]()]{1,127})")
_FILTERS = re.compile(
    rb"/(?:Filter|F)\s*(?:/([^\s/<>\[\]()%]{1,127})|\[((?:\s*/[^\s/<>\[\]()%]{1,127}){1,8})\s*\])"
)
_ESCAPE = re.compile(r"#([0-9A-Fa-f]{2})")
_DICTIONARY = 4_000  # bytes that must contain the protection's name
_MOST = 5


def handler_of(data: bytes) -> str | None:
    """Return the name of a file's protection, None without one, "" if unknown."""
    told = list(_ENCRYPT.finditer(data))
    if not told:
        return None
    found = told[-1]  # the last one is valid: files grow at their end
    start = found.end()
    if found[1] is not None:
        number = re.escape(found[1] + b" " + found[2] + b" obj")
        places = list(re.finditer(rb"(?<!\d)" + number, data))
        if not places:
            return ""
        start = places[-1].end()
    part = data[start : start + _DICTIONARY]
    name = _HANDLER.search(part)
    return _name(name[1]) if name is not None else ""


def unknown_filters(data: bytes) -> list[str]:
    """Return the names of the compressions in a file that neither engine knows."""
    names: list[str] = []
    for found in _FILTERS.finditer(data):
        for name in (found[1] or found[2]).replace(b"/", b" ").split():
            told = _name(name)
            if told.endswith("Decode") and told not in KNOWN_FILTERS and told not in names:
                names.append(told)
                if len(names) >= _MOST:
                    return names
    return names


def _name(raw: bytes) -> str:
    text = raw.decode("latin-1")
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
