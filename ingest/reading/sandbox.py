"""Runs loaders and page drawing in worker processes: a bad file costs only that file.

Each worker is a process of its own with an address-space limit. A thread here feeds it one file at
a time, watches the time, and replaces it when it dies. ``subprocess`` starts the workers, not
``multiprocessing``: forking a process with llama.cpp's threads deadlocks, and spawning would import
the program's main module once more.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from ingest.errors import LoaderCrashError, LoaderMemoryError, WorkerStartError
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.loaders.page_pictures import PagePicture, PictureRequest
from ingest.reading.worker_process import Progress, Worker
from kb.cores import available_cores

_T = TypeVar("_T")


@dataclass(slots=True)
class _Task(Generic[_T]):
    work: Callable[[Worker], _T]
    future: Future[_T]
    worker: Worker | None = None
    given_up: bool = False


class Sandbox:
    """A pool of worker processes that read files; thread-safe.

    Args:
        workers: number of processes, by default as many as cores this process may use.
        timeout_s: seconds for one file, without pictures read by OCR (they have
            :data:`ingest.reading.worker_clock.PICTURE_TIMEOUT_S` each).
        memory_bytes: address space of one worker. OCR needs about 1.2 GB of it.
    """

    def __init__(
        self,
        *,
        workers: int | None = None,
        timeout_s: float = 60,
        memory_bytes: int = 2 * 2**30,
    ) -> None:
        self._timeout_s = timeout_s
        self._memory_bytes = memory_bytes
        self._tasks: queue.SimpleQueue[_Task[Any] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._cancelled = threading.Event()
        self._alive: set[Worker] = set()
        self._under_way: dict[Future[Any], _Task[Any]] = {}
        count = workers or available_cores()
        self._threads = [
            threading.Thread(target=self._run, name=f"sandbox-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def workers(self) -> int:
        """Number of files read at the same time."""
        return len(self._threads)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(cancel=kind is not None)

    def submit(
        self,
        path: Path,
        options: LoadOptions | None = None,
        on_progress: Progress | None = None,
        *,
        content_hash: str = "",  # noqa: ARG002 - this machine has one file at a path
    ) -> Future[LoadedFile]:
        """Queue a file for reading; the future gives the document or raises a LoadError.

        It raises a WorkerStartError if no process can start. A thread of the sandbox calls
        ``on_progress(done, total)``.

        Raises:
            RuntimeError: the sandbox is closed.
        """
        chosen = options or LoadOptions()
        return self._put(
            lambda worker: worker.load(path, chosen, on_progress, timeout_s=self._timeout_s)
        )

    def draw(self, path: Path, request: PictureRequest) -> Future[PagePicture]:
        """Queue the drawing of a PDF's page; the future gives the picture or raises as for files.

        Raises:
            RuntimeError: the sandbox is closed.
        """
        return self._put(lambda worker: worker.draw(path, request, timeout_s=self._timeout_s))

    def give_up(self, future: Future[Any]) -> None:
        """Stop the work on a file that nobody waits for; cancel its future."""
        if future.cancel():
            return
        with self._lock:
            task = self._under_way.get(future)
            if task is not None:
                task.given_up = True
                if task.worker is not None:
                    task.worker.kill()

    def close(self, *, cancel: bool = False) -> None:
        """End the workers: after the submitted files, or at once with ``cancel``."""
        with self._lock:
            first, self._closed = not self._closed, True
        if cancel:
            self._cancelled.set()
            with self._lock:
                for worker in self._alive:
                    worker.kill()
        if first:
            for _ in self._threads:
                self._tasks.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():  # a future's callback may close
                thread.join()

    def _put(self, work: Callable[[Worker], _T]) -> Future[_T]:
        future: Future[_T] = Future()
        with self._lock:
            if self._closed:
                msg = "This sandbox is closed; make a new one."
                raise RuntimeError(msg)
            self._tasks.put(_Task(work, future))
        return future

    def _run(self) -> None:
        """Feed one worker, and replace it if necessary, until the sandbox is closed."""
        worker: Worker | None = None
        try:
            while (task := self._tasks.get()) is not None:
                if self._cancelled.is_set():
                    task.future.cancel()
                if not task.future.set_running_or_notify_cancel():
                    continue
                with self._lock:
                    self._under_way[task.future] = task
                worker = self._finish(task, worker)
                with self._lock:
                    del self._under_way[task.future]
                del task  # its future contains the document
        finally:
            self._retire(worker)

    def _finish(self, task: _Task[_T], worker: Worker | None) -> Worker | None:
        """Do one task and settle its future; return the worker for the next task."""
        second = False
        try:
            while True:
                fresh = worker is None
                try:
                    worker = worker or self._start()
                    self._give(task, worker)
                    result = task.work(worker)
                except (LoaderMemoryError, LoaderCrashError):
                    # The remains of earlier files must not decide about this one.
                    self._retire(worker)
                    worker = None
                    if fresh or self._is_unwanted(task):
                        raise
                    continue
                except WorkerStartError:
                    # A single failure may be bad luck: a machine briefly short of memory.
                    self._retire(worker)
                    worker = None
                    if second or self._is_unwanted(task):
                        raise
                    second = True
                    continue
                break
        except BaseException as error:  # noqa: BLE001 - the future carries it to its owner
            unwanted = self._is_unwanted(task)
            task.future.set_exception(CancelledError() if unwanted else error)
        else:
            task.future.set_result(result)
        if worker is not None and worker.spent:
            self._retire(worker)
            return None
        return worker

    def _is_unwanted(self, task: _Task[Any]) -> bool:
        return task.given_up or self._cancelled.is_set()

    def _give(self, task: _Task[Any], worker: Worker) -> None:
        with self._lock:
            task.worker = worker
            if task.given_up:
                worker.kill()

    def _start(self) -> Worker:
        try:
            worker = Worker(self._memory_bytes)
        except OSError as error:
            raise WorkerStartError.after(str(error)) from error
        with self._lock:
            self._alive.add(worker)
            if self._cancelled.is_set():
                worker.kill()
        return worker

    def _retire(self, worker: Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._alive.discard(worker)
            worker.stop()
