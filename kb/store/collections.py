"""Collections of a store: created in a vector store and in the catalog, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from kb.catalog.collections import new_id
from kb.catalog.state import Change
from kb.embedding.base import EmbedderIdentity
from kb.errors import CollectionError
from kb.folders import changed
from kb.records import CollectionInfo, SearchMode
from kb.store.changing import Changing


class CollectionSteps(Changing):
    """The part of a store for collections.

    Raises (every method with a name of a collection):
        CollectionError: the collection does not exist.
    """

    def create_collection(
        self,
        name: str,
        description: str,
        identity: EmbedderIdentity,
        *,
        instruction: str = "",
        mode: SearchMode | None = None,
    ) -> CollectionInfo:
        """Create a collection; its embedder is recorded for good.

        Raises:
            CollectionError: the name is taken or invalid.
        """

        def write(change: Change, new: str) -> CollectionInfo:
            made = change.create_collection(
                name, description, identity, collection_id=new, vectors=self.vectors.chosen
            )
            change.instruct_collection(made.id, instruction)
            change.set_collection_mode(made.id, mode)
            return change.current_collection(made)

        return self._make(
            self.vectors.chosen, identity, write, require=lambda: self._require_free(name)
        )

    def ensure_collection(self, name: str, identity: EmbedderIdentity) -> CollectionInfo:
        """Return the collection of that name, creating it if needed."""
        found = self.catalog.find_collection(name)
        if found is not None:
            return found
        try:
            return self.create_collection(name, "", identity)
        except CollectionError:  # another process has just created it
            found = self.catalog.find_collection(name)
            if found is None:
                raise
            return found

    def create_successor(self, old: CollectionInfo, identity: EmbedderIdentity) -> CollectionInfo:
        """Create a collection that will replace another one, in the same vector store."""
        place = self.vectors.place_of(old.id)
        return self._make(
            place,
            identity,
            lambda change, new: change.create_successor(
                old, identity, collection_id=new, vectors=place
            ),
        )

    def rename_collection(self, name: str, new_name: str) -> None:
        """Rename a collection.

        Raises:
            CollectionError: the new name is taken or invalid.
        """
        with self.change_catalog() as change:
            change.rename_collection(change.collection(name).id, new_name)

    def describe_collection(self, name: str, description: str) -> None:
        """Change a collection's description."""
        with self.change_catalog() as change:
            change.describe_collection(change.collection(name).id, description)

    def describe_folders(self, name: str, folders: Mapping[str, str]) -> CollectionInfo:
        """Change the descriptions of some folders of a collection; blank ones are removed.

        Raises:
            SettingsError: a path is not a folder's, or a description is too long.
        """
        with self.change_catalog() as change:
            found = change.collection(name)
            change.describe_folders(found.id, changed(found.folders, folders))
            return change.current_collection(found)

    def instruct_collection(self, name: str, instruction: str) -> None:
        """Set the instruction for a collection's queries."""
        with self.change_catalog() as change:
            change.instruct_collection(change.collection(name).id, instruction)

    def set_collection_mode(self, name: str, mode: SearchMode | None) -> None:
        """Set the default search mode of a collection."""
        with self.change_catalog() as change:
            change.set_collection_mode(change.collection(name).id, mode)

    def change_collection(
        self,
        name: str,
        *,
        new_name: str | None = None,
        description: str | None = None,
        instruction: str | None = None,
        mode: SearchMode | Literal[""] | None = None,
        folders: Mapping[str, str] | None = None,
    ) -> CollectionInfo:
        """Change properties of a collection, all or none; None leaves one as it is.

        Raises:
            CollectionError: the new name is taken or invalid.
        """
        with self.change_catalog() as change:
            found = change.collection(name)
            if new_name is not None:
                change.rename_collection(found.id, new_name)
            if description is not None:
                change.describe_collection(found.id, description)
            if instruction is not None:
                change.instruct_collection(found.id, instruction)
            if mode is not None:
                change.set_collection_mode(found.id, mode)
            if folders is not None:
                change.describe_folders(found.id, changed(found.folders, folders))
            return change.current_collection(found)

    def drop_collection(self, name: str) -> None:
        """Delete a collection with all its documents."""
        with self.change_searchable() as change:
            change.detach_collection(change.collection(name).id)
        self.tidy()

    # -- helpers

    def _make(
        self,
        place: str,
        identity: EmbedderIdentity,
        write: Callable[[Change, str], CollectionInfo],
        require: Callable[[], None] = lambda: None,
    ) -> CollectionInfo:
        """Create a collection in a vector store, then in the catalog.

        A crash may leave an unknown empty collection of vectors, but never a known collection
        without one.
        """
        self.require_writable()
        vectors, new = self.vectors.at(place), new_id()
        with vectors.writing():
            require()
            vectors.create(new, identity.dim)
            try:
                with self.change_catalog() as change:
                    return write(change, new)
            except BaseException:
                vectors.drop(new)
                raise

    def _require_free(self, name: str) -> None:
        with self.catalog.reading() as state:
            state.free_name(name)
