"""One object store through fsspec: lists, reads and downloads objects, with retries.

The client of a store is made when it is first asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from ingest.errors import UnreadableFileError
from ingest.finding.objects.client import new_client
from ingest.finding.objects.failures import described, is_denied, may_pass
from ingest.loaders import too_large
from kb.errors import KnowledgeBaseError, StoreError
from kb.retry import RetryPolicy
from kb.stopping import StoppedError

_T = TypeVar("_T")

# Fields that identify an object's content, best first; size and time come last. Google's etags
# change with metadata as well, so its generations come before them.
_REVISIONS = ("generation", "ETag", "etag", "md5Hash", "checksum", "content_md5")
_TIMES = ("LastModified", "updated", "last_modified", "mtime", "modified", "created")
_PART_BYTES = 1 << 20
# The client reads this far ahead: for eight files at once, all in memory.
_BLOCK_BYTES = 8 << 20
_POLL_S = 0.2
# Attempts to fetch an object that changes meanwhile.
_FETCHES = 3
_PATIENCE = RetryPolicy(attempts=5)
# The clients' own retries take minutes if a server never answers.
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """An object as its store describes it.

    ``url`` is its address. ``revision`` is the store's name for its present content, empty if it
    has none. ``mtime_ns`` is the time of writing, 0 if unknown.
    """

    url: str
    size: int
    revision: str
    mtime_ns: int


class ObjectStore:
    """The objects of one scheme. Thread-safe.

    Args:
        scheme: one of those that :mod:`ingest.finding.objects.address` lets through.
        patience: number and delays of retries.

    Raises (all methods):
        MissingExtraError: the client of this store is not installed.
        SettingsError: its client cannot use fsspec's configuration.
        UnreadableFileError: the store refuses, or does not answer, or its client cannot be
            imported.
        StoppedError: ``stop`` was set.
    """

    def __init__(self, scheme: str, *, patience: RetryPolicy = _PATIENCE) -> None:
        self.scheme = scheme
        self._patience = patience
        self._mutex = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Give another process a store object of its own."""
        return type(self), (self.scheme,)

    def below(self, url: str, stop: threading.Event) -> list[ObjectInfo]:
        """Return every object below a URL, or the object of that URL; empty if there is none."""
        objects = self._ask(url, lambda: list(self._listed(url)), stop)
        for each in objects:
            # s3fs, for one, drops slashes that a key begins with, and lists another folder.
            if each.url != url and not each.url.startswith(f"{url.rstrip('/')}/"):
                msg = (
                    f"{url} cannot be listed: its object store answers with {each.url}, which "
                    "does not lie there; give the URL of a folder above"
                )
                raise UnreadableFileError(msg)
        return objects

    def read(self, url: str, most_bytes: int, stop: threading.Event) -> bytes | None:
        """Return the first bytes of a small object; None if it does not exist."""

        def read() -> bytes | None:
            try:
                with self._filesystem.open(self._path(url), "rb") as file:
                    return bytes(file.read(most_bytes))
            except FileNotFoundError:
                return None

        return self._ask(url, read, stop)

    def download(
        self, url: str, target: Path, *, most_bytes: int, stop: threading.Event
    ) -> ObjectInfo:
        """Write an object to a file, and return its description at that moment.

        Raises:
            StoreError: the file cannot be written.
            FileTooLargeError: the object has more than ``most_bytes``; nothing was fetched.
        """
        for _ in range(_FETCHES):
            before = self._ask(url, lambda: self._fetch(url, target, most_bytes, stop), stop)
            after = self._ask(url, lambda: self._info(url), stop)
            if before == after:
                return before
        msg = f"{url} keeps changing while it is fetched; ingest it again when it is finished."
        raise UnreadableFileError(msg)

    @cached_property
    def _filesystem(self) -> Any:  # noqa: ANN401 - whatever class fsspec has for the scheme
        return new_client(self.scheme)

    def _path(self, url: str) -> str:
        """Return the client's name for an object."""
        rest = url.removeprefix(f"{self.scheme}://")
        return f"/{rest}" if self.scheme == "memory" else rest

    def _url(self, path: str) -> str:
        return f"{self.scheme}://{path.removeprefix('/') if self.scheme == 'memory' else path}"

    def _listed(self, url: str) -> Iterator[ObjectInfo]:
        path = self._path(url)
        if self.scheme == "memory":
            yield from map(self._described, _walked(self._filesystem, path))
            return
        # One listing of everything, a thousand objects per request, instead of a request per
        # folder.
        try:
            found: Mapping[str, Mapping[str, Any]] = self._filesystem.find(path, detail=True)
        except Exception as error:
            # A key without permission to list may still read an object by name.
            info = self._filesystem.info(path) if is_denied(error) else {}
            if info.get("type") != "file":
                raise
            found = {path: info}
        for info in found.values():
            if info.get("type") == "file":
                yield self._described(info)

    def _info(self, url: str) -> ObjectInfo:
        return self._described(self._filesystem.info(self._path(url)))

    def _described(self, info: Mapping[str, Any]) -> ObjectInfo:
        named = next((f"{key}:{info[key]}" for key in _REVISIONS if info.get(key)), "")
        written = next((info[key] for key in _TIMES if info.get(key)), None)
        return ObjectInfo(
            url=self._url(str(info["name"])),
            size=int(info.get("size") or 0),
            revision=named or (f"time:{_nanoseconds(written)}" if written else ""),
            mtime_ns=_nanoseconds(written),
        )

    def _fetch(self, url: str, target: Path, most_bytes: int, stop: threading.Event) -> ObjectInfo:
        fetched = 0
        with (
            self._filesystem.open(self._path(url), "rb", block_size=_BLOCK_BYTES) as source,
            _writing(target) as file,
        ):
            # Clients of object stores require this when they open one.
            details = getattr(source, "details", None)
            info = self._described(details) if details else self._info(url)
            _check_size(url, info.size, most_bytes)
            while part := source.read(_PART_BYTES):
                if stop.is_set():
                    raise StoppedError
                fetched += len(part)
                _check_size(url, fetched, most_bytes)
                file(part)
        return info

    def _ask(self, url: str, what: Callable[[], _T], stop: threading.Event) -> _T:
        """Send a request; repeat it while the failure may be temporary."""
        with self._mutex:
            _ = self._filesystem  # made once, by the first caller
        failures = 0
        give_up_at = time.monotonic() + _LONGEST_S
        while True:
            try:
                return _interruptible(what, stop)
            except (KnowledgeBaseError, StoppedError):
                raise
            except Exception as error:
                failures += 1
                patient = failures < self._patience.attempts and time.monotonic() < give_up_at
                if not may_pass(error) or not patient:
                    msg = f"{url} cannot be read: {described(error, self.scheme)}"
                    raise UnreadableFileError(msg) from error
            _wait(self._patience.delay_s(failures), stop)


