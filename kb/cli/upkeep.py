"""``kb export``, ``import``, ``compact`` and ``doctor``: the knowledge base as files on a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kb import wire
from kb.cli import presentation
from kb.cli.common import EXIT_FAILED, CollectionOption, JsonOption, opened, print_json, stdout
from kb.cli.counting import counted


def export(
    file: Annotated[Path, typer.Argument(help="File to write; an existing one is replaced.")],
    collection: CollectionOption = None,
    originals: Annotated[
        bool,
        typer.Option(
            "--originals/--no-originals",
            help="Include the files that were uploaded in the browser.",
        ),
    ] = True,
) -> None:
    """Write a collection to one file: documents, chunks, vectors, settings, uploaded originals."""
    with opened(collection=collection) as base:
        with counted(f"exporting {base.collection().name}") as count:
            done = base.export(file, originals=originals, on_progress=count)
        presentation.print_archive("exported", done, stdout())


def import_(
    file: Annotated[Path, typer.Argument(help="A file that `kb export` wrote.")],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Name to import it under.")
    ] = None,
) -> None:
    """Create a collection from an exported file, without embedding anything."""
    with opened() as base:
        with counted(f"importing {file.name}") as count:
            done = base.import_archive(file, collection=collection, on_progress=count)
        presentation.print_archive("imported", done, stdout())


def compact(as_json: JsonOption = False) -> None:
    """Rewrite the store, so that its files contain no text of removed documents."""
    with opened() as base:
        done = base.compact()
        if as_json:
            print_json(wire.compaction_json(done))
        else:
            presentation.print_compaction(done, stdout())


def doctor(
    as_json: JsonOption = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair inconsistencies of the store.")
    ] = False,
) -> None:
    """Report on llama.cpp's capabilities, the loaded model, and the state of the store."""
    from kb.doctor import examine, sound  # noqa: PLC0415 - loads the model

    with opened() as base:
        findings = examine(base, repair=repair)
        if as_json:
            print_json(findings)
        else:
            presentation.print_findings(findings, stdout())
        if not sound(findings):
            raise typer.Exit(EXIT_FAILED)
