"""Collections of a knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kb.facade.parts import Parts
from kb.records import CollectionInfo, CollectionRef, SearchMode


class CollectionMethods(Parts):
    """Methods for collections: list, create, describe, delete."""

    def collections(self) -> list[CollectionInfo]:
        """Return all collections, sorted by name."""
        return self._store.catalog.collections()

    def collection(self, name: str | None = None) -> CollectionInfo:
        """Return one collection's description.

        Raises:
            CollectionError: the collection does not exist.
        """
        return self._store.catalog.collection(name or self.settings.collection)

    def held(self, name: str | None = None) -> CollectionRef:
        """Return the collection of that name, for work that must survive its renaming.

        Return the name itself if the collection does not exist (yet).
        """
        wanted = name or self.settings.collection
        return self._store.catalog.find_collection(wanted) or wanted

    def create_collection(
        self,
        name: str,
        *,
        description: str = "",
        instruction: str = "",
        mode: SearchMode | None = None,
    ) -> CollectionInfo:
        """Create a collection for the model in use.

        Args:
            name: its name.
            description: its description for people and agents.
            instruction: see :meth:`instruct_collection`.
            mode: see :meth:`set_collection_mode`.

        Raises:
            CollectionError: the name is taken or invalid.
        """
        return self._store.create_collection(
            name, description, self.indexing.identity, instruction=instruction, mode=mode
        )

    def rename_collection(self, name: str, new_name: str) -> None:
        """Rename a collection; its contents stay as they are."""
        self._store.rename_collection(name, new_name)

    def describe_collection(self, name: str, description: str) -> None:
        """Change a collection's description."""
        self._store.describe_collection(name, description)

    def describe_folder(
        self, folder: str, description: str, *, collection: str | None = None
    ) -> CollectionInfo:
        """Describe a folder of a collection; hits from it come with the description.

        Args:
            folder: its whole path, or the end of a path: ``minutes/2025`` is every folder whose
                path ends so.
            description: for example "meeting notes of 2025"; empty to remove it.
            collection: name of the collection; None for that of the settings.

        Raises:
            CollectionError: the collection does not exist.
            SettingsError: the path is not a folder's, or the description is too long.
        """
        name = collection or self.settings.collection
        return self._store.describe_folders(name, {folder: description})

    def instruct_collection(self, name: str, instruction: str) -> None:
        """Set the instruction for a collection's queries; empty for that of the settings.

        Documents are embedded without instructions, so nothing is embedded again.
        """
        self._store.instruct_collection(name, instruction)

    def set_collection_mode(self, name: str, mode: SearchMode | None) -> None:
        """Set the default search mode of a collection; None for that of the settings.

        Raises:
            CollectionError: the collection does not exist.
        """
        self._store.set_collection_mode(name, mode)

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
        """Change several properties in one step, all or none; omitted ones stay as they are.

        Args:
            name: the present name of the collection.
            new_name: see :meth:`rename_collection`.
            description: see :meth:`describe_collection`.
            instruction: see :meth:`instruct_collection`.
            mode: see :meth:`set_collection_mode`; ``""`` for that of the settings.
            folders: descriptions by folder, see :meth:`describe_folder`; others stay.

        Raises:
            CollectionError: the collection does not exist, or the new name is taken or invalid.
        """
        return self._store.change_collection(
            name,
            new_name=new_name,
            description=description,
            instruction=instruction,
            mode=mode,
            folders=folders,
        )

    def delete_collection(self, name: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            CollectionError: the collection does not exist.
        """
        self._store.drop_collection(name)
