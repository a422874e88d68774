"""From a document to its searchable form, in four steps that ingestion runs in parallel.

``split`` needs no store. ``look_up`` finds the known vectors. ``embed`` computes the others.
``commit`` makes the document visible.
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
"""Root of the sources of documents added from Python without a file name."""


class Indexing:
    """Puts documents into a store. Thread-safe.

    Args:
        settings: sizes of chunks, and the default collection.
        store: the store of the documents.
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
        """Do all four steps for a document without a file: see ``KnowledgeBase.add``."""
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
        """Do :meth:`split` and :meth:`look_up` for a collection, which is created if needed.

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
            content_hash: hash of the file, or of the text without a file.
            settings_hash: result of :meth:`settings_hash` for a file.
            size: size of the file in bytes.
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
        """Find the vectors of a document that a collection of the model in use already has."""
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
        """Return the vectors of all chunks; only unknown ones are computed.

        They are float32, shape (chunks, dim), unit length, in the order of the chunks.
        """
        embedder = self._loaded.get()
        inputs = [prepared.inputs[row] for row in prepared.missing]
        fresh = embedder.embed_documents(inputs, on_progress)
        return prepared.assemble(fresh, dim=embedder.dim)

    def embed_again(
        self, target: CollectionInfo, chunks: Sequence[KeyedChunk]
    ) -> dict[int, Vector]:
        """Compute the vectors of stored chunks, by chunk id, independently of the present settings.

        A chunk is left out if neither its text nor its text with a prefix gives its key.

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
        """Make the document visible as the content of ``file``, in one step."""
        item = EmbeddedDocument(prepared=prepared, vectors=vectors, file=file)
        return self.commit_all([item])[0]

    def commit_all(self, items: Sequence[EmbeddedDocument]) -> list[AddResult]:
        """Make documents of one collection visible in one step: cheaper than single commits."""
        target = items[0].prepared.collection
        if target is None:
            msg = "a document that was prepared for no collection cannot be stored"
            raise CollectionError(msg)
        return self._store.commit_all(target, items)

    def settings_hash(self, loader: str) -> str:
        """Return a hash of everything but a file's bytes that decides its chunks.

        It is two hashes joined by a dot: one for reading the file, one for cutting and embedding
        its text.
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
        """Identity of the model in use."""
        return self._loaded.get().identity

    def writable_collection(self, collection: CollectionRef) -> CollectionInfo:
        """Return a collection of the model in use, creating it if the name is new.

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
        """Return the present record of a collection, which may have been renamed.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        with self._store.catalog.reading() as state:
            return state.current_collection(collection)

    def embedding_by(self, opening: Callable[[], Embedder]) -> Indexing:
        """Return the same steps with another embedder of the same model; its owner closes it."""
        return Indexing(self._settings, self._store, Lazy(opening))

    def check_embedder(self, target: CollectionInfo) -> None:
        """Refuse a collection whose vectors come from another model.

        Raises:
            EmbedderMismatchError: they do. The message says what to do.
        """
        with self._store.catalog.reading() as state:
            theirs = state.embedder_of(target.id)
        require_same_embedder(target, theirs, self.identity, model=self._settings.model)

    @property
    def rules(self) -> SplitRules:
        """The rules for splitting documents, from the settings and the model in use."""
        return SplitRules(
            options=SplitOptions(
                chunk_size=self._settings.chunk_size,
                chunk_overlap=self._settings.chunk_overlap,
                unit=self._settings.chunk_unit,
            ),
            contextual=self._settings.contextual,
            fingerprint=self.identity.fingerprint,
        )
