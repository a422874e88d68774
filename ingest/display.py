"""Progress and the final report on a terminal. Only the report goes to stdout."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining
from ingest.results import FileEvent, FileResult, OnEvent
from kb.records import Source
from kb.text import one_line

_MOST_SHOWN = 4
_NAME_WIDTH = 36
_SETTLED = ("stored", "unchanged", "failed")
# A plain log gets one line per this many seconds; a terminal gets a live display.
_LOG_INTERVAL_S = 10.0


class _ChunkRate(ProgressColumn):
    """Chunks embedded so far and per second."""

    def render(self, task: Task) -> Text:
        chunks = task.fields["chunks"]
        seconds = task.fields["clock"]()
        rate = chunks / seconds if seconds > 0 else 0.0
        return Text(f"{chunks:,} chunks · {rate:.1f}/s", style="cyan")


@dataclass(frozen=True, slots=True)
class Shown:
    """Values that a run passes to its display."""

    on_event: OnEvent
    refining: Refining


@contextmanager
def progress(console: Console) -> Iterator[Shown]:
    """Show a live display while the block runs; without a terminal, print a line now and then."""
    if console.is_terminal:
        with _live(console) as shown:
            yield shown
    else:
        yield _plain(console)


@contextmanager
def _live(console: Console) -> Iterator[Shown]:
    chunks: dict[Source, int] = {}
    sizes: dict[Source, int] = {}
    state = {"files": 0, "failed": 0, "first": 0.0}
    rows: dict[Source, TaskID] = {}

    def clock() -> float:
        return time.monotonic() - state["first"] if state["first"] else 0.0

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}"),
        _OnlyTotal(MofNCompleteColumn()),
        _OnlyTotal(_ChunkRate()),
        _OnlyTotal(TimeRemainingColumn(compact=True)),
        console=console,
        transient=True,
    ) as bars:
        total = bars.add_task("files", total=0, note="", chunks=0, clock=clock, whole=True)

        def on_event(event: FileEvent) -> None:
            if event.stage == "waiting":
                sizes[event.source] = event.total
                bars.update(total, total=len(sizes))
                return
            if event.stage in _SETTLED:
                state["files"] += 1
                state["failed"] += event.stage == "failed"
                if event.source in rows:
                    bars.remove_task(rows.pop(event.source))
                note = f"[red]{int(state['failed'])} failed[/]" if state["failed"] else ""
                bars.update(total, completed=state["files"], note=note)
                return
            if event.stage == "embedding":
                state["first"] = state["first"] or time.monotonic()
                chunks[event.source] = event.done
                bars.update(total, chunks=sum(chunks.values()))
            if event.source not in rows and len(rows) < _MOST_SHOWN:
                rows[event.source] = bars.add_task(
                    escape(_short(one_line(str(event.source)))), total=None, note="", whole=False
                )
            if event.source in rows:
                unit = "pages" if event.stage == "reading" else "chunks"
                count = f" {event.done}/{event.total} {unit}" if event.total else ""
                bars.update(
                    rows[event.source],
                    completed=event.done,
                    total=event.total or None,
                    note=f"{event.stage}{count}",
                )

        def on_refined(done: int, of: int) -> None:
            bars.update(
                total, description="sentences", note="", completed=done, total=of, whole=False
            )

        yield Shown(on_event, _told(console, on_refined))


class _OnlyTotal(ProgressColumn):
    """Shows a column only on the line of the whole run."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> Text:
        shown = self._column(task) if task.fields.get("whole") else Text("")
        return shown if isinstance(shown, Text) else Text(str(shown))


def _told(console: Console, on_progress: Callable[[int, int], None]) -> Refining:
    def on_searchable(report: IngestReport) -> None:
        console.print(
            f"searchable after {report.seconds:.1f} s; its sentences follow, which Ctrl-C leaves "
            "to the next run",
            highlight=False,
            soft_wrap=True,
        )

    return Refining(on_searchable=on_searchable, on_progress=on_progress)


