"""Results of comparing catalog, vectors and indexes of words."""

from __future__ import annotations

from dataclasses import dataclass

from kb.records import CollectionInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionCheck:
    """Findings in one collection; chunk ids unless noted otherwise.

    ``without_vector`` are visible chunks missing in the vector store, and ``stray_vectors`` vectors
    without a visible chunk. ``not_indexed`` are visible chunks missing in the full-text index, and
    ``stray_terms`` index entries without a visible chunk. ``without_source`` are ids of documents
    without a file. ``unsound_sentences`` are chunks that count as refined, but lack intact vectors
    of their sentences. ``stray_sentences`` is the number of sentence vectors without a chunk.
    ``unreadable`` is the error of reading the vectors; empty if there was none.
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
        """Whether all of them agree."""
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
    """Findings in the whole store, the mended ones, and the others with reasons.

    ``wrong_names`` counts files that the index of file names lacks or has with wrong words, and
    rows without a file. ``not_checked`` names the parts that were not checked.
    """

    collections: tuple[CollectionCheck, ...]
    integrity: str
    wrong_names: int = 0
    mended: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return (
            self.integrity == "ok"
            and not self.wrong_names
            and all(check.ok for check in self.collections)
        )
