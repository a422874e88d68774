"""One worker process as the sandbox sees it: started, asked, timed, and mourned."""

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
from pathlib import Path
from typing import TypeVar

import ingest
from ingest import wire
from ingest.errors import (
    LoaderCrashError,
    LoaderMemoryError,
    LoadError,
    LoaderTimeoutError,
    WorkerStartError,
)
from ingest.limits import EXIT_MEMORY
from ingest.loaders import LoadedFile
from ingest.loaders.base import LoadOptions
from ingest.pictures import PagePicture, PictureRequest
from ingest.worker import memory_message

PICTURE_TIMEOUT_S = 60.0
"""Time for one page that is read by OCR. The file's own clock stands still meanwhile: a scan of
200 pages is not an endless loop. ``LoadOptions.ocr_max_pages`` bounds how many there are."""

START_TIMEOUT_S = 60.0
_GRACE_S = 5.0
_STDERR_TAIL = 4096
_OUT_OF_MEMORY = (b"bad_alloc", b"out of memory", b"Out of memory", b"MemoryError")

Progress = Callable[[int, int], None]
_T = TypeVar("_T")


class Worker:
    """One process, and the thread that reads what it says.

    ``spent`` says that it is dead or should be replaced.
    """

    def __init__(self, memory_bytes: int) -> None:
        # A file, not a pipe: nobody needs to read along, and a chatty engine cannot block on it.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._killed = False
        self._ready = False
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

    def load(
        self,
        path: Path,
        options: LoadOptions,
        on_progress: Progress | None,
        *,
        timeout_s: float,
    ) -> LoadedFile:
        """Have the process read one file.

        Raises:
            LoadError: what the worker said, or why it said nothing.
            WorkerStartError: it never came to read the file.
        """
        answer = self._ask(
            path, {"options": wire.pack_options(options)}, on_progress, timeout_s=timeout_s
        )
        return self._result(path.name, lambda: wire.unpack_file(answer["file"]))

    def draw(self, path: Path, request: PictureRequest, *, timeout_s: float) -> PagePicture:
        """Have the process draw a page of a PDF.

        Raises:
            LoadError: what the worker said, or why it said nothing.
            WorkerStartError: it never came to draw the page.
        """
        answer = self._ask(path, {"draw": wire.pack_request(request)}, None, timeout_s=timeout_s)
        return self._result(path.name, lambda: wire.unpack_picture(answer["drawn"]))

    def _ask(
        self,
        path: Path,
        what: wire.Message,
        on_progress: Progress | None,
        *,
        timeout_s: float,
    ) -> wire.Message:
        """Send one request and return its answer, if that is no error."""
        name = path.name
        clock = _Clock(timeout_s)
        self._expect_ready()
        request = {"path": str(path.absolute()), **what}
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
                if on_progress is not None:
                    done, total = message["progress"]
                    on_progress(int(done), int(total))
            elif "picture" in message:
                clock.picture(begins=bool(message["picture"]))
            else:
                self.spent = bool(message.get("tired"))
                if message.get("error") is not None:
                    raise wire.unpack_error(message["error"])
                return message

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
                del message  # it holds the document's text
        self._messages.put(None)

    def _expect_ready(self) -> None:
        """Wait for a new process to have started.

        Raises:
            WorkerStartError: it died, or did not answer in :data:`START_TIMEOUT_S`.
        """
        if self._ready:
            return
        try:
            message = self._messages.get(timeout=START_TIMEOUT_S)
        except queue.Empty:
            message = None
        if message is None or "ready" not in message:
            self.spent = True
            self.kill()
            raise start_error(self._last_words().decode("utf-8", "replace"))
        self._ready = True

    def _result(self, name: str, unpack: Callable[[], _T]) -> _T:
        try:
            return unpack()
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


def start_error(last_words: str) -> WorkerStartError:
    """Return the error for workers that cannot be started, with the last line that one said."""
    said = [line.strip() for line in last_words.splitlines() if line.strip()]
    reason = said[-1] if said else f"no answer within {START_TIMEOUT_S:g} s, and no word why"
    return WorkerStartError(
        f"no process that reads files can be started ({reason}); if it is memory, raise "
        "KB_FILE_MEMORY_MB or free some, else install this program again"
    )


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
