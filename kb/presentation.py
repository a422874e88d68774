"""How results look on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from kb.archive import ArchiveInfo
from kb.errors import DocumentNotFoundError
from kb.records import CollectionInfo, DocumentInfo, FailedFile, SearchHit
from kb.store.purging import Compaction
from kb.store.runs import RunInfo

_SNIPPET_CHARACTERS = 320
_LEAD_CHARACTERS = 60


def print_hits(query: str, hits: Sequence[SearchHit], console: Console) -> None:
    """Print hits, best first: score, file, place, and the passage with what matched marked."""
    console.print(Text(query, style="bold"))
    if not hits:
        console.print("no passages found; `kb documents` lists what there is to search")
    for number, hit in enumerate(hits, start=1):
        line = Text(f"{number}. ")
        line.append(f"{hit.score:.3f}", style="green")
        line.append("  ")
        line.append(hit.source, style="cyan")
        if hit.place:
            line.append(f"  {hit.place}", style="dim")
        if len(hit.sources) > 1:
            line.append(f"  (+{len(hit.sources) - 1} more)", style="dim")
        console.print(line)
        console.print(_indented(snippet(hit)))
    console.print()


def snippet(hit: SearchHit) -> Text:
    """Return the part of a hit around its first highlight, highlights marked, on one line."""
    first = hit.highlights[0][0] if hit.highlights else 0
    start = max(0, min(first - _LEAD_CHARACTERS, len(hit.text) - _SNIPPET_CHARACTERS))
    end = min(len(hit.text), start + _SNIPPET_CHARACTERS)
    text = Text("… " if start else "")
    at = start
    for left, right in hit.highlights:
        if right <= start or left >= end:
            continue
        text.append(_flat(hit.text[at : max(left, at)]))
        text.append(_flat(hit.text[max(left, at) : min(right, end)]), style="bold yellow")
        at = min(right, end)
    text.append(_flat(hit.text[at:end]))
    text.append(" …" if end < len(hit.text) else "")
    return text


def _flat(text: str) -> str:
    return text.replace("\n", " ")


def _indented(text: Text) -> Text:
    return Text("   ").append_text(text)


def hit_json(hit: SearchHit) -> dict[str, Any]:
    """Return a hit as JSON values."""
    return {**asdict(hit), "metadata": dict(hit.metadata), "place": hit.place}


def document_json(info: DocumentInfo) -> dict[str, Any]:
    """Return a document's description as JSON values."""
    return {
        **asdict(info),
        "name": info.name,
        "added_at": info.added_at.isoformat(),
        "metadata": dict(info.metadata),
        "notices": [
            {"code": n.code, "message": n.message, "values": dict(n.values)} for n in info.notices
        ],
    }


def failed_json(file: FailedFile) -> dict[str, Any]:
    """Return a file that could not be read as JSON values."""
    return {**asdict(file), "seen_at": file.seen_at.isoformat()}


def collection_json(info: CollectionInfo) -> dict[str, Any]:
    """Return a collection's description as JSON values."""
    return {**asdict(info), "created_at": info.created_at.isoformat()}


def print_documents(found: Sequence[DocumentInfo], console: Console) -> None:
    """Print a table of documents."""
    if not found:
        console.print("no documents yet; add some with `python -m ingest FOLDER`")
        return
    table = _table("id", "name", "type", "pages", "chunks", "added")
    for info in found:
        table.add_row(
            str(info.id),
            Text(", ".join(str(source) for source in info.sources) or info.name),
            info.media_type,
            str(info.pages or ""),
            str(info.chunks),
            info.added_at.astimezone().strftime("%Y-%m-%d %H:%M"),
        )
    console.print(table)
    for info in found:
        for notice in info.notices:
            console.print(Text(f"note {info.name}: {notice.message}", style="yellow"))


def print_failed(files: Sequence[FailedFile], console: Console) -> None:
    """Print the files that could not be read, each with its reason."""
    if not files:
        console.print("every file could be read")
    for file in files:
        console.print(Text.assemble((file.source.path, "cyan"), f": {file.reason}"))


def print_collections(found: Sequence[CollectionInfo], console: Console) -> None:
    """Print a table of collections."""
    if not found:
        console.print("no collections yet; make one with `python -m ingest FOLDER`")
        return
    table = _table("name", "documents", "chunks", "model", "description")
    for info in found:
        table.add_row(
            Text(info.name),
            str(info.documents),
            str(info.chunks),
            info.embedder,
            Text(info.description),
        )
    console.print(table)


def run_json(run: RunInfo) -> dict[str, Any]:
    """Return a run of ingestion as JSON values."""
    finished = run.finished_at.isoformat() if run.finished_at else None
    return {**asdict(run), "started_at": run.started_at.isoformat(), "finished_at": finished}


def print_runs(found: Sequence[RunInfo], console: Console) -> None:
    """Print runs, newest first, each with what failed in it."""
    if not found:
        console.print("no runs yet; `python -m ingest FOLDER` makes one")
    for run in found:
        line = Text.assemble(
            (f"{run.id}", "bold"),
            f"  {run.started_at.astimezone():%Y-%m-%d %H:%M}  ",
            (run.status, "green" if run.status == "finished" else "yellow"),
            f"  {run.collection}  ",
            (", ".join(run.paths), "cyan"),
        )
        counts = ", ".join(f"{count} {outcome}" for outcome, count in run.counts.items())
        console.print(line.append(f"  {counts}" if counts else ""))
        if run.error:
            console.print(Text(f"   {run.error}", style="red"))
        for path, reason in run.failures.items():
            console.print(Text(f"   failed {path}: {reason}", style="red"))


def print_archive(verb: str, info: ArchiveInfo, console: Console) -> None:
    """Print what was exported or imported."""
    console.print(
        Text(
            f"{verb} {info.collection}: {info.documents} documents, {info.chunks:,} chunks "
            f"({info.path}, {info.size / 2**20:,.1f} MiB)"
        )
    )


def compaction_json(done: Compaction) -> dict[str, Any]:
    """Return what compacting did as JSON values."""
    return asdict(done)


def print_compaction(done: Compaction, console: Console) -> None:
    """Print what compacting did."""
    console.print(
        f"compacted: {done.bytes_before / 2**20:,.1f} MiB before, "
        f"{done.bytes_after / 2**20:,.1f} MiB now; deleted {done.uploads} uploaded originals "
        f"without a document and {done.backups} backups of older catalogs"
    )


def choose_documents(found: Sequence[DocumentInfo], which: Sequence[str]) -> list[DocumentInfo]:
    """Return the documents that ids, paths or names in ``which`` mean.

    Raises:
        DocumentNotFoundError: one means no document, or more than one.
    """
    chosen = []
    for name in which:
        matches = [
            info
            for info in found
            if name == str(info.id)
            or any(name in (source.path, source.name) for source in info.sources)
        ]
        if len(matches) != 1:
            what = f"{len(matches)} documents are" if matches else "no document is"
            msg = f"{what} called {name!r}; give an id from `kb documents`"
            raise DocumentNotFoundError(msg)
        chosen.append(matches[0])
    return chosen


def plain(value: object) -> str:
    """Return a finding as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in _NUMBERS else "left")
    return table


_NUMBERS = frozenset({"id", "pages", "chunks", "documents"})


def print_findings(findings: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print what `kb doctor` found, section by section."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for section, values in findings.items():
        table.add_row(f"[bold]{section}[/]", "")
        for name, value in values.items():
            table.add_row(f"  {escape(name)}", escape(plain(value)))
    console.print(table)
