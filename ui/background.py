"""Ingestion behind the browser: runs go on when a tab is closed or a page drawn again."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ingest import FileEvent, IngestOptions, IngestReport
from ingest.report import OnEvent
from kb.errors import KnowledgeBaseError
from kb.records import Notice
from ui.mishaps import Mishap, recorded

KEPT_RUNS = 20
"""Finished runs that are remembered for the views."""

DONE = frozenset({"stored", "unchanged", "failed"})
"""Stages after which nothing more happens to a file."""

RunIngest = Callable[[OnEvent, threading.Event], IngestReport]
"""Does the work of one run: told where events go and what cancels it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProgress:
    """Where one file is; ``done`` of ``total`` are pages while reading, chunks afterwards.

    ``replaced`` says that it was stored in place of what was there under its name.
    """

    name: str
    stage: str
    done: int = 0
    total: int = 0
    notices: tuple[Notice, ...] = ()
    reason: str = ""
    reason_code: str = ""
    replaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A moment of one run, safe to draw at leisure.

    ``contents`` are the content hashes of uploads by their names, as far as they are known.
    ``error`` is set when the whole run failed (the store, the model), not one of its files.
    ``gone`` and ``left_out`` are those of :class:`kb.catalog.runs.RunInfo`.
    ``chunks_per_s`` covers the time since the first chunk was embedded.
    """

    id: int
    collection: str
    state: str
    files: tuple[FileProgress, ...]
    seconds: float
    chunks_done: int
    chunks_total: int
    chunks_per_s: float
    error: str | Mishap = ""
    contents: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def finished(self) -> int:
        """How many files are done with, well or badly."""
        return sum(file.stage in DONE for file in self.files)

    @property
    def failed(self) -> list[FileProgress]:
        """The files that could not be read."""
        return [file for file in self.files if file.stage == "failed"]

    @property
    def active(self) -> bool:
        """Whether it is waiting or under way."""
        return self.state in ("queued", "running")

    @property
    def seconds_left(self) -> float | None:
        """An estimate once every file has been read; None before."""
        reading = any(file.stage in ("waiting", "reading") for file in self.files)
        if reading or not self.chunks_per_s:
            return None
        return (self.chunks_total - self.chunks_done) / self.chunks_per_s


@dataclass(slots=True)
class _Run:
    id: int
    collection: str
    work: RunIngest | None
    files: dict[str, FileProgress]
    contents: Mapping[str, str]
    state: str = "queued"
    error: str | Mishap = ""
    started: float = 0.0
    ended: float = 0.0
    embedding_since: float = 0.0
    gone: tuple[str, ...] = ()
    left_out: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cancel: threading.Event = field(default_factory=threading.Event)
    embedded: dict[str, tuple[int, int]] = field(default_factory=dict)


class Ingestion:
    """A queue of runs and the one thread that works through it. Thread-safe."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._work = threading.Condition(self._mutex)
        self._queue: deque[_Run] = deque()
        self._runs: deque[_Run] = deque()
        self._next_id = 1
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(
        self,
        names: Sequence[str],
        work: RunIngest,
        *,
        collection: str,
        contents: Mapping[str, str] | None = None,
    ) -> int:
        """Queue a run over files of these names; return its id.

        ``work`` is let go of when it has ended, with everything that it refers to.
        """
        with self._work:
            run = _Run(
                id=self._next_id,
                collection=collection,
                work=work,
                files={name: FileProgress(name=name, stage="waiting") for name in names},
                contents=contents or {},
            )
            self._next_id += 1
            self._queue.append(run)
            self._runs.append(run)
            finished = [old for old in self._runs if old.state in ("done", "cancelled", "error")]
            for old in finished[: max(0, len(self._runs) - KEPT_RUNS)]:
                self._runs.remove(old)
            if self._thread is None:
                # A daemon: the server's exit does not wait for hours of embedding. What was
                # committed stays; the next start removes the rest.
                self._thread = threading.Thread(target=self._loop, name="ingestion", daemon=True)
                self._thread.start()
            self._work.notify()
            return run.id

    def cancel(self, run_id: int) -> None:
        """End a run after the commit under way, or before it began."""
        with self._work:
            for run in self._runs:
                if run.id == run_id:
                    run.cancel.set()
                    if run in self._queue:
                        self._queue.remove(run)
                        run.state, run.work = "cancelled", None

    def dismiss(self, run_id: int) -> None:
        """Forget a run that has ended."""
        with self._mutex:
            for run in list(self._runs):
                if run.id == run_id and run.state not in ("queued", "running"):
                    self._runs.remove(run)

    def runs(self) -> list[RunProgress]:
        """Return the runs that are remembered, oldest first."""
        with self._mutex:
            return [_snapshot(run) for run in self._runs]

    @property
    def active(self) -> bool:
        """Whether anything is waiting or under way."""
        with self._mutex:
            return any(run.state in ("queued", "running") for run in self._runs)

    def close(self) -> None:
        """Cancel everything and wait for the commit under way."""
        with self._work:
            self._closed = True
            for run in self._runs:
                run.cancel.set()
            for run in self._queue:
                run.work = None
            self._queue.clear()
            self._work.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _loop(self) -> None:
        while True:
            with self._work:
                while not self._queue and not self._closed:
                    self._work.wait()
                if self._closed:
                    return
                run = self._queue.popleft()
                run.state, run.started = "running", time.monotonic()
            # The work holds on to the files that were sent; a run that has ended must not.
            work, run.work = run.work, None
            if work is not None:
                self._execute(run, work)
            del run, work

    def _execute(self, run: _Run, work: RunIngest) -> None:
        state: str = "done"
        error: str | Mishap = ""
        history: Mapping[str, Any] = {}
        try:
            report = work(lambda event: self._note(run, event), run.cancel)
            state = "cancelled" if report.interrupted else "done"
            history = report.history()
        except KnowledgeBaseError as failure:
            state, error = "error", str(failure)
        except Exception as failure:  # noqa: BLE001 - a bug must show, not end the thread
            state, error = "error", recorded("adding files", failure)
        with self._mutex:
            run.gone, run.left_out = tuple(history.get("gone", ())), history.get("left_out", {})
            run.state, run.error, run.ended = state, error, time.monotonic()

    def _note(self, run: _Run, event: FileEvent) -> None:
        name = event.source.path
        with self._mutex:
            run.files[name] = FileProgress(
                name=name,
                stage=event.stage,
                done=event.done,
                total=event.total,
                notices=event.notices,
                reason=event.reason,
                reason_code=event.reason_code,
                replaced=event.outcome == "changed",
            )
            if event.stage == "embedding":
                run.embedding_since = run.embedding_since or time.monotonic()
                run.embedded[name] = (event.done, event.total)
            elif event.stage == "stored" and name in run.embedded:
                total = run.embedded[name][1]
                run.embedded[name] = (total, total)


def _snapshot(run: _Run) -> RunProgress:
    now = run.ended or time.monotonic()
    done = sum(pair[0] for pair in run.embedded.values())
    since = now - run.embedding_since if run.embedding_since else 0.0
    files = tuple(run.files.values())
    if run.state in ("cancelled", "error"):
        files = tuple(
            file if file.stage in DONE else replace(file, stage="cancelled") for file in files
        )
    return RunProgress(
        id=run.id,
        collection=run.collection,
        state=run.state,
        files=files,
        seconds=now - run.started if run.started else 0.0,
        chunks_done=done,
        chunks_total=sum(pair[1] for pair in run.embedded.values()),
        chunks_per_s=done / since if since > 0 else 0.0,
        error=run.error,
        contents=run.contents,
        gone=run.gone,
        left_out=run.left_out,
    )


def retry_options(passwords: tuple[str, ...] = ()) -> IngestOptions:
    """Return the options of a run over uploads.

    Uploads carry no time of change, so their bytes are always compared; and whoever sends a
    file that failed once more wants it tried once more.
    """
    return IngestOptions(checksum=True, retry=True, passwords=passwords)
