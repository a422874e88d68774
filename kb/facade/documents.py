"""Documents of a knowledge base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kb.catalog.filters import SearchFilter
from kb.catalog.numbers import check_page
from kb.facade.collections import CollectionMethods
from kb.hashing import is_content
from kb.metadata import clean_tags
from kb.overview import Overview, overview
from kb.reading.reading import Wanted, read
from kb.records import (
    AddResult,
    Chunk,
    Document,
    DocumentInfo,
    DocumentPage,
    Facets,
    MetadataValue,
    Reading,
    SearchHit,
)
from kb.uploads import UPLOADS_ROOT


class DocumentMethods(CollectionMethods):
    """Methods for documents: add, list, read, tag, remove."""

    def add(
        self,
        document: Document | str,
        *,
        name: str = "",
        collection: str | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> AddResult:
        """Add a document, or plain text, under a name; adding the same name again replaces it.

        Without a name, the hash of the text becomes the name. To read files, use the ``ingest``
        package. ``on_progress`` is called with the number of newly embedded chunks.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        return self.indexing.add(
            document,
            name=name,
            collection=collection,
            metadata=metadata,
            on_progress=on_progress,
        )

    def documents(
        self, *, collection: str | None = None, where: SearchFilter | None = None
    ) -> list[DocumentInfo]:
        """Return the documents of a collection, newest first.

        Args:
            collection: name of the collection; None for that of the settings.
            where: conditions that each document must meet; for pages, at least one of its passages
                must.

        Raises:
            CollectionError: the collection does not exist.
        """
        return self._store.catalog.documents_in(collection or self.settings.collection, where)

    def document_page(
        self,
        *,
        collection: str | None = None,
        limit: int = 100,
        offset: int = 0,
        after: str = "",
        where: SearchFilter | None = None,
    ) -> DocumentPage:
        """Return a page of a collection's documents, newest first, with their total.

        Args:
            collection: name of the collection; None for that of the settings.
            limit: most documents of the page.
            offset: number of documents to skip.
            after: the ``next`` of the previous page. This page begins right after it, whatever was
                added or removed meanwhile.
            where: conditions as for :meth:`documents`; the total counts only documents that meet
                them.

        Raises:
            CollectionError: the collection does not exist.
            SettingsError: ``limit`` is below 1, ``offset`` is below 0, or ``after`` is not a
                ``next``.
        """
        check_page(limit, offset)
        name = collection or self.settings.collection
        return self._store.catalog.document_page_in(
            name, limit=limit, offset=offset, after=after, condition=where
        )

    def original(self, document_id: int) -> Path | None:
        """Return the file of a document; None if the file is gone or has changed.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        info = self.document(document_id)
        return next(
            (path for path in self.originals(info) if is_content(path, info.content_hash)), None
        )

    def originals(self, info: DocumentInfo) -> list[Path]:
        """Return the existing files of a document, even if they have changed.

        Missing files are left out.
        """
        places = [
            self.uploads.path(source.path, info.content_hash)
            if source.root == UPLOADS_ROOT
            else self.files.file_of(source, collection=info.collection)
            for source in info.sources
        ]
        return [path for path in places if path is not None and path.is_file()]

    def document(self, document_id: int) -> DocumentInfo:
        """Return one document's description.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        return self._store.catalog.document(document_id)

    def document_content(self, document_id: int) -> Document:
        """Return a whole document as it was read: text, sections, pages.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        return self._store.catalog.document_content(document_id)

    def document_text(self, document_id: int) -> str:
        """Return a document's normalised text.

        Raises:
            DocumentNotFoundError: the document does not exist.
        """
        return self.document_content(document_id).text

    def read(
        self,
        address: str,
        *,
        pages: str = "",
        lines: str = "",
        characters: str = "",
        context: int = 0,
        limit: int | None = None,
        collection: str | Sequence[str] | None = None,
    ) -> Reading:
        """Return the text at an address: a passage, a document, or a part of one.

        Args:
            address: the ``short_id`` of a hit or document (or its beginning, if unambiguous), a
                document's number, its path, the end of its path, or its name. ``:FROM`` or
                ``:FROM:COUNT`` after any of these selects lines of the document.
            pages: pages ``3``, ``3-7``, ``3-`` or ``-7`` of the document, or the label of one page.
            lines: lines in the same form, counted from 1.
            characters: characters in the same form, counted from 0; the end is exclusive.
            context: number of passages before and after the passage of the address.
            limit: most characters of the result, whose ``more`` is the address of the rest; None
                for no limit.
            collection: collections to look in. Of documents with the same name, one in the first
                collection wins. The default is all, with that of the settings first.

        Raises:
            CollectionError: a collection does not exist.
            DocumentNotFoundError: the address matches no document, and the message lists similar
                names; or it matches several, and the message lists them.
            SettingsError: a range is malformed, or the document lacks these lines, pages or
                characters.
        """
        wanted = Wanted(
            pages=pages, lines=lines, characters=characters, context=context, limit=limit
        )
        within = [collection] if isinstance(collection, str) else collection
        return read(
            self._store.catalog, address, wanted, within=within, preferred=self.settings.collection
        )

    def chunks(self, document_id: int, *, limit: int | None = None, offset: int = 0) -> list[Chunk]:
        """Return a document's chunks in order; an empty list if the document does not exist.

        Args:
            document_id: the document's number.
            limit: most chunks; None for all.
            offset: number of chunks to skip.

        Raises:
            DocumentNotFoundError: ``document_id`` is not a whole number.
            SettingsError: ``limit`` is below 1, or ``offset`` below 0.
        """
        check_page(limit, offset)
        return self._store.catalog.chunks_of(document_id, limit=limit, offset=offset)

    def remove(self, document_id: int, *, collection: str | None = None) -> None:
        """Remove a document and all its sources.

        Args:
            document_id: the document's number, unique in the knowledge base.
            collection: the collection that must contain it; None for any.

        Raises:
            DocumentNotFoundError: the document does not exist, or is not in the given collection.
        """
        target = self.collection(collection).id if collection else None
        self._store.remove_document(document_id, collection_id=target)

    def tag(
        self,
        document_ids: Sequence[int],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        """Add tags to documents and remove others; searches can filter by them.

        Tags belong to the documents' files and stay when a file changes. The tags in a document's
        own metadata cannot be removed.

        Args:
            document_ids: the documents' numbers, of any collections.
            add: tags to add; ``"a, b"`` are two.
            remove: tags to remove, in upper or lower case.
            collection: change only documents of this collection.

        Raises:
            SettingsError: a tag is empty, too long or has a line break. Nothing was changed.
            DocumentNotFoundError: an id is not a whole number. Nothing was changed.
        """
        added, removed = clean_tags(add), clean_tags(remove)
        target = self.collection(collection).id if collection else None
        self._store.tag_documents(document_ids, add=added, remove=removed, collection_id=target)

    def facets(self, *, collection: str | None = None) -> Facets:
        """Return the tags and languages of a collection's documents, for filters.

        Raises:
            CollectionError: the collection does not exist.
        """
        return self._store.catalog.facets_in(collection or self.settings.collection)

    def overview(self, *, collection: str | None = None) -> Overview:
        """Return a collection's figures at a glance, with a map of its documents.

        Raises:
            CollectionError: the collection does not exist.
        """
        return overview(self._store, self.collection(collection))

    def context(self, hit: SearchHit, *, characters: int = 600) -> tuple[str, str]:
        """Return the text right before and right after a hit, at most ``characters`` each."""
        text = self.document_text(hit.document_id)
        before = text[max(0, hit.start - characters) : hit.start]
        return before, text[hit.end : hit.end + characters]
