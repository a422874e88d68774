"""Known names that resemble a mistyped one: fields, options, tools, collections.

:mod:`kb.reading.nearest` finds names among hundreds of thousands of documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

_MOST_CHARACTERS = 80  # of a compared name


def near_names(word: str, known: Sequence[str], *, most: int = 1, like: float = 0.6) -> list[str]:
    """Return the known names most similar to a word, ignoring case, the most similar first.

    Args:
        word: the mistyped name.
        known: the existing names.
        most: highest number of names to return.
        like: lowest similarity, from 0 to 1.
    """
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
    near = get_close_matches(word[:_MOST_CHARACTERS].casefold(), folded, most, like)
    return [folded[each] for each in near]
