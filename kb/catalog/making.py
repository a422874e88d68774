"""Collections made, taken out, and put in each other's place: each in one step."""

from __future__ import annotations

import secrets

from kb.catalog.collections import CollectionSettingChanges
from kb.catalog.keywords import KeywordChanges
from kb.catalog.tags import TagChanges
from kb.embedding.base import EmbedderIdentity
from kb.records import CollectionInfo

# What a collection keeps when another takes its place.
_KEPT = ("name", "description", "instruction", "mode", "created_at")


class CollectionChanges(CollectionSettingChanges, KeywordChanges, TagChanges):
    """Collections as a whole."""

    def create_collection(
        self, name: str, description: str, identity: EmbedderIdentity
    ) -> CollectionInfo:
        """Make a collection; its embedder is recorded for good.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        made = self._insert_collection(self._require_free(name), description, identity)
        self.create_keyword_index(made.id)
        return made

    def create_successor(self, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
        """Make a collection that is to take the place of ``old``; nobody sees it until then."""
        # Names are unique; nobody sees this one.
        name = f"{old.id} {secrets.token_hex(4)}"
        made = self._insert_collection(name, "", identity, successor_of=old.id)
        self.create_keyword_index(made.id)
        return made

    def take_place(self, old: CollectionInfo, new: CollectionInfo) -> None:
        """Let a successor be found under the old name, and the old collection be gone.

        Name, description, instruction, mode, date of making and tags stay those of the old
        collection, the history of its runs goes on, and jobs that wait fill the new one.
        """
        row = self._db.execute("SELECT * FROM collections WHERE id = ?", (old.id,)).fetchone()
        moved = (new.id, old.id)
        self._db.execute("UPDATE runs SET collection_id = ? WHERE collection_id = ?", moved)
        self._db.execute("UPDATE jobs SET collection_id = ? WHERE collection_id = ?", moved)
        self._db.execute("UPDATE collections SET successor_of = NULL WHERE id = ?", (new.id,))
        self.carry_tags_over(old.id, new.id)
        self._db.execute(
            "UPDATE unplaced_roots SET collection_id = ? WHERE collection_id = ?", moved
        )
        self.detach_collection(old.id)
        self._db.execute(
            "UPDATE collections SET name = ?, description = ?, instruction = ?, mode = ?,"
            " created_at = ? WHERE id = ?",
            (*(row[column] for column in _KEPT), new.id),
        )

    def detach_collection(self, collection_id: str) -> None:
        """Take a collection out of the catalog; its vectors are left to be deleted.

        What was begun to take its place goes with it.
        """
        rows = self._db.execute(
            "SELECT id FROM collections WHERE successor_of = ?", (collection_id,)
        ).fetchall()
        for each in (*(row["id"] for row in rows), collection_id):
            self.drop_keyword_index(each)
            self._db.execute("INSERT INTO dropped_collections (id) VALUES (?)", (each,))
            self._db.execute("DELETE FROM collections WHERE id = ?", (each,))

    def forget_dropped(self, collection_id: str) -> None:
        """Note that the vectors of a collection that is gone are gone, too."""
        self._db.execute("DELETE FROM dropped_collections WHERE id = ?", (collection_id,))
