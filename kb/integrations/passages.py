"""A hit in the form of other libraries: the text to read, and metadata."""

from __future__ import annotations

from typing import Any

from kb.records import SearchHit, with_header

READ_BESIDE_THE_TEXT = ("source", "title", "pages", "heading")
"""Metadata that tells a language model the passage's place; the rest is for programs."""


def passage_text(hit: SearchHit) -> str:
    """Return a passage with its neighbours, if they were requested.

    Rows that were cut off from their table's header row follow that row.
    """
    whole = f"{hit.before}{hit.text}{hit.after}"
    return whole if hit.header in hit.before else with_header(hit.header, whole)


def passage_id(hit: SearchHit) -> str:
    """Return the passage's short id; its number if the server is too old for short ids."""
    return hit.short_id or str(hit.chunk_id)


def passage_facts(hit: SearchHit) -> dict[str, Any]:
    """Return a passage's metadata as JSON values. Every hit has the same keys.

    ``id`` is the address for :meth:`kb.KnowledgeBase.read`. ``page`` and ``page_last`` are numbers
    from 1; None for formats without pages. ``pages`` has the form of a citation. ``heading`` is the
    heading path in one line. ``document`` holds the document's own metadata. ``start`` and ``end``
    are offsets in the document's text; neighbours and header rows are outside of them. ``sentence``
    and ``matched`` are filled if the search asked for highlights.
    """
    sentence = hit.text[slice(*hit.sentence)] if hit.sentence else ""
    return {
        "id": passage_id(hit),
        "score": hit.score,
        "source": hit.source,
        "sources": [str(source) for source in hit.sources],
        "title": hit.title,
        "page": hit.page_first,
        "page_last": hit.page_last,
        "pages": hit.pages,
        "heading": " › ".join(hit.heading_path),
        "collection": hit.collection,
        "document_id": hit.document_id,
        "chunk_id": hit.chunk_id,
        "start": hit.start,
        "end": hit.end,
        "kind": hit.kind,
        "media_type": hit.media_type,
        "read_by": hit.read_by,
        "confidence": hit.confidence,
        "reasons": list(hit.reasons),
        "sentence": sentence,
        "matched": list(hit.matched),
        "document": dict(hit.metadata),
    }
