"""What a query was probably meant to say: words that stand nowhere, written as some that do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kb.search.query import Query

Misspelt = Mapping[str, tuple[str, ...]]
"""By token that stands nowhere in a collection: what it may have been meant to be, best first."""


def everywhere(misspelt: Sequence[Misspelt]) -> list[Misspelt]:
    """Return of each collection's misspelt words those that stand in no collection."""
    return [
        {token: near for token, near in each.items() if all(token in other for other in misspelt)}
        for each in misspelt
    ]


def corrections(query: Query, misspelt: Sequence[Misspelt]) -> dict[str, str]:
    """Return, by words as they are typed, what they were probably meant to be.

    ``misspelt`` is that of each collection: a word that stands in one of them is no mistake.
    """
    found: dict[str, str] = {}
    common = everywhere(misspelt)
    for token, typed in query.spellings.items():
        best = next((each[token][0] for each in common if each.get(token)), "")
        if best:
            found[typed] = _as_written(best, typed)
    return found


def corrected(text: str, meant: Mapping[str, str]) -> str:
    """Return a text with words replaced by what they were probably meant to be."""
    for typed, word in meant.items():
        text = re.sub(rf"(?<!\w){re.escape(typed)}(?!\w)", word, text)
    return text


def _as_written(word: str, typed: str) -> str:
    if typed.isupper():
        return word.upper()
    return word.capitalize() if typed[:1].isupper() else word
