"""Suggests existing names for a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from heapq import nlargest

from kb.metadata import folded

MOST_NEAREST = 3
# Shared pairs of letters come first: comparing whole names takes a hundred times as long.
_COMPARED = 50
_LEAST_LIKE = 0.55


def nearest(
    name: str, candidates: Iterable[tuple[str, str]], *, least: float = _LEAST_LIKE
) -> list[str]:
    """Return the names most similar to a wrong one, at most three, the most similar first.

    Args:
        name: the wrong name.
        candidates: possible names, each with the text to show for it.
        least: lowest similarity, from 0 to 1.
    """
    wanted = folded(name)
    pairs = _pairs(wanted)
    close = nlargest(
        _COMPARED, ((_shared(pairs, folded(like)), like, called) for like, called in candidates)
    )
    best: dict[str, float] = {}
    for shared, like, called in close:
        if shared:
            ratio = SequenceMatcher(None, wanted, folded(like), autojunk=False).ratio()
            if ratio >= least:
                best[called] = max(ratio, best.get(called, 0.0))
    return nlargest(MOST_NEAREST, best, key=best.__getitem__)


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1)) or frozenset({text})


def _shared(pairs: frozenset[str], other: str) -> float:
    theirs = _pairs(other)
    return len(pairs & theirs) / len(pairs | theirs)
