"""Collections of a served knowledge base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from kb import wire
from kb.client.parts import Parts, place
from kb.records import CollectionInfo, SearchMode


class CollectionCalls(Parts):
    """Collections: listed, made, described, deleted."""

    def collections(self) -> list[CollectionInfo]:
        """Return all collections by name; of a key for some collections, those."""
        path = place("collections")
        return self.records(wire.collection_from_json, self.server.get(path), path)

    def collection(self, name: str | None = None) -> CollectionInfo:
        """Return one collection's description; the server's own without a name.

        Raises:
            CollectionError: there is no such collection.
        """
        path = place("collections", name or self._default())
        return self.record(wire.collection_from_json, self.server.get(path), path)

    def create_collection(
        self,
        name: str,
        *,
        description: str = "",
        instruction: str = "",
        mode: SearchMode | None = None,
    ) -> CollectionInfo:
        """Make a collection for the model in use.

        Raises:
            CollectionError: the name is taken or cannot be used.
        """
        path = place("collections")
        body = {
            "name": name,
            "description": description,
            "instruction": instruction,
            "mode": mode,
        }
        told = self.server.ask("POST", path, json=body)
        return self.record(wire.collection_from_json, told, path)

    def rename_collection(self, name: str, new_name: str) -> None:
        """Give a collection another name; its contents stay as they are."""
        self._change(name, {"name": new_name})

    def describe_collection(self, name: str, description: str) -> None:
        """Change a collection's description."""
        self._change(name, {"description": description})

    def describe_folder(
        self, folder: str, description: str, *, collection: str | None = None
    ) -> CollectionInfo:
        """Say what a folder of a collection holds: see :meth:`kb.KnowledgeBase.describe_folder`."""
        path = place("collections", collection or self._default())
        told = self.server.ask("PATCH", path, json={"folders": {folder: description}})
        return self.record(wire.collection_from_json, told, path)

    def instruct_collection(self, name: str, instruction: str) -> None:
        """Change what a collection's queries ask for; empty for the settings' instruction."""
        self._change(name, {"instruction": instruction})

    def set_collection_mode(self, name: str, mode: SearchMode | None) -> None:
        """Change how a collection is searched where a query does not say; None for the settings'.

        Raises:
            CollectionError: there is no such collection.
        """
        self._change(name, {"mode": mode})

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

        ``""`` as mode is the settings'; of ``folders`` those stay that are not named.

        Raises:
            CollectionError: there is no such collection, or the new name is taken or cannot be
                used.
        """
        asked: dict[str, str | None] = {
            "name": new_name,
            "description": description,
            "instruction": instruction,
        }
        body: dict[str, Any] = {field: value for field, value in asked.items() if value is not None}
        if mode is not None:
            body["mode"] = mode or None
        if folders is not None:
            body["folders"] = dict(folders)
        path = place("collections", name)
        told = self.server.ask("PATCH", path, json=body)
        return self.record(wire.collection_from_json, told, path)

    def delete_collection(self, name: str) -> None:
        """Delete a collection with all its documents.

        Raises:
            CollectionError: there is no such collection.
        """
        self.server.ask("DELETE", place("collections", name))

    def _change(self, name: str, body: dict[str, str | None]) -> None:
        self.server.ask("PATCH", place("collections", name), json=body)

    def _default(self) -> str:
        """Return the collection that the server means where none is named."""
        told = self.server.get(place("collections"))
        return str(told.get("default", ""))
