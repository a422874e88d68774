"""From a document to what a search finds, in three steps that ingestion runs side by side.

``prepare`` cuts and looks up, ``embed`` computes, ``commit`` makes visible.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kb.embedding.base import EmbedderIdentity, Vector, Vectors
from kb.embedding.loaded import LoadedEmbedder
from kb.errors import CollectionError
from kb.language import language_of
from kb.prepared import EmbeddedDocument, KeyedChunk, PreparedDocument
from kb.records import (
    AddResult,
    CollectionInfo,
    CollectionRef,
    Document,
    FileState,
    MetadataValue,
    Source,
    with_header,
)
from kb.settings import Settings
from kb.splitting import SPLITTER_VERSION, SplitOptions, split
from kb.splitting.context import ContextPrefix
from kb.store.identity import require_same_embedder
from kb.store.store import Store
from kb.words.terms import index_text

PYTHON_ROOT = "python"
"""Root of the sources of documents that were added from Python without naming a file."""


class Indexing:
    """Puts documents into a store. Thread-safe.

    Args:
        settings: sizes of chunks, and the collection used where none is named.
        store: where documents go.
        loaded: the embedding model, loaded at first use.
    """

    def __init__(self, settings: Settings, store: Store, loaded: LoadedEmbedder) -> None:
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
        """Do all three steps for a document that no file holds: see ``KnowledgeBase.add``."""
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
        collection: str | None = None,
        size: int | None = None,
    ) -> PreparedDocument:
        """Cut a document into chunks and look up which vectors are known already.

        Args:
            document: as a loader read it.
            content_hash: of the file, or of the text where there is none.
            settings_hash: from :meth:`settings_hash`, where a file was read.
            collection: its name; the settings' if not given; made if it is not there.
            size: the file's, in bytes.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        return self.prepare_for(
            self.writable_collection(collection),
            document,
            content_hash=content_hash,
            settings_hash=settings_hash,
            size=size,
        )

    def prepare_for(
        self,
        target: CollectionInfo,
        document: Document,
        *,
        content_hash: str,
        settings_hash: str | None = None,
        size: int | None = None,
    ) -> PreparedDocument:
        """Do as :meth:`prepare` for a collection that is known to be of the model in use."""
        embedder = self._loaded.get()
        most = embedder.max_tokens
        prefix = None
        if self._settings.contextual:
            prefix = ContextPrefix(document.title, embedder.count_tokens)
        chunks = tuple(
            split(
                document,
                self._split_options(),
                count_tokens=embedder.count_tokens,
                max_tokens=(lambda path: most - prefix.tokens(path)) if prefix else most,
            )
        )
        texts = tuple(with_header(chunk.header, chunk.text) for chunk in chunks)
        inputs = tuple(
            prefix.before(chunk.heading_path) + text if prefix else text
            for chunk, text in zip(chunks, texts, strict=True)
        )
        keys = tuple(self._vector_key(text) for text in inputs)
        with self._store.catalog.reading() as state:
            same = state.chunks_with_keys(target.id, keys)
        stored = self._store.stored_vectors(target.id, list(same.values())) if same else {}
        known = {
            row: stored[same[key]]
            for row, key in enumerate(keys)
            if key in same and same[key] in stored
        }
        language = language_of(document)
        return PreparedDocument(
            collection=target,
            document=document,
            content_hash=content_hash,
            settings_hash=settings_hash or self.settings_hash(""),
            size=len(document.text.encode("utf-8", "surrogatepass")) if size is None else size,
            chunks=chunks,
            inputs=inputs,
            keys=keys,
            index_texts=tuple(index_text(text, language) for text in texts),
            language=language,
            known=known,
        )

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
        inputs: dict[int, str] = {}
        prefixes: dict[str, ContextPrefix] = {}
        for chunk in chunks:
            prefix = prefixes.setdefault(
                chunk.title, ContextPrefix(chunk.title, embedder.count_tokens)
            )
            bare = with_header(chunk.header, chunk.text)
            for text in (bare, prefix.before(chunk.heading_path) + bare):
                if self._vector_key(text) == chunk.key:
                    inputs[chunk.id] = text
                    break
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
        return f"{_short_hash(loader)}.{self._text_settings_hash()}"

    def translated(self, settings_hash: str) -> str:
        """Return the hash of a file that is read as before, but cut and embedded as now."""
        return f"{settings_hash.partition('.')[0]}.{self._text_settings_hash()}"

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

    def check_embedder(self, target: CollectionInfo) -> None:
        """Refuse a collection whose vectors come from another model.

        Raises:
            EmbedderMismatchError: they do; the message says what to do.
        """
        with self._store.catalog.reading() as state:
            theirs = state.embedder_of(target.id)
        require_same_embedder(target, theirs, self.identity, model=self._settings.model)

    def _text_settings_hash(self) -> str:
        context = ["contextual"] if self._settings.contextual else []
        return _short_hash(
            repr(self._split_options()), str(SPLITTER_VERSION), self.identity.fingerprint, *context
        )

    def _split_options(self) -> SplitOptions:
        return SplitOptions(
            chunk_size=self._settings.chunk_size,
            chunk_overlap=self._settings.chunk_overlap,
            unit=self._settings.chunk_unit,
        )

    def _vector_key(self, text: str) -> bytes:
        digest = hashlib.sha256(self._loaded.get().identity.fingerprint.encode())
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
