"""``kb documents``, ``tag``, ``remove`` and ``runs``: what was ingested, and how."""

from __future__ import annotations

from typing import Annotated

import typer

from kb import wire
from kb.cli import listings
from kb.cli.common import CollectionOption, JsonOption, opened, print_json, stdout
from kb.errors import SettingsError
from kb.text import one_line


def documents(
    collection: CollectionOption = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="List the files that could not be read.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List the documents of a collection."""
    with opened(collection=collection) as base:
        files = base.files.failed()
        if failed and as_json:
            print_json([wire.failed_json(file) for file in files])
        elif failed:
            listings.print_failed(files, stdout())
        elif as_json:
            print_json([wire.document_json(info, files) for info in base.documents()])
        else:
            listings.print_documents(base.documents(), files, stdout())


def tag(
    which: Annotated[
        list[str], typer.Argument(help="Document ids or paths, as `kb documents` lists them.")
    ],
    add: Annotated[
        list[str] | None, typer.Option("--add", "-a", help='Tag to give; "a, b" are two.')
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="Tag to take away.")
    ] = None,
    collection: CollectionOption = None,
) -> None:
    """Give tags to documents, or take them away; `kb search --tag` finds them by these."""
    with opened(collection=collection) as base:
        if not add and not remove:
            msg = "nothing to change; give --add TAG or --remove TAG"
            raise SettingsError(msg)
        ids = [info.id for info in listings.choose_documents(base.documents(), which)]
        base.tag(ids, add=add or (), remove=remove or ())
        for info in map(base.document, ids):
            said = ", ".join(info.tags) or "no tags"
            stdout().print(f"{info.id} {one_line(info.name)}: {said}", markup=False)


def remove(
    which: Annotated[
        list[str], typer.Argument(help="Document ids or paths, as `kb documents` lists them.")
    ],
    collection: CollectionOption = None,
) -> None:
    """Remove documents from a collection; files on disk are left alone."""
    with opened(collection=collection) as base:
        for info in listings.choose_documents(base.documents(), which):
            base.remove(info.id)
            stdout().print(f"removed {info.id} {info.name}", markup=False)


def runs(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Most runs to list.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the latest runs of ingestion: when, over what, what changed, what failed."""
    with opened() as base:
        found = base.runs(limit=limit)
        if as_json:
            print_json([wire.run_json(run) for run in found])
        else:
            listings.print_runs(found, stdout())
