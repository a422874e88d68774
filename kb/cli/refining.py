"""``kb refine``: adds missing vectors of sentences."""

from __future__ import annotations

from dataclasses import asdict

from kb.cli.common import CollectionOption, JsonOption, opened, print_json, stdout
from kb.cli.counting import counted


def refine(collection: CollectionOption = None, as_json: JsonOption = False) -> None:
    """Embed the sentences of a collection that have no vectors yet, to improve its hits.

    `python -m ingest` does this at its end. After an interruption, run the command again.
    """
    with opened(collection=collection) as base:
        with counted(f"embedding sentences of {base.collection().name}") as count:
            done = base.refine(on_progress=count)
        if as_json:
            print_json({**asdict(done), "left": done.left})
            return
        stdout().print(
            f"{done.collection}: {done.refined} of {done.chunks} chunks are refined "
            f"({done.computed} now, {done.sentences} sentences embedded)",
            markup=False,
        )
        if done.left:
            stdout().print(
                f"the own vectors of some chunks are missing, so {done.left} are left: run "
                "`kb doctor --repair`, then this again",
                markup=False,
            )
