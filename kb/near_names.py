"""Which of a few known names a mistyped one is like: fields, options, tools, collections.

What a document may be called, of hundreds of thousands, is found by :mod:`kb.reading.nearest`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_CHARACTERS = 80  # of a name that is compared


def near_names(word: str, known: Sequence[str], *, most: int = 1, like: float = 0.6) -> list[str]:
    """Return the known names that come nearest to a word in any case, the nearest first.

    Args:
        word: what was given.
        known: what there is.
        most: most names to return.
        like: how much they must be like it, from 0 to 1.
    """
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    near = get_close_matches(word[:_MOST_CHARACTERS].casefold(), folded, most, like)
    return [folded[each] for each in near]
