"""Vectors of sentences for searchable chunks: the second half of ingestion.

Each step stores its vectors, so that stopped or killed work continues from there. One thread of one
process at a time refines a collection. Others wait for it and then do the rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np

from kb.catalog.sentences import StoredSentences, UnrefinedChunk
from kb.embedding.base import Embedder, Vector, Vectors, embed_short
from kb.errors import StoreBusyError
from kb.indexing.inputs import Inputs
from kb.indexing.steps import Indexing
from kb.records import CollectionInfo
from kb.sentences.packed import pack, pack_spans
from kb.sentences.windows import CONTEXT, Span, halves, windows
from kb.stopping import StoppedError, stoppable
from kb.store.store import Store

OnRefined = Callable[[int, int], None]
"""Called with the number of the collection's refined chunks and the total."""

# Chunks of the first step. Later steps take a second or a few: so much work is lost by a kill, and
# so long may others wait to see progress.
_FIRST_STEP, _LEAST_STEP, _MOST_STEP = 32, 4, 512
_SHORT_S, _LONG_S = 1.0, 5.0
# How often waiting processes check, in seconds.
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """Result of the work. ``computed`` counts chunks, ``sentences`` the embedded texts.

    ``refined`` of ``chunks`` are done. ``left`` are not, because the work was stopped or their own
    vectors are missing.
    """

    collection: str
    chunks: int
    refined: int
    computed: int
    sentences: int

    @property
    def left(self) -> int:
        """Number of chunks that searches find by their own vectors alone."""
        return self.chunks - self.refined


def refine(
    store: Store,
    indexing: Indexing,
    collection: CollectionInfo,
    *,
    on_progress: OnRefined | None = None,
    stop: threading.Event | None = None,
) -> Refinement:
    """Compute the missing vectors of a collection's sentences, newest documents first.

    Args:
        store: the store of the collection.
        indexing: embeds with the model in use, which is loaded only if vectors are missing.
        collection: the collection, even if it has been renamed.
        on_progress: called with the number of finished chunks and the total.
        stop: set it to end early; finished chunks are kept.

    Raises:
        CollectionGoneError: the collection was deleted meanwhile.
        EmbedderMismatchError: the collection was made with another model.
        EmbeddingError: the model failed. Finished chunks are kept.
        StoreError: a store failed, the disk is full, or the folder is read-only.
    """
    store.require_writable()
    work = _Work(store, indexing, collection, on_progress, stop or threading.Event())
    with store.catalog.reading() as state:
        todo = state.has_unrefined(state.current_collection(collection).id)
    if todo:
        indexing.check_embedder(collection)
        work.run()
    return work.result()


