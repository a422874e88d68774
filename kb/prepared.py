"""A document on its way into the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from kb.embedding.base import Vector, Vectors
from kb.records import Chunk, CollectionInfo, Document, FileState
from kb.words.terms import IndexText


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDocument:
    """A document cut into chunks, with all that can be known of it without a store.

    ``inputs`` are the exact strings to embed, one for each chunk, ``keys`` the vectors' keys
    (hash of input and embedder). ``index_texts`` is what the keyword index is given for each
    chunk; ``language`` is the document's, empty where it cannot be told, ``languages`` those of the
    chunks.
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
        """Return the document on its way into a collection, some of its vectors being known."""
        own = {each.name: getattr(self, each.name) for each in fields(SplitDocument)}
        return PreparedDocument(**own, collection=collection, known=dict(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument(SplitDocument):
    """A document that is split and looked up: ready to be embedded.

    ``known`` are the vectors that the store has already, by row. ``collection`` is where it goes,
    whatever that is called by then; None while an archive is read.
    """

    collection: CollectionInfo | None
    known: dict[int, Vector] = field(default_factory=dict)

    @property
    def missing(self) -> list[int]:
        """Rows whose vectors must be computed."""
        return [row for row in range(len(self.inputs)) if row not in self.known]

    def assemble(self, fresh: Vectors, *, dim: int) -> Vectors:
        """Put computed and known vectors together: shape (chunks, dim), in order.

        ``fresh`` are the vectors of the ``missing`` rows, in their order.
        """
        vectors = np.empty((len(self.inputs), dim), dtype=np.float32)
        vectors[self.missing] = fresh
        for row, vector in self.known.items():
            vectors[row] = vector
        return vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedChunk:
    """A stored chunk, with all that the text it was embedded by can be made from again.

    ``key`` is its vector's: the hash of that text and of the embedder.
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
    """A document with the vectors of its chunks, and the file that it is to be shown for.

    ``vectors``: float32, shape (chunks, dim), unit length, in the order of the chunks.
    """

    prepared: PreparedDocument
    vectors: Vectors
    file: FileState

    @property
    def content(self) -> tuple[str, str]:
        """Hashes of the bytes and of the settings: documents that share both are one."""
        return self.prepared.content_hash, self.prepared.settings_hash
