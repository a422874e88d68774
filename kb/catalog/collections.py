"""Collections in the catalog: Unicode names for generated ids."""

from __future__ import annotations

import secrets
import sqlite3
import unicodedata
from collections.abc import Mapping

from kb.catalog.base import Transaction
from kb.catalog.rows import collection_info, dump, now
from kb.embedding.base import EmbedderIdentity
from kb.errors import (
    CollectionError,
    CollectionExistsError,
    CollectionGoneError,
    CollectionNameError,
)
from kb.records import CollectionInfo, CollectionRef

MAX_NAME_LENGTH = 200


def clean_name(name: str) -> str:
    """Return a collection's name in its stored form: NFC, trimmed.

    Raises:
        CollectionNameError: the name is empty, too long, or has control characters.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean or len(clean) > MAX_NAME_LENGTH or any(c < " " for c in clean):
        msg = f"{name!r} cannot name a collection: give 1 to {MAX_NAME_LENGTH} visible characters"
        raise CollectionNameError(msg)
    return clean


def new_id() -> str:
    """Return an id for a new collection, which also identifies its vectors."""
    return f"kb-{secrets.token_hex(8)}"


class CollectionReads(Transaction):
    """Reads collections."""

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name, without unfinished ones."""
        rows = self._db.execute(
            "SELECT * FROM collections WHERE successor_of IS NULL ORDER BY name"
        )
        return [collection_info(row) for row in rows]

    def every_collection(self) -> list[CollectionInfo]:
        """Return all collections, including unfinished ones that will replace others."""
        rows = self._db.execute("SELECT * FROM collections ORDER BY name")
        return [collection_info(row) for row in rows]

    def find_collection(self, name: str) -> CollectionInfo | None:
        """Return the collection of that name; None if there is none."""
        row = self._db.execute(
            "SELECT * FROM collections WHERE name = ? AND successor_of IS NULL",
            (clean_name(name),),
        ).fetchone()
        return None if row is None else collection_info(row)

    def collection(self, name: str) -> CollectionInfo:
        """Return the collection of that name.

        Raises:
            CollectionError: the collection does not exist. The message lists the existing ones.
        """
        found = self.find_collection(name)
        if found is None:
            names = ", ".join(each.name for each in self.collections())
            known = names or "none yet: ingest a folder first"
            msg = f"there is no collection {name!r} (collections: {known})"
            raise CollectionError(msg)
        return found

    def collection_by_id(self, collection_id: str) -> CollectionInfo | None:
        """Return a collection by its id; None if there is none."""
        row = self._collection_row(collection_id)
        return None if row is None else collection_info(row)

    def current_collection(self, collection: CollectionInfo) -> CollectionInfo:
        """Return the present record of a collection, which may have been renamed.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile, or embedded again with
                another model.
        """
        row = self._collection_row(collection.id)
        if row is None:
            happened = "was deleted"
            if self.find_collection(collection.name) is not None:
                happened = "was replaced by another of its name"
            msg = f"the collection {collection.name!r} {happened} meanwhile; start again"
            raise CollectionGoneError(msg)
        return collection_info(row)

    def meant_collection(self, collection: CollectionRef, default: str) -> CollectionInfo:
        """Return the present record of the collection of a reference.

        Raises:
            CollectionError: no collection has that name.
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        if isinstance(collection, CollectionInfo):
            return self.current_collection(collection)
        return self.collection(collection or default)

    def find_meant_collection(
        self, collection: CollectionRef, default: str
    ) -> CollectionInfo | None:
        """Do as :meth:`meant_collection`, but return None if no collection has that name.

        Raises:
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        if isinstance(collection, CollectionInfo):
            return self.current_collection(collection)
        return self.find_collection(collection or default)

    def free_name(self, name: str) -> str:
        """Return the stored form of a name for a new collection.

        Raises:
            CollectionError: the name is taken or invalid.
        """
        clean = clean_name(name)
        if self.find_collection(clean) is not None:
            raise _taken(clean)
        return clean

    def embedder_of(self, collection_id: str) -> EmbedderIdentity:
        """Return the identity of the embedder of a collection's vectors.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        row = self._require_row(collection_id)
        return EmbedderIdentity(
            model_id=row["model_id"], fingerprint=row["fingerprint"], dim=row["dim"]
        )

    def successor_of(self, collection: CollectionInfo) -> CollectionInfo | None:
        """Return the unfinished successor of a collection, if there is one."""
        row = self._db.execute(
            "SELECT * FROM collections WHERE successor_of = ?", (collection.id,)
        ).fetchone()
        return None if row is None else collection_info(row)

    def dropped_collections(self) -> list[tuple[str, str]]:
        """Return (id, store) of collections whose vectors are still to be deleted."""
        rows = self._db.execute("SELECT id, vectors FROM dropped_vectors")
        return [(row["id"], row["vectors"]) for row in rows]

    def vector_place(self, collection_id: str) -> str:
        """Return the address of a collection's vector store.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        return str(self._require_row(collection_id)["vectors"])

    def vector_places(self) -> set[str]:
        """Return the addresses of all vector stores with collections."""
        return {row["vectors"] for row in self._db.execute("SELECT vectors FROM collections")}

    def moving_to(self, collection_id: str) -> str:
        """Return the address of the store to which a collection is being copied; empty for none.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        return str(self._require_row(collection_id)["moving_to"])

    def _require_row(self, collection_id: str) -> sqlite3.Row:
        row = self._collection_row(collection_id)
        if row is None:
            msg = "the collection was deleted meanwhile; start again"
            raise CollectionGoneError(msg)
        return row

    def _collection_row(self, collection_id: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM collections WHERE id = ?", (collection_id,)
        ).fetchone()
        return found


class CollectionSettingChanges(CollectionReads):
    """Changes the properties of collections."""

    def rename_collection(self, collection_id: str, new_name: str) -> None:
        """Rename a collection.

        Raises:
            CollectionError: the new name is taken or invalid.
        """
        clean = clean_name(new_name)
        other = self.find_collection(clean)
        if other is not None and other.id != collection_id:
            raise _taken(clean)
        self._set(collection_id, "name", clean)

    def describe_collection(self, collection_id: str, description: str) -> None:
        """Change a collection's description."""
        self._set(collection_id, "description", description)

    def instruct_collection(self, collection_id: str, instruction: str) -> None:
        """Set the instruction for a collection's queries; empty for that of the settings."""
        self._set(collection_id, "instruction", instruction.strip())

    def set_collection_mode(self, collection_id: str, mode: str | None) -> None:
        """Set the search mode of a collection; None for that of the settings."""
        self._set(collection_id, "mode", mode or "")

    def describe_folders(self, collection_id: str, folders: Mapping[str, str]) -> None:
        """Replace all descriptions of a collection's folders."""
        self._set(collection_id, "folders", dump(folders))

    def date_collection(self, collection_id: str, created_at: str) -> None:
        """Set a collection's time of creation to that of its origin."""
        self._set(collection_id, "created_at", created_at)

    def _set(self, collection_id: str, column: str, value: str) -> None:
        self._db.execute(
            f"UPDATE collections SET {column} = ? WHERE id = ?",  # noqa: S608 - the column is ours
            (value, collection_id),
        )

    def _insert_collection(
        self,
        name: str,
        description: str,
        identity: EmbedderIdentity,
        *,
        collection_id: str,
        vectors: str,
        successor_of: str | None = None,
    ) -> CollectionInfo:
        row = self._db.execute(
            "INSERT INTO collections (id, name, description, model_id, fingerprint, dim,"
            " created_at, vectors, successor_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
            (
                collection_id,
                name,
                description,
                identity.model_id,
                identity.fingerprint,
                identity.dim,
                now(),
                vectors,
                successor_of,
            ),
        ).fetchone()
        return collection_info(row)


def _taken(name: str) -> CollectionExistsError:
    return CollectionExistsError(f"there is already a collection {name!r}; choose another name")
