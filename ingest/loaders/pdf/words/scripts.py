"""Properties of a character's script: spaces between words, and direction."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xA97F), (0xAC00, 0xD7FF))

CODE_SIGNS = frozenset("{}()[]<>=;_#/\\|&*+$@\"'`~^%:")
"""Characters that are common in programs."""


@lru_cache(maxsize=8192)
def is_wide(text: str) -> bool:
    """Whether a character is of Chinese or Japanese, which put no spaces between words."""
    if not text or text < "\u1100":
        return False
    code = ord(text[0])
    if any(first <= code <= last for first, last in _HANGUL):
        return False
    return unicodedata.east_asian_width(text[0]) in "WF" or "\u2e80" <= text[0] <= "\u2fdf"


@lru_cache(maxsize=8192)
def is_leftward(text: str) -> bool:
    """Whether a character is of a script that runs from right to left."""
    return bool(text) and unicodedata.bidirectional(text[0]) in ("R", "AL")


@lru_cache(maxsize=8192)
def is_mark(text: str) -> bool:
    """Whether a character stands on another one."""
    return bool(text) and text > "\u02ff" and unicodedata.category(text[0]) in ("Mn", "Me")