class _Work:
    def __init__(
        self,
        store: Store,
        indexing: Indexing,
        collection: CollectionInfo,
        on_progress: OnRefined | None,
        stop: threading.Event,
    ) -> None:
        self._store = store
        self._indexing = indexing
        self._collection = collection
        self._on_progress = on_progress
        self._stop = stop
        self._stuck: list[int] = []
        self._computed = self._sentences = 0

    def run(self) -> None:
        with self._alone() as alone:
            if not alone:
                return
            size = _FIRST_STEP
            with stoppable(self._stop):
                while not self._stop.is_set():
                    began = time.monotonic()
                    try:
                        if not self._step(size):
                            self._end()
                            return
                    except StoppedError:
                        return
                    self._tell()
                    seconds = time.monotonic() - began
                    if seconds < _SHORT_S:
                        size = min(_MOST_STEP, 2 * size)
                    elif seconds > _LONG_S:
                        size = max(_LEAST_STEP, size // 2)

    def result(self) -> Refinement:
        now = self._now()
        return Refinement(
            collection=now.name,
            chunks=now.chunks,
            refined=now.refined,
            computed=self._computed,
            sentences=self._sentences,
        )

    def _now(self) -> CollectionInfo:
        with self._store.catalog.reading() as state:
            return state.current_collection(self._collection)

    def _end(self) -> None:
        """Record in the history of runs that all chunks are done."""
        if self._computed and not self._stuck:
            with self._store.change_catalog() as change:
                change.note_run_refined(self._collection.id)

    def _tell(self) -> None:
        if self._on_progress is not None:
            now = self._now()
            self._on_progress(now.refined, now.chunks)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Be the only process that refines the collection; yield False if stopped before that."""
        lock = self._store.refining_lock(self._collection.id)
        while not self._stop.is_set():
            self._tell()
            with ExitStack() as held:
                try:
                    held.enter_context(lock.hold(timeout_s=_LOOK_S))
                except StoreBusyError:
                    continue  # another process is at it; the lock of a dead one is released
                yield True
                return
        yield False

    def _step(self, size: int) -> bool:
        """Compute and store the vectors of some chunks; return False if none is left."""
        with self._store.catalog.reading() as state:
            collection_id = state.current_collection(self._collection).id
            chunks = state.chunks_to_refine(collection_id, at_most=size, without=self._stuck)
        if not chunks:
            return False
        missing = {(chunk.key, len(chunk.text)): chunk for chunk in chunks if not chunk.known}
        own = self._own([chunk.id for chunk in missing.values()])
        able = [chunk for chunk in missing.values() if chunk.id in own]
        rows = self._computed_rows(able, own)
        self._store.put_sentences(self._collection, rows, self._reached(chunks, rows))
        self._computed += len(rows)
        return True

    def _own(self, ids: Sequence[int]) -> dict[int, Vector]:
        return self._store.stored_vectors(self._collection.id, ids) if ids else {}

    def _computed_rows(
        self, chunks: Sequence[UnrefinedChunk], own: dict[int, Vector]
    ) -> list[StoredSentences]:
        if not chunks:
            return []
        embedder = self._indexing.embedder
        inputs = Inputs(self._indexing.rules, embedder.count_tokens)
        cut = [_cut(chunk, inputs.of(chunk), embedder) for chunk in chunks]
        texts: dict[str, int] = {}
        for text in (text for each in cut for text in each.texts if text is not None):
            texts.setdefault(text, len(texts))
        vectors = embed_short(embedder, list(texts))
        self._sentences += len(texts)
        return [
            _row(chunk, each, own[chunk.id], texts, vectors)
            for chunk, each in zip(chunks, cut, strict=True)
        ]

    def _reached(
        self, chunks: Sequence[UnrefinedChunk], rows: Sequence[StoredSentences]
    ) -> dict[int, int]:
        """Return the number of finished first chunks by document; remember stuck documents.

        A document is stuck if a chunk's own vector is missing; ``kb doctor --repair`` restores
        that.
        """
        done = {(row.key, row.characters) for row in rows}
        reached: dict[int, int] = {}
        stuck: set[int] = set()
        for chunk in chunks:
            if not chunk.known and (chunk.key, len(chunk.text)) not in done:
                stuck.add(chunk.document_id)
            elif chunk.document_id not in stuck:
                reached[chunk.document_id] = chunk.ordinal + 1
        self._stuck += sorted(stuck)
        return reached


@dataclass(frozen=True, slots=True)
class _Cut:
    """The windows of a chunk, and the text of each; None for the chunk's own vector."""

    spans: list[Span]
    texts: list[str | None]


def _cut(chunk: UnrefinedChunk, embedded: tuple[str, str] | None, embedder: Embedder) -> _Cut:
    """Return a chunk's windows, plus one for its context, which has no text in the chunk."""
    spans = _fitting(chunk.text, embedder, embedder.max_tokens)
    texts: list[str | None] = [chunk.text[start:end] for start, end in spans]
    if embedded == ("", chunk.text) and spans == [(0, len(chunk.text))]:
        texts = [None]  # the whole chunk
    if embedded is not None and (context := embedded[0].strip()):
        return _Cut([CONTEXT, *spans], [context, *texts])
    return _Cut(spans, texts)


def _fitting(text: str, embedder: Embedder, most: int) -> list[Span]:
    """Return the windows of a text, all within the model's limit."""
    found: list[Span] = []
    waiting = windows(text)[::-1]
    while waiting:
        start, end = waiting.pop()
        part = text[start:end]
        # Tokenizers make at most as many tokens as bytes, plus a few at the ends.
        short = len(part.encode("utf-8", "surrogatepass")) + 8 <= most
        if short or end - start == 1 or embedder.count_tokens([part])[0] <= most:
            found.append((start, end))
        else:
            waiting += halves(text, (start, end))[::-1]
    return found


def _row(
    chunk: UnrefinedChunk, cut: _Cut, own: Vector, texts: Mapping[str, int], vectors: Vectors
) -> StoredSentences:
    rows = [own, *(own if text is None else vectors[texts[text]] for text in cut.texts)]
    return StoredSentences(
        key=chunk.key,
        characters=len(chunk.text),
        spans=pack_spans(cut.spans),
        vectors=pack(np.stack(rows)),
    )
