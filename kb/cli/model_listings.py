"""Prints models on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
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

from kb.model_speeds import Speed, Speeds
from kb.models.bundled import is_here
from kb.models.files import InstalledModel, installed
from kb.models.known import (
    SETTINGS,
    WORDS,
    KnownChat,
    KnownEmbedder,
    KnownModel,
    KnownReranker,
)
from kb.models.registry import KNOWN
from kb.models.rerank_template import QWEN3
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.embedding.checking import ModelCheck
    from kb.records import CollectionInfo
    from kb.remote.neighbours import ServedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The model files of this machine, with their measured speeds."""

    files: Sequence[InstalledModel]
    speeds: Speeds
    has_bundled: bool

    @classmethod
    def of(cls, settings: Settings) -> Shelf:
        """Read the models folder."""
        files = installed(settings.models_dir)
        return cls(
            files=files, speeds=Speeds(settings.data_dir), has_bundled=is_here(settings.models_dir)
        )

    def file_json(self, file: InstalledModel) -> dict[str, Any]:
        """Return a file as JSON values."""
        speed = self.speeds.of(file.path)
        return {
            **asdict(file),
            "path": str(file.path),
            "known": file.known and file.known.name,
            "kind": file.known and file.known.kind,
            "speed": asdict(speed) if speed else None,
        }

    def here(self, model: KnownModel) -> str:
        """Return the quantisations of a model on this machine, with the known speeds."""
        mine = [file for file in self.files if file.known is model]
        told = []
        for file in mine:
            name = "built in" if model.built_in else file.quant
            speed = self.speeds.of(file.path)
            told.append(f"{name}: {speed_text(speed)} tokens/s" if speed else name)
        return ", ".join(told) or ("built in" if model.built_in and self.has_bundled else "-")


def known_json(model: KnownModel) -> dict[str, Any]:
    """Return the facts about a model as JSON values."""
    return {
        "kind": model.kind,
        "name": model.name,
        "repository": model.repository or None,
        "on_modelscope": model.on_modelscope,
        "files": [asdict(file) for file in model.files],
        "context_tokens": model.context_tokens,
        **_of_kind(model),
        "licence": model.licence,
    }


def _of_kind(model: KnownModel) -> dict[str, Any]:
    if isinstance(model, KnownEmbedder):
        return {
            "dimensions": model.dimensions,
            "dimensions_from": model.mrl[0] if model.mrl else None,
            "pooling": model.pooling,
            "query": model.prompts.word_query("…"),
            "document": model.prompts.word_document("…"),
        }
    if isinstance(model, KnownReranker):
        asked = QWEN3.fill("…", "…") if model.scored_by == "yes or no" else "… and …"
        return {"scored_by": model.scored_by, "prompt": asked}
    if isinstance(model, KnownChat):
        return {"template": "in its file", "thinks": model.thinks}
    return {}


def print_models(shelf: Shelf, settings: Settings, console: Console) -> None:
    """Print models by kind, with their costs, and mark those in use."""
    for kind, setting in SETTINGS.items():
        console.print(f"{WORDS[kind]}s (setting {setting})", style="bold", markup=False)
        own = ("dimensions",) if kind == "embedding" else ()
        table = table_of("name", *own, "reads tokens", "quantisations (GB)", "on this machine")
        for model in KNOWN:
            if model.kind == kind:
                own = (f"{model.dimensions:,}",) if isinstance(model, KnownEmbedder) else ()
                offered = ", ".join(f"{file.quant} {file.size_gb:g}" for file in model.files)
                reads = f"{model.context_tokens:,}"
                table.add_row(model.name, *own, reads, offered, shelf.here(model))
        console.print(table)
        console.print()
    for file in shelf.files:
        if file.known is None:
            speed = shelf.speeds.of(file.path)
            fast = f", {speed_text(speed)} tokens/s" if speed else ""
            told = f"also here: {file.reference} ({gigabytes(file.size)}{fast})"
            console.print(told, markup=False)
    console.print(f"in use: {settings.shown('model')}", markup=False)
    for kind, setting in SETTINGS.items():
        if kind != "embedding":
            named = settings.shown(setting) or f"none (`kb models use NAME` sets {setting})"
            console.print(f"{WORDS[kind]} in use: {named}", markup=False)


def print_served(served: Sequence[ServedModel], console: Console) -> None:
    """Print the chat models of servers on this machine."""
    for model in served:
        size = f", {gigabytes(model.size)}" if model.size else ""
        told = f"{model.name} on {model.server} here{size}: `kb models use {model.setting}`"
        console.print(told, markup=False)


def speed_text(speed: Speed) -> str:
    """Return the speed of a model: ``1,234``, or for a chat model ``reads 210, writes 24``."""
    if speed.written is None:
        return f"{speed.read:,.0f}"
    return f"reads {speed.read:,.0f}, writes {speed.written:,.0f}"


def print_check(done: ModelCheck, console: Console) -> None:
    """Print the results of checking a model."""
    marks = {True: "[green]ok[/]", False: "[red]wrong[/]", None: "[dim]note[/]"}
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for finding in done.findings:
        table.add_row(marks[finding.ok], finding.name, finding.detail)
    console.print(table)
    console.print(f"{done.model} is {'healthy' if done.healthy else 'not healthy'}", markup=False)


def print_refused(others: Sequence[CollectionInfo], model: str, console: Console) -> None:
    """Print advice for each collection that another model embedded."""
    for info in others:
        console.print(
            f"{info.name} was made with {info.embedder}: it is refused with this model until "
            f"`kb reembed --model {model} --collection {info.name}` has embedded it again; or use "
            "a new collection",
            markup=False,
        )


def plain(value: object) -> str:
    """Return a value in readable form."""
    if isinstance(value, list):
        return ", ".join(f"{each['quant']} ({each['size_gb']:g} GB)" for each in value)
    if value is None:
        return "-"
    return str(value).replace("\n", "\\n")


def table_of(*columns: str) -> Table:
    """Return an empty table that never shortens names."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column == "name")
    return table


def gigabytes(size: int) -> str:
    """Return a size in bytes as GB of 10^9 bytes."""
    return f"{size / 1e9:.2f} GB"


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on a terminal; elsewhere nothing, so that logs stay short."""
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
