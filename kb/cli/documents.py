"""``kb documents``, ``tag``, ``remove`` and ``runs``: documents and runs of ingestion."""

from __future__ import annotations

from typing import Annotated

import typer

from kb import wire
from kb.cli import listings
from kb.cli.choosing import Chosen, chosen
from kb.cli.common import CollectionOption, JsonOption, opened, print_json, stdout
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
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
        list[str] | None, typer.Option("--add", "-a", help='Tag to add; "a, b" means two tags.')
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", "-r", help="Tag to remove.")
    ] = None,
    collection: CollectionOption = None,
) -> None:
    """Add tags to documents, or remove tags; `kb search --tag` finds documents by tag."""
    with opened(collection=collection) as base:
        if not add and not remove:
            msg = "nothing to change; give --add TAG or --remove TAG"
            raise SettingsError(msg)
        named = chosen(base, which)
        base.tag([each.info.id for each in named], add=add or (), remove=remove or ())
        for each in named:
            info = base.document(each.info.id)
            said = ", ".join(info.tags) or "no tags"
            where = f"  ({each.where})" if each.elsewhere else ""
            stdout().print(f"{info.id} {one_line(info.name)}: {said}{where}", markup=False)


def remove(
    which: Annotated[
        list[str], typer.Argument(help="Document ids or paths, as `kb documents` lists them.")
    ],
    collection: CollectionOption = None,
) -> None:
    """Remove documents from a collection; files on disk stay.

    A path removes only that file: a document that also has other paths stays under those.
    """
    with opened(collection=collection) as base:
        named = chosen(base, which)
        rereading = base.watched.rereading(each.info for each in named)
        for each in named:
            stdout().print(_removed(base, each), markup=False)
        for folder in rereading:
            stdout().print(
                f"{folder.path} is watched: its next run reads files in it again; delete them, "
                "or list them in .kbignore",
                markup=False,
            )


def _removed(base: KnowledgeBase, each: Chosen) -> str:
    """Remove the chosen documents; return the results."""
    info = each.info
    where = f"  ({each.where})" if each.elsewhere else ""
    if not each.files:
        base.remove(info.id)
        names = one_line(", ".join(map(str, info.sources)) or info.name)
        return f"removed {info.id} {names}{where}"
    base.files.forget(each.files)
    gone = one_line(", ".join(map(str, each.files)))
    stays = one_line(", ".join(str(file) for file in info.sources if file not in each.files))
    return f"removed {gone}; its text stays as {stays}: kb remove {info.short_id} removes it"


def runs(
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, help="Number of runs to list at most.")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the latest runs of ingestion: time, folder, changes, failures."""
    with opened() as base:
        found = base.runs(limit=limit)
        if as_json:
            print_json([wire.run_json(run) for run in found])
        else:
            listings.print_runs(found, stdout())
