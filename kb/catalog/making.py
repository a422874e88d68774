"""Creates, removes and replaces collections, each in one step."""

from __future__ import annotations

import secrets

from kb.catalog.collections import CollectionSettingChanges
from kb.catalog.keywords import KeywordChanges
from kb.catalog.questions import QuestionChanges
from kb.catalog.tags import TagChanges
from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo

# Columns that a collection keeps when another one replaces it.
_KEPT = ("name", "description", "instruction", "mode", "folders", "created_at")


class CollectionChanges(CollectionSettingChanges, KeywordChanges, TagChanges, QuestionChanges):
    """Changes collections as a whole."""

    def create_collection(
        self,
        name: str,
        description: str,
        identity: EmbedderIdentity,
        *,
        collection_id: str,
        vectors: str,
    ) -> CollectionInfo:
        """Create a collection; its embedder is recorded for good, its vector store until it moves.

        Raises:
            CollectionError: the name is taken or invalid.
        """
        made = self._insert_collection(
            self.free_name(name),
            description,
            identity,
            collection_id=collection_id,
            vectors=vectors,
        )
        self.create_keyword_index(made.id)
        return made

    def create_successor(
        self, old: CollectionInfo, identity: EmbedderIdentity, *, collection_id: str, vectors: str
    ) -> CollectionInfo:
        """Create a hidden collection that will replace ``old``."""
        # Names are unique; nobody sees this one.
        name = f"{old.id} {secrets.token_hex(4)}"
        made = self._insert_collection(
            name,
            "",
            identity,
            collection_id=collection_id,
            vectors=vectors,
            successor_of=old.id,
        )
        self.create_keyword_index(made.id)
        return made

    def take_place(self, old: CollectionInfo, new: CollectionInfo) -> None:
        """Give a successor the old name, and delete the old collection.

        The successor gets name, descriptions, instruction, mode, creation date, tags and own
        questions of the old collection. It also gets the history of runs, the keys, the waiting
        jobs and the watched folders.
        """
        row = self._db.execute("SELECT * FROM collections WHERE id = ?", (old.id,)).fetchone()
        moved = (new.id, old.id)
        self._db.execute("UPDATE runs SET collection_id = ? WHERE collection_id = ?", moved)
        self._db.execute("UPDATE jobs SET collection_id = ? WHERE collection_id = ?", moved)
        self._db.execute(
            "UPDATE watched_folders SET collection_id = ? WHERE collection_id = ?", moved
        )
        self._db.execute(
            "UPDATE key_collections SET collection_id = ? WHERE collection_id = ?", moved
        )
        self._db.execute("UPDATE collections SET successor_of = NULL WHERE id = ?", (new.id,))
        self.carry_tags_over(old.id, new.id)
        self.carry_questions_over(old.id, new.id)
        self._db.execute(
            "UPDATE unplaced_roots SET collection_id = ? WHERE collection_id = ?", moved
        )
        self.detach_collection(old.id)
        self._db.execute(
            "UPDATE collections SET name = ?, description = ?, instruction = ?, mode = ?,"
            " folders = ?, created_at = ? WHERE id = ?",
            (*(row[column] for column in _KEPT), new.id),
        )

    def detach_collection(self, collection_id: str) -> None:
        """Take a collection out of the catalog; its vectors are deleted later.

        An unfinished successor goes with it.
        """
        rows = self._db.execute(
            "SELECT id, vectors, moving_to FROM collections WHERE successor_of = ?1 OR id = ?1",
            (collection_id,),
        ).fetchall()
        for row in rows:
            self.drop_keyword_index(row["id"])
            for place in filter(None, (row["vectors"], row["moving_to"])):
                self._drop_vectors(row["id"], place)
            self._db.execute("DELETE FROM collections WHERE id = ?", (row["id"],))

    def forget_dropped(self, collection_id: str, vectors: str) -> None:
        """Record that the vectors of a collection are gone from a store."""
        self._db.execute(
            "DELETE FROM dropped_vectors WHERE id = ? AND vectors = ?", (collection_id, vectors)
        )

    def begin_move(self, collection_id: str, vectors: str) -> None:
        """Record that a collection is being copied to another store; forget an earlier target."""
        before = self.moving_to(collection_id)
        if before and before != vectors:
            self._drop_vectors(collection_id, before)
        self._db.execute(
            "UPDATE collections SET moving_to = ? WHERE id = ?", (vectors, collection_id)
        )

    def end_move(self, collection_id: str) -> None:
        """Move a collection to the store that it was copied to, and out of its former store.

        The metadata of its vectors will be updated, because files may have been renamed meanwhile.
        """
        self._drop_vectors(collection_id, self.vector_place(collection_id))
        self._db.execute(
            "UPDATE collections SET vectors = moving_to, moving_to = '' WHERE id = ?",
            (collection_id,),
        )
        self._db.execute(
            "INSERT INTO stale_descriptions (document_id, described) SELECT id, 0 FROM documents"
            " WHERE collection_id = ? AND state = 'active'"
            " ON CONFLICT (document_id) DO UPDATE SET described = 0",
            (collection_id,),
        )

    def _drop_vectors(self, collection_id: str, place: str) -> None:
        self._db.execute(
            "INSERT INTO dropped_vectors (id, vectors) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (collection_id, place),
        )
