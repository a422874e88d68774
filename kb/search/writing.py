"""Traditional and simplified Chinese: text in the writing of the query comes first.

The index treats both as equal. Of two passages with the same words, the one in the writing of the
query is the wanted one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from kb.catalog.state import State
from kb.characters import plain
from kb.search.query import Query
from kb.words import hanzi
from kb.words.folding import fold
from kb.words.terms import terms

_CONVERTED_WEIGHT = 0.7
"""Factor for a passage whose words are all in the other writing; docs/ranking.md tells more."""

_MOST_PAIRS = 256

# Characters that NFKC may change: radicals, those in circles and squares, and doubles.
_COMPATIBLE = re.compile(
    "[\u2e80-\u2fdf\u3036-\u303a\u3190-\u319f\u3200-\u33ff\uf900-\ufaff"
    "\U0001f200-\U0001f2ff\U0002f800-\U0002fa1f]"
)


def as_typed_first(
    state: State, query: Query, found: Sequence[tuple[int, float]]
) -> list[tuple[int, float]]:
    """Return (chunk id, score), best first, with lower scores for converted characters."""
    typed = _typed(query.text)
    if not typed:
        return list(found)
    texts = state.searched_texts([chunk_id for chunk_id, _ in found])
    others = _otherwise_written(typed)
    weighed = [
        (chunk_id, score * _weight(typed, texts.get(chunk_id, ""), others))
        for chunk_id, score in found
    ]
    return sorted(weighed, key=lambda each: -each[1])


def _typed(text: str) -> dict[str, str]:
    """Return the pairs of a query with variants, each with its comparison form."""
    shown, _ = plain(text)
    found: dict[str, str] = {}
    for term in terms(shown):
        written = unicodedata.normalize("NFKC", shown[term.start : term.end])
        if not _with_variants().isdisjoint(written):
            found[written] = fold(written)
        if len(found) >= _MOST_PAIRS:
            break
    return found


def _otherwise_written(typed: Mapping[str, str]) -> list[str]:
    """Return the variants of a query's characters in other texts."""
    known, groups = hanzi.variants(), _groups()
    asked = set("".join(typed))
    return sorted(
        {
            other
            for one in asked
            for other in groups.get(known.get(ord(one), one), one)
            if other != one
        }
    )


def _weight(typed: Mapping[str, str], text: str, others_written: Sequence[str]) -> float:
    # One check shows for most passages that they contain no variants.
    if not any(map(text.__contains__, others_written)) and not _COMPATIBLE.search(text):
        return 1.0
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    others = [match for written, match in typed.items() if written not in text]
    if not others:
        return 1.0
    folded = text.translate(hanzi.variants())
    converted = sum(match in folded for match in others)
    found = len(typed) - len(others) + converted
    return 1.0 - (1.0 - _CONVERTED_WEIGHT) * converted / found if found else 1.0


@cache
def _with_variants() -> frozenset[str]:
    known = hanzi.variants()
    return frozenset(map(chr, known)) | frozenset("".join(known.values()))


@cache
def _groups() -> dict[str, str]:
    """Return all variants of a character, by its comparison form."""
    found: dict[str, str] = {}
    for code, one in hanzi.variants().items():
        found[one] = found.get(one, one) + chr(code)
    return found
