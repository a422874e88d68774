"""Search by words: the chunks that hold the query's terms, rarest terms first."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass

from kb.records import CollectionInfo
from kb.search.function_words import FUNCTION_WORDS
from kb.search.query import Query, token_of
from kb.search.restriction import Restriction
from kb.search.term_frequencies import TermFrequencies
from kb.search.terms import token
from kb.store import fulltext

# Postings read for one query. A word that stands in every third chunk tells nearly nothing and
# costs the most: at 100,000 chunks this keeps a query near 10 ms instead of 90. Terms are
# taken from the rarest on until the budget is spent; small collections never reach it.
POSTINGS_BUDGET = 30_000
# FTS5 looks at every term for every posting: 2,000 terms took 1.3 s, with this budget 0.4 s. A
# query of fewer than 300 different terms never reaches it.
LOOKS_BUDGET = 10_000_000
# An identifier counts as much as three words beside its parts: who asks for E-1407 does not mean a
# short text with an E and a 1407.
_WHOLE_WEIGHT = 3
_K1 = 1.2  # fixed by FTS5's bm25()
_FUNCTION_TOKENS = frozenset(map(token, FUNCTION_WORDS))


@dataclass(frozen=True, slots=True)
class Words:
    """What a query's terms are worth in one collection.

    ``expression`` is None if no term stands anywhere. ``best_score`` is the score of a chunk
    that holds every term of the query as often as counts.
    """

    expression: str | None
    best_score: float


def weigh(
    db: sqlite3.Connection, collection: CollectionInfo, query: Query, known: TermFrequencies
) -> Words:
    """Choose which of a query's terms to look up, by how rare they are."""
    by_token = {token_of(expression): expression for expression in query.tokens}
    telling = {name: each for name, each in by_token.items() if name not in _FUNCTION_TOKENS}
    by_token = telling or by_token
    frequency = known.frequencies(db, collection.id, list(by_token))
    # The collection was described a moment before: another process may have added to it since.
    chunks = max(1, collection.chunks, *frequency.values())
    best_score = (_K1 + 1) * sum(
        _rarity(chunks, frequency.get(name, 0))
        * (_WHOLE_WEIGHT if each in query.identifiers else 1)
        for name, each in by_token.items()
    )
    chosen: list[str] = []
    spent = 0
    for name in sorted(by_token, key=lambda name: frequency.get(name, 0)):
        expression = by_token[name]
        if name not in frequency and not expression.endswith("*"):
            continue
        total = spent + frequency.get(name, 0)
        if chosen and (total > POSTINGS_BUDGET or total * len(chosen) > LOOKS_BUDGET):
            break
        spent = total
        # FTS5 adds up what each phrase of the expression scores.
        chosen += [expression] * (_WHOLE_WEIGHT if expression in query.identifiers else 1)
    return Words(" OR ".join(chosen) or None, best_score)


def nearest(
    db: sqlite3.Connection,
    collection: CollectionInfo,
    words: Words,
    limit: int,
    restriction: Restriction,
) -> list[tuple[int, float]]:
    """Return up to ``limit`` (chunk id, BM25 score) of chunks that pass, best first.

    Never fewer than ``limit`` while that many hold a term and pass.
    """
    if words.expression is None:
        return []
    if restriction.few is not None:
        return fulltext.best_among(db, collection.id, words.expression, restriction.few, limit)
    asked = limit if restriction.is_empty else 4 * limit
    while True:
        found = fulltext.best(db, collection.id, words.expression, asked)
        if restriction.is_empty:  # only visible chunks are in the index
            return found
        passing = restriction.passing([chunk_id for chunk_id, _ in found])
        hits = [(chunk_id, score) for chunk_id, score in found if chunk_id in passing]
        if len(hits) >= limit or len(found) < asked:
            return hits[:limit]
        asked *= 8  # the index has ranked all of them in any case


def _rarity(chunks: int, frequency: int) -> float:
    """FTS5's inverse document frequency."""
    return max(1e-6, math.log((chunks - frequency + 0.5) / (frequency + 0.5)))
