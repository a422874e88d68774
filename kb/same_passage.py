"""Whether two texts are one passage, however their document was cut or mended since."""

from __future__ import annotations

from functools import lru_cache

_LETTERS = 8
_SHARED = 0.5


@lru_cache(maxsize=4096)
def pieces(text: str) -> frozenset[str]:
    """Return the runs of eight characters in a text, white space aside; of a short one, itself."""
    bare = "".join(text.casefold().split())
    last = max(1, len(bare) - _LETTERS + 1)
    return frozenset(bare[at : at + _LETTERS] for at in range(last))


def same_passage(one: str, other: str) -> bool:
    """Say whether the shorter of two passages stands in the other, by half at least.

    So a passage is known again when its document was cut into smaller or larger chunks, and when a
    word of it was changed; neighbours that overlap by an eighth are others.
    """
    mine, theirs = pieces(one), pieces(other)
    return len(mine & theirs) >= _SHARED * min(len(mine), len(theirs))


def stands_in(passage: str, document: str) -> bool:
    """Say whether a document still holds a passage, by half at least."""
    mine = pieces(passage)
    bare = "".join(document.casefold().split())
    return sum(piece in bare for piece in mine) >= _SHARED * len(mine)
