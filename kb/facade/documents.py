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
    """Documents: added, looked at, tagged, removed."""

    def add(
        self,
        document: Document | str,
        *,
        name: str = "",
        collection: str | None = None,
        metadata: Mapping[str, MetadataValue] | None = None,
        on_progress: Callable[[int], None] | None = None,
    ) -> AddResult:
        """Add a document, or plain text, under a name; the same name again replaces it.

        Without a name, the text's hash is its name. Files are read by the ``ingest`` package.
        ``on_progress`` is told how many more chunks are embedded.

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
            collection: which; None is the one in the settings.
            where: conditions that each of them meets; of pages, one of its passages.

        Raises:
            CollectionError: there is no such collection.
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
        """Return some of the documents of a collection, newest first, and how many there are.

        Args:
            collection: which; None is the one in the settings.
            limit: most documents.
            offset: how many to pass over.
            after: the ``next`` of the page before; the page after it begins there, whatever was
                added or removed meanwhile.
            where: as for :meth:`documents`; only what meets it is counted.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: ``limit`` is below 1, ``offset`` below 0, or ``after`` no ``next``.
        """
        check_page(limit, offset)
        name = collection or self.settings.collection
        return self._store.catalog.document_page_in(
            name, limit=limit, offset=offset, after=after, condition=where
        )

    def original(self, document_id: int) -> Path | None:
        """Return the file that a document was read from; None if it is gone or has changed.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        info = self.document(document_id)
        return next(
            (path for path in self.originals(info) if is_content(path, info.content_hash)), None
        )

    def originals(self, info: DocumentInfo) -> list[Path]:
        """Return the files that a document was read from, whether they are still the same or not.

        Those that are gone are left out.
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
            DocumentNotFoundError: there is no such document.
        """
        return self._store.catalog.document(document_id)

    def document_content(self, document_id: int) -> Document:
        """Return a document whole, as it was read: text, sections, pages.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        return self._store.catalog.document_content(document_id)

    def document_text(self, document_id: int) -> str:
        """Return a document's normalised text.

        Raises:
            DocumentNotFoundError: there is no such document.
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
        """Return what stands at an address: a passage, a document, or a stretch of one.

        Args:
            address: the ``short_id`` of a hit or a document (a beginning that no other has is
                enough), a document's number, its path, the end of its path, or its name;
                ``:FROM`` or ``:FROM:COUNT`` behind it are lines of the document.
            pages: ``3``, ``3-7``, ``3-`` or ``-7`` of the document, or one page by its label.
            lines: likewise, from 1.
            characters: likewise, from 0; the last one is not read.
            context: passages before and after the one that the address names.
            limit: most characters to give; ``more`` of what is returned reads on. None for all.
            collection: where to look; of several, a document of the first one is preferred to
                others that are called the same. All if not given, the settings' first.

        Raises:
            CollectionError: there is no such collection.
            DocumentNotFoundError: nothing is called so, and the message says what comes nearest;
                or several documents are, and it says which.
            SettingsError: the document has no such lines, pages or characters, or a range is none.
        """
        wanted = Wanted(
            pages=pages, lines=lines, characters=characters, context=context, limit=limit
        )
        within = [collection] if isinstance(collection, str) else collection
        return read(
            self._store.catalog, address, wanted, within=within, preferred=self.settings.collection
        )

    def chunks(self, document_id: int, *, limit: int | None = None, offset: int = 0) -> list[Chunk]:
        """Return a document's chunks as they were cut, in order; none if there is no such document.

        Args:
            document_id: its number.
            limit: most chunks; all if not given.
            offset: how many to pass over.

        Raises:
            DocumentNotFoundError: what was given is no whole number.
            SettingsError: ``limit`` is below 1, or ``offset`` below 0.
        """
        check_page(limit, offset)
        return self._store.catalog.chunks_of(document_id, limit=limit, offset=offset)

    def remove(self, document_id: int, *, collection: str | None = None) -> None:
        """Remove a document and all its sources.

        Args:
            document_id: its number, which no document of another collection has.
            collection: where it must be; anywhere if not given.

        Raises:
            DocumentNotFoundError: there is no such document (in the collection, if one is given).
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
        """Give tags to documents, and take others from them; filters find them by these.

        Tags belong to the documents' files and stay when a file changes. What documents have as
        tags of their own cannot be taken from them.

        Args:
            document_ids: which documents, in whatever collections.
            add: tags; ``"a, b"`` are two.
            remove: tags, in any case.
            collection: whose documents they must be; others are passed over.

        Raises:
            SettingsError: a tag is empty, too long or not on one line; nothing was changed.
            DocumentNotFoundError: what names a document is no whole number; nothing was changed.
        """
        added, removed = clean_tags(add), clean_tags(remove)
        target = self.collection(collection).id if collection else None
        self._store.tag_documents(document_ids, add=added, remove=removed, collection_id=target)

    def facets(self, *, collection: str | None = None) -> Facets:
        """Return the tags and languages of a collection's documents, for filters.

        Raises:
            CollectionError: there is no such collection.
        """
        return self._store.catalog.facets_in(collection or self.settings.collection)

    def overview(self, *, collection: str | None = None) -> Overview:
        """Return what a collection holds at a glance, with a map of its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        return overview(self._store, self.collection(collection))

    def context(self, hit: SearchHit, *, characters: int = 600) -> tuple[str, str]:
        """Return the text right before and right after a hit, up to ``characters`` each."""
        text = self.document_text(hit.document_id)
        before = text[max(0, hit.start - characters) : hit.start]
        return before, text[hit.end : hit.end + characters]
