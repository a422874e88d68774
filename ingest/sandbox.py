"""Runs loaders in worker processes, so that a bad file costs that file only.

Each worker is a process of its own with an address-space limit; a thread here feeds it one file
at a time, keeps its time and replaces it when it dies. Workers are started by
``subprocess``, not by ``multiprocessing``: forking a process that has llama.cpp's threads
deadlocks, and spawning would import the program's main module once more.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import ingest
from ingest import wire
from ingest.errors import LoaderCrashError, LoaderMemoryError, LoadError, LoaderTimeoutError
from ingest.limits import EXIT_MEMORY
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.worker import memory_message

PICTURE_TIMEOUT_S = 60.0
"""Time for one page that is read by OCR. The file's own clock stands still meanwhile: a scan of
200 pages is not an endless loop. ``LoadOptions.ocr_max_pages`` bounds how many there are."""

START_TIMEOUT_S = 60.0
_GRACE_S = 5.0
_STDERR_TAIL = 4096
_OUT_OF_MEMORY = (b"bad_alloc", b"out of memory", b"Out of memory", b"MemoryError")

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class _Job:
    path: Path
    options: LoadOptions
    on_progress: Progress | None
    future: Future[LoadedFile]


class Sandbox:
    """A pool of worker processes that read files; thread-safe.

    Args:
        workers: number of processes, by default as many as cores this process may use.
        timeout_s: seconds that one file may take, pictures read by OCR not counted (they have
            :data:`PICTURE_TIMEOUT_S` each).
        memory_bytes: address space that one worker may take. OCR needs about 1.2 GB of it.
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
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._cancelled = threading.Event()
        self._alive: set[_Worker] = set()
        count = workers or _cores()
        self._threads = [
            threading.Thread(target=self._run, name=f"sandbox-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def workers(self) -> int:
        """How many files are read at the same time."""
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
    ) -> Future[LoadedFile]:
        """Have a file read; the future gives the document or raises a LoadError.

        ``on_progress(done, total)`` is called from a thread of the sandbox.

        Raises:
            RuntimeError: the sandbox is closed.
        """
        future: Future[LoadedFile] = Future()
        with self._lock:
            if self._closed:
                msg = "This sandbox is closed; make a new one."
                raise RuntimeError(msg)
            self._jobs.put(_Job(path, options or LoadOptions(), on_progress, future))
        return future

    def close(self, *, cancel: bool = False) -> None:
        """End the workers, after the files submitted so far or, with ``cancel``, at once."""
        with self._lock:
            first, self._closed = not self._closed, True
        if cancel:
            self._cancelled.set()
            with self._lock:
                for worker in self._alive:
                    worker.kill()
        if first:
            for _ in self._threads:
                self._jobs.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():  # a future's callback may close
                thread.join()

    def _run(self) -> None:
        """Feed one worker, replaced as needed, until the sandbox is closed."""
        worker: _Worker | None = None
        try:
            while (job := self._jobs.get()) is not None:
                if self._cancelled.is_set():
                    job.future.cancel()
                if not job.future.set_running_or_notify_cancel():
                    continue
                worker = self._finish(job, worker)
        finally:
            self._retire(worker)

    def _finish(self, job: _Job, worker: _Worker | None) -> _Worker | None:
        """Do one job and settle its future; return the worker for the next."""
        try:
            while True:
                fresh = worker is None
                worker = worker or self._start()
                try:
                    loaded = worker.load(job, self._timeout_s)
                except (LoaderMemoryError, LoaderCrashError):
                    # What earlier files left behind must not decide over this one.
                    self._retire(worker)
                    worker = None
                    if fresh or self._cancelled.is_set():
                        raise
                    continue
                break
        except BaseException as error:  # noqa: BLE001 - the future carries it to its owner
            cancelled = self._cancelled.is_set()
            job.future.set_exception(CancelledError() if cancelled else error)
        else:
            job.future.set_result(loaded)
        if worker is not None and worker.spent:
            self._retire(worker)
            return None
        return worker

    def _start(self) -> _Worker:
        worker = _Worker(self._memory_bytes)
        with self._lock:
            self._alive.add(worker)
            if self._cancelled.is_set():
                worker.kill()
        return worker

    def _retire(self, worker: _Worker | None) -> None:
        if worker is not None:
            with self._lock:
                self._alive.discard(worker)
            worker.stop()


class _Worker:
    """One process, and the thread that reads what it says."""

    def __init__(self, memory_bytes: int) -> None:
        # A file, not a pipe: nobody needs to read along, and a chatty engine cannot block on it.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._killed = False
        self.spent = False
        root = str(Path(ingest.__file__).resolve().parent.parent)
        paths = (root, os.environ.get("PYTHONPATH", ""))
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTHONIOENCODING": "utf-8",
            # Each thread's own heap takes address space, and each thread of a numerical
            # library one core from the embedder.
            "MALLOC_ARENA_MAX": "2",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter and package
            [
                sys.executable,
                "-P",  # never import from the current folder
                "-m",
                "ingest.worker",
                str(memory_bytes),
                str(os.getpid()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=environment,
            start_new_session=True,  # Ctrl-C in the terminal is the parent's business
        )
        self._messages: queue.SimpleQueue[wire.Message | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def load(self, job: _Job, timeout_s: float) -> LoadedFile:
        """Have the process read one file.

        Raises:
            LoadError: what the worker said, or why it said nothing.
        """
        name = job.path.name
        clock = _Clock(timeout_s)
        self._expect_ready(name)
        request = {"path": str(job.path.absolute()), "options": wire.pack_options(job.options)}
        try:
            if self._process.stdin is not None:
                wire.send(self._process.stdin, request)
        except OSError:
            raise self._obituary(name) from None
        while True:
            try:
                message = self._messages.get(timeout=clock.remaining())
            except queue.Empty:
                self.kill()
                self.spent = True
                raise LoaderTimeoutError(clock.complaint(name)) from None
            if message is None:
                raise self._obituary(name)
            if "progress" in message:
                if job.on_progress is not None:
                    done, total = message["progress"]
                    job.on_progress(int(done), int(total))
            elif "picture" in message:
                clock.picture(begins=bool(message["picture"]))
            else:
                return self._result(message, name)

    def kill(self) -> None:
        """End the process at once."""
        self._killed = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def stop(self) -> None:
        """End the process, kindly if it is idle, and free what it holds."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(0 if self._killed else _GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._stderr.close()

    def _listen(self) -> None:
        stream = self._process.stdout
        with contextlib.suppress(ValueError, OSError):  # broken messages end the conversation
            while stream is not None and (message := wire.receive(stream)) is not None:
                self._messages.put(message)
        self._messages.put(None)

    def _expect_ready(self, name: str) -> None:
        """Wait for a new process to have started."""
        if getattr(self, "_ready", False):
            return
        try:
            message = self._messages.get(timeout=START_TIMEOUT_S)
        except queue.Empty:
            message = None
        if message is None or "ready" not in message:
            raise self._obituary(name)
        self._ready = True

    def _result(self, message: wire.Message, name: str) -> LoadedFile:
        self.spent = bool(message.get("tired"))
        error = message.get("error")
        if error is not None:
            raise wire.unpack_error(error)
        try:
            return wire.unpack_file(message["file"])
        except (KeyError, TypeError, ValueError) as problem:
            self.spent = True
            msg = f"{name} could not be read: its loader gave a malformed answer."
            raise LoaderCrashError(msg) from problem

    def _obituary(self, name: str) -> LoadError:
        """Say why the process died, from its exit status and its last words."""
        self.spent = True
        try:
            status = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:  # it only closed its pipe
            self.kill()
            status = self._process.wait()
        # Nobody here sent SIGKILL: that was the kernel, out of memory.
        by_kernel = hasattr(signal, "SIGKILL") and status == -signal.SIGKILL and not self._killed
        if (
            status == EXIT_MEMORY
            or by_kernel
            or any(w in self._last_words() for w in _OUT_OF_MEMORY)
        ):
            return LoaderMemoryError(memory_message(name))
        cause = f"exit status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                cause = signal.Signals(-status).name
        msg = (
            f"{name} crashed its loader ({cause}): it is damaged, or needs more memory than the "
            "limit. Save it anew and ingest again."
        )
        return LoaderCrashError(msg)

    def _last_words(self) -> bytes:
        with contextlib.suppress(OSError, ValueError):
            size = self._stderr.seek(0, os.SEEK_END)
            self._stderr.seek(max(0, size - _STDERR_TAIL))
            return self._stderr.read()
        return b""


class _Clock:
    """Counts a file's seconds; while a picture is read, the picture's instead."""

    def __init__(self, timeout_s: float) -> None:
        self._limit = timeout_s
        self._spent = 0.0
        self._since = time.monotonic()
        self._in_picture = False

    def remaining(self) -> float:
        """Seconds until the limit that counts now; never negative."""
        passed = time.monotonic() - self._since
        left = (
            PICTURE_TIMEOUT_S - passed if self._in_picture else self._limit - self._spent - passed
        )
        return max(left, 0.0)

    def picture(self, *, begins: bool) -> None:
        """Switch between the two clocks."""
        now = time.monotonic()
        if not self._in_picture:
            self._spent += now - self._since
        self._since, self._in_picture = now, begins

    def complaint(self, name: str) -> str:
        """Say which limit was passed."""
        if self._in_picture:
            what = f"reading one page by OCR took longer than {PICTURE_TIMEOUT_S:g} s"
        else:
            what = f"reading it took longer than {self._limit:g} s"
        return f"{name} was given up: {what}. Split it, or raise the time limit."


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
