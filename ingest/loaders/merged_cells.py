"""The text of a merged cell that repeats in the rows and columns that it covers."""

from __future__ import annotations

LONGEST_REPEATED = 200
"""Most characters of a merged cell that repeat; names are shorter."""


def repeated(text: str) -> str:
    """Return a merged cell's text in the form that repeats elsewhere."""
    if len(text) <= LONGEST_REPEATED:
        return text
    return text[:LONGEST_REPEATED].rsplit(" ", 1)[0] + "…"
