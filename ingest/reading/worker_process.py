"""One worker process of the sandbox: its start, requests, time limits and death."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import ingest
from ingest.errors import (
    LoaderCrashError,
    LoaderMemoryError,
    LoadError,
    LoaderTimeoutError,
    WorkerStartError,
)
from ingest.loaders import ATTEMPTS, LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.loaders.page_pictures import PagePicture, PictureRequest
from ingest.reading import wire
from ingest.reading.framing import Message, receive, send
from ingest.reading.limits import EXIT_MEMORY
from ingest.reading.worker import memory_message
from ingest.reading.worker_clock import PICTURE_TIMEOUT_S, FileClock
from ingest.reading.worker_environment import worker_environment

START_TIMEOUT_S = 60.0
_MOST_WAITING = 100
_LOOK_EVERY_S = 0.5
_GRACE_S = 5.0
_STDERR_TAIL = 4096
_OUT_OF_MEMORY = (b"bad_alloc", b"out of memory", b"Out of memory", b"MemoryError")

Progress = Callable[[int, int], None]
_T = TypeVar("_T")


class Worker:
    """One process, and the thread that reads its output.

    ``spent`` means that it is dead or should be replaced.
    """

    def __init__(self, memory_bytes: int) -> None:
        # A file instead of a pipe: nobody needs to read it, and an engine with much output cannot
        # block.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._killed = False
        self._stopped = False
        self._ready = False
        self.spent = False
        root = Path(ingest.__file__).resolve().parent.parent
        self._process = subprocess.Popen(  # noqa: S603 - this very interpreter and package
            [
                sys.executable,
                "-P",  # never import from the current folder
                "-m",
                "ingest.reading.worker",
                str(memory_bytes),
                str(os.getpid()),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            env=worker_environment(os.environ, str(root)),
            cwd=root.anchor,  # not the user's folder, which could otherwise not be unmounted
            start_new_session=True,  # Ctrl-C in the terminal is for the parent
        )
        # Bounded: a worker with endless output must not fill this process's memory.
        self._messages: queue.Queue[Message | ValueError | None] = queue.Queue(_MOST_WAITING)
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Progress | None,
        *,
        timeout_s: float,
    ) -> LoadedFile:
        """Let the process read one file.

        Raises:
            LoadError: the worker's error, or the reason for its silence.
            WorkerStartError: the worker did not start.
        """
        # A file that changes during reading is read again.
        pictures_s = ATTEMPTS * (options.ocr_max_seconds + PICTURE_TIMEOUT_S)
        clock = FileClock(timeout_s, pictures_s if options.ocr else 0)
        request = {"options": wire.pack_options(options)}
        return self._ask(
            path, request, clock, on_progress, lambda answer: wire.unpack_file(answer["file"])
        )

    def draw(self, path: Path, request: PictureRequest, *, timeout_s: float) -> PagePicture:
        """Let the process draw a page of a PDF.

        Raises:
            LoadError: the worker's error, or the reason for its silence.
            WorkerStartError: the worker did not start.
        """
        return self._ask(
            path,
            {"draw": wire.pack_request(request)},
            FileClock(timeout_s, 0),
            None,
            lambda answer: wire.unpack_picture(answer["drawn"]),
        )

    def _ask(
        self,
        path: Path,
        what: Message,
        clock: FileClock,
        on_progress: Progress | None,
        unpack: Callable[[Message], _T],
    ) -> _T:
        """Send one request and return its answer through ``unpack``, unless it is an error."""
        name = path.name
        self._expect_ready()
        # An answer names its request, so an answer sent in advance never counts for another file.
        number = secrets.token_hex(8)
        try:
            if self._process.stdin is not None:
                send(self._process.stdin, {"id": number, "path": str(path.absolute()), **what})
        except OSError:
            raise self._obituary(name) from None
        while True:
            message = self._next(name, clock)
            try:
                if "progress" in message:
                    done, total = wire.unpack_progress(message["progress"])
                elif "picture" in message:
                    clock.picture(begins=bool(message["picture"]))
                    continue
                else:
                    return self._result(message, number, unpack)
            except (KeyError, TypeError, ValueError) as problem:
                raise self._malformed(name, problem) from problem
            if on_progress is not None:
                on_progress(done, total)

    def _next(self, name: str, clock: FileClock) -> Message:
        """Wait for the next message as long as the clock allows."""
        # Checked before each message: some workers send messages for ever.
        while left := clock.remaining():
            try:
                message = self._messages.get(timeout=min(left, _LOOK_EVERY_S))
            except queue.Empty:
                if self._killed:
                    raise self._obituary(name) from None
                continue
            if message is None:
                raise self._obituary(name)
            if isinstance(message, ValueError):
                raise self._malformed(name, message)
            return message
        self.kill()
        self.spent = True
        raise LoaderTimeoutError(clock.complaint(name))

    def _result(self, message: Message, number: str, unpack: Callable[[Message], _T]) -> _T:
        if message.get("id") != number:
            problem = "an answer that nobody asked for"
            raise ValueError(problem)
        self.spent = bool(message.get("tired"))
        if message.get("error") is not None:
            raise wire.unpack_error(message["error"])
        return unpack(message)

    def _malformed(self, name: str, problem: Exception) -> LoaderCrashError:
        """End the process and return the error for its file."""
        self.spent = True
        self.kill()
        said = f"no {problem}" if isinstance(problem, KeyError) else str(problem)
        return LoaderCrashError(
            f"{name} could not be read: its loader gave a malformed answer ({said}); the file is "
            "damaged, or made to do harm. Save it anew and ingest again."
        )

    def kill(self) -> None:
        """End the process at once."""
        self._killed = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def stop(self) -> None:
        """End the process, gently if it is idle, and free its resources."""
        self._stopped = True
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
        """Pass on the process's messages until it ends or sends an invalid one."""
        stream = self._process.stdout
        end: ValueError | None = None
        try:
            while stream is not None and (message := receive(stream)) is not None:
                if not self._hand_on(message):
                    return
                del message  # it contains the document's text
        except ValueError as error:
            end = error
        except OSError:
            pass  # the pipe was closed
        except MemoryError:
            end = ValueError("a message larger than memory")
        self._hand_on(end)

    def _hand_on(self, message: Message | ValueError | None) -> bool:
        """Put a message into the queue; return False if nobody reads the queue any more."""
        while True:
            try:
                self._messages.put(message, timeout=_LOOK_EVERY_S)
            except queue.Full:
                if self._killed or self._stopped:
                    return False
            else:
                return True

    def _expect_ready(self) -> None:
        """Wait until a new process has started.

        Raises:
            WorkerStartError: it died, or did not answer in :data:`START_TIMEOUT_S`.
        """
        if self._ready:
            return
        try:
            message = self._messages.get(timeout=START_TIMEOUT_S)
        except queue.Empty:
            message = None
        if not isinstance(message, dict) or "ready" not in message:
            self.spent = True
            self.kill()
            words = self._last_words().decode("utf-8", "replace")
            raise WorkerStartError.after(words, waited_s=START_TIMEOUT_S)
        self._ready = True

    def _obituary(self, name: str) -> LoadError:
        """Return why the process died, from its exit status and its last output."""
        self.spent = True
        try:
            status = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:  # it only closed its pipe
            self.kill()
            status = self._process.wait()
        # This program sends no SIGKILL: the kernel did, because memory ran out.
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
