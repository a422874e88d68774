"""Collections made, taken out, and put in each other's place: each in one step."""

from __future__ import annotations

import secrets

from kb.catalog.collections import CollectionSettingChanges
from kb.catalog.keywords import KeywordChanges
from kb.catalog.questions import QuestionChanges
from kb.catalog.tags import TagChanges
from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo

# What a collection keeps when another takes its place.
_KEPT = ("name", "description", "instruction", "mode", "folders", "created_at")


class CollectionChanges(CollectionSettingChanges, KeywordChanges, TagChanges, QuestionChanges):
    """Collections as a whole."""

    def create_collection(
        self,
        name: str,
        description: str,
        identity: EmbedderIdentity,
        *,
        collection_id: str,
        vectors: str,
    ) -> CollectionInfo:
        """Make a collection; its embedder is recorded for good, its vector store until it moves.

        Raises:
            CollectionError: the name is taken or cannot be used.
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
        """Make a collection that is to take the place of ``old``; nobody sees it until then."""
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
        """Let a successor be found under the old name, and the old collection be gone.

        Name, descriptions, instruction, mode, date of making, tags and own questions stay those
        of the old collection, the history of its runs goes on, keys for it are for the new one,
        and jobs that wait fill it.
        """
        row = self._db.execute("SELECT * FROM collections WHERE id = ?", (old.id,)).fetchone()
        moved = (new.id, old.id)
        self._db.execute("UPDATE runs SET collection_id = ? WHERE collection_id = ?", moved)
        self._db.execute("UPDATE jobs SET collection_id = ? WHERE collection_id = ?", moved)
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
        """Take a collection out of the catalog; its vectors are left to be deleted.

        What was begun to take its place goes with it.
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
        """Note that what a store held of a collection is gone."""
        self._db.execute(
            "DELETE FROM dropped_vectors WHERE id = ? AND vectors = ?", (collection_id, vectors)
        )

    def begin_move(self, collection_id: str, vectors: str) -> None:
        """Note that a collection is being copied to another store; of an earlier one, it is not."""
        before = self.moving_to(collection_id)
        if before and before != vectors:
            self._drop_vectors(collection_id, before)
        self._db.execute(
            "UPDATE collections SET moving_to = ? WHERE id = ?", (vectors, collection_id)
        )

    def end_move(self, collection_id: str) -> None:
        """Let a collection be in the store that it was copied to, and be gone from where it was.

        Its chunks are described anew: their files may have got other names meanwhile.
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
