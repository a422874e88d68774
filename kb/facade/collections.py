"""Collections of a knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from kb.facade.parts import Parts
from kb.records import CollectionInfo, CollectionRef, SearchMode


class CollectionMethods(Parts):
    """Collections: listed, made, described, deleted."""

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name."""
        return self._store.catalog.collections()

    def collection(self, name: str | None = None) -> CollectionInfo:
        """Return one collection's description.

        Raises:
            CollectionError: there is no such collection.
        """
        return self._store.catalog.collection(name or self.settings.collection)

    def held(self, name: str | None = None) -> CollectionRef:
        """Return the collection of that name to work on for a while, whatever it is called by then.

        The name itself where there is no such collection (yet).
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
        """Make a collection for the model in use.

        Args:
            name: what it is called.
            description: what it holds.
            instruction: see :meth:`instruct_collection`.
            mode: see :meth:`set_collection_mode`.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        return self._store.create_collection(
            name, description, self.indexing.identity, instruction=instruction, mode=mode
        )

    def rename_collection(self, name: str, new_name: str) -> None:
        """Give a collection another name; its contents stay as they are."""
        self._store.rename_collection(name, new_name)

    def describe_collection(self, name: str, description: str) -> None:
        """Change a collection's description."""
        self._store.describe_collection(name, description)

    def describe_folder(
        self, folder: str, description: str, *, collection: str | None = None
    ) -> CollectionInfo:
        """Say what a folder of a collection holds; hits from it come with that.

        Args:
            folder: its whole path, or the end of it: ``minutes/2025`` is every folder called so.
            description: "meeting notes of 2025"; empty for nothing.
            collection: None is the settings'.

        Raises:
            CollectionError: there is no such collection.
            SettingsError: the path names no folder, or the description is too long.
        """
        name = collection or self.settings.collection
        return self._store.describe_folders(name, {folder: description})

    def instruct_collection(self, name: str, instruction: str) -> None:
        """Change what a collection's queries ask for; empty for the settings' instruction.

        Documents are embedded without instructions, so nothing is embedded again.
        """
        self._store.instruct_collection(name, instruction)

    def set_collection_mode(self, name: str, mode: SearchMode | None) -> None:
        """Change how a collection is searched where a query does not say; None for the settings'.

        Raises:
            CollectionError: there is no such collection.
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
        """Change several of these in one step, all or none; what is not given stays as it is.

        Args:
            name: which collection.
            new_name: see :meth:`rename_collection`.
            description: see :meth:`describe_collection`.
            instruction: see :meth:`instruct_collection`.
            mode: see :meth:`set_collection_mode`; ``""`` is the settings'.
            folders: descriptions by folder, see :meth:`describe_folder`; others stay.

        Raises:
            CollectionError: there is no such collection, or the new name is taken or cannot be
                used.
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
            CollectionError: there is no such collection.
        """
        self._store.drop_collection(name)
