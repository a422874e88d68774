"""What a served knowledge base knows of the files that documents came from."""

from __future__ import annotations

from kb import wire
from kb.catalog.numbers import MOST_OFFSET
from kb.client.parts import Parts, place
from kb.records import FailedFile, Source

_PAGE = 1000
"""Files asked for at once."""


class FileCalls(Parts):
    """Files that could not be read, as ``base.files`` tells of them."""

    def failed(
        self, *, collection: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[FailedFile]:
        """Return the files of a collection that could not be read, by path, with the reason.

        Args:
            collection: which; None is the server's own.
            limit: most files; all if not given.
            offset: how many to pass over.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("failed")
        found: list[FailedFile] = []
        most = min(MOST_OFFSET if limit is None else limit, MOST_OFFSET)
        while len(found) < most and (passed := offset + len(found)) <= MOST_OFFSET:
            part = min(_PAGE, most - len(found))
            told = self.server.get(path, collection=collection, limit=part, offset=passed)
            found += self.records(wire.failed_from_json, told, path)
            if not told.get("has_more"):
                break
        return found

    def failed_count(self, *, collection: str | None = None) -> int:
        """Return how many files could not be read.

        Raises:
            CollectionError: there is no such collection.
        """
        told = self.server.get(place("failed"), collection=collection, limit=1)
        return int(told["total"])

    def dismiss(self, source: Source, *, collection: str | None = None) -> bool:
        """Remove a file from the list of failures; return whether it was listed.

        An older version of it stays. The next ingestion tries the file again.

        Raises:
            CollectionError: there is no such collection.
        """
        params = {"root": source.root, "path": source.path}
        if collection is not None:
            params["collection"] = collection
        return bool(self.server.ask("DELETE", place("failed"), params=params)["deleted"])
