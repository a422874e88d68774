"""Documents of a served knowledge base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kb import wire
from kb.catalog.filters import SearchFilter
from kb.catalog.numbers import MOST_OFFSET, check_page, document_number, no_document
from kb.client.collections import CollectionCalls
from kb.client.parts import listing_params, place
from kb.errors import DocumentNotFoundError
from kb.overview import Overview
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

_PAGE = 1000
"""Documents asked for at once."""

_MOST_PAGE = 10_000

_MOST_DOCUMENTS = 2**53  # numbers above are none of a document, and JSON does not carry them all


class DocumentCalls(CollectionCalls):
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

        Without a name, the text's hash is its name. :meth:`ingest` sends files. ``on_progress`` is
        told once, of all chunks that were embedded.

        Raises:
            EmbedderMismatchError: the collection was made with another model.
        """
        path = place("documents")
        body: dict[str, Any] = {"name": name, "metadata": dict(metadata or {})}
        if collection is not None:
            body["collection"] = collection
        if isinstance(document, Document):
            body["document"] = wire.content_json(document)
        else:
            body["text"] = document
        told = self.server.ask("POST", path, json=body)
        added = self.record(wire.added_from_json, told, path)
        if on_progress is not None and added.embedded:
            on_progress(added.embedded)
        return added

    def documents(
        self, *, collection: str | None = None, where: SearchFilter | None = None
    ) -> list[DocumentInfo]:
        """Return the documents of a collection, newest first.

        Args:
            collection: which; None is the server's own.
            where: conditions that each of them meets; of pages, one of its passages.

        Raises:
            CollectionError: there is no such collection.
        """
        found: list[DocumentInfo] = []
        after = ""
        while True:
            page = self.document_page(collection=collection, limit=_PAGE, after=after, where=where)
            found += page.documents
            after = page.next
            if not after:
                return found

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
            collection: which; None is the server's own.
            limit: most documents; a server gives 10,000 at most.
            offset: how many to pass over.
            after: the ``next`` of the page before.
            where: as for :meth:`documents`; only what meets it is counted.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: ``limit`` is below 1, ``offset`` below 0, or ``after`` no ``next``.
        """
        check_page(limit, offset)
        path = place("documents")
        params = {
            "limit": min(limit, _MOST_PAGE),
            "offset": min(offset, MOST_OFFSET),
            "after": after,
            **listing_params(where),
        }
        if collection is not None:
            params["collection"] = collection
        told = self.server.ask("GET", path, params=params)
        return DocumentPage(
            documents=tuple(self.records(wire.document_from_json, told, path)),
            total=int(told.get("total", 0)),
            next=str(told.get("next", "")),
        )

    def document(self, document_id: int) -> DocumentInfo:
        """Return one document's description.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        path = place("documents", _there(document_id))
        return self.record(wire.document_from_json, self.server.get(path), path)

    def document_content(self, document_id: int) -> Document:
        """Return a document whole, as it was read: text, sections, pages.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        path = place("documents", _there(document_id), "content")
        return self.record(wire.content_from_json, self.server.get(path), path)

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
        """Return the text at an address: a passage, a document or a range of it.

        The arguments are those of :meth:`kb.KnowledgeBase.read`.

        Raises:
            CollectionError: there is no such collection.
            DocumentNotFoundError: nothing has that name; the message gives the nearest names;
                or several documents are, and it says which.
            SettingsError: the document has no such lines, pages or characters, or a range is none.
        """
        told: dict[str, Any] = {
            "address": address.encode("utf-8", "replace").decode("utf-8"),
            "pages": pages,
            "lines": lines,
            "characters": characters,
            "context": context,
            "limit": limit,
        }
        if collection is not None:
            told["collection"] = [collection] if isinstance(collection, str) else list(collection)
        path = place("read")
        given = {name: value for name, value in told.items() if value not in ("", None)}
        return self.record(wire.reading_from_json, self.server.ask("POST", path, json=given), path)

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
        found: list[Chunk] = []
        document_number(document_id)
        check_page(limit, offset)
        most = min(limit or MOST_OFFSET, MOST_OFFSET)
        try:
            path = place("documents", _there(document_id), "chunks")
            while (passed := offset + len(found)) <= MOST_OFFSET:
                part = min(_PAGE, most - len(found))
                told = self.server.get(path, limit=part, offset=passed)
                found += self.records(wire.chunk_from_json, told, path)
                if not told.get("has_more") or len(found) >= most:
                    break
        except DocumentNotFoundError:
            return []
        return found

    def download(self, document_id: int) -> bytes:
        """Return the file that a document was read from; ``base.original()`` says where it is.

        Raises:
            DocumentNotFoundError: there is no such document, or its file is gone or has changed.
        """
        path = place("documents", _there(document_id), "original")
        with self.server.streaming("GET", path) as response:
            return response.read()

    def remove(self, document_id: int, *, collection: str | None = None) -> None:
        """Remove a document and all its sources.

        Raises:
            DocumentNotFoundError: there is no such document (in the collection, if one is given).
        """
        path = place("documents", _there(document_id))
        params = {} if collection is None else {"collection": collection}
        self.server.ask("DELETE", path, params=params)

    def tag(
        self,
        document_ids: Sequence[int],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        """Add tags to documents and remove others; filters find documents by their tags.

        Raises:
            SettingsError: a tag is empty, too long or not on one line; nothing was changed.
            DocumentNotFoundError: what names a document is no whole number; nothing was changed.
        """
        body: dict[str, Any] = {
            "documents": [document_number(each) for each in document_ids],
            "add": list(add),
            "remove": list(remove),
        }
        if collection is not None:
            body["collection"] = collection
        self.server.ask("POST", place("tags"), json=body)

    def facets(self, *, collection: str | None = None) -> Facets:
        """Return the tags and languages of a collection's documents, for filters.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("facets")
        told = self.server.get(path, collection=collection)
        return self.record(wire.facets_from_json, told, path)

    def overview(self, *, collection: str | None = None) -> Overview:
        """Return what a collection holds at a glance, with a map of its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("overview")
        told = self.server.get(path, collection=collection)
        return self.record(wire.overview_from_json, told, path)

    def context(self, hit: SearchHit, *, characters: int = 600) -> tuple[str, str]:
        """Return the text right before and right after a hit, up to ``characters`` each."""
        text = self.document_text(hit.document_id)
        before = text[max(0, hit.start - characters) : hit.start]
        return before, text[hit.end : hit.end + characters]


def _there(document_id: int) -> int:
    """Return a number that a document may have.

    Raises:
        DocumentNotFoundError: it is none.
    """
    if not 0 <= document_number(document_id) < _MOST_DOCUMENTS:
        raise no_document(document_id)
    return document_id
