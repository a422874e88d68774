"""Keeps a collection in step with folders: a first run, then one after every burst of changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

from ingest.errors import UnreadableFileError
from ingest.finding.finder import located, sorted_out
from ingest.finding.watching import Burst, bursts
from ingest.options import IngestOptions
from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining
from ingest.results import FileResult
from ingest.run import ingest
from kb.errors import CollectionGoneError, KnowledgeBaseError, SettingsError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionRef, Source

Ingesting = Callable[[Sequence[Path], CollectionRef, IngestOptions], IngestReport]
"""Runs over existing folders and files."""

# Seconds until the first retry of a failed run, and the longest delay of later ones.
_RETRY_S = 5.0
_LONGEST_RETRY_S = 300.0


class Watcher:
    """Runs ingestion whenever watched files change.

    It removes all files that are seen to vanish, or that a rule excludes after a run took them in.
    Files that were missing or excluded before are left to ``--prune`` and its safeguards. The next
    run removes the files that a failed run did not.

    If a whole folder disappears (deleted, renamed, its disk unmounted), the watcher waits for it.
    Its documents stay, except for files that were seen to be deleted one by one.

    Args:
        base: the knowledge base for the documents.
        paths: folders and files to keep in step.
        collection: None means the settings'.
        options: options of reading, as for a single run.
        on_report: receives each run's report.
        on_error: receives errors that ended a run; watching goes on.
        on_remark: receives remarks for people on the watching itself.
        stop: set it to end, also in the middle of a run.
        ingesting: runs over existing files, in place of :func:`ingest.run.ingest`; it must then
            embed sentences itself.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        paths: Sequence[Path | str],
        *,
        collection: CollectionRef = None,
        options: IngestOptions,
        on_report: Callable[[IngestReport], None],
        on_error: Callable[[KnowledgeBaseError], None],
        on_remark: Callable[[str], None],
        stop: threading.Event | None = None,
        ingesting: Ingesting | None = None,
    ) -> None:
        self._ingesting = ingesting
        self._paths = list(paths)
        self._options = options
        self._on_report = on_report
        self._on_error = on_error
        self._on_remark = on_remark
        self._base = base
        self._collection = collection
        self._stop = stop or threading.Event()
        self._vanished: frozenset[Path] = frozenset()
        self._taken_in: frozenset[Source] = frozenset()
        self._has_run = False
        self._retry_s = _RETRY_S
        self._sentences = _Sentences(base, on_error, on_remark)

    def run(self) -> bool:
        """Watch until ``stop`` is set (True) or a run is interrupted (False).

        Raises:
            KeyboardInterrupt: Ctrl-C between two runs, if no handler sets ``stop``.
            CollectionGoneError: the collection was deleted.
            SettingsError: a path is in an object store, which reports no changes.
            KnowledgeBaseError: the first run failed as a whole, or nothing can be watched.
        """
        addresses, places = sorted_out(self._paths)
        if addresses:
            msg = (
                f"{addresses[0].url} cannot be watched: object stores tell of no changes. Run the "
                "command without --watch now and then; what is unchanged is not fetched again"
            )
            raise SettingsError(msg)
        paths = [located(path) for path in places]
        # From now on it is this collection, even after renaming: a deleted one stays deleted.
        self._collection = self._base.indexing.writable_collection(self._collection)
        try:
            return self._follow(bursts(paths, self._stop, self._on_remark))
        finally:
            self._sentences.stop()

    def _follow(self, watched: Generator[Burst, float | None, None]) -> bool:
        burst = next(watched, None)
        while burst is not None:
            self._vanished |= burst.vanished
            retry_s = None
            if burst.present or self._vanished:
                self._sentences.stop()
                try:
                    report = self._ingest(burst)
                except CollectionGoneError:
                    raise
                except KnowledgeBaseError as error:
                    if not self._has_run:
                        raise
                    self._on_error(error)
                    retry_s = self._retry_s
                    self._retry_s = min(2 * retry_s, _LONGEST_RETRY_S)
                else:
                    if not self._told(report):
                        return False
            try:
                burst = watched.send(retry_s)
            except StopIteration:
                break
        return True

    def _told(self, report: IngestReport) -> bool:
        """Report a run and keep data for the next one; return False if it was interrupted."""
        self._on_report(report)
        if report.interrupted:
            return False
        self._vanished = frozenset()
        self._taken_in = (self._taken_in - _removed(report)) | _found(report)
        self._has_run = True
        self._retry_s = _RETRY_S
        if report.unrefined and self._ingesting is None:
            self._sentences.start(self._collection)
        return True

    def _ingest(self, burst: Burst) -> IngestReport:
        if burst.disturbed and self._options.prune:
            # Files of an unmounted disk only look as if they were gone.
            self._options = replace(self._options, prune=False)
            self._on_remark(
                "--prune removes nothing more, because a watched folder, or a disk in it, is not "
                "the one that it was when watching began; start the command again for that"
            )
        options = replace(self._options, vanished=self._vanished, taken_in=self._taken_in)
        if self._ingesting is not None:
            return self._ingesting(burst.present, self._collection, options)
        return ingest(
            self._base,
            burst.present,
            collection=self._collection,
            options=options,
            cancel=self._stop,
            # Another change may follow shortly.
            refining=Refining(wanted=False),
        )


