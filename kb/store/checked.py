"""What was found where catalog, vectors and indexes of words were compared."""

from __future__ import annotations

from dataclasses import dataclass

from kb.records import CollectionInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionCheck:
    """What was found in one collection; chunk ids unless said otherwise.

    ``without_vector`` are visible chunks that the vector store lacks, ``stray_vectors`` vectors of
    no visible chunk, ``not_indexed`` visible chunks that the full-text index lacks, ``stray_terms``
    index entries of no visible chunk, ``without_source`` ids of documents that no file gives,
    ``unsound_sentences`` chunks that count as refined without sound vectors of their sentences;
    ``stray_sentences`` counts vectors of sentences of no chunk; ``unreadable`` says why the vectors
    could not be read, if they could not.
    """

    collection: CollectionInfo
    without_vector: tuple[int, ...] = ()
    stray_vectors: tuple[int, ...] = ()
    not_indexed: tuple[int, ...] = ()
    stray_terms: tuple[int, ...] = ()
    without_source: tuple[int, ...] = ()
    unsound_sentences: tuple[int, ...] = ()
    stray_sentences: int = 0
    unreadable: str = ""

    @property
    def ok(self) -> bool:
        """Say whether all of them agree."""
        return not (
            self.unreadable
            or self.without_vector
            or self.stray_vectors
            or self.not_indexed
            or self.stray_terms
            or self.without_source
            or self.unsound_sentences
            or self.stray_sentences
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCheck:
    """What was found in the whole store, what was mended, and what could not be and why.

    ``wrong_names`` counts the files that the index of file names has with other words than their
    names hold or lacks, and its rows of no file. ``not_checked`` names what nothing is said of.
    """

    collections: tuple[CollectionCheck, ...]
    integrity: str
    wrong_names: int = 0
    mended: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Say whether everything agrees."""
        return (
            self.integrity == "ok"
            and not self.wrong_names
            and all(check.ok for check in self.collections)
        )
