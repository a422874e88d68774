"""Traditional and simplified Chinese: what is written as it was typed comes first.

The index takes both ways of writing for one. Of two passages that hold the same words, the one
that holds them as the query does is what was asked for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from kb.catalog.chunks import StoredChunk
from kb.catalog.state import State
from kb.characters import plain
from kb.records import CollectionInfo
from kb.search.query import Query
from kb.words import hanzi
from kb.words.folding import fold
from kb.words.terms import terms

_CONVERTED_WEIGHT = 0.7
"""What a passage counts whose words are all written in the other way; CONTRIBUTING tells more."""

_MOST_PAIRS = 256


def as_typed_first(
    state: State,
    collection: CollectionInfo,
    query: Query,
    found: Sequence[tuple[int, float]],
) -> list[tuple[int, float]]:
    """Return (chunk id, score) anew, best first: converted characters count for less."""
    typed = _typed(query.text)
    if not typed:
        return list(found)
    chunks = state.visible_chunks([collection.id], [chunk_id for chunk_id, _ in found])
    weighed = [
        (chunk_id, score * (_weight(typed, chunks[chunk_id]) if chunk_id in chunks else 1.0))
        for chunk_id, score in found
    ]
    return sorted(weighed, key=lambda each: -each[1])


def _typed(text: str) -> dict[str, str]:
    """Return the pairs of a query that other characters stand for, too, and as what they match."""
    shown, _ = plain(text)
    found: dict[str, str] = {}
    for term in terms(shown):
        written = unicodedata.normalize("NFKC", shown[term.start : term.end])
        if not _with_variants().isdisjoint(written):
            found[written] = fold(written)
        if len(found) >= _MOST_PAIRS:
            break
    return found


def _weight(typed: dict[str, str], chunk: StoredChunk) -> float:
    parts = (chunk.title, *chunk.heading_path, chunk.header, chunk.text)
    text = "\n".join(parts)
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
