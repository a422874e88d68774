"""Visibility of documents: the steps that show a new version and hide the old one.

A document has three states: pending (written, invisible, without all vectors), active (visible),
retired (invisible, its vectors being deleted). A chunk becomes visible at the end of the
transaction of :meth:`VersionChanges.show_versions`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.catalog.chunks import ChunkChanges
from kb.catalog.documents import DocumentChanges
from kb.catalog.keywords import KeywordChanges, context_text
from kb.catalog.language_means import LanguageMeanChanges
from kb.catalog.numbers import document_number, no_document
from kb.catalog.sources import SourceChanges
from kb.errors import ChangedMeanwhileError
from kb.prepared import EmbeddedDocument, PreparedDocument
from kb.records import FileState, Source
from kb.words.terms import IndexText


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A written, still invisible document: its id and those of its chunks."""

    document_id: int
    chunk_ids: tuple[int, ...]


class VersionChanges(
    KeywordChanges, ChunkChanges, DocumentChanges, SourceChanges, LanguageMeanChanges
):
    """Shows and hides documents."""

    def write_pending(self, collection_id: str, prepared: PreparedDocument) -> PendingDocument:
        """Write a document and its chunks, invisible."""
        document_id = self._insert_document(collection_id, prepared)
        return PendingDocument(document_id, tuple(self._insert_chunks(document_id, prepared)))

    def show_versions(
        self, collection_id: str, shown: Sequence[tuple[PendingDocument, EmbeddedDocument]]
    ) -> None:
        """Make written documents visible to both searches.

        It adds the vectors of their chunks to the sums of their languages.
        """
        for pending, _ in shown:
            self._set_state(pending.document_id, "active")
        # All at once: every other statement between them would add a part to the index.
        self.index_words(
            collection_id,
            itertools.chain.from_iterable(_words(each, item.prepared) for each, item in shown),
        )
        self.merge_small_keyword_index(collection_id)
        for pending, item in shown:
            self.count_document(
                collection_id, pending.document_id, item.prepared.languages, item.vectors
            )

    def attach_source(self, collection_id: str, file: FileState) -> FileState | None:
        """Let a source show ``file.document_id``; return its former state.

        The former document is retired if no other source shows it.

        Raises:
            ChangedMeanwhileError: the document to show is not visible (any more).
        """
        wanted = file.document_id
        if wanted is not None and not self.is_visible(collection_id, wanted):
            msg = (
                f"the document {wanted} that {file.source.path} was to be a copy of was removed "
                "meanwhile; run the same command again"
            )
            raise ChangedMeanwhileError(msg)
        before = self.file_state(collection_id, file.source)
        self._record(collection_id, file)
        if before is None or before.document_id != wanted:
            self.count_generation()
        self._retire_if_orphaned(before)
        return before

    def forget_source(self, collection_id: str, source: Source) -> bool:
        """Forget a source; return whether its document was retired, as no other source shows it."""
        before = self.file_state(collection_id, source)
        self._forget(collection_id, source)
        return self._retire_if_orphaned(before)

    def remove_document(self, document_id: int, *, collection_id: str | None = None) -> None:
        """Hide a document and forget all its sources.

        Raises:
            DocumentNotFoundError: the document does not exist, or is not in the given collection.
        """
        found = self.collection_of(document_number(document_id))
        if found is None or collection_id not in (None, found):
            raise no_document(document_id)
        self._db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))
        self._retire(found, document_id)

    def _retire_if_orphaned(self, before: FileState | None) -> bool:
        """Retire a source's former document if no other source shows it."""
        if before is None or before.document_id is None:
            return False
        left = self._db.execute(
            "SELECT 1 FROM sources WHERE document_id = ?", (before.document_id,)
        ).fetchone()
        if left is not None:
            return False
        row = self._db.execute(
            "SELECT collection_id FROM documents WHERE id = ?", (before.document_id,)
        ).fetchone()
        self._retire(row["collection_id"], before.document_id)
        return True

    def _retire(self, collection_id: str, document_id: int) -> None:
        """Hide a document from every search; its rows and vectors are deleted later."""
        self.count_generation()
        self.forget_words(collection_id, document_id)
        self._uncount_document(collection_id, document_id)
        self._set_state(document_id, "retired")


def _words(
    pending: PendingDocument, prepared: PreparedDocument
) -> Iterator[tuple[int, IndexText, str]]:
    title, language = prepared.document.title, prepared.language
    for item in zip(pending.chunk_ids, prepared.index_texts, prepared.chunks, strict=True):
        chunk_id, text, chunk = item
        yield chunk_id, text, context_text(title, chunk.heading_path, language)
