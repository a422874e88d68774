"""``kb reembed``: embeds a collection with another model, from its stored text."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kb.cli.common import opened, print_json, stdout
from kb.cli.counting import counted


def reembed(
    model: Annotated[
        str | None,
        typer.Option("--model", help="The new model; by default the settings' model."),
    ] = None,
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Collection to embed again.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Embed a collection again with another model, from the stored text; needs no files.

    Searches use the old model until all chunks are done. The sentences follow. After an
    interruption, run the command again.
    """
    with opened(model=model, collection=collection) as base:
        name = base.collection().name
        with counted(f"embedding {name} with {base.embedder.identity.model_id}") as count:
            done = base.reembed(on_progress=count)
            if base.settings.sentences:
                count.begin(f"embedding sentences of {name}")
                base.refine(on_progress=count)
        if as_json:
            print_json(asdict(done))
            return
        stdout().print(
            f"{done.collection}: {done.documents} documents, {done.chunks} chunks, now of the "
            f"model {done.model_id} ({done.embedded} embedded, {done.resumed} documents were "
            "done before)",
            markup=False,
        )
        if model is not None:
            stdout().print(f"use it from now on: kb models use {model}", markup=False)
