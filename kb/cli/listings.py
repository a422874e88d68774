"""Lists documents, unreadable files and runs, on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.text import Text

from kb.catalog.runs import RunInfo
from kb.cli.presentation import new_table
from kb.records import DocumentInfo, FailedFile
from kb.text import one_line

_MOST_NAMES = 10
_MINUTE_S = 60


def print_documents(
    found: Sequence[DocumentInfo], failed: Sequence[FailedFile], console: Console
) -> None:
    """Print a table of documents, then remarks on them."""
    if found:
        table = new_table(
            "id", "short id", "name", "type", "language", "pages", "chunks", "tags", "added"
        )
        for info in found:
            table.add_row(
                str(info.id),
                info.short_id,
                Text(one_line(", ".join(str(source) for source in info.sources) or info.name)),
                info.media_type,
                Text(one_line(info.language)),
                str(info.pages or ""),
                str(info.chunks),
                Text(one_line(", ".join(info.tags))),
                minute(info.added_at),
            )
        console.print(table)
    elif not failed:
        console.print("no documents yet; add some with `kb ingest FOLDER`")
    for info in found:
        for notice in info.notices:
            console.print(Text(f"note {one_line(info.name)}: {notice.message}", style="yellow"))
    for file in failed:
        if file.document_added_at is not None:
            console.print(Text.assemble(("note ", "yellow"), _older(file)))
    if failed:
        files = "1 file" if len(failed) == 1 else f"{len(failed):,} files"
        console.print(
            Text(f"{files} could not be read; `kb documents --failed` says why", style="red")
        )


def print_failed(files: Sequence[FailedFile], console: Console) -> None:
    """Print the unreadable files, each with its reason."""
    if not files:
        console.print("every file could be read")
    for file in files:
        console.print(Text.assemble((one_line(str(file.source)), "cyan"), f"  ({_place(file)})"))
        console.print(Text(f"   {one_line(file.reason)}"))
        if file.document_added_at is not None:
            console.print(Text.assemble("   ", _older(file)))


def _place(file: FailedFile) -> str:
    return f"{one_line(file.source.root)}, {minute(file.seen_at)}"


def _older(file: FailedFile) -> Text:
    date = minute(file.document_added_at) if file.document_added_at else ""
    return Text(
        f"{one_line(str(file.source))} could not be read as it is now; the version of {date} is "
        f"still found (`kb remove {file.document_id}` removes it)",
        style="yellow",
    )


def print_runs(found: Sequence[RunInfo], console: Console) -> None:
    """Print runs, newest first: time, folder, changes, failures."""
    if not found:
        console.print("no runs yet; `kb ingest FOLDER` makes one")
    for run in found:
        console.print(
            Text.assemble(
                (f"{run.id}", "bold"),
                f"  {minute(run.started_at)}  ",
                (run.status, "green" if run.status == "finished" else "yellow"),
                f"{_took(run)}  {run.collection}  ",
                (one_line(", ".join(run.paths)), "cyan"),
            )
        )
        if run.counts:
            counts = ", ".join(f"{run.counts[name]} {name}" for name in _ordered(run.counts))
            vectors = f"; {run.embedded:,} chunks embedded, {run.reused:,} vectors reused"
            console.print(Text(f"   {counts}{vectors if run.chunks else ''}"))
        elif run.status == "interrupted":
            console.print("   it ended without a report; run the same command again to go on")
        for outcome in _ordered(run.changes):
            console.print(Text(f"   {outcome} {some(run.changes[outcome])}"))
        _print_still_searchable(run, console)
        if run.error:
            console.print(Text(f"   {run.error}", style="red"))
        for path, reason in list(run.failures.items())[:_MOST_NAMES]:
            named = reason if path in reason else f"{path}: {reason}"
            console.print(Text(f"   failed {named}", style="red"))
        if (left := len(run.failures) - _MOST_NAMES) > 0:
            console.print(Text(f"   … and {left:,} more failed (--json lists all)", style="red"))


def _print_still_searchable(run: RunInfo, console: Console) -> None:
    if run.gone:
        console.print(Text(f"   gone, still searchable: {some(run.gone)}", style="yellow"))
    for rule in dict.fromkeys(each["by"] for each in run.left_out.values()):
        paths = [path for path, each in run.left_out.items() if each["by"] == rule]
        said = f"   left out by {rule}, still searchable: {some(paths)}"
        console.print(Text(said, style="yellow"))


def some(names: Sequence[str]) -> str:
    """Return the first of some names, and the number of the others."""
    left = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" … and {left:,} more" if left > 0 else "")


OUTCOMES = ("added", "changed", "moved", "removed", "unchanged", "failed")
"""Outcomes of files in a run, in their order of output."""


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=OUTCOMES.index)


def _took(run: RunInfo) -> str:
    if run.finished_at is None:
        return ""
    minutes, seconds = divmod(round((run.finished_at - run.started_at).total_seconds()), _MINUTE_S)
    return f" in {minutes} min {seconds} s" if minutes else f" in {seconds} s"


def minute(moment: datetime) -> str:
    """Return a time in this machine's time zone and form, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
