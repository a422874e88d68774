"""``/v1/collections``: lists, creates, describes, renames and deletes collections."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field

from kb import wire
from kb.errors import CollectionNameError, SettingsError
from kb.folders import MOST_DESCRIPTION, MOST_FOLDERS, MOST_PATH
from kb.records import SearchMode
from kb.server.caller import Asking, Caller
from kb.server.description import errors
from kb.server.errors import json_response
from kb.server.fields import VALID, CollectionName, Instruction
from kb.server.json_bodies import JsonRoute
from kb.server.knowledge.records import CollectionReply, DeletedReply
from kb.server.knowledge.serving import STORE, Serving, listed
from kb.server.replies import Reply
from kb.server.requests import Body
from kb.server.scopes import needs

_Description = Annotated[str, Field(max_length=MOST_DESCRIPTION), VALID]
_Folder = Annotated[str, Field(min_length=1, max_length=MOST_PATH), VALID]

_ONE = "/v1/collections/{name:path}"


class CollectionsReply(Reply):
    """All collections; ``default`` is the one for requests that name none."""

    object: Literal["list"]
    data: list[CollectionReply]
    default: str


class NewCollection(Body):
    """``POST /v1/collections``."""

    name: CollectionName
    description: _Description = ""
    instruction: Instruction = ""
    mode: SearchMode | None = None


class CollectionChange(Body):
    """``PATCH /v1/collections/{name}``: omitted fields stay; a null mode means the server's.

    ``folders`` maps paths to descriptions. Folders that it omits keep theirs; a blank one is
    removed.
    """

    name: CollectionName | None = None
    description: _Description | None = None
    instruction: Instruction | None = None
    mode: SearchMode | None = None
    folders: dict[_Folder, _Description] = Field(default={}, max_length=MOST_FOLDERS)


def routes(serving: Serving) -> APIRouter:
    """Return the routes of collections."""
    router = APIRouter(route_class=JsonRoute)
    base, quick, changes = serving.base, serving.quick, serving.changes

    @router.get(
        "/v1/collections",
        operation_id="list_collections",
        response_model=CollectionsReply,
        responses=errors(HTTPStatus.TOO_MANY_REQUESTS),
    )
    @needs("read", collections="asked")
    async def collections(caller: Asking) -> Response:
        """List the collections by name, each with its counts."""
        return await quick.run(lambda: json_response(_listed(serving, caller)))

    @router.post(
        "/v1/collections",
        operation_id="create_collection",
        response_model=CollectionReply,
        responses=errors(HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS, body=True),
    )
    @needs("write", body="small", collections="asked")
    async def create(body: NewCollection, caller: Asking) -> Response:
        """Create a collection; the served model embeds its documents."""
        caller.check(body.name)
        return await changes.run(lambda: json_response(_created(serving, body)))

    @router.get(
        _ONE,
        operation_id="get_collection",
        response_model=CollectionReply,
        responses=errors(*STORE),
    )
    @needs("read", collections="asked")
    async def collection(name: str, caller: Asking) -> Response:
        """Describe a collection and its contents."""
        caller.check(_named(name))
        return await quick.run(lambda: json_response(wire.collection_json(base.collection(name))))

    @router.patch(
        _ONE,
        operation_id="change_collection",
        response_model=CollectionReply,
        responses=errors(*STORE, HTTPStatus.CONFLICT, body=True),
    )
    @needs("write", body="small", collections="asked")
    async def change(name: str, body: CollectionChange, caller: Asking) -> Response:
        """Rename a collection, describe it and its folders, change its search settings.

        The server makes all changes or none. A key without permission to read gets back only the
        fields that it sent.
        """
        caller.check(_named(name), *([body.name] if body.name else []))
        return await changes.run(lambda: json_response(_changed(serving, name, body, caller)))

    @router.delete(
        _ONE,
        operation_id="delete_collection",
        response_model=DeletedReply,
        responses=errors(*STORE),
    )
    @needs("write", collections="asked")
    async def delete(name: str, caller: Asking) -> Response:
        """Delete a collection with all its documents."""
        caller.check(_named(name))
        return await changes.run(lambda: json_response(_deleted(serving, name)))

    return router


def _named(name: str) -> str:
    """Return the name in a path; an empty name must not mean the collection of the settings."""
    if not name:
        msg = "the path ends before the name of a collection; GET /v1/collections lists them"
        raise CollectionNameError(msg)
    return name


def _listed(serving: Serving, caller: Caller) -> dict[str, Any]:
    found = {info.name: info for info in serving.base.collections()}
    data = [wire.collection_json(found[name]) for name in caller.among(found)]
    own = caller.collections or ()
    default = own[0] if len(own) == 1 else serving.base.settings.collection
    return listed(data, default=default)


def _created(serving: Serving, body: NewCollection) -> dict[str, Any]:
    _check_instruction(serving, body.instruction)
    made = serving.base.create_collection(
        body.name, description=body.description, instruction=body.instruction, mode=body.mode
    )
    return wire.collection_json(made)


def _check_instruction(serving: Serving, instruction: str | None) -> None:
    """Refuse an instruction with which every search of the collection would fail.

    Raises:
        SettingsError: the model takes no instructions.
    """
    embedder = serving.base.embedder
    if instruction and not embedder.abilities.takes_task:
        msg = f"{embedder.identity.model_id} takes no instruction; leave it out"
        raise SettingsError(msg)


def _changed(serving: Serving, name: str, body: CollectionChange, caller: Caller) -> dict[str, Any]:
    _check_instruction(serving, body.instruction)
    given = body.model_fields_set
    changed = serving.base.change_collection(
        name,
        new_name=body.name,
        description=body.description,
        instruction=body.instruction,
        mode=(body.mode or "") if "mode" in given else None,
        folders=body.folders or None,
    )
    if not caller.may_read:
        changed = replace(
            changed,
            description=body.description or "",
            instruction=body.instruction or "",
            mode=body.mode,
            folders=body.folders,
            documents=0,
            chunks=0,
            refined=0,
        )
    return wire.collection_json(changed)


def _deleted(serving: Serving, name: str) -> dict[str, Any]:
    info = serving.base.collection(name)
    serving.base.delete_collection(name)
    return {"object": "collection", "id": info.id, "deleted": True}