def _plain(console: Console) -> Shown:
    state = {"last": time.monotonic(), "files": 0, "total": 0}
    chunks: dict[Source, int] = {}

    def on_event(event: FileEvent) -> None:
        if event.stage == "waiting":
            state["total"] += 1
            return  # the total is whole with the first file that is read
        if event.stage in _SETTLED:
            state["files"] += 1
        elif event.stage == "embedding":
            chunks[event.source] = event.done
        if time.monotonic() - state["last"] >= _LOG_INTERVAL_S:
            state["last"] = time.monotonic()
            console.print(
                f"{state['files']:.0f} of {state['total']:.0f} files, "
                f"{sum(chunks.values()):,} chunks embedded"
            )

    def on_refined(done: int, of: int) -> None:
        if time.monotonic() - state["last"] >= _LOG_INTERVAL_S:
            state["last"] = time.monotonic()
            console.print(f"sentences of {done:,} of {of:,} chunks embedded")

    return Shown(on_event, _told(console, on_refined))


def _foreseen(outcome: str) -> str:
    return "would fail" if outcome == "failed" else f"would be {outcome}"


def print_report(report: IngestReport, console: Console) -> None:
    """Print a run's report: counts, then every file with a remark."""
    counts = [
        f"{report.count(outcome)} {_foreseen(outcome) if report.dry_run else outcome}"
        for outcome in ("added", "changed", "moved", "removed", "unchanged", "failed")
        if report.count(outcome) or outcome in ("added", "unchanged", "failed")
    ]
    console.print(f"[bold]{escape(report.collection)}[/]: " + ", ".join(counts))
    if report.chunks or report.embedded:
        rate = report.embedded / report.seconds if report.seconds else 0.0
        vectors = "vector" if report.reused == 1 else "vectors"
        reused = f" ({report.reused:,} {vectors} reused)" if report.reused else ""
        console.print(
            f"{report.chunks:,} chunks{reused}, {report.tokens:,} tokens, "
            f"{report.seconds:.1f} s, {rate:.1f} chunks/s"
        )
    _print_refined(report, console)
    for result in report.warned:
        for notice in result.notices:
            _line(console, "yellow", "note", result, notice.message)
    for result in report.failures:
        older = "" if result.document_id is None else " Its older version is still found."
        _line(console, "red", "failed", result, result.reason + older)
    for line in report.still_searchable():
        console.print(f"[yellow]{escape(one_line(line))}[/]")
    if report.not_included:
        console.print(
            f"[dim]{report.not_included} known files do not match --include; this run did not "
            "look at them, and they are still searchable[/]"
        )
    if report.other_types:
        kinds = _some([f"{escape(kind)} {count}" for kind, count in report.other_types.items()])
        total = sum(report.other_types.values())
        console.print(f"[dim]{total} files of other types were not considered ({kinds})[/]")
    for remark in report.remarks:
        console.print(f"[yellow]{escape(one_line(remark))}[/]")
    if report.interrupted:
        console.print("[yellow]interrupted; run the same command again to go on[/]")


def _print_refined(report: IngestReport, console: Console) -> None:
    """Print the progress of the sentences."""
    if report.refined_s is not None:
        console.print(
            f"searchable after {report.seconds:.1f} s, refined after {report.refined_s:.1f} s "
            f"(sentences of {report.refined:,} chunks)"
        )
    elif report.unrefined_reason:
        console.print(f"[red]sentences[/] {escape(one_line(report.unrefined_reason))}")
    elif report.unrefined:
        console.print(
            f"{report.unrefined:,} chunks are found without their sentences yet; the next run "
            "goes on"
        )


def _line(console: Console, colour: str, word: str, result: FileResult, text: str) -> None:
    named = text if str(result.source) in text else f"{result.source}: {text}"
    console.print(f"[{colour}]{word}[/] {escape(one_line(named))}")


def _some(items: list[str], most: int = 10) -> str:
    rest = f" … and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest


def _short(path: str) -> str:
    return path if len(path) <= _NAME_WIDTH else "…" + path[-(_NAME_WIDTH - 1) :]
