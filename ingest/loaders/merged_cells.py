"""What of a merged cell is said again in the rows and columns that it covers."""

from __future__ import annotations

LONGEST_REPEATED = 200
"""Characters of a merged cell that are said again; names are shorter."""


def repeated(text: str) -> str:
    """Return a merged cell's text as it is said again elsewhere."""
    if len(text) <= LONGEST_REPEATED:
        return text
    return text[:LONGEST_REPEATED].rsplit(" ", 1)[0] + "…"
