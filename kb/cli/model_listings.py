"""How models look on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

if TYPE_CHECKING:
    from kb.embedding.checking import ModelCheck
    from kb.models.registry import KnownModel
    from kb.records import CollectionInfo


def known_json(model: KnownModel) -> dict[str, Any]:
    """Return what is known of a model as JSON values."""
    return {
        "name": model.name,
        "repository": model.repository or None,
        "on_modelscope": model.on_modelscope,
        "files": [asdict(file) for file in model.files],
        "dimensions": model.dimensions,
        "dimensions_from": model.mrl[0] if model.mrl else None,
        "context_tokens": model.context_tokens,
        "pooling": model.pooling,
        "query": model.prompts.word_query("…"),
        "document": model.prompts.word_document("…"),
        "licence": model.licence,
    }


def print_check(done: ModelCheck, console: Console) -> None:
    """Print what was found about a model."""
    marks = {True: "[green]ok[/]", False: "[red]wrong[/]", None: "[dim]note[/]"}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for finding in done.findings:
        table.add_row(marks[finding.ok], finding.name, finding.detail)
    console.print(table)
    console.print(f"{done.model} is {'healthy' if done.healthy else 'not healthy'}", markup=False)


def print_refused(others: Sequence[CollectionInfo], model: str, console: Console) -> None:
    """Say of collections that another model made what can be done about each."""
    for info in others:
        console.print(
            f"{info.name} was made with {info.embedder}: it is refused with this model until "
            f"`kb reembed --model {model} --collection {info.name}` has embedded it again; or use "
            "a new collection",
            markup=False,
        )


def plain(value: object) -> str:
    """Return a fact as a person reads it."""
    if isinstance(value, list):
        return ", ".join(f"{each['quant']} ({each['size_gb']:g} GB)" for each in value)
    if value is None:
        return "-"
    return str(value).replace("\n", "\\n")


def table_of(*columns: str) -> Table:
    """Return an empty table; names are never cut."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column == "name")
    return table


def gigabytes(size: int) -> str:
    """Return a size in bytes as GB of 10^9 bytes."""
    return f"{size / 1e9:.2f} GB"


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal; elsewhere nothing, so that logs stay short."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
