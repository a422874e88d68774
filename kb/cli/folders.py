"""``kb folders``: the watched folders of collections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from kb.catalog.watched_folders import FolderRun, WatchedFolder
from kb.cli.common import CollectionOption, JsonOption, opened, print_json, stdout
from kb.cli.listings import minute
from kb.cli.shapes import FolderShape
from kb.errors import SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.text import one_line

if TYPE_CHECKING:
    from ingest.jobs import Jobs

_GRACE_S = 5.0
_LOOK_S = 0.5
_MOST_FAILURES = 10
_START = "start `kb ui`, `kb serve` or `kb folders watch`"
_STYLES = {"in_step": "green", "missing": "yellow", "failed": "red", "paused": "yellow"}

app = typer.Typer(
    invoke_without_command=True,
    help="List the watched folders of collections.",
)

_Folder = Annotated[
    str, typer.Argument(metavar="ID|PATH", help="Folder, as `kb folders` lists it.")
]


@app.callback()
def folders(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the watched folders, with their state and last run."""
    if context.invoked_subcommand is not None:
        return
    with _queue() as (base, queue):
        found, watched = base.watched.listed(), queue.is_watched()
    if as_json:
        print_json([shape.model_dump(mode="json") for shape in map(_shape, found)])
        return
    console = stdout()
    if not found:
        console.print("no folder is watched; `kb folders add FOLDER` adds one")
    for folder in found:
        _print(folder, console)
    if found and not watched:
        console.print(f"no program watches them now; {_START}")


@app.command()
def add(
    path: Annotated[Path, typer.Argument(help="Folder of this computer.")],
    collection: CollectionOption = None,
) -> None:
    """Keep a collection in step with a folder, while kb ui, kb serve or kb folders watch runs."""
    with _queue() as (base, queue):
        added = base.watched.add(path, collection=collection)
        stdout().print(f"{added.id}  {added.path} is watched", markup=False)
        if not queue.is_watched():
            stdout().print(f"no program watches it now; {_START}")


@app.command()
def remove(folder: _Folder) -> None:
    """Stop watching a folder; its documents stay."""
    with _queue() as (base, _):
        for each in _meant(base, folder):
            base.watched.remove(each.id)
            stdout().print(f"{each.path} is no longer watched; its documents stay", markup=False)


@app.command()
def watch() -> None:
    """Keep collections in step with their watched folders, and run queued jobs, until Ctrl-C."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with _queue() as (base, queue):
        if not base.watched.listed():
            msg = "no folder is watched; add one with `kb folders add FOLDER`"
            raise SettingsError(msg)
        queue.work()
        told: dict[int, str] = {}
        while True:
            for folder in base.watched.listed():
                line = _line(folder)
                if told.get(folder.id) != line:
                    console.print(line, markup=False)
                told[folder.id] = line
            time.sleep(_LOOK_S)


@contextmanager
def _queue() -> Iterator[tuple[KnowledgeBase, Jobs]]:
    from ingest.jobs import Jobs  # noqa: PLC0415 - kb stands below ingest

    with opened() as base:
        queue = Jobs(base, working=False)
        try:
            yield base, queue
        finally:
            queue.close(timeout_s=_GRACE_S)


def _meant(base: KnowledgeBase, named: str) -> list[WatchedFolder]:
    """Return the folder with a number, or the folders with a path, of all collections.

    Raises:
        SettingsError: there is no such folder.
    """
    listed = base.watched.listed()
    path = str(Path(named).expanduser().absolute())
    found = [each for each in listed if str(each.id) == named or each.path in {named, path}]
    if not found:
        msg = f"no folder {named!r} is watched; `kb folders` lists them"
        raise SettingsError(msg)
    return found


def _state(folder: WatchedFolder) -> str:
    return "paused" if folder.paused else folder.state


def _line(folder: WatchedFolder) -> str:
    state = _state(folder).replace("_", " ")
    counts = _counts(folder.last_run)
    return f"{one_line(folder.path)}: {folder.error or state}{f' ({counts})' if counts else ''}"


def _counts(run: FolderRun | None) -> str:
    if run is None or not run.counts:
        return ""
    return "files: " + ", ".join(f"{n:,} {outcome}" for outcome, n in run.counts.items())


def _print(folder: WatchedFolder, console: Console) -> None:
    state = _state(folder)
    console.print(
        Text.assemble(
            (f"{folder.id}", "bold"),
            "  ",
            (state.replace("_", " "), _STYLES.get(state, "cyan")),
            f"  {one_line(folder.collection)}  ",
            (one_line(folder.path), "cyan"),
        )
    )
    if folder.error:
        console.print(Text(f"   {one_line(folder.error)}", style="red"))
    run = folder.last_run
    if run is None:
        return
    console.print(Text(f"   last run {minute(run.ended_at)}, {_counts(run) or 'no files'}"))
    for each in run.failures[:_MOST_FAILURES]:
        console.print(Text(f"   failed {one_line(f'{each.path}: {each.reason}')}", style="red"))
    if (left := run.counts.get("failed", 0) - len(run.failures[:_MOST_FAILURES])) > 0:
        console.print(Text(f"   … and {left:,} more failed (--json lists them)", style="red"))
    if run.gone_count:
        console.print(
            Text(
                f"   {run.gone_count:,} files are gone, more than half; their documents were kept"
                f" (kb ingest {folder.path} --prune --yes removes them)",
                style="yellow",
            )
        )


def _shape(folder: WatchedFolder) -> FolderShape:
    told = asdict(folder)
    wanted = {name: told[name] for name in FolderShape.model_fields}
    return FolderShape.model_validate(wanted, strict=False)  # JSON has lists, not tuples
