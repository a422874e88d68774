"""Documents of a served knowledge base."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kb import wire
from kb.catalog.numbers import document_number
from kb.client.collections import CollectionCalls
from kb.client.parts import place
from kb.errors import DocumentNotFoundError
from kb.records import (
    AddResult,
    Chunk,
    Document,
    DocumentInfo,
    Facets,
    FailedFile,
    MetadataValue,
    SearchHit,
)

_PAGE = 1000
"""Documents asked for at once."""


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
        told = self._server.ask("POST", path, json=body)
        added = self._record(wire.added_from_json, told, path)
        if on_progress is not None and added.embedded:
            on_progress(added.embedded)
        return added

    def documents(self, *, collection: str | None = None) -> list[DocumentInfo]:
        """Return the documents of a collection, newest first.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("documents")
        found: list[DocumentInfo] = []
        after: str | int | None = None
        while True:
            told = self._server.get(path, collection=collection, limit=_PAGE, after=after)
            found += self._records(wire.document_from_json, told, path)
            after = told.get("next")
            if after is None:
                return found

    def document(self, document_id: int) -> DocumentInfo:
        """Return one document's description.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        path = place("documents", document_number(document_id))
        return self._record(wire.document_from_json, self._server.get(path), path)

    def document_content(self, document_id: int) -> Document:
        """Return a document whole, as it was read: text, sections, pages.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        path = place("documents", document_number(document_id), "content")
        return self._record(wire.content_from_json, self._server.get(path), path)

    def document_text(self, document_id: int) -> str:
        """Return a document's normalised text.

        Raises:
            DocumentNotFoundError: there is no such document.
        """
        return self.document_content(document_id).text

    def chunks(self, document_id: int) -> list[Chunk]:
        """Return a document's chunks as they were cut, in order; none if there is no such document.

        Raises:
            DocumentNotFoundError: what was given is no whole number.
        """
        path = place("documents", document_number(document_id), "chunks")
        try:
            return self._records(wire.chunk_from_json, self._server.get(path), path)
        except DocumentNotFoundError:
            return []

    def remove(self, document_id: int, *, collection: str | None = None) -> None:
        """Remove a document and all its sources.

        Raises:
            DocumentNotFoundError: there is no such document (in the collection, if one is given).
        """
        path = place("documents", document_number(document_id))
        params = {} if collection is None else {"collection": collection}
        self._server.ask("DELETE", path, params=params)

    def tag(
        self,
        document_ids: Sequence[int],
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        collection: str | None = None,
    ) -> None:
        """Give tags to documents, and take others from them; filters find them by these.

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
        self._server.ask("POST", place("documents", "tags"), json=body)

    def facets(self, *, collection: str | None = None) -> Facets:
        """Return the tags and languages of a collection's documents, for filters.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("facets")
        told = self._server.get(path, collection=collection)
        return self._record(wire.facets_from_json, told, path)

    def failed(self, *, collection: str | None = None) -> list[FailedFile]:
        """Return the files that could not be read; of a KnowledgeBase, ``base.files.failed()``.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("failed")
        told = self._server.get(path, collection=collection)
        return self._records(wire.failed_from_json, told, path)

    def context(self, hit: SearchHit, *, characters: int = 600) -> tuple[str, str]:
        """Return the text right before and right after a hit, up to ``characters`` each."""
        text = self.document_text(hit.document_id)
        before = text[max(0, hit.start - characters) : hit.start]
        return before, text[hit.end : hit.end + characters]
