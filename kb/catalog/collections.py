"""Collections in the catalog: Unicode names over generated ids."""

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
    """Return a collection's name as it is kept: NFC, trimmed.

    Raises:
        CollectionNameError: it is empty, too long, or holds control characters.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean or len(clean) > MAX_NAME_LENGTH or any(c < " " for c in clean):
        msg = f"{name!r} cannot name a collection: give 1 to {MAX_NAME_LENGTH} visible characters"
        raise CollectionNameError(msg)
    return clean


def new_id() -> str:
    """Return the id of a collection to be made, by which its vectors are found, too."""
    return f"kb-{secrets.token_hex(8)}"


class CollectionReads(Transaction):
    """What there is to know of collections."""

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name, without those that are still being made."""
        rows = self._db.execute(
            "SELECT * FROM collections WHERE successor_of IS NULL ORDER BY name"
        )
        return [collection_info(row) for row in rows]

    def every_collection(self) -> list[CollectionInfo]:
        """Return all collections, those included that are still being made in others' place."""
        rows = self._db.execute("SELECT * FROM collections ORDER BY name")
        return [collection_info(row) for row in rows]

    def find_collection(self, name: str) -> CollectionInfo | None:
        """Return the collection of that name, None if there is none."""
        row = self._db.execute(
            "SELECT * FROM collections WHERE name = ? AND successor_of IS NULL",
            (clean_name(name),),
        ).fetchone()
        return None if row is None else collection_info(row)

    def collection(self, name: str) -> CollectionInfo:
        """Return the collection of that name.

        Raises:
            CollectionError: there is none; the message lists those that there are.
        """
        found = self.find_collection(name)
        if found is None:
            names = ", ".join(each.name for each in self.collections())
            known = names or "none yet: ingest a folder first"
            msg = f"there is no collection {name!r} (collections: {known})"
            raise CollectionError(msg)
        return found

    def collection_by_id(self, collection_id: str) -> CollectionInfo | None:
        """Return a collection, whatever it is called; None if there is none."""
        row = self._collection_row(collection_id)
        return None if row is None else collection_info(row)

    def current_collection(self, collection: CollectionInfo) -> CollectionInfo:
        """Return a collection as it is now; it may have another name.

        Raises:
            CollectionGoneError: it was deleted meanwhile, or embedded again with another model.
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
        """Return the collection that a reference means, as it is now.

        Raises:
            CollectionError: there is none of that name.
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        if isinstance(collection, CollectionInfo):
            return self.current_collection(collection)
        return self.collection(collection or default)

    def find_meant_collection(
        self, collection: CollectionRef, default: str
    ) -> CollectionInfo | None:
        """Do as :meth:`meant_collection`; None where there is none of that name.

        Raises:
            CollectionGoneError: the collection given was deleted meanwhile.
        """
        if isinstance(collection, CollectionInfo):
            return self.current_collection(collection)
        return self.find_collection(collection or default)

    def free_name(self, name: str) -> str:
        """Return a name as it is kept, for a collection to be made.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        clean = clean_name(name)
        if self.find_collection(clean) is not None:
            raise _taken(clean)
        return clean

    def embedder_of(self, collection_id: str) -> EmbedderIdentity:
        """Return the embedder that made a collection's vectors.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        row = self._require_row(collection_id)
        return EmbedderIdentity(
            model_id=row["model_id"], fingerprint=row["fingerprint"], dim=row["dim"]
        )

    def successor_of(self, collection: CollectionInfo) -> CollectionInfo | None:
        """Return the collection that is to take the place of another, if one was begun."""
        row = self._db.execute(
            "SELECT * FROM collections WHERE successor_of = ?", (collection.id,)
        ).fetchone()
        return None if row is None else collection_info(row)

    def dropped_collections(self) -> list[tuple[str, str]]:
        """Return the ids of collections whose vectors are to be deleted, and from which store."""
        rows = self._db.execute("SELECT id, vectors FROM dropped_vectors")
        return [(row["id"], row["vectors"]) for row in rows]

    def vector_place(self, collection_id: str) -> str:
        """Return the address of the vector store that a collection is in.

        Raises:
            CollectionGoneError: the collection was deleted meanwhile.
        """
        return str(self._require_row(collection_id)["vectors"])

    def vector_places(self) -> set[str]:
        """Return the addresses of all vector stores that collections are in."""
        return {row["vectors"] for row in self._db.execute("SELECT vectors FROM collections")}

    def moving_to(self, collection_id: str) -> str:
        """Return the address of the store to which a collection is being copied, if to any.

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
    """What is said of a collection."""

    def rename_collection(self, collection_id: str, new_name: str) -> None:
        """Give a collection another name.

        Raises:
            CollectionError: the new name is taken or cannot be used.
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
        """Change what a collection's queries ask for; empty for the instruction in the settings."""
        self._set(collection_id, "instruction", instruction.strip())

    def set_collection_mode(self, collection_id: str, mode: str | None) -> None:
        """Change how a collection is searched; None for the mode in the settings."""
        self._set(collection_id, "mode", mode or "")

    def describe_folders(self, collection_id: str, folders: Mapping[str, str]) -> None:
        """Change what is said of a collection's folders, all of it."""
        self._set(collection_id, "folders", dump(folders))

    def date_collection(self, collection_id: str, created_at: str) -> None:
        """Give a collection the time at which it was made, where that was elsewhere."""
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
