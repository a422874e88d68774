"""``kb migrate``: moves a collection's vectors to another vector store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kb.cli.common import opened, print_json, stdout
from kb.cli.counting import counted


def migrate(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="STORE",
            help="`chroma`, `exact` or the address of a vector server, as in `vector_store`.",
        ),
    ],
    collection: Annotated[
        str | None, typer.Option("--collection", "-c", help="Collection to move.")
    ] = None,
    token_variable: Annotated[
        str,
        typer.Option(
            "--token-variable",
            metavar="NAME",
            help="Environment variable with the token of the new server.",
        ),
    ] = "KB_VECTOR_TOKEN",  # noqa: S107 - the name of a variable
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Copy a collection's vectors to another vector store, compare them, and then use that store.

    Searching and adding continue meanwhile. After an interruption, run the command again.
    """
    with opened(collection=collection) as base:
        with counted(f"copying {base.collection().name}") as count:
            done = base.migrate(to, token_variable=token_variable, on_progress=count)
        if as_json:
            print_json(asdict(done))
            return
        stdout().print(
            f"{done.collection}: {done.vectors} vectors, now in {done.after} ({done.copied} "
            f"copied, {done.resumed} were there before; every number compared)",
            markup=False,
        )
        if done.after != base.settings.vector_store:
            stdout().print(
                f'for new collections, and for the server\'s token: vector_store = "{to}"',
                markup=False,
            )
