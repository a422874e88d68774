"""Which document a source shows: steps inside a transaction that changes what a search sees."""

from __future__ import annotations

import sqlite3

from kb.errors import ChangedMeanwhileError
from kb.records import FileState
from kb.store import documents, fulltext, sources


def show(db: sqlite3.Connection, collection_id: str, file: FileState) -> FileState | None:
    """Let a source show ``file.document_id``; return what it showed before.

    The document that it showed is retired if no other source shows it.

    Raises:
        ChangedMeanwhileError: the document to be shown is not visible (any more).
    """
    wanted = file.document_id
    if wanted is not None and not documents.is_visible(db, collection_id, wanted):
        msg = (
            f"the document {wanted} that {file.source.path} was to be a copy of was removed "
            "meanwhile; run the same command again"
        )
        raise ChangedMeanwhileError(msg)
    before = sources.state(db, collection_id, file.source)
    sources.put(db, collection_id, file)
    retire_if_orphaned(db, before)
    return before


def retire_if_orphaned(db: sqlite3.Connection, before: FileState | None) -> bool:
    """Retire the document that a source showed, if no source is left that does."""
    if before is None or before.document_id is None:
        return False
    if not documents.without_sources(db, before.document_id):
        return False
    retire(db, before.document_id)
    return True


def retire(db: sqlite3.Connection, document_id: int) -> None:
    """Hide a document from every search; its rows and vectors are deleted afterwards."""
    collection_id = documents.collection_of(db, document_id)
    fulltext.remove_document(db, collection_id, document_id)
    documents.set_state(db, document_id, "retired")
