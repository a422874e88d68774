"""What a served knowledge base knows of the files that documents came from."""

from __future__ import annotations

from kb import wire
from kb.client.parts import Parts, place
from kb.records import FailedFile

_PAGE = 1000
"""Files asked for at once."""


class FileCalls(Parts):
    """Files that could not be read, as ``base.files`` tells of them."""

    def failed(self, *, collection: str | None = None) -> list[FailedFile]:
        """Return the files of a collection that could not be read, by path, with the reason.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("failed")
        found: list[FailedFile] = []
        while True:
            told = self.server.get(path, collection=collection, limit=_PAGE, offset=len(found))
            found += self.records(wire.failed_from_json, told, path)
            if not told.get("has_more"):
                return found
