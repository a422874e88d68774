"""Whether two texts are the same passage, even if their document was cut or edited anew."""

from __future__ import annotations

from functools import lru_cache

_LETTERS = 8
_SHARED = 0.5


@lru_cache(maxsize=4096)
def pieces(text: str) -> frozenset[str]:
    """Return the runs of eight characters in a text, without white space.

    A short text is one run.
    """
    bare = "".join(text.casefold().split())
    last = max(1, len(bare) - _LETTERS + 1)
    return frozenset(bare[at : at + _LETTERS] for at in range(last))


def same_passage(one: str, other: str) -> bool:
    """Return whether at least half of the shorter of two passages is in the other.

    So a passage is recognised in smaller or larger chunks, and after a word was changed. Neighbours
    that overlap by an eighth are different passages.
    """
    mine, theirs = pieces(one), pieces(other)
    return len(mine & theirs) >= _SHARED * min(len(mine), len(theirs))


def stands_in(passage: str, document: str) -> bool:
    """Return whether a document still contains at least half of a passage."""
    mine = pieces(passage)
    bare = "".join(document.casefold().split())
    return sum(piece in bare for piece in mine) >= _SHARED * len(mine)
