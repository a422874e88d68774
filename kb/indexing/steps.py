"""From a document to what a search finds, in four steps that ingestion runs side by side.

``split`` needs no store, ``look_up`` finds the vectors that are known, ``embed`` computes the rest,
``commit`` makes visible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kb.embedding.base import Embedder, EmbedderIdentity, Vector, Vectors
from kb.errors import CollectionError
from kb.indexing.inputs import Inputs
from kb.indexing.splitting import SplitRules, short_hash, split_document
from kb.lazy import Lazy
from kb.prepared import EmbeddedDocument, KeyedChunk, PreparedDocument, SplitDocument
from kb.records import (
    AddResult,
    CollectionInfo,
    CollectionRef,
    Document,
    FileState,
    MetadataValue,
    Source,
)
from kb.settings import Settings
from kb.splitting import SplitOptions
from kb.store.identity import require_same_embedder
from kb.store.store import Store

PYTHON_ROOT = "python"
"""Root of the sources of documents that were added from Python without naming a file."""


class Indexing:
    """Puts documents into a store. Thread-safe.

    Args:
        settings: sizes of chunks, and the collection used where none is named.
        store: where documents go.
        loaded: the embedding model, loaded at first use.
    """

    def __init__(self, settings: Settings, store: Store, loaded: Lazy[Embedder]) -> None:
        self._settings = settings
        self._store = store
        self._loaded = loaded

    def add(
        self,
        document: Document | str,
        *,
        name: str = "",
        collection: str | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> AddResult:
        """Do all four steps for a document that no file holds: see ``KnowledgeBase.add``."""
        if isinstance(document, str):
            document = Document.from_text(document)
        if metadata:
            document = replace(document, metadata={**document.metadata, **metadata})
        digest = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
        prepared = self.prepare(document, content_hash=digest, collection=collection)
        file = FileState(
            source=Source(root=PYTHON_ROOT, path=name or document.title or digest[:16]),
            size=prepared.size,
            mtime_ns=0,
            content_hash=digest,
            settings_hash=prepared.settings_hash,
            outcome="warnings" if document.notices else "indexed",
        )
        return self.commit(prepared, self.embed(prepared, on_progress), file)

    def prepare(
        self,
        document: Document,
        *,
        content_hash: str,
        settings_hash: str | None = None,
        collection: CollectionRef = None,
        size: int | None = None,
    ) -> PreparedDocument:
        """Do :meth:`split` and :meth:`look_up` for a collection, made if it is not there.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        target = self.writable_collection(collection)
        made = self.split(
            document, content_hash=content_hash, settings_hash=settings_hash, size=size
        )
        return self.look_up(made, target)

    def split(
        self,
        document: Document,
        *,
        content_hash: str,
        settings_hash: str | None = None,
        size: int | None = None,
    ) -> SplitDocument:
        """Cut a document into chunks.

        Args:
            document: as a loader read it.
            content_hash: of the file, or of the text where there is none.
            settings_hash: from :meth:`settings_hash`, where a file was read.
            size: the file's, in bytes.
        """
        return split_document(
            document,
            self.rules,
            self._loaded.get(),
            content_hash=content_hash,
            settings_hash=settings_hash or self.settings_hash(""),
            size=size,
        )

    def look_up(self, made: SplitDocument, target: CollectionInfo) -> PreparedDocument:
        """Find which vectors of a document a collection of the model in use has already."""
        with self._store.catalog.reading() as state:
            same = state.chunks_with_keys(target.id, made.keys)
        stored = self._store.stored_vectors(target.id, list(same.values())) if same else {}
        known = {
            row: stored[same[key]]
            for row, key in enumerate(made.keys)
            if key in same and same[key] in stored
        }
        return made.for_collection(target, known)

    def embed(
        self, prepared: PreparedDocument, on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Return the vectors of all chunks, computing only those that are not known.

        float32, shape (chunks, dim), unit length, in the order of the chunks.
        """
        embedder = self._loaded.get()
        inputs = [prepared.inputs[row] for row in prepared.missing]
        fresh = embedder.embed_documents(inputs, on_progress)
        return prepared.assemble(fresh, dim=embedder.dim)

    def embed_again(
        self, target: CollectionInfo, chunks: Sequence[KeyedChunk]
    ) -> dict[int, Vector]:
        """Compute the vectors of stored chunks, by chunk id, whatever the settings say now.

        A chunk is left out if neither its text nor its text with context in front gives its key.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        self.check_embedder(target)
        embedder = self._loaded.get()
        known = Inputs(self.rules, embedder.count_tokens)
        found = {chunk.id: known.of(chunk) for chunk in chunks}
        inputs = {key: "".join(parts) for key, parts in found.items() if parts is not None}
        vectors = embedder.embed_documents(list(inputs.values()))
        return dict(zip(inputs, vectors, strict=True))

    def commit(self, prepared: PreparedDocument, vectors: Vectors, file: FileState) -> AddResult:
        """Make the document visible as what ``file`` holds, in one step."""
        item = EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)
        return self.commit_all([item])[0]

    def commit_all(self, items: Sequence[EmbeddedDocument]) -> list[AddResult]:
        """Make documents of one collection visible in one step: cheaper than one by one."""
        target = items[0].prepared.collection
        if target is None:
            msg = "a document that was prepared for no collection cannot be stored"
            raise CollectionError(msg)
        return self._store.commit_all(target, items)

    def settings_hash(self, loader: str) -> str:
        """Return a hash of everything besides a file's bytes that decides its chunks.

        Two hashes joined by a point: of how the file is read, and of how its text is cut and
        embedded.
        """
        return f"{short_hash(loader)}.{self.rules.hash}"

    def translated(self, settings_hash: str) -> str:
        """Return the hash of a file that is read as before, but cut and embedded as now."""
        return f"{settings_hash.partition('.')[0]}.{self.rules.hash}"

    @property
    def embedder(self) -> Embedder:
        """The model in use, loaded at first use."""
        return self._loaded.get()

    @property
    def identity(self) -> EmbedderIdentity:
        """The model in use."""
        return self._loaded.get().identity

    def writable_collection(self, collection: CollectionRef) -> CollectionInfo:
        """Return a collection of the model in use, making it if there is none of that name.

        Raises:
            CollectionGoneError: the collection given was deleted meanwhile.
            EmbedderMismatchError: the collection was made with another model.
        """
        if isinstance(collection, CollectionInfo):
            target = self.current(collection)
        else:
            target = self._store.ensure_collection(
                collection or self._settings.collection, self._loaded.get().identity
            )
        self.check_embedder(target)
        return target

    def current(self, collection: CollectionInfo) -> CollectionInfo:
        """Return a collection as it is now; it may have another name.

        Raises:
            CollectionGoneError: it was deleted meanwhile.
        """
        with self._store.catalog.reading() as state:
            return state.current_collection(collection)

    def embedding_by(self, opening: Callable[[], Embedder]) -> Indexing:
        """Return the same steps with another way to the model, which its owner closes."""
        return Indexing(self._settings, self._store, Lazy(opening))

    def check_embedder(self, target: CollectionInfo) -> None:
        """Refuse a collection whose vectors come from another model.

        Raises:
            EmbedderMismatchError: they do; the message says what to do.
        """
        with self._store.catalog.reading() as state:
            theirs = state.embedder_of(target.id)
        require_same_embedder(target, theirs, self.identity, model=self._settings.model)

    @property
    def rules(self) -> SplitRules:
        """How documents are split, with the settings and the model in use."""
        return SplitRules(
            options=SplitOptions(
                chunk_size=self._settings.chunk_size,
                chunk_overlap=self._settings.chunk_overlap,
                unit=self._settings.chunk_unit,
            ),
            contextual=self._settings.contextual,
            fingerprint=self.identity.fingerprint,
        )
