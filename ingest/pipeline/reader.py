"""The first stage of a run: decides what each file needs, and queues it for reading."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future

from ingest.errors import LoadError
from ingest.finding.candidate import Candidate
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.pipeline.clocks import BusyClock
from ingest.pipeline.fetching import Fetcher
from ingest.pipeline.planning import Decision
from ingest.pipeline.queues import Budget, Channel
from ingest.pipeline.recording import Recorder
from ingest.pipeline.stages import Loaded
from ingest.reading.base import FileReader
from ingest.results import FileEvent

# A document weighs its characters plus this: even an empty one has pages, sections and rows.
DOCUMENT_WEIGHT = 2000
_TEXT_SUFFIXES = frozenset({".txt", ".md", ".markdown"})
# Bytes of a PDF or DOCX file per character of text: an estimate, corrected after reading.
_BYTES_PER_CHARACTER = 8
# Seconds between two checks for a cancelled run while waiting.
_POLL_S = 0.2


class Reader:
    """Reads files ahead of the other stages, as far as the budget permits.

    Args:
        fetcher: decides for files, and has them on this machine.
        files: creates the reader of files at the first file to read.
        loaded: channel for read files; closed after the last one.
        cancel: set by others to stop.
        on_bug: receives an exception that is not a fault of a file.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        fetcher: Fetcher,
        files: Callable[[], FileReader],
        options: LoadOptions,
        budget: Budget,
        loaded: Channel[Loaded],
        clock: BusyClock,
        cancel: threading.Event,
        on_bug: Callable[[BaseException], None],
    ) -> None:
        self._recorder = recorder
        self._fetcher = fetcher
        self._make_files = files
        self._files: FileReader | None = None
        self._options = options
        self._budget = budget
        self._loaded = loaded
        self._clock = clock
        self._cancel = cancel
        self._on_bug = on_bug
        self._under_way = 0
        self._changed = threading.Condition()

    def read_all(self, candidates: Sequence[Candidate]) -> None:
        """Read all files that need it; return after the last one, or when the run is cancelled."""
        for decision in self._fetcher.decisions(candidates):
            if self._cancel.is_set():
                return
            to_read = decision if decision.action == "read" else self._recorder.settle(decision)
            if to_read is not None:
                self._submit(to_read)
            else:
                self._fetcher.release(decision.candidate)
        self._wait_for_at_most(0)

    def close(self) -> None:
        """End reading: at once if the run was cancelled."""
        if self._files is not None:
            self._files.close(cancel=self._cancel.is_set())
        self._fetcher.close()

    def _submit(self, decision: Decision) -> None:
        if self._files is None:
            self._files = self._make_files()
        # One file waits for the next free worker.
        if not self._wait_for_at_most(self._files.workers):
            return
        candidate = decision.candidate
        is_text = candidate.path.suffix.lower() in _TEXT_SUFFIXES
        weight = DOCUMENT_WEIGHT + (
            candidate.size if is_text else candidate.size // _BYTES_PER_CHARACTER
        )
        while not self._budget.enter(weight, timeout_s=_POLL_S):
            if self._cancel.is_set():
                return
        self._recorder.emit(FileEvent(source=candidate.source, stage="reading"))
        with self._changed:
            self._under_way += 1
        self._clock.__enter__()  # set by another thread, in _on_read
        started = time.monotonic()

        def progress(done: int, total: int) -> None:
            self._recorder.emit(
                FileEvent(source=candidate.source, stage="reading", done=done, total=total)
            )

        known = decision.state.content_hash if decision.state is not None else ""
        future = self._files.submit(candidate.path, self._options, progress, content_hash=known)
        future.add_done_callback(lambda f: self._on_read(decision, f, started, weight))

    def _wait_for_at_most(self, files: int) -> bool:
        """Wait until at most this many files are being read; return False if cancelled."""
        with self._changed:
            while self._under_way > files:
                if self._cancel.is_set():
                    return False
                self._changed.wait(_POLL_S)
        return not self._cancel.is_set()

    def _on_read(
        self, decision: Decision, future: Future[LoadedFile], started: float, guess: int
    ) -> None:
        """Receive a file from a thread of the reader; must not wait there."""
        self._clock.__exit__()
        self._fetcher.release(decision.candidate)
        weight = 0  # of the documents still under way
        try:
            file = future.result()
            weight = DOCUMENT_WEIGHT + len(file.document.text)
            self._budget.leave(guess - weight)
            guess = weight
            if not self._loaded.put(Loaded(decision, file, started, weight)):
                weight = 0
        except CancelledError:
            pass
        except LoadError as error:
            self._fail(decision, error, started)
        except BaseException as error:  # noqa: BLE001 - a bug of ours must end the run, not hang it
            self._on_bug(error)
        finally:
            if weight == 0:
                self._budget.leave(guess)
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def _fail(self, decision: Decision, error: LoadError, started: float) -> None:
        try:
            self._recorder.fail(decision, error, started)
        except BaseException as failure:  # noqa: BLE001 - the store failed: as above
            self._on_bug(failure)
