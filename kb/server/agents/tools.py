"""The table of all tools: names, scopes, descriptions; checks and answers calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from kb.catalog.key_records import KeyScope
from kb.errors import KnowledgeBaseError
from kb.server.agents import adding, changing, listing, reading, searching, status
from kb.server.agents.desk import Desk, meant
from kb.server.agents.faults import faults_of
from kb.server.agents.fences import in_error
from kb.server.agents.results import Result, Told
from kb.server.errors import RefusalError
from kb.server.requests import Body

_log = logging.getLogger(__name__)

_FAULT = "the server failed on this call; its log says why"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool.

    Attributes:
        name: its name in calls.
        title: its name for people.
        description: its description for a model.
        parameters: its parameters.
        result: its result as values.
        act: answers a call.
        scope: the scope that a key needs.
    """

    name: str
    title: str
    description: str
    parameters: type[Body]
    result: type[Result]
    act: Callable[[Desk, Any], Told]
    scope: KeyScope = "read"

    @property
    def writes(self) -> bool:
        """Whether the tool changes something."""
        return self.scope == "write"


_READING = (
    Tool(
        name="search",
        title="Search the documents",
        description=searching.SEARCH,
        parameters=searching.Search,
        result=searching.Hits,
        act=searching.search,
    ),
    Tool(
        name="read",
        title="Read a document",
        description=reading.READ,
        parameters=reading.Read,
        result=reading.Part,
        act=reading.read,
    ),
    Tool(
        name="list_documents",
        title="List documents",
        description=listing.DOCUMENTS,
        parameters=listing.ListDocuments,
        result=listing.Documents,
        act=listing.list_documents,
    ),
    Tool(
        name="list_collections",
        title="List collections",
        description=listing.COLLECTIONS,
        parameters=listing.ListCollections,
        result=listing.Collections,
        act=listing.list_collections,
    ),
    Tool(
        name="status",
        title="State of the knowledge base",
        description=status.STATUS,
        parameters=status.Status,
        result=status.State,
        act=status.status,
    ),
)

_WRITING = (
    Tool(
        name="add_text",
        title="Store a text",
        description=changing.ADD_TEXT,
        parameters=changing.AddText,
        result=changing.Added,
        act=changing.add_text,
        scope="write",
    ),
    Tool(
        name="tag",
        title="Tag documents",
        description=changing.TAG,
        parameters=changing.TagDocuments,
        result=changing.Tagged,
        act=changing.tag,
        scope="write",
    ),
    Tool(
        name="remove",
        title="Remove a document",
        description=changing.REMOVE,
        parameters=changing.Remove,
        result=changing.Removed,
        act=changing.remove,
        scope="write",
    ),
)
_ADD_FILE = Tool(
    name="add_file",
    title="Add a file",
    description=adding.ADD_FILE,
    parameters=adding.AddFile,
    result=adding.AddedFile,
    act=adding.add_file,
    scope="write",
)
_ADD_LOCAL_FILE = replace(
    _ADD_FILE,
    description=adding.ADD_LOCAL_FILE,
    parameters=adding.AddLocalFile,
    act=adding.add_local_file,
)


class CallError(Exception):
    """A call that cannot be answered; the message says what to do instead."""


def tools_of(desk: Desk) -> list[Tool]:
    """Return the tools that the caller may use."""
    reading = _READING if desk.may_read else ()
    adding_files = _ADD_LOCAL_FILE if desk.local else _ADD_FILE
    if not desk.may_read:
        told = adding_files.description.replace(adding.FOLLOWED, adding.UNFOLLOWED)
        adding_files = replace(adding_files, description=told)
    return [*reading, *((*_WRITING, adding_files) if desk.may_write else ())]


def tool_named(desk: Desk, name: str) -> Tool:
    """Return a tool.

    Raises:
        CallError: the caller has no such tool.
    """
    tools = {tool.name: tool for tool in tools_of(desk)}
    if name in tools:
        return tools[name]
    msg = f"there is no tool {name[:80]!r} for you; {meant(name, list(tools))}"
    raise CallError(msg)


def answered(desk: Desk, tool: Tool, arguments: Mapping[str, Any]) -> Told:
    """Answer a call.

    Raises:
        CallError: the parameters are wrong, or the tool cannot do what they ask for.
    """
    caller = desk.caller
    try:
        parameters = _checked(tool, arguments)
        caller.asked = False
        told = tool.act(desk, parameters)
        _require_asked(desk, tool)
    except (KnowledgeBaseError, RefusalError) as error:
        raise CallError(in_error(str(error))) from error
    except CallError:
        raise
    except Exception as error:
        _log.exception("the tool %s failed", tool.name)
        raise CallError(_FAULT) from error
    finally:
        caller.asked = True
    return told


def _require_asked(desk: Desk, tool: Tool) -> None:
    """Refuse, as the gate does, an answer that may hold data outside the key's collections."""
    if not desk.caller.asked:
        msg = f"the tool {tool.name} did not ask for which collections the key is"
        raise RuntimeError(msg)


def _checked(tool: Tool, arguments: Mapping[str, Any]) -> Body:
    """Return the parameters of a call; null counts as absent.

    Raises:
        CallError: a parameter is unknown or invalid.
    """
    given = {name: value for name, value in arguments.items() if value is not None}
    try:
        return tool.parameters.model_validate(given)
    except ValidationError as error:
        raise CallError(faults_of(tool.name, tool.parameters, error)) from error
