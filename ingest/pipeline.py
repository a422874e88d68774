"""Reading, splitting, embedding and storing, side by side, so that the embedder never waits.

One thread decides what is to be read and feeds the loaders' processes; one cuts documents into
chunks; one embeds; one stores. Between them stand queues bounded by characters of text, so that
a folder of any size needs the same memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace

import numpy as np

from ingest.clocks import StageClocks
from ingest.errors import LoadError
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.planning import Decision, Job, Planner
from ingest.queues import WeightedQueue
from ingest.recording import Recorder
from ingest.report import FileEvent, FileResult, OnEvent
from ingest.sandbox import Sandbox
from kb.embedding.base import Vectors
from kb.knowledge_base import KnowledgeBase
from kb.records import FileState
from kb.store.prepared import PreparedDocument

_log = logging.getLogger(__name__)

# Characters of text that may wait before each stage: about three of the largest documents.
QUEUE_CHARACTERS = 2_000_000
# Chunks embedded in one call: enough that all cores have work until its end, few enough that
# Ctrl-C and progress are prompt (a second or two on a CPU).
EMBED_CALL_CHUNKS = 32
# Small documents share calls; more than this and their commits come in bursts.
EMBED_GROUP_CHUNKS = 128


@dataclass(slots=True)
class _Loaded:
    decision: Decision
    file: LoadedFile
    started: float


@dataclass(slots=True)
class _Ready:
    decision: Decision
    state: FileState
    prepared: PreparedDocument
    started: float


@dataclass(slots=True)
class _Embedded:
    ready: _Ready
    vectors: Vectors


class Pipeline:
    """One run over a list of files. Use :meth:`run` once.

    Args:
        base: where documents go.
        planner: decides what has to be done for each file.
        sandbox: makes the loaders' processes when the first file has to be read.
        options: how files are read.
        on_event: told of progress.
        cancel: set it to stop after the commit under way.
    """

    def __init__(
        self,
        base: KnowledgeBase,
        planner: Planner,
        *,
        collection: str,
        sandbox: Callable[[], Sandbox],
        options: LoadOptions,
        on_event: OnEvent,
        cancel: threading.Event,
    ) -> None:
        self._base = base
        self._planner = planner
        self._collection = collection
        self._make_sandbox = sandbox
        self._sandbox: Sandbox | None = None
        self._options = options
        self._recorder = Recorder(base, planner, collection=collection, on_event=on_event)
        self._cancel = cancel
        self._loaded: WeightedQueue[_Loaded] = WeightedQueue(QUEUE_CHARACTERS)
        self._ready: WeightedQueue[_Ready] = WeightedQueue(QUEUE_CHARACTERS)
        self._embedded: WeightedQueue[_Embedded] = WeightedQueue(QUEUE_CHARACTERS)
        self._slots = 0
        self._reading = threading.Semaphore(0)
        self._failure: BaseException | None = None
        self.clocks = StageClocks.start()

    def run(self, jobs: Sequence[Job]) -> list[FileResult]:
        """Bring every file up to date and say what became of each, in order of completion.

        Raises:
            KnowledgeBaseError: the store or the model failed; what was stored stays stored.
        """
        stages = [
            threading.Thread(target=self._guard, args=(stage, queue), name=stage.__name__)
            for stage, queue in (
                (self._prepare_all, self._ready),
                (self._embed_all, self._embedded),
                (self._store_all, None),
            )
        ]
        for thread in stages:
            thread.start()
        try:
            for job in jobs:
                self._recorder.emit(FileEvent(source=job.source, stage="waiting", total=job.size))
            self._read_all(jobs)
        except BaseException:
            self._stop()
            raise
        finally:
            self._loaded.close()
            try:
                for thread in stages:
                    _join(thread)
            except BaseException:
                self._stop()
                for thread in stages:
                    thread.join()
                raise
            finally:
                if self._sandbox is not None:
                    self._sandbox.close(cancel=self._cancel.is_set())
        if self._failure is not None:
            raise self._failure
        return self._recorder.results

    @property
    def results(self) -> list[FileResult]:
        """What became of the files so far."""
        return self._recorder.results

    def _stop(self) -> None:
        self._cancel.set()
        for queue in (self._loaded, self._ready, self._embedded):
            queue.abort()

    def _guard(self, stage: Callable[[], None], following: WeightedQueue[object] | None) -> None:
        """Run a stage; its end ends the next one, its failure ends the run."""
        try:
            stage()
        except BaseException as error:  # noqa: BLE001 - carried to the caller of run()
            self._failure = self._failure or error
            self._stop()
        finally:
            if following is not None:
                following.close()

    # -- reading

    def _read_all(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self._cancel.is_set():
                return
            decision = self._planner.decide(job)
            if decision.action == "read":
                self._submit(decision)
            else:
                self._recorder.settle(decision)
        self._wait_until_prepared()

    def _submit(self, decision: Decision) -> None:
        if self._sandbox is None:
            self._sandbox = self._make_sandbox()
            # One file more than there are workers is under way until it is cut into chunks, no
            # more: this is what bounds the documents in memory.
            self._slots = self._sandbox.workers + 1
            self._reading = threading.Semaphore(self._slots)
        if not self._acquire_slot():
            return
        self._recorder.emit(FileEvent(source=decision.job.source, stage="reading"))
        started = time.monotonic()

        def progress(done: int, total: int) -> None:
            self._recorder.emit(
                FileEvent(source=decision.job.source, stage="reading", done=done, total=total)
            )

        future = self._sandbox.submit(decision.job.path, self._options, progress)
        future.add_done_callback(lambda f: self._on_read(decision, f, started))

    def _acquire_slot(self) -> bool:
        while not self._cancel.is_set():
            if self._reading.acquire(timeout=0.2):
                return True
        return False

    def _on_read(self, decision: Decision, future: Future[LoadedFile], started: float) -> None:
        """Take a file from the sandbox's thread; must not wait there."""
        try:
            loaded = _Loaded(decision, future.result(), started)
            if not self._loaded.put(loaded, weight=0):
                self._reading.release()
        except CancelledError:
            self._reading.release()
        except LoadError as error:
            failure = error  # the name in an except clause is gone when the call below runs
            self._guard(lambda: self._recorder.fail(decision, failure, started), None)
            self._reading.release()
        except BaseException as error:  # noqa: BLE001 - a bug of ours must end the run, not hang it
            self._failure = self._failure or error
            self._stop()
            self._reading.release()

    def _wait_until_prepared(self) -> None:
        """Wait until every file that was read has been cut into chunks."""
        for _ in range(self._slots):
            if not self._acquire_slot():
                return

    # -- splitting

    def _prepare_all(self) -> None:
        while (loaded := self._loaded.get()) is not None:
            decision, file = loaded.decision, loaded.file
            state = decision.state or FileState(
                source=decision.job.source,
                size=file.size,
                mtime_ns=file.mtime_ns,
                content_hash=file.content_hash,
                settings_hash=self._planner.settings_hash(decision.job.path),
                outcome="indexed",
            )
            with self.clocks.splitting:
                prepared = self._base.indexing.prepare(
                    file.document,
                    content_hash=file.content_hash,
                    settings_hash=state.settings_hash,
                    collection=self._collection,
                    size=file.size,
                )
            state = replace(
                state,
                size=file.size,
                mtime_ns=file.mtime_ns,
                content_hash=file.content_hash,
                outcome="warnings" if file.document.notices else "indexed",
            )
            ready = _Ready(decision, state, prepared, loaded.started)
            self._recorder.emit(_embedding(ready, 0))
            self._ready.put(ready, weight=len(file.document.text))
            self._reading.release()

    # -- embedding

    def _embed_all(self) -> None:
        while (first := self._ready.get()) is not None:
            group = [first]
            chunks = len(first.prepared.missing)
            while chunks < EMBED_GROUP_CHUNKS and (more := self._ready.get_now()) is not None:
                group.append(more)
                chunks += len(more.prepared.missing)
            self._embed_group(group)

    def _embed_group(self, group: Sequence[_Ready]) -> None:
        """Embed several documents in shared calls; hand each on when its last chunk is done."""
        owners = [(ready, row) for ready in group for row in ready.prepared.missing]
        fresh = np.empty((len(owners), self._base.embedder.dim), dtype=np.float32)
        handed = 0
        left = {id(ready): len(ready.prepared.missing) for ready in group}
        while handed < len(group) and left[id(group[handed])] == 0:
            self._hand_on(group[handed], fresh[:0])
            handed += 1
        start = 0  # of the rows of fresh that belong to group[handed]
        for at in range(0, len(owners), EMBED_CALL_CHUNKS):
            if self._cancel.is_set():
                return
            part = owners[at : at + EMBED_CALL_CHUNKS]
            with self.clocks.embedding:
                fresh[at : at + len(part)] = self._base.embedder.embed_documents(
                    [ready.prepared.inputs[row] for ready, row in part]
                )
            for ready, _ in part:
                left[id(ready)] -= 1
            for ready in {id(ready): ready for ready, _ in part}.values():
                total = len(ready.prepared.missing)
                self._recorder.emit(_embedding(ready, total - left[id(ready)]))
            while handed < len(group) and left[id(group[handed])] == 0:
                size = len(group[handed].prepared.missing)
                self._hand_on(group[handed], fresh[start : start + size])
                start += size
                handed += 1

    def _hand_on(self, ready: _Ready, fresh: Vectors) -> None:
        vectors = ready.prepared.assemble(fresh, dim=self._base.embedder.dim)
        self._embedded.put(_Embedded(ready, vectors), weight=len(ready.prepared.document.text))

    # -- storing

    def _store_all(self) -> None:
        while (done := self._embedded.get()) is not None:
            if self._cancel.is_set():
                return
            ready = done.ready
            with self.clocks.storing:
                result = self._base.indexing.commit(ready.prepared, done.vectors, ready.state)
            self._planner.learn(replace(ready.state, document_id=result.document_id))
            self._recorder.finish(
                FileResult(
                    source=ready.state.source,
                    outcome=result.outcome,
                    document_id=result.document_id,
                    chunks=result.chunks,
                    embedded=result.embedded,
                    reused=result.reused,
                    tokens=result.tokens,
                    seconds=time.monotonic() - ready.started,
                    notices=ready.prepared.document.notices,
                )
            )


def _embedding(ready: _Ready, done: int) -> FileEvent:
    return FileEvent(
        source=ready.state.source,
        stage="embedding",
        done=done,
        total=len(ready.prepared.missing),
    )


def _join(thread: threading.Thread) -> None:
    # join() with a timeout, again and again: without one, Ctrl-C would wait for the thread.
    while thread.is_alive():
        thread.join(timeout=0.2)
