"""``kb mcp``: the knowledge base as tools of an agent, over stdin and stdout."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kb import interrupts
from kb.cli.common import opened
from kb.errors import CollectionError
from kb.knowledge_base import KnowledgeBase
from kb.lazy import Lazy

if TYPE_CHECKING:
    from ingest.jobs import Jobs


def mcp(
    scope: Annotated[
        Literal["read", "write"],
        typer.Option(help="What the agent may do: only look things up, or also change them."),
    ] = "write",
    collection: Annotated[
        list[str] | None,
        typer.Option(
            "--collection", "-c", help="Only this collection; repeatable. All by default."
        ),
    ] = None,
) -> None:
    """Give an agent tools to search, read and fill the knowledge base, by the MCP.

    Claude Desktop, Claude Code, Cursor and others start this command themselves; docs/agents.md
    shows how. Standard output carries only the protocol. `kb serve` offers the same tools at /mcp.
    """
    from kb.server.agents.desk import Desk  # noqa: PLC0415 - only this command needs the SDK
    from kb.server.agents.stdio import serve  # noqa: PLC0415 - likewise
    from kb.server.caller import Caller  # noqa: PLC0415 - likewise

    with opened() as base, closing(Lazy(lambda: _jobs(base))) as jobs:
        _require(base, collection or ())
        caller = Caller(
            scopes=("read",) if scope == "read" else ("read", "write"),
            collections=collection or None,
        )
        if scope == "write" and not base.read_only and base.jobs.is_active():
            jobs.get()  # also runs jobs that an earlier process left
        # A thread waits for stdin and cannot be stopped; the store survives an interrupted write.
        interrupts.end_at_once()
        serve(Desk(base=base, caller=caller, jobs=jobs.get, local=True))


def _require(base: KnowledgeBase, names: Iterable[str]) -> None:
    """Refuse missing collections, except the settings' collection: the first text creates it.

    Raises:
        CollectionError: a collection does not exist.
    """
    from kb.server.agents.desk import meant  # noqa: PLC0415 - only this command needs the SDK

    there = {each.name for each in base.collections()} | {base.settings.collection}
    for name in names:
        if name not in there:
            msg = (
                f"there is no collection {name[:200]!r}; {meant(name, sorted(there))} "
                "(`kb ingest FOLDER --collection NAME` makes one)"
            )
            raise CollectionError(msg)


def _jobs(base: KnowledgeBase) -> Jobs:
    from ingest.jobs import Jobs  # noqa: PLC0415 - kb stands below ingest

    return Jobs(base)
