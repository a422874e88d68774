"""From ranked chunks to hits: their rows, their sources, and the text around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kb.catalog.chunks import Passage, StoredChunk
from kb.catalog.state import State
from kb.folders import about
from kb.records import CollectionInfo, SearchHit, Source
from kb.records.short_ids import document_id, passage_id
from kb.search.collapse import collapse

Ranking = Sequence[tuple[int, float]]
"""(chunk id, score), best first."""


Places = Mapping[int, tuple[int, float]]
"""Rank (from 1) and score by chunk id."""


@dataclass(slots=True)
class Found:
    """A ranking of chunks of some collections, and the results of its stages.

    ``passages`` are the visible chunks of the ranking.
    """

    collections: Sequence[CollectionInfo]
    ranked: Ranking
    passages: Mapping[int, Passage]
    stages: Mapping[str, Places] = field(default_factory=dict)


def places(ranking: Ranking) -> Places:
    """Return rank and score of each chunk of a ranking."""
    return {chunk_id: (rank, score) for rank, (chunk_id, score) in enumerate(ranking, start=1)}


def first(state: State, found: Found, wanted: int | None) -> list[SearchHit]:
    """Return the first ``wanted`` hits of a ranking, or all, each passage once.

    Chunks that are no longer visible are left out. Only shown hits are read whole, because a search
    ranks a hundred chunks to show a few.
    """
    collections = {each.id: each for each in found.collections}
    passages = found.passages
    ranked = (passages[chunk_id] for chunk_id, _ in found.ranked if chunk_id in passages)
    kept = collapse(ranked, wanted)
    ids = [each.passage.id for each in kept]
    chunks = state.visible_chunks(list(collections), ids)
    origins = state.sources_of(document for each in kept for document in each.document_ids)
    scores = dict(found.ranked)
    return [
        _hit(
            collections[chunks[chunk_id].collection_id],
            chunks[chunk_id],
            scores[chunk_id],
            {name: place[chunk_id] for name, place in found.stages.items() if chunk_id in place},
            tuple(dict.fromkeys(source for key in each.document_ids for source in origins[key])),
        )
        for chunk_id, each in zip(ids, kept, strict=True)
    ]


def with_neighbours(state: State, hits: Sequence[SearchHit], count: int) -> list[SearchHit]:
    """Add the text of ``count`` chunks before and after each hit, without repeating overlaps.

    The text comes from the whole document, which is read once.
    """
    texts: dict[int, str] = {}
    result = []
    for hit in hits:
        span = state.passage_span(hit.document_id, hit.ordinal - count, hit.ordinal + count)
        if hit.document_id not in texts:
            texts[hit.document_id] = state.document_text(hit.document_id)
        text = texts[hit.document_id]
        result.append(replace(hit, before=text[span[0] : hit.start], after=text[hit.end : span[1]]))
    return result


def _hit(
    collection: CollectionInfo,
    chunk: StoredChunk,
    score: float,
    stages: Mapping[str, tuple[int, float]],
    origins: tuple[Source, ...],
) -> SearchHit:
    return SearchHit(
        score=score,
        scores={name: own for name, (_, own) in stages.items()},
        ranks={name: rank for name, (rank, _) in stages.items()},
        text=chunk.text,
        collection=collection.name,
        document_id=chunk.document_id,
        chunk_id=chunk.id,
        ordinal=chunk.ordinal,
        title=chunk.title,
        media_type=chunk.media_type,
        sources=origins,
        start=chunk.start,
        end=chunk.end,
        heading_path=chunk.heading_path,
        kind=chunk.kind,
        page_first=chunk.page_first,
        page_last=chunk.page_last,
        page_label=chunk.page_label,
        page_label_last=chunk.page_label_last,
        read_by=chunk.read_by,
        confidence=chunk.confidence,
        header=chunk.header,
        short_id=passage_id(document_id(chunk.media_type, chunk.content_hash), chunk.start),
        metadata=chunk.metadata,
        about=about(collection, origins),
    )
