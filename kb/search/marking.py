"""Marks in hits why they were found: the query's words, or the sentence nearest to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from kb.catalog.state import State
from kb.embedding.base import Embedder, Vector
from kb.records import SearchHit, with_header
from kb.search import highlight

# Where fewer of the query's terms than this stand in a hit, they do not explain it (another
# language, other words); the nearest sentence does.
_TELLING_COVERAGE = 0.34


def languages(state: State, found: Sequence[SearchHit]) -> dict[int, str]:
    """Return the language of each hit's document, empty for one that is gone by now."""
    ids = {hit.document_id for hit in found}
    return dict.fromkeys(ids, "") | state.languages_of(list(ids))


def words_marked(
    query: str, found: Sequence[SearchHit], spoken: Mapping[int, str]
) -> list[SearchHit]:
    """Return hits with the query's words marked; ``spoken`` are their documents' languages."""
    wanted = highlight.telling_terms(query)
    return [
        replace(hit, highlights=highlight.term_spans(wanted, hit.text, spoken[hit.document_id]))
        for hit in found
    ]


def sentences_marked(
    query: str,
    found: Sequence[SearchHit],
    spoken: Mapping[int, str],
    vectors: Mapping[str, Vector],
    embedder: Embedder,
) -> list[SearchHit]:
    """Return hits with the query's words marked, or where those do not explain them a sentence.

    It is the sentence nearest to the query, as the task of the hit's collection words it;
    ``vectors`` has the query's vector for each collection.
    """
    wanted = highlight.telling_terms(query)
    unexplained = [
        hit
        for hit in found
        if hit.collection in vectors
        and highlight.coverage(wanted, with_header(hit.header, hit.text), spoken[hit.document_id])
        < _TELLING_COVERAGE
    ]
    nearest = highlight.nearest_sentences(
        [vectors[hit.collection] for hit in unexplained],
        [hit.text for hit in unexplained],
        embedder,
    )
    by_chunk = {hit.chunk_id: spans for hit, spans in zip(unexplained, nearest, strict=True)}
    return [
        replace(hit, highlights=by_chunk.get(hit.chunk_id) or hit.highlights)
        for hit in words_marked(query, found, spoken)
    ]