class _Sentences:
    """Computes the vectors of sentences between runs, in a thread that stops at once for a run."""

    def __init__(
        self,
        base: KnowledgeBase,
        on_error: Callable[[KnowledgeBaseError], None],
        on_remark: Callable[[str], None],
    ) -> None:
        self._base = base
        self._on_error = on_error
        self._on_remark = on_remark
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, collection: CollectionRef) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(collection,), name="sentences")
        self._thread.start()

    def stop(self) -> None:
        """Stop for a run; finished sentences stay."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self, collection: CollectionRef) -> None:
        began = time.monotonic()
        try:
            done = self._base.refine(collection, stop=self._stop)
        except CollectionGoneError:
            return  # the next run ends the watching, and reports it
        except KnowledgeBaseError as error:
            self._on_error(error)
            return
        if done.computed and not done.left:
            seconds = time.monotonic() - began
            self._on_remark(f"refined: sentences of {done.computed:,} chunks in {seconds:.1f} s")


def _found(report: IngestReport) -> frozenset[Source]:
    """Return the files that exist, are accessible, and that no rule excludes."""
    return frozenset(
        each.source
        for each in report.files
        if each.outcome != "removed" and each.reason_code != UnreadableFileError.code
    )


def _removed(report: IngestReport) -> frozenset[Source]:
    moved = (each.old_source for each in report.files if each.old_source is not None)
    return frozenset(moved).union(e.source for e in report.files if e.outcome == "removed")


class ChangeLines:
    """One line for each change; none for unchanged files."""

    def __init__(self) -> None:
        self._failed: dict[Source, str] = {}
        self._told: frozenset[str] = frozenset()

    def of(self, report: IngestReport) -> list[str]:
        """Return the lines for a run; a lasting state is reported once, until it changes."""
        told = self._failed
        self._failed = {result.source: result.reason for result in report.failures}
        news = (
            result
            for result in report.files
            if result.outcome != "unchanged"
            and not (result.outcome == "failed" and told.get(result.source) == result.reason)
        )
        remarks = [*report.remarks, *report.still_searchable()]
        said = [remark for remark in remarks if remark not in self._told]
        self._told = frozenset(remarks)
        return [*map(_line, news), *said]


def _line(result: FileResult) -> str:
    line = f"{result.outcome} {result.source.path}"
    if result.old_source is not None:
        line += f" (was {result.old_source.path})"
    return f"{line}: {result.reason}" if result.reason else line
