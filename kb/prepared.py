"""Documents on their way into the store: split, prepared, embedded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.records import Chunk, CollectionInfo, Document, FileState
from kb.words.terms import IndexText


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDocument:
    """A document cut into chunks, with all its data that needs no store.

    ``inputs`` are the exact strings to embed, one for each chunk. ``keys`` are the keys of their
    vectors (hashes of input and embedder). ``index_texts`` are the texts for the keyword index, one
    for each chunk. ``language`` is the document's, empty if unknown; ``languages`` are the chunks'.
    """

    document: Document
    content_hash: str
    settings_hash: str
    size: int
    chunks: tuple[Chunk, ...]
    inputs: tuple[str, ...]
    keys: tuple[bytes, ...]
    index_texts: tuple[IndexText, ...]
    language: str
    languages: tuple[str, ...]

    def for_collection(
        self, collection: CollectionInfo | None, known: Mapping[int, Vector]
    ) -> PreparedDocument:
        """Return this document prepared for a collection, with the vectors known already."""
        own = {each.name: getattr(self, each.name) for each in fields(SplitDocument)}
        return PreparedDocument(**own, collection=collection, known=dict(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument(SplitDocument):
    """A split document with its known vectors, ready to be embedded.

    ``known`` maps rows to vectors that the store already has. ``collection`` is the target, which
    may be renamed meanwhile; None while an archive is read.
    """

    collection: CollectionInfo | None
    known: dict[int, Vector] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        """Rows whose vectors are still to be computed."""
        return [row for row in range(len(self.inputs)) if row not in self.known]

    def assemble(self, fresh: Vectors, *, dim: int) -> Vectors:
        """Combine computed and known vectors: shape (chunks, dim), in order.

        ``fresh`` are the vectors of the ``missing`` rows, in their order.
        """
        vectors = np.empty((len(self.inputs), dim), dtype=np.float32)
        vectors[self.missing] = fresh
        for row, vector in self.known.items():
            vectors[row] = vector
        return vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedChunk:
    """A stored chunk, with everything that its embedded text is made from.

    ``key`` is the key of its vector: the hash of that text and the embedder.
    """

    id: int
    document_id: int
    title: str
    heading_path: tuple[str, ...]
    header: str
    text: str
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedDocument:
    """A document with the vectors of its chunks, and the file to show for it.

    ``vectors``: float32, shape (chunks, dim), unit length, in the order of the chunks.
    """

    prepared: PreparedDocument
    vectors: Vectors
    file: FileState

    @property
    def content(self) -> tuple[str, str]:
        """Hashes of the file's bytes and of the settings; documents that share both are one."""
        return self.prepared.content_hash, self.prepared.settings_hash
