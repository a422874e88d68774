"""Ingestion as one call: find the files, bring each up to date, report."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.absences import Absences
from ingest.clocks import StageClocks
from ingest.finding import Finder
from ingest.interruption import Cancellation
from ingest.loaders.base import LoadOptions
from ingest.naming import distinct
from ingest.pipeline import Pipeline
from ingest.planning import Job, Planner
from ingest.report import FileResult, IngestReport, OnEvent
from ingest.sandbox import Sandbox
from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.records import Source
from kb.settings import Settings
from kb.uploads import UPLOADS_ROOT

TIMELINE_PARTS = 40
"""Parts of a run for which its report says how busy each stage was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """Choices of one run.

    ``checksum`` hashes files even where size and time are unchanged; ``prune`` removes
    documents whose files are gone from the folders given (``force_prune`` even if that is more
    than half); ``retry`` reads files again that could not be read; ``passwords`` are tried on
    encrypted files and never stored; ``vanished`` are files and folders that were seen to be
    deleted: what they held is removed without being asked for.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    checksum: bool = False
    prune: bool = False
    force_prune: bool = False
    dry_run: bool = False
    retry: bool = False
    ocr: bool | None = None
    passwords: tuple[str, ...] = field(default=(), repr=False)
    vanished: frozenset[Path] = frozenset()


def ingest(
    base: KnowledgeBase,
    paths: Sequence[Path | str],
    *,
    collection: str | None = None,
    options: IngestOptions | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
) -> IngestReport:
    """Bring folders and files up to date in a collection.

    A bad file never stops the run: it is a result with outcome ``failed`` and a reason.
    Ctrl-C (or ``cancel``) ends the run after the commit under way, with a partial report.

    Raises:
        UnreadableFileError: a path does not exist.
        KnowledgeBaseError: the store or the model failed.
    """
    options = options or IngestOptions()
    run = _Run(base, collection, options, on_event, cancel)
    try:
        run.find(paths)
    except KeyboardInterrupt:
        return run.interrupted()
    return run.record(
        [str(Path(path).expanduser().resolve()) for path in paths], lambda: run.finder.jobs
    )


def ingest_uploads(
    base: KnowledgeBase,
    uploads: Sequence[tuple[str, bytes | Callable[[], bytes]]],
    *,
    collection: str | None = None,
    options: IngestOptions | None = None,
    on_event: OnEvent | None = None,
    cancel: threading.Event | None = None,
) -> IngestReport:
    """Keep originals sent as (name, bytes) and bring them up to date; a known name is replaced.

    In place of bytes there may be a function that returns them when their turn comes. Files of
    one name are all kept, under numbered names, unless they are the same; the remarks say so.

    Raises:
        KnowledgeBaseError: the store or the model failed.
    """
    run = _Run(base, collection, options or IngestOptions(), on_event, cancel)

    def save() -> list[Job]:
        kept = []
        for name, given in uploads:
            data = given if isinstance(given, bytes) else given()
            kept.append((name, base.uploads.save(name, data), len(data)))
            del data
        known = {
            state.source.path: state.content_hash
            for state in base.files.states(root=UPLOADS_ROOT, collection=run.collection)
        }
        # Originals are called by their content's hash.
        names = distinct([(name, path.stem) for name, path, _ in kept], known)
        jobs = []
        for chosen, (sent, path, size) in zip(names, kept, strict=True):
            if chosen is None:
                run.remark(f"{sent} came twice with the same content; it is kept once")
                continue
            if chosen != sent:
                run.remark(f"several files are called {sent}; one of them is kept as {chosen}")
            source = Source(root=UPLOADS_ROOT, path=chosen)
            jobs.append(Job(source=source, path=path, size=size, mtime_ns=0))
        return jobs

    # Saved once the run has begun: `kb compact` deletes originals that no source refers to.
    return run.record([name for name, _ in uploads], save)


class _Run:
    """What belongs to one run: options, what was found, what to say."""

    def __init__(
        self,
        base: KnowledgeBase,
        collection: str | None,
        options: IngestOptions,
        on_event: OnEvent | None,
        cancel: threading.Event | None,
    ) -> None:
        self._base = base
        self.collection = collection or base.settings.collection
        self._options = options
        self._on_event: OnEvent = on_event or (lambda _: None)
        self._cancel = Cancellation(cancel)
        self._started = time.monotonic()
        self._pipeline: Pipeline | None = None
        self._remarks: list[str] = []
        self.finder = Finder(())

    def find(self, paths: Sequence[Path | str]) -> None:
        """Find the files below ``paths``."""
        roots = {state.source.root for state in self._base.files.states(collection=self.collection)}
        self.finder = Finder(
            roots,
            include=self._options.include,
            exclude=self._options.exclude,
            cancel=self._cancel,
        )
        self.finder.find(paths)

    def remark(self, text: str) -> None:
        """Have the report say something about the run as a whole."""
        self._remarks.append(text)

    def interrupted(self) -> IngestReport:
        """Report what was done until now."""
        results = self._pipeline.results if self._pipeline else []
        clocks = self._pipeline.clocks if self._pipeline else None
        return self._report(
            [*self.finder.failed.values(), *results], [], clocks=clocks, interrupted=True
        )

    def record(self, paths: list[str], jobs: Callable[[], list[Job]]) -> IngestReport:
        """Execute, and leave a record in the history of runs."""
        if self._options.dry_run:
            return self.execute(jobs())
        try:
            record = self._base.begin_run(paths, collection=self.collection)
        except KeyboardInterrupt:
            return self.interrupted()
        try:
            try:
                report = self.execute(jobs())
            except KeyboardInterrupt:
                report = self.interrupted()
            # Who is interrupted waits for nobody; the record then says so by itself.
            with contextlib.suppress(KeyboardInterrupt):
                record.end("interrupted" if report.interrupted else "finished", report.history())
        except Exception as error:
            with contextlib.suppress(KnowledgeBaseError):  # a full disk must not hide the reason
                record.end("failed", {"error": str(error)})
            raise
        finally:
            # A run whose end could not be written down counts as interrupted.
            record.release()
        return report

    def execute(self, jobs: list[Job]) -> IngestReport:
        """Do it, or with ``dry_run`` say what would be done."""
        settings = self._base.settings
        if not self._options.dry_run:
            for root in self.finder.used:
                self._base.files.adopt_roots(root, collection=self.collection)
        load_options = _load_options(settings, self._options)
        planner = Planner(
            self._base,
            collection=self.collection,
            options=load_options,
            checksum=self._options.checksum,
            retry=self._options.retry,
            roots=self.finder.used,
        )
        absences = Absences(self._base, planner, self.finder, jobs, collection=self.collection)
        planner.expect_gone(absences.gone)
        if self._options.dry_run:
            return self._dry_run(planner, jobs, absences)
        absences.note_failures()
        pipeline = self._pipeline = Pipeline(
            self._base,
            planner,
            collection=self.collection,
            sandbox=lambda: Sandbox(
                workers=settings.workers or None,
                timeout_s=settings.file_timeout_s,
                memory_bytes=settings.file_memory_mb * 2**20,
            ),
            options=load_options,
            on_event=self._on_event,
            cancel=self._cancel,
        )
        pipeline.run(jobs)
        interrupted = self._cancel.is_set()
        results = [*self.finder.failed.values(), *pipeline.results]
        if not interrupted:
            results += self._removed(absences, results)
        gone = absences.left(results)
        return self._report(results, gone, clocks=pipeline.clocks, interrupted=interrupted)

    def _report(
        self,
        results: list[FileResult],
        gone: list[Source],
        *,
        clocks: StageClocks | None = None,
        interrupted: bool = False,
    ) -> IngestReport:
        seconds = time.monotonic() - self._started
        return IngestReport(
            collection=self.collection,
            files=tuple(results),
            seconds=seconds,
            busy_share=clocks.embedding.share if clocks else 0.0,
            timeline=clocks.timeline(seconds, TIMELINE_PARTS) if clocks else {},
            interrupted=interrupted,
            dry_run=self._options.dry_run,
            gone=tuple(gone),
            other_types=dict(self.finder.other_types.most_common()),
            remarks=tuple(self._remarks),
        )

    def _dry_run(self, planner: Planner, jobs: list[Job], absences: Absences) -> IngestReport:
        results = list(self.finder.failed.values())
        for job in jobs:
            if self._cancel.is_set():
                return self._report(results, [], interrupted=True)
            decision = planner.decide(job)
            before = decision.before
            outcome = {
                "unchanged": "unchanged",
                "touch": "unchanged",
                "still_failed": "failed",
                "unreadable": "failed",
                "move": "moved",
            }.get(decision.action, "changed" if before else "added")
            error = str(decision.error) if decision.error else (before.reason if before else "")
            results.append(
                FileResult(
                    source=job.source,
                    old_source=decision.old_source,
                    outcome=outcome,  # type: ignore[arg-type] # names of outcomes, above
                    reason=error if outcome == "failed" else "",
                    reason_code=before.reason_code if before and outcome == "failed" else "",
                )
            )
        results += self._removed(absences, results)
        return self._report(results, absences.left(results))

    def _removed(self, absences: Absences, results: list[FileResult]) -> list[FileResult]:
        """Remove what is gone as far as the options ask for it."""
        removed, remarks = absences.remove(
            results,
            vanished=self._options.vanished,
            prune=self._options.prune,
            force=self._options.force_prune,
            dry_run=self._options.dry_run,
        )
        self._remarks += remarks
        return removed


def _load_options(settings: Settings, options: IngestOptions) -> LoadOptions:
    return LoadOptions(
        passwords=options.passwords,
        ocr=settings.ocr if options.ocr is None else options.ocr,
        max_file_bytes=settings.max_file_mb * 2**20,
    )
