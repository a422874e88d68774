"""Corrections of a query: words that occur nowhere, replaced by similar ones that do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kb.search.query import Query

Misspelt = Mapping[str, tuple[str, ...]]
"""Maps a token that a collection lacks to its possible corrections, best first."""


def everywhere(misspelt: Sequence[Misspelt]) -> list[Misspelt]:
    """Return the misspelt words that no collection contains, for each collection."""
    return [
        {token: near for token, near in each.items() if all(token in other for other in misspelt)}
        for each in misspelt
    ]


def corrections(query: Query, misspelt: Sequence[Misspelt]) -> dict[str, str]:
    """Return the probable corrections of misspelt words, by the words as typed.

    ``misspelt`` has one mapping for each collection: a word that occurs in any of them is correct.
    """
    found: dict[str, str] = {}
    common = everywhere(misspelt)
    for token, typed in query.spellings.items():
        best = next((each[token][0] for each in common if each.get(token)), "")
        if best:
            found[typed] = _as_written(best, typed)
    return found


def corrected(text: str, meant: Mapping[str, str]) -> str:
    """Return a text with misspelt words replaced."""
    for typed, word in meant.items():
        text = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", word, text)
    return text


def _as_written(word: str, typed: str) -> str:
    if typed.isupper():
        return word.upper()
    return word.capitalize() if typed[:1].isupper() else word
