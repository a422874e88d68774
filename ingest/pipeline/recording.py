"""Records the outcome of each file: in the catalog, in the results, and as events."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from ingest.errors import LoadError
from ingest.finding.candidate import UNFETCHED
from ingest.pipeline.planning import Action, Decision, Planner
from ingest.results import FileEvent, FileResult, OnEvent, Outcome, Stage
from kb.errors import ChangedMeanwhileError
from kb.knowledge_base import KnowledgeBase
from kb.records import CollectionInfo, FileState
from kb.text import one_line

_OUTCOMES: dict[Action, Outcome] = {"move": "moved", "unchanged": "unchanged", "touch": "unchanged"}
_STAGES: dict[Outcome, Stage] = {"unchanged": "unchanged", "failed": "failed"}


class Recorder:
    """Results of one run. Thread-safe; ``on_event`` gets one call at a time."""

    def __init__(
        self,
        base: KnowledgeBase,
        planner: Planner,
        *,
        collection: CollectionInfo,
        on_event: OnEvent,
    ) -> None:
        self._base = base
        self._planner = planner
        self._collection = collection
        self._on_event = on_event
        self._mutex = threading.Lock()
        self._results: list[FileResult] = []

    @property
    def results(self) -> list[FileResult]:
        """Outcomes of the files so far, in order of completion."""
        with self._mutex:
            return list(self._results)

    def emit(self, event: FileEvent) -> None:
        """Pass on progress."""
        with self._mutex:
            self._on_event(event)

    def finish(self, result: FileResult) -> None:
        """Add a result and report it."""
        with self._mutex:
            self._results.append(result)
            self._on_event(
                FileEvent(
                    source=result.source,
                    stage=_STAGES.get(result.outcome, "stored"),
                    done=result.chunks,
                    total=result.chunks,
                    notices=result.notices,
                    reason=result.reason,
                    reason_code=result.reason_code,
                    outcome=result.outcome,
                )
            )

    def settle(self, decision: Decision) -> Decision | None:
        """Finish a file that need not be read; return a decision to read it if necessary.

        It checks the decision again while recording it, because another process may have changed
        its basis.
        """
        if decision.error is not None:
            self.fail(decision, decision.error, time.monotonic())
            return None
        try:
            self._write_down(decision)
        except ChangedMeanwhileError:
            again = self._planner.decide_again(decision)
            if again.action == "read":
                return again
            decision = again
        self._finish_settled(decision)
        return None

    def _write_down(self, decision: Decision) -> None:
        before, state = decision.before, decision.state
        if state is None or state == before:
            return
        if before is not None and decision.old_source is not None:
            self._base.files.move(before, state, collection=self._collection)
        else:
            self._base.files.change(before, state, collection=self._collection)

    def _finish_settled(self, decision: Decision) -> None:
        before, state = decision.before, decision.state
        if decision.action == "still_failed" and before is not None:
            result = FileResult(
                source=decision.candidate.source,
                outcome="failed",
                document_id=before.document_id,
                reason=before.reason,
                reason_code=before.reason_code,
            )
        else:
            result = FileResult(
                source=decision.candidate.source,
                old_source=decision.old_source,
                outcome=_OUTCOMES.get(decision.action) or ("changed" if before else "added"),
                document_id=state.document_id if state else None,
            )
        self.finish(result)

    def fail(self, decision: Decision, error: LoadError, started: float) -> None:
        """Record that a file could not be read.

        Its older text stays searchable: bad input must not cost good data.
        """
        candidate = decision.candidate
        said = str(error)
        if candidate.path.parent != UNFETCHED:
            # An upload is stored under its hash; people know it by its name.
            said = said.replace(candidate.path.name, candidate.source.name)
        reason = one_line(said)
        state = decision.state or FileState(
            source=candidate.source,
            size=candidate.size,
            mtime_ns=candidate.mtime_ns,
            revision=candidate.revision,
            content_hash="",
            settings_hash=self._planner.settings_hash(candidate.path),
            outcome="failed",
        )
        kept = self._base.files.fail(
            replace(state, outcome="failed", reason=reason, reason_code=error.code),
            collection=self._collection,
        )
        self.finish(
            FileResult(
                source=candidate.source,
                outcome="failed",
                document_id=kept,
                seconds=time.monotonic() - started,
                reason=reason,
                reason_code=error.code,
            )
        )
