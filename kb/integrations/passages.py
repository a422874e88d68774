"""A hit as other libraries take passages: the text to read, and facts about it."""

from __future__ import annotations

from typing import Any

from kb.records import SearchHit, with_header

READ_BESIDE_THE_TEXT = ("source", "title", "pages", "heading")
"""Facts that tell a language model where a passage is from; the others are for programs."""


def passage_text(hit: SearchHit) -> str:
    """Return a passage with its neighbours as far as they were asked for.

    The header row of a table stands above rows that were cut off from it.
    """
    whole = f"{hit.before}{hit.text}{hit.after}"
    return whole if hit.header in hit.before else with_header(hit.header, whole)


def passage_id(hit: SearchHit) -> str:
    """Return what names a passage wherever its document is stored; its number by old servers."""
    return hit.short_id or str(hit.chunk_id)


def passage_facts(hit: SearchHit) -> dict[str, Any]:
    """Return what is known of a passage, as values of JSON. Every hit has the same keys.

    ``id`` is what :meth:`kb.KnowledgeBase.read` reads it by. ``page`` and ``page_last`` are numbers
    from 1, None where the format has no pages; ``pages`` is how a citation names them. ``heading``
    is the heading path in one line. ``document`` holds the metadata of the document itself.
    ``start`` and ``end`` are characters of the document's text; neighbours and header rows lie
    outside of them. ``sentence`` and ``matched`` are filled where highlights were asked for.
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
