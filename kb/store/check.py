"""Checks whether catalog, vectors and full-text index agree, and mends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.catalog.state import State
from kb.embedding.base import Vector
from kb.errors import (
    CollectionGoneError,
    EmbedderMismatchError,
    StoreBusyError,
    StoreError,
    VectorServerError,
)
from kb.prepared import KeyedChunk
from kb.records import CollectionInfo
from kb.store import vector_records
from kb.store.checked import CollectionCheck, StoreCheck
from kb.store.store import Store

# Chunks embedded before their vectors are stored: an interruption costs so many.
_CHUNKS_PER_STEP = 512
# Attempts at a consistent view of a store with vectors on a server.
_ATTEMPTS = 10
# Documents named in one message.
_MOST_NAMED = 10

EmbedAgain = Callable[[CollectionInfo, Sequence[KeyedChunk]], Mapping[int, Vector]]
"""Computes the vectors of a collection's chunks, by chunk id.

It leaves out chunks whose embedded text cannot be reconstructed.
"""


def check(store: Store) -> StoreCheck:
    """Compare catalog, vectors, full-text index and index of file names; change nothing.

    Raises:
        StoreBusyError: vectors are on a server, and other processes change them all the time.
    """
    for _ in range(_ATTEMPTS):
        with _quiet(store):
            with store.catalog.reading() as state:
                generation = state.generation()
                integrity = state.integrity()
                infos = state.every_collection()
            try:
                held = [_held(store, info) for info in infos]
            except CollectionGoneError:
                continue
            # No document is half stored now, and everything that was read belongs to one state.
            with store.alone(), store.catalog.reading() as state:
                if state.generation() != generation:
                    continue
                pairs = zip(infos, held, strict=True)
                checks = tuple(_compared(state, info, each) for info, each in pairs)
                wrong = state.count_wrong_names()
        not_checked = () if store.snapshot is None else (_not_checked(store.folder),)
        return StoreCheck(
            collections=checks, integrity=integrity, wrong_names=wrong, not_checked=not_checked
        )
    msg = "other processes keep changing the store; check it when they are done"
    raise StoreBusyError(msg)


@contextmanager
def _quiet(store: Store) -> Iterator[None]:
    """Keep other writers out, unless vectors are on a server: nobody must wait for that."""
    with nullcontext() if store.vectors.any_are_remote() else store.alone():
        yield


@dataclass(frozen=True, slots=True)
class _Held:
    """The ids of a collection in a vector store, or the error of reading it."""

    ids: frozenset[int]
    unreadable: str = ""


def _held(store: Store, info: CollectionInfo) -> _Held:
    try:
        found = _Held(frozenset(store.vectors.ids(info.id)))
        _probe(store, info)
    except VectorServerError:
        raise
    except StoreError as error:
        return _Held(frozenset(), str(error))
    return found


def _not_checked(folder: Path) -> str:
    return (
        f"{folder} is read-only: the check leaves out whether it is writable, and the remains of "
        "interrupted changes; nothing can be mended there"
    )


def _compared(state: State, info: CollectionInfo, held: _Held) -> CollectionCheck:
    visible = state.visible_chunk_ids(info.id)
    indexed = state.indexed_chunk_ids(info.id)
    stored = visible if held.unreadable else held.ids
    return CollectionCheck(
        collection=info,
        without_vector=tuple(sorted(visible - stored)),
        stray_vectors=tuple(sorted(stored - visible)),
        not_indexed=tuple(sorted(visible - indexed)),
        stray_terms=tuple(sorted(indexed - visible)),
        without_source=state.documents_without_source(info.id),
        unsound_sentences=state.unsound_sentences(info.id, info.dim),
        stray_sentences=state.stray_sentences(info.id),
        unreadable=held.unreadable,
    )


def _probe(store: Store, info: CollectionInfo) -> None:
    """Make the store read its index; counting does not."""
    direction = np.zeros(info.dim, dtype=np.float32)
    direction[0] = 1.0
    store.vectors.query(info.id, direction, 1)


def repair(store: Store, embed: EmbedAgain) -> StoreCheck:
    """Mend the findings of :func:`check`, then check again; report what was mended.

    ``embed`` computes missing vectors from the stored chunks. Stray vectors are deleted, the
    full-text index and that of file names are rebuilt, and documents without a file are removed.
    Unreadable collections of vectors are rebuilt.

    Raises:
        StoreError: the folder is read-only.
    """
    store.require_writable()
    mended: list[str] = []
    left: list[str] = []
    with _quiet(store):
        interrupted = store.recover()
        if interrupted:
            mended.append(f"removed the remains of {interrupted} interrupted changes")
        described = store.describe_all()
        if described:
            mended.append(f"updated the metadata of {described} documents of an earlier release")
        mended += _make_unreadable_again(store)
        before = check(store)
        mended += _mend_names(store, before)
        for found in before.collections:
            try:
                mended += _mend(store, found)
                done, not_done = _embed_missing(store, found, embed)
                mended += done
                left += not_done
            except EmbedderMismatchError as error:
                left.append(str(error))
        after = check(store)
    return StoreCheck(
        collections=after.collections,
        integrity=after.integrity,
        wrong_names=after.wrong_names,
        mended=tuple(mended),
        left=tuple(left),
    )


def _make_unreadable_again(store: Store) -> list[str]:
    """Empty unreadable collections; the catalog has everything to compute their vectors again."""
    made: dict[str, str] = {}
    # If the files of all collections are damaged, rebuilding one deletes the others.
    while broken := [each.collection for each in check(store).collections if each.unreadable]:
        if all(info.id in made for info in broken):
            break
        for info in broken:
            store.vectors.remake(info.id, info.dim)
            made[info.id] = f"{info.name}: its vectors could not be read; computing them again"
        store.tell_searches()
    return list(made.values())


def _mend_names(store: Store, found: StoreCheck) -> list[str]:
    if not found.wrong_names:
        return []
    with store.change_catalog() as change:
        change.renew_names()
    store.tell_searches()
    return [f"rebuilt the index of file names: {found.wrong_names} names were wrong"]


def _mend(store: Store, found: CollectionCheck) -> list[str]:
    """Mend everything that needs no model."""
    info, done = found.collection, []
    if found.stray_vectors:
        store.vectors.delete(info.id, found.stray_vectors)
        done.append(f"{info.name}: deleted {len(found.stray_vectors)} vectors without a chunk")
    if found.not_indexed or found.stray_terms:
        with store.change_catalog() as change:
            change.rebuild_keyword_index(info.id)
        done.append(f"{info.name}: rebuilt the full-text index")
    if found.unsound_sentences or found.stray_sentences:
        with store.change_catalog() as change:
            change.mend_sentences(info.id, found.unsound_sentences)
        done.append(
            f"{info.name}: the sentences of {len(found.unsound_sentences)} chunks must be embedded "
            "again (`kb refine`); deleted sentences without a chunk"
        )
    for document_id in found.without_source:
        store.remove_document(document_id)
        done.append(f"{info.name}: removed document {document_id}, which has no file")
    if done:
        store.tell_searches()
    return done


def _embed_missing(
    store: Store, found: CollectionCheck, embed: EmbedAgain
) -> tuple[list[str], list[str]]:
    """Compute missing vectors; report what was mended, and what could not be."""
    info = found.collection
    count, unknown = 0, list[KeyedChunk]()
    for at in range(0, len(found.without_vector), _CHUNKS_PER_STEP):
        wanted = found.without_vector[at : at + _CHUNKS_PER_STEP]
        with store.catalog.reading() as state:
            described = vector_records.of_stored(state, info.id, wanted)
        vectors = embed(info, [keyed for _, keyed in described])
        records = [record for record, _ in described if record.id in vectors]
        unknown += [keyed for _, keyed in described if keyed.id not in vectors]
        if records:
            rows = np.stack([vectors[record.id] for record in records])
            store.vectors.upsert(info.id, records, rows)
            store.tell_searches()
        count += len(records)
    done = [f"{info.name}: computed {count} missing vectors"] if count else []
    return done, [_unknown(store, info, unknown)] if unknown else []


def _unknown(store: Store, info: CollectionInfo, chunks: Sequence[KeyedChunk]) -> str:
    ids = list(dict.fromkeys(chunk.document_id for chunk in chunks))
    with store.catalog.reading() as state:
        infos = [state.document(document_id) for document_id in ids[:_MOST_NAMED]]
    named = [f"document {each.id} ({each.name})" for each in infos if each is not None]
    if len(ids) > _MOST_NAMED:
        named.append(f"{len(ids) - _MOST_NAMED} more")
    return (
        f"{info.name}: {len(chunks)} chunks have no vector, and their embedded text cannot be "
        f"reconstructed; remove these documents (`kb remove`) and ingest their files again: "
        f"{', '.join(named)}"
    )
