"""One run of ingestion, from finding files to the report."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ingest.engines.base import Engine
from ingest.finding.candidate import Candidate
from ingest.finding.finder import Finder
from ingest.finding.placing import homes
from ingest.finding.renaming import renamed_roots
from ingest.options import IngestOptions
from ingest.pipeline.absences import Absences
from ingest.pipeline.clocks import StageClocks
from ingest.pipeline.fetching import Fetcher
from ingest.pipeline.pipeline import Pipeline
from ingest.pipeline.planning import Planner, adopted_states, proposed
from ingest.pipeline.report import IngestReport
from ingest.pipeline.sentences import Refining, refined
from ingest.results import FileResult, OnEvent
from kb.errors import CollectionGoneError, KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, CollectionRef, FileState
from kb.stopping import Cancellation

TIMELINE_PARTS = 40
"""Stages whose busy time a run reports."""


class Run:
    """One run: options, found files, remarks."""

    def __init__(
        self,
        base: KnowledgeBase,
        collection: CollectionRef,
        options: IngestOptions,
        on_event: OnEvent | None,
        cancel: threading.Event | None,
        *,
        engine: Engine,
    ) -> None:
        self._base = base
        self._engine = engine
        if not isinstance(collection, CollectionInfo):
            collection = base.held(collection)
        self.collection: CollectionRef = collection
        self._options = options
        self._on_event: OnEvent = on_event or (lambda _: None)
        self._cancel = Cancellation(cancel)
        self._started = time.monotonic()
        self._pipeline: Pipeline | None = None
        self._remarks: list[str] = []
        self._adopted: dict[str, tuple[str, str]] = {}
        self.finder = Finder(())

    def find(self, paths: Sequence[Path | str]) -> None:
        """Find the files below ``paths``."""
        every = self._base.files.states(collection=self.collection)
        unplaced = self._base.files.unplaced(collection=self.collection)
        states = [state for state in every if state.source.root not in unplaced]
        self.finder = self._found(paths, states)
        placed = homes(every, unplaced, self.finder)
        states += [state for state in every if state.source.root in placed]
        renamed = {**renamed_roots(states, self.finder.candidates, self.finder.is_lost), **placed}
        if renamed:
            # Again, now that the files of the folder under its new name are known.
            self.finder = self._found(paths, adopted_states(states, renamed))
            places = {old: self.finder.place_of(*new) for old, new in renamed.items()}
            self._remarks += [
                f"the folder {old} is {new} now; its files were taken over"
                for old, new in places.items()
                if new != old
            ]
        self._adopted = {**renamed, **self.finder.adopted}

    def _found(self, paths: Sequence[Path | str], states: Iterable[FileState]) -> Finder:
        finder = Finder(
            (state.source for state in states),
            include=self._options.include,
            exclude=self._options.exclude,
            cancel=self._cancel,
        )
        finder.find(paths)
        return finder

    def remark(self, remarks: Iterable[str]) -> None:
        """Add a remark to the report."""
        self._remarks += remarks

    def interrupted(self) -> IngestReport:
        """Report the work done so far."""
        results = self._pipeline.results if self._pipeline else []
        clocks = self._pipeline.clocks if self._pipeline else None
        return self._report(
            [*self.finder.failed.values(), *results], clocks=clocks, interrupted=True
        )

    def record(self, paths: list[str], candidates: Callable[[], list[Candidate]]) -> IngestReport:
        """Run, and record it in the history of runs."""
        if self._options.dry_run:
            return self.dry_run(candidates())
        try:
            record = self._base.begin_run(paths, collection=self.collection)
        except KeyboardInterrupt:
            return self.interrupted()
        self.collection = record.collection
        try:
            try:
                report = self.execute(record.collection, candidates())
            except KeyboardInterrupt:
                report = self.interrupted()
            # An interrupted run waits for nobody; without an end its record counts as interrupted.
            with contextlib.suppress(KeyboardInterrupt):
                record.end("interrupted" if report.interrupted else "finished", report.history())
        except Exception as error:
            with contextlib.suppress(KnowledgeBaseError):  # a full disk must not hide the reason
                record.end("failed", {"error": str(error)})
            raise
        finally:
            # A run without a recorded end counts as interrupted.
            record.release()
        return report

    def refined(self, report: IngestReport, refining: Refining) -> IngestReport:
        """Embed the sentences of the chunks that are now searchable."""
        if not isinstance(self.collection, CollectionInfo):
            return report
        return refined(
            self._base,
            self.collection,
            report,
            refining,
            started=self._started,
            cancel=self._cancel,
            engine=self._engine,
        )

    def execute(self, collection: CollectionInfo, candidates: list[Candidate]) -> IngestReport:
        """Run all stages."""
        settings = self._base.settings
        self._base.files.adopt(self._adopted, collection=collection)
        planner, absences = self._compared(candidates)
        absences.note_failures(dry_run=False)
        removed = absences.remove_at_once(taken_in=self._options.taken_in)
        pipeline = self._pipeline = Pipeline(
            self._base,
            planner,
            collection=collection,
            fetcher=self._fetcher(planner),
            engine=self._engine,
            options=self._options.loading(settings),
            on_event=self._on_event,
            cancel=self._cancel,
        )
        pipeline.run(candidates)
        interrupted = self._cancel.is_set()
        results = [*self.finder.failed.values(), *removed, *pipeline.results]
        if not interrupted:
            results += self._removed(absences, results)
        self._base.indexing.current(collection)  # a deleted collection gets no report
        return self._report(results, absences, clocks=pipeline.clocks, interrupted=interrupted)

    def dry_run(self, candidates: list[Candidate]) -> IngestReport:
        """Report what a run would do."""
        planner, absences = self._compared(candidates)
        absences.note_failures(dry_run=True)
        results = list(self.finder.failed.values())
        fetcher = self._fetcher(planner)
        try:
            for candidate, foreseen in ((each, planner.foreseen(each)) for each in candidates):
                if foreseen is None:
                    for decision in fetcher.decisions([candidate]):
                        results.append(proposed(decision))
                        fetcher.release(decision.candidate)
                elif not self._cancel.is_set():
                    results.append(foreseen)
                if self._cancel.is_set():
                    return self._report(results, interrupted=True)
        finally:
            fetcher.close()
        results += self._removed(absences, results)
        return self._report(results, absences)

    def _fetcher(self, planner: Planner) -> Fetcher:
        settings = self._base.settings
        return Fetcher(
            planner,
            settings.fetched_dir,
            most_bytes=self._options.loading(settings).max_file_bytes,
            stop=self._cancel,
        )

    def _compared(self, candidates: list[Candidate]) -> tuple[Planner, Absences]:
        """Compare the found files with the known ones."""
        planner = Planner(
            self._base,
            collection=self.collection,
            options=self._options.loading(self._base.settings),
            checksum=self._options.checksum,
            retry=self._options.retry,
            adopted=self._adopted,
        )
        absences = Absences(
            self._base,
            planner,
            self.finder,
            candidates,
            collection=self.collection,
            vanished=self._options.vanished,
        )
        planner.expect_gone(absences.movable)
        return planner, absences

    def _report(
        self,
        results: list[FileResult],
        absences: Absences | None = None,
        *,
        clocks: StageClocks | None = None,
        interrupted: bool = False,
    ) -> IngestReport:
        seconds = time.monotonic() - self._started
        return IngestReport(
            collection=self._name(),
            files=tuple(results),
            seconds=seconds,
            busy_share=clocks.embedding.share if clocks else 0.0,
            timeline=clocks.timeline(seconds, TIMELINE_PARTS) if clocks else {},
            interrupted=interrupted,
            dry_run=self._options.dry_run,
            gone=tuple(absences.left(results)) if absences else (),
            left_out=tuple(absences.left_out_still(results)) if absences else (),
            not_included=absences.not_included if absences else 0,
            other_types=dict(self.finder.other_types.most_common()),
            remarks=tuple(self._remarks),
        )

    def _name(self) -> str:
        """Return the collection's present name."""
        if not isinstance(self.collection, CollectionInfo):
            return self.collection or self._base.settings.collection
        with contextlib.suppress(CollectionGoneError):
            return self._base.indexing.current(self.collection).name
        return self.collection.name

    def _removed(self, absences: Absences, results: list[FileResult]) -> list[FileResult]:
        """Remove missing files as far as the options allow it."""
        removed, remarks = absences.remove(
            results,
            prune=self._options.prune,
            force=self._options.force_prune,
            dry_run=self._options.dry_run,
        )
        self._remarks += remarks
        return removed
