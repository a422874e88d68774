"""Keeps a collection in step with folders: a first run, then one after every burst of changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from watchfiles import Change, watch

from ingest.discovery import IGNORE_FILE
from ingest.loaders import EXTENSIONS
from ingest.report import FileResult, IngestReport
from ingest.run import IngestOptions, ingest
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.records import Source

# A burst of changes has ended when nothing has changed for so long …
QUIET_MS = 500
# … but who writes all the time is not waited for longer than this.
LONGEST_BURST_MS = 5000
# How soon the first run starts once the folders are being watched.
_START_MS = 300


class Watcher:
    """Runs ingestion whenever watched files change.

    Files that are seen to vanish are removed from the collection, however many they are; those
    that were gone before are left to ``--prune`` and its safeguards.

    Args:
        base: where documents go.
        paths: folders and files to keep in step.
        collection: None is the settings'.
        options: how files are read; as for a single run.
        on_report: told what each run did.
        on_error: told of errors that ended a run; watching goes on.
        stop: set it to end, also in the middle of a run.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        paths: Sequence[Path],
        *,
        collection: str | None = None,
        options: IngestOptions,
        on_report: Callable[[IngestReport], None],
        on_error: Callable[[KnowledgeBaseError], None],
        stop: threading.Event | None = None,
    ) -> None:
        self._paths = [path.expanduser().resolve() for path in paths]
        self._options = options
        self._on_report = on_report
        self._on_error = on_error
        self._base = base
        self._collection = collection
        self._stop = stop or threading.Event()

    def run(self) -> bool:
        """Keep in step until ``stop`` is set (True) or a run is interrupted (False).

        Raises:
            KeyboardInterrupt: Ctrl-C between two runs, where no handler sets ``stop``.
            KnowledgeBaseError: the first run failed as a whole.
        """
        first = True
        for vanished in self._bursts():
            try:
                report = ingest(
                    self._base,
                    self._paths,
                    collection=self._collection,
                    options=replace(self._options, vanished=vanished),
                    cancel=self._stop,
                )
            except KnowledgeBaseError as error:
                if first:
                    raise
                self._on_error(error)
                continue
            first = False
            self._on_report(report)
            if report.interrupted:
                return False
        return True

    def _bursts(self) -> Iterator[frozenset[Path]]:
        """Yield the paths that vanished: at once when watching has begun, then at each change."""
        # Editors replace files, so a file is watched through its folder.
        folders = {path if path.is_dir() else path.parent for path in self._paths}
        started = False
        for changes in watch(
            *folders,
            watch_filter=self._matters,
            debounce=LONGEST_BURST_MS,
            step=QUIET_MS,
            rust_timeout=_START_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            ignore_permission_denied=True,
        ):
            if changes or not started:
                started = True
                yield frozenset(Path(path) for change, path in changes if change is Change.deleted)

    def _matters(self, change: Change, name: str) -> bool:
        path = Path(name)
        below = next((p for p in self._paths if path.is_relative_to(p)), None)
        if below is None:
            return False
        if path.name == IGNORE_FILE:
            return True
        if any(part.startswith(".") for part in path.relative_to(below).parts):
            return False
        return (
            change is Change.deleted  # perhaps a folder: nobody can tell any more
            or path.suffix.lower() in EXTENSIONS
            or path.is_dir()
        )


class ChangeLines:
    """One line for each change, none for what is as it was."""

    def __init__(self) -> None:
        self._failed: dict[Source, str] = {}

    def of(self, report: IngestReport) -> list[str]:
        """Return the lines for a run; a failure is told once, until it changes."""
        told = self._failed
        self._failed = {result.source: result.reason for result in report.failures}
        news = (
            result
            for result in report.files
            if result.outcome != "unchanged"
            and not (result.outcome == "failed" and told.get(result.source) == result.reason)
        )
        return [*map(_line, news), *report.remarks]


def _line(result: FileResult) -> str:
    line = f"{result.outcome} {result.source.path}"
    if result.old_source is not None:
        line += f" (was {result.old_source.path})"
    return f"{line}: {result.reason}" if result.reason else line