def _wait(seconds: float, stop: threading.Event) -> None:
    # In steps: the event may be a combination of others, which do not wake its waiters.
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if stop.wait(min(left, _POLL_S)) or stop.is_set():
            raise StoppedError


@contextmanager
def _writing(target: Path) -> Iterator[Callable[[bytes], None]]:
    """Yield a file to write to; errors of writing are not errors of the object store."""

    def failed(error: OSError) -> StoreError:
        reason = error.strerror or type(error).__name__
        return StoreError(
            f"{target.parent} cannot be written: {reason}; free some space, or let this user "
            "write there"
        )

    try:
        file = target.open("wb")
    except OSError as error:
        raise failed(error) from error

    def write(part: bytes) -> None:
        try:
            file.write(part)
        except OSError as error:
            raise failed(error) from error

    with file:
        yield write
        try:
            file.flush()
        except OSError as error:
            raise failed(error) from error


def _interruptible(what: Callable[[], _T], stop: threading.Event) -> _T:
    """Run a call in a thread of its own; stop waiting when ``stop`` is set."""
    results: list[_T] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(what())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
        if stop.is_set() and thread.is_alive():
            raise StoppedError
    if errors:
        raise errors[0]
    return results[0]


def _walked(filesystem: Any, path: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - of fsspec
    """Yield the objects below a path, folder by folder; raise if a folder cannot be listed."""
    folders = [path]
    seen = {path}
    while folders:
        folder = folders.pop()
        try:
            entries = filesystem.ls(folder, detail=True)
        except FileNotFoundError:
            continue
        for entry in entries:
            name = str(entry["name"])
            if entry["type"] != "directory":
                yield entry
            elif name.rstrip("/") not in seen:
                seen.add(name.rstrip("/"))
                folders.append(name)


def _check_size(url: str, size: int, most_bytes: int) -> None:
    if size > most_bytes:
        raise too_large(url, size, most_bytes)


def _nanoseconds(written: object) -> int:
    if isinstance(written, str):
        try:
            written = datetime.fromisoformat(written)
        except ValueError:
            return 0
    if isinstance(written, datetime):
        written = written.timestamp()
    return int(written * 1e9) if isinstance(written, int | float) else 0
