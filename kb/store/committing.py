"""Makes embedded documents visible, several at once, with two transactions for all of them.

It first writes the rows, which are invisible, then the vectors. One transaction then shows the
documents. A call of Chroma costs about 20 ms and a vector in it 1 ms. So small documents that are
ready together share a call, up to :data:`VECTORS_PER_CALL` chunks. :mod:`kb.store.storing` holds
the locks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from kb.catalog.catalog import Catalog
from kb.catalog.state import Change
from kb.catalog.versions import PendingDocument
from kb.embedding.base import Vectors
from kb.errors import ChangedMeanwhileError
from kb.prepared import EmbeddedDocument
from kb.records import AddResult, CollectionInfo, short_ids
from kb.store import vector_records
from kb.vectors.base import VectorRecord

# Vectors of one call to a store: the descriptions of a whole book should not be in memory at once.
VECTORS_PER_CALL = 1000


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A document new to the store, and the ids for it."""

    item: EmbeddedDocument
    pending: PendingDocument


@dataclass(slots=True)
class Plan:
    """Existing documents and those to store, once each, by content and settings."""

    collection: CollectionInfo
    items: Sequence[EmbeddedDocument]
    there: dict[tuple[str, str], int] = field(default_factory=dict)
    fresh: dict[tuple[str, str], _Fresh] = field(default_factory=dict)


def begin(catalog: Catalog, collection: CollectionInfo, items: Sequence[EmbeddedDocument]) -> Plan:
    """Write the rows of documents, invisible, except for content that another source already gave.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
        StoreError: the disk is full or failed.
    """
    plan = Plan(collection, items)
    new: dict[tuple[str, str], EmbeddedDocument] = {}
    with catalog.reading() as state:
        state.current_collection(collection)
        for item in items:
            if item.content in plan.there or item.content in new:
                continue
            twin = state.find_version(collection.id, *item.content)
            if twin is None:
                new[item.content] = item
            else:
                plan.there[item.content] = twin
    if new:
        with catalog.change() as change:
            for content, item in new.items():
                pending = change.write_pending(collection.id, item.prepared)
                plan.fresh[content] = _Fresh(item, pending)
    return plan


def batches(plan: Plan) -> Iterator[tuple[list[VectorRecord], Vectors]]:
    """Yield the input of the vector store, call by call."""
    pairs = itertools.chain.from_iterable(
        zip(
            vector_records.of_prepared(
                new.item.prepared,
                new.pending.document_id,
                new.pending.chunk_ids,
                new.item.file.source,
            ),
            new.item.vectors,
            strict=True,
        )
        for new in plan.fresh.values()
    )
    while part := list(itertools.islice(pairs, VECTORS_PER_CALL)):
        yield [record for record, _ in part], np.stack([row for _, row in part])


def finish(catalog: Catalog, plan: Plan, place: str) -> list[AddResult]:
    """Make documents visible as the content of their files, all of them in one step.

    If another process has stored the same content meanwhile, the superfluous rows stay invisible,
    and the next clean-up removes them.

    Args:
        catalog: the catalog.
        plan: the result of :func:`begin`.
        place: the vector store that has the vectors.

    Raises:
        ChangedMeanwhileError: a document that existed at the beginning was removed, or the
            collection has moved to another vector store.
        CollectionGoneError: the collection was deleted meanwhile.
        StoreError: the disk is full or failed.
    """
    collection_id = plan.collection.id
    with catalog.change() as change:
        change.current_collection(plan.collection)
        if change.vector_place(collection_id) != place:
            msg = "the collection moved to another vector store meanwhile; run the command again"
            raise ChangedMeanwhileError(msg)
        for content in plan.there:
            if (twin := change.find_version(collection_id, *content)) is None:
                msg = "another process removed the same document; run the same command again"
                raise ChangedMeanwhileError(msg)
            plan.there[content] = twin
        for content in list(plan.fresh):
            twin = change.find_version(collection_id, *content)
            if twin is not None:
                plan.there[content] = twin
                del plan.fresh[content]
        if plan.fresh:
            change.count_generation()
            change.show_versions(
                collection_id, [(new.pending, new.item) for new in plan.fresh.values()]
            )
        return [_attach(change, item, plan) for item in plan.items]


def _attach(change: Change, item: EmbeddedDocument, plan: Plan) -> AddResult:
    """Let the item's source show its document; return the change."""
    new = plan.fresh.get(item.content)
    stored = new is not None and new.item is item
    document_id = new.pending.document_id if new else plan.there[item.content]
    file = replace(item.file, document_id=document_id)
    before = change.attach_source(plan.collection.id, file)
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
        short_id=short_ids.document_id(
            item.prepared.document.media_type, item.prepared.content_hash
        ),
    )
