"""``kb collections``: lists collections, describes them, and sets how to search them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.text import Text

from kb import folders, wire
from kb.cli import presentation
from kb.cli.common import JsonOption, opened, print_json, stdout
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.reading.nearest import nearest

app = typer.Typer(invoke_without_command=True, help="List the collections, or change one.")


@app.callback()
def collections(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the collections."""
    if context.invoked_subcommand is not None:
        return
    with opened() as base:
        found = base.collections()
        if as_json:
            print_json([wire.collection_json(info) for info in found])
        else:
            presentation.print_collections(found, stdout())


@app.command("set")
def set_(
    name: Annotated[str, typer.Argument(help="Collection to change.")],
    mode: Annotated[
        Literal["hybrid", "dense", "keyword", "default"] | None,
        typer.Option(
            "--mode", "-m", help="How to search it; `default` is the mode of the settings."
        ),
    ] = None,
    instruct: Annotated[
        str | None,
        typer.Option(
            help='Instruction of its queries, if the model takes one; "" means that of the '
            "settings."
        ),
    ] = None,
    description: Annotated[str | None, typer.Option(help="Its contents.")] = None,
) -> None:
    """Change the search settings and the description of a collection; its documents stay."""
    with opened() as base:
        if mode is None and instruct is None and description is None:
            msg = "nothing to set; give --mode, --instruct or --description"
            raise SettingsError(msg)
        if mode is not None:
            base.set_collection_mode(name, None if mode == "default" else mode)
        if instruct is not None:
            base.instruct_collection(name, instruct)
        if description is not None:
            base.describe_collection(name, description)
        presentation.print_collections([base.collection(name)], stdout())


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="Collection to describe.")],
    description: Annotated[str, typer.Argument(help='Its contents; "" removes the description.')],
    folder: Annotated[
        str | None,
        typer.Option(
            help="Describe this folder of it, by its path or the end of its path: "
            "minutes/2025 means every folder with that end."
        ),
    ] = None,
) -> None:
    """Describe a collection, or one of its folders; search returns this with its hits."""
    with opened() as base:
        if folder is None:
            base.describe_collection(name, description)
        else:
            before = base.collection(name).folders
            base.describe_folder(folder, description, collection=name)
        presentation.print_collections([base.collection(name)], stdout())
        if folder is not None and description.strip():
            _doubt(base, name, folders.clean_folder(folder))
        elif folder is not None and folders.clean_folder(folder) not in before:
            told = ", ".join(map(repr, before)) or "none"
            _hint(f"no folder {folder!r} of {name!r} had a description; those that have: {told}")


def _doubt(base: KnowledgeBase, name: str, folder: str) -> None:
    """Warn if a folder has no documents, because its name may be mistyped."""
    sources = [source for info in base.documents(collection=name) for source in info.sources]
    if any(folders.lies_in(folder, source) for source in sources):
        return
    there = dict.fromkeys(each for source in sources for each in folders.folders_of(source))
    near = nearest(folder, ((each, each) for each in there))
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    said = f"no document of {name!r} lies in a folder {folder!r} yet{meant}"
    _hint(said)


def _hint(said: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(said, style="yellow"))
