"""Makes embedded documents visible, several at once: one Chroma call and two transactions for all.

The rows are written first, invisible, then the vectors; one transaction then shows the documents.
A call of Chroma costs about 20 ms and a vector in it 1 ms, so that small documents that are ready
together are stored together. Each of the three steps runs inside the write lock; between them,
and between the calls of Chroma, others may write.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from kb.catalog.database import Database
from kb.embedding.base import Vectors
from kb.errors import ChangedMeanwhileError
from kb.records import AddResult, CollectionInfo
from kb.store import collections, documents, fulltext, vector_records, visibility
from kb.store.base import VectorRecord
from kb.store.freshness import Freshness
from kb.store.prepared import EmbeddedDocument

# Vectors given to Chroma in one call: the descriptions of a whole book are not held at once.
VECTORS_PER_CALL = 1000


@dataclass(slots=True)
class _Fresh:
    """A document that the store does not have, and the ids it is given."""

    item: EmbeddedDocument
    document_id: int = 0
    chunk_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """By content and settings: documents that are there, and those to be stored, once each."""

    collection: CollectionInfo
    items: Sequence[EmbeddedDocument]
    there: dict[tuple[str, str], int] = field(default_factory=dict)
    fresh: dict[tuple[str, str], _Fresh] = field(default_factory=dict)


def begin(
    database: Database, collection: CollectionInfo, items: Sequence[EmbeddedDocument]
) -> Plan:
    """Write the rows of documents, invisible; what another source gave already is not written.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
        StoreError: the disk is full or failed.
    """
    plan = Plan(collection, items)
    with database.read() as db:
        collections.require(db, collection)
        for item in items:
            if item.content in plan.there or item.content in plan.fresh:
                continue
            twin = documents.find_active(db, collection.id, *item.content)
            if twin is None:
                plan.fresh[item.content] = _Fresh(item)
            else:
                plan.there[item.content] = twin
    if plan.fresh:
        with database.write() as db:
            for new in plan.fresh.values():
                new.document_id, new.chunk_ids = documents.insert_pending(
                    db, collection.id, new.item.prepared
                )
    return plan


def batches(plan: Plan) -> Iterator[tuple[list[VectorRecord], Vectors]]:
    """Yield what Chroma is to be given, call by call."""
    pairs = itertools.chain.from_iterable(
        zip(
            vector_records.of_prepared(
                new.item.prepared, new.document_id, new.chunk_ids, new.item.file.source
            ),
            new.item.vectors,
            strict=True,
        )
        for new in plan.fresh.values()
    )
    while part := list(itertools.islice(pairs, VECTORS_PER_CALL)):
        yield [record for record, _ in part], np.stack([row for _, row in part])


def finish(database: Database, freshness: Freshness, plan: Plan) -> list[AddResult]:
    """Make documents visible as what their files hold, all of them in one step.

    Rows that are not needed after all, because others stored the same content meanwhile, stay
    invisible; the next clean-up removes them.

    Raises:
        ChangedMeanwhileError: a document that was there when storing began was removed.
        CollectionGoneError: the collection was deleted meanwhile.
        StoreError: the disk is full or failed.
    """
    collection_id = plan.collection.id
    with freshness.changing() if plan.fresh else database.write() as db:
        collections.require(db, plan.collection)
        for content in plan.there:
            if (twin := documents.find_active(db, collection_id, *content)) is None:
                msg = "a document that was there was removed meanwhile; run the same command again"
                raise ChangedMeanwhileError(msg)
            plan.there[content] = twin
        for content in list(plan.fresh):
            twin = documents.find_active(db, collection_id, *content)
            if twin is not None:
                plan.there[content] = twin
                del plan.fresh[content]
        for new in plan.fresh.values():
            _index(db, collection_id, new)
        return [_show(db, collection_id, item, plan) for item in plan.items]


def _index(db: sqlite3.Connection, collection_id: str, new: _Fresh) -> None:
    """Make a document's chunks findable by their words, and the document visible."""
    documents.set_state(db, new.document_id, "active")
    prepared = new.item.prepared
    title = prepared.document.title
    contexts = (
        fulltext.context_text(title, chunk.heading_path, prepared.language)
        for chunk in prepared.chunks
    )
    items = zip(new.chunk_ids, prepared.index_texts, contexts, strict=True)
    fulltext.add(db, collection_id, items)


def _show(
    db: sqlite3.Connection, collection_id: str, item: EmbeddedDocument, plan: Plan
) -> AddResult:
    """Let the item's source show its document, and say what that changed."""
    new = plan.fresh.get(item.content)
    stored = new is not None and new.item is item
    document_id = new.document_id if new else plan.there[item.content]
    before = visibility.show(db, collection_id, replace(item.file, document_id=document_id))
    chunks = item.prepared.chunks
    missing = item.prepared.missing if stored else []
    outcome: Literal["added", "changed", "unchanged"]
    if before is not None and before.document_id not in (None, document_id):
        outcome = "changed"
    else:
        outcome = "added" if stored or before is None else "unchanged"
    return AddResult(
        document_id=document_id,
        outcome=outcome,
        chunks=len(chunks),
        embedded=len(missing),
        reused=len(chunks) - len(missing),
        tokens=sum(chunks[row].tokens for row in missing),
    )
