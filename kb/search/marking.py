"""Marks in hits the reasons for them: the answering sentence, and the query's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kb.catalog.state import State
from kb.embedding.base import Embedder, Vector
from kb.records import SearchHit
from kb.search import highlight, sentence, several
from kb.sentences.packed import ChunkSentences

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Known:
    """Data of the catalog on hits: languages by document, vectors of sentences by chunk."""

    languages: Mapping[int, str]
    sentences: Mapping[int, ChunkSentences]


def known(state: State, found: Sequence[SearchHit], *, sentences: bool = True) -> Known:
    """Return the catalog's data on hits; a document that is gone has no language."""
    ids = {hit.document_id for hit in found}
    languages = dict.fromkeys(ids, "") | state.languages_of(list(ids))
    stored: dict[int, ChunkSentences] = {}
    by_collection: dict[str, list[int]] = {}
    for hit in found if sentences else ():
        by_collection.setdefault(hit.collection, []).append(hit.chunk_id)
    for name, chunks in by_collection.items():
        if collection := state.find_collection(name):
            stored |= state.sentences_of(collection.id, chunks)
    return Known(languages, stored)


def words_marked(query: str, found: Sequence[SearchHit], facts: Known) -> list[SearchHit]:
    """Return hits with the query's words marked."""
    return _marked(highlight.telling_terms(query), found, _passages(found, facts), {})


def sentences_marked(
    query: str,
    found: Sequence[SearchHit],
    facts: Known,
    vectors: Mapping[str, Vector],
    embedder: Callable[[], Embedder] | None,
) -> list[SearchHit]:
    """Return hits with marks of the query's words and of the answering sentence.

    Args:
        query: the query of the search.
        found: the hits.
        facts: the catalog's data on the hits.
        vectors: the query's vector for each collection, with the collection's instruction.
        embedder: embeds the sentences of hits without stored vectors; None marks no sentence in
            these.
    """
    wanted = highlight.telling_terms(query)
    passages = _passages(found, facts)
    spans = sentence.stored_spans(found, facts.sentences, vectors, wanted, passages)
    left = [hit for hit in found if hit.chunk_id not in facts.sentences]
    if left and embedder is not None:
        spans |= sentence.read_spans(left, vectors, wanted, passages, embedder())
    return _marked(wanted, found, passages, spans)


def sentences_marked_by_query(
    text: str,
    found: Sequence[SearchHit],
    facts: Known,
    vectors: Sequence[Mapping[str, Vector]],
    embedder: Callable[[], Embedder] | None,
    *,
    weights: Sequence[float],
) -> list[SearchHit]:
    """Return hits with marks of all queries' words and of a sentence that answers one query.

    It is the query that contributes most to the hit's score. With one query, this equals
    :func:`sentences_marked`.

    Args:
        text: text of all queries.
        found: the hits.
        facts: the catalog's data on the hits.
        vectors: the vectors of each query for each collection.
        embedder: as for :func:`sentences_marked`.
        weights: weights of the queries.
    """
    marked: dict[int, SearchHit] = {}
    for at, own in enumerate(vectors):
        led = [hit for hit in found if several.leading(hit, weights) == at]
        if led:
            hits = sentences_marked(text, led, facts, own, embedder)
            marked |= {hit.chunk_id: hit for hit in hits}
    return [marked[hit.chunk_id] for hit in found]


def _passages(found: Sequence[SearchHit], facts: Known) -> dict[int, highlight.Passage]:
    return {
        hit.chunk_id: highlight.Passage(hit.text, facts.languages[hit.document_id]) for hit in found
    }


def _marked(
    wanted: highlight.Telling,
    found: Sequence[SearchHit],
    passages: Mapping[int, highlight.Passage],
    spans: Mapping[int, Span],
) -> list[SearchHit]:
    marked = []
    for hit in found:
        words = passages[hit.chunk_id].spans(wanted)
        span = spans.get(hit.chunk_id)
        if span is None:
            marked.append(replace(hit, highlights=words, sentence=None, words=words))
            continue
        outside = [each for each in words if each[1] <= span[0] or span[1] <= each[0]]
        every = tuple(sorted([span, *outside]))
        marked.append(replace(hit, highlights=every, sentence=span, words=words))
    return marked
