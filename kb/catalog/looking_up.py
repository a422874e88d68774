"""Single reads of the catalog, each from one state of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager

from kb.catalog.filters import SearchFilter
from kb.catalog.numbers import document_number, no_document
from kb.catalog.state import State
from kb.records import (
    Chunk,
    CollectionInfo,
    CollectionRef,
    Document,
    DocumentInfo,
    DocumentPage,
    Facets,
)


class LookingUp(ABC):
    """Single reads of a catalog; for several consistent ones, use a state."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[State]:
        """Yield reads that share one state of the catalog."""

    def generation(self) -> int:
        """Return the count of changes of searchable data, by any process."""
        with self.reading() as state:
            return state.generation()

    # -- collections, by name

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name."""
        with self.reading() as state:
            return state.collections()

    def collection(self, name: str) -> CollectionInfo:
        """Return the collection of that name.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self.reading() as state:
            return state.collection(name)

    def meant_collection(self, collection: CollectionRef, default: str) -> CollectionInfo:
        """Return the present record of the collection of a reference.

        Raises:
            CollectionError: no collection has that name.
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        with self.reading() as state:
            return state.meant_collection(collection, default)

    def find_collection(self, name: str) -> CollectionInfo | None:
        """Return the collection of that name; None if there is none."""
        with self.reading() as state:
            return state.find_collection(name)

    def documents_in(self, name: str, condition: SearchFilter | None = None) -> list[DocumentInfo]:
        """Return a collection's documents that pass a filter, newest first.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self.reading() as state:
            return state.documents(state.collection(name).id, condition)

    def document_page_in(
        self,
        name: str,
        *,
        limit: int,
        offset: int = 0,
        after: str = "",
        condition: SearchFilter | None = None,
    ) -> DocumentPage:
        """Return a page of a collection's documents that pass a filter, newest first.

        Raises:
            CollectionError: the collection does not exist.
            SettingsError: ``after`` is not a :attr:`DocumentPage.next`.
        """
        with self.reading() as state:
            found = state.collection(name)
            return state.document_page(
                found.id, limit=limit, offset=offset, after=after, condition=condition
            )

    def facets_in(self, name: str) -> Facets:
        """Return the tags and languages of a collection's documents.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self.reading() as state:
            return state.facets(state.collection(name).id)

    def vector_place_of(self, collection: CollectionRef, default: str) -> str:
        """Return the address of a collection's vector store.

        Args:
            collection: a collection; None for the one named ``default``.
            default: name of the default collection.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self.reading() as state:
            return state.vector_place(state.meant_collection(collection, default).id)

    def chunk_languages_in(self, collection: CollectionRef, default: str) -> dict[str, int]:
        """Count a collection's chunks by language, most frequent first.

        Args:
            collection: a collection; None for the one named ``default``.
            default: name of the default collection.

        Raises:
            CollectionError: the collection does not exist.
        """
        with self.reading() as state:
            sums = state.chunk_sums(state.meant_collection(collection, default).id)
        ranked = sorted(sums.items(), key=lambda each: -each[1].count)
        return {language: each.count for language, each in ranked}

    # -- documents, by number

    def document(self, document_id: int) -> DocumentInfo:
        """Return a document's description.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        with self.reading() as state:
            found = state.document(document_number(document_id))
        if found is None:
            raise no_document(document_id)
        return found

    def document_content(self, document_id: int) -> Document:
        """Return a whole document, as it was read.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        with self.reading() as state:
            found = state.document_content(document_number(document_id))
        if found is None:
            raise no_document(document_id)
        return found

    def chunks_of(
        self, document_id: int, *, limit: int | None = None, offset: int = 0
    ) -> list[Chunk]:
        """Return a document's chunks, or a part of them, in order; none if it does not exist.

        Raises:
            DocumentNotFoundError: ``document_id`` is not a whole number.
        """
        with self.reading() as state:
            return state.chunks_of(document_number(document_id), limit=limit, offset=offset)
