"""The collections of a Chroma server: created with their database, looked up once, dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from kb.vectors.base import no_collection
from kb.vectors.chroma import records as chroma
from kb.vectors.chroma.wire import NotThereError, Wire

DEFAULT_TENANT = "default_tenant"
DEFAULT_DATABASE = "default_database"


@dataclass(frozen=True, slots=True)
class Collection:
    """The server's id of a collection, and the width of its vectors, if known."""

    path: str
    dim: int | None


class KnownCollections:
    """The collections of one database, with remembered ids and widths. Thread-safe.

    Args:
        wire: requests to the server.
        tenant: tenant of the database; created with the first collection if needed.
        database: database of the collections; created likewise.
    """

    def __init__(self, wire: Wire, *, tenant: str, database: str) -> None:
        self._wire = wire
        self._tenant = tenant
        self._database = database
        self._databases = f"/tenants/{quote(tenant, safe='')}/databases"
        self._root = f"{self._databases}/{quote(database, safe='')}/collections"
        self._mutex = threading.Lock()
        self._known: dict[str, Collection] = {}

    def make(self, name: str, dim: int) -> Collection:
        """Create a collection in cosine space, or return the existing one."""
        body = {
            "name": name,
            "get_or_create": True,
            "metadata": {chroma.WIDTH: dim},
            "configuration": {"hnsw": chroma.INDEX},
        }
        self._make_database()
        return self._remember(name, self._wire.write("POST", self._root, body))

    def drop(self, name: str) -> None:
        """Delete a collection, if it exists."""
        self._forget(name)
        try:
            self._wire.write("DELETE", f"{self._root}/{name}")
        except NotThereError:
            return

    @contextmanager
    def found(self, name: str) -> Iterator[Collection]:
        """Yield a known collection of the server; forget it if that turns out wrong.

        Raises:
            StoreError: the collection does not exist.
        """
        with self._mutex:
            found = self._known.get(name)
        try:
            if found is None:
                found = self._remember(name, self._wire.search("GET", f"{self._root}/{name}"))
            yield found
        except NotThereError as error:
            self._forget(name)
            raise no_collection(name, self._wire.where) from error

    def _remember(self, name: str, told: dict[str, Any]) -> Collection:
        width = (told.get("metadata") or {}).get(chroma.WIDTH, told.get("dimension"))
        found = Collection(f"{self._root}/{told['id']}", width)
        with self._mutex:
            self._known[name] = found
        return found

    def _forget(self, name: str) -> None:
        with self._mutex:
            self._known.pop(name, None)

    def _make_database(self) -> None:
        """Create tenant and database if needed; every server has the default ones."""
        if self._tenant != DEFAULT_TENANT:
            self._make_place("/tenants", self._tenant)
        if (self._tenant, self._database) != (DEFAULT_TENANT, DEFAULT_DATABASE):
            self._make_place(self._databases, self._database)

    def _make_place(self, path: str, name: str) -> None:
        try:
            self._wire.write("GET", f"{path}/{quote(name, safe='')}")
        except NotThereError:
            self._wire.write("POST", path, {"name": name})
