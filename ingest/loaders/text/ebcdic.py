"""Recognises EBCDIC, the encoding of mainframes, by its spaces: ASCII has "@" there.

Each country's letters are at the places of others' signs. English and German are distinguished by
the signs that would be inside words; others cannot be read with certainty.
"""

from __future__ import annotations

import re

_CODECS = ("cp037", "cp500", "cp273")
_SPACE, _LEAST_SPACES = b"@", 0.05
_LEAST_BYTES = 24
_PLAIN_SHARE = 0.85
_PLAIN = re.compile(r"[A-Za-z0-9 .,\n'-]")
_SIGN_IN_WORD = re.compile(r"[A-Za-z][^\w\s'’.,:;()/@+&-][a-z]")
_GERMAN = re.compile(r"\b(?:und|der|die|das|ist|nicht|von|mit)\b", re.IGNORECASE)


def recognise(sample: bytes) -> str | None:
    """Return the codec of a text; empty for unreadable EBCDIC, None for other encodings."""
    spaces = sample.count(_SPACE)
    least = len(sample) * _LEAST_SPACES
    if len(sample) < _LEAST_BYTES or spaces < least or spaces <= sample.count(b" "):
        return None
    texts = {codec: sample.decode(codec).replace("\x85", "\n") for codec in _CODECS}
    codec = min(_CODECS, key=lambda name: len(_SIGN_IN_WORD.findall(texts[name])))
    text = texts[codec]
    if len(_PLAIN.findall(text)) < len(text) * _PLAIN_SHARE:
        # Greek, Cyrillic, Japanese: no other encoding has "@" at each space.
        return "" if spaces > 2 * least and b" " not in sample else None
    return "" if codec == "cp273" and not _GERMAN.search(text) else codec
