"""Download of one file over HTTP: resumed after a break, verified, and whole or absent.

huggingface_hub (2.4) has two faults here. Each process writes to a file of its own and deletes it
when the transfer breaks, so that the next run cannot resume. It compares the size but not the
SHA-256.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

from kb.errors import ModelError
from kb.hashing import file_sha256
from kb.locked_files import LockedFile
from kb.retry import AWAY_STATUSES, RetryPolicy, requested_wait_s
from kb.stopping import checkpoint, rest

Progress = Callable[[int, int], None]
"""Called with the number of bytes received so far and the total."""

ROOM_BYTES = 64 << 20
"""Bytes to leave free on the disk."""

T = TypeVar("T")

_TEMPORARY = AWAY_STATUSES | {408, 425, 500}  # statuses after which a download is retried
_NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout)
_PARTIAL, _RANGE_NOT_SATISFIABLE = 206, 416


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Limits of retries of a download.

    Attributes:
        policy: number of attempts in a row without a byte, and the waits between them. An attempt
            that received bytes restarts the count.
        stall_s: longest pause of a server before a retry, in seconds.
    """

    policy: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(attempts=6, base_s=2.0, cap_s=60.0)
    )
    stall_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file to download: its URL, its size in bytes, and its SHA-256 in hexadecimal."""

    url: str
    size: int
    sha256: str


def fetch(
    client: httpx.Client,
    remote: RemoteFile,
    target: Path,
    *,
    on_progress: Progress | None = None,
    patience: Patience,
) -> None:
    """Download ``remote`` to ``target``, resuming an earlier call.

    The incomplete file is beside the target, and its name contains the checksum, so that a part of
    another version is never resumed.

    Raises:
        ModelError: the disk has no room, the contents are wrong, or another process downloads the
            file.
        StoppedError: the work is stoppable, and nobody waits for it any more.
        httpx.HTTPError: the server refused, or broke off too often in a row.
    """
    part = target.with_name(f"{target.name}.{remote.sha256[:16]}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(part):
            _check_room(part, remote)
            _fetch_part(client, remote, part, patience, on_progress)
            part.replace(target)
    except OSError as error:
        msg = (
            f"cannot write {part}: {error.strerror or error}; free space or set KB_DATA_DIR to a "
            "folder on another disk, then run the same command again: it goes on from here"
        )
        raise ModelError(msg) from error


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    lock = LockedFile(part.with_name(f"{part.name}.lock"))
    if not lock.take():
        msg = f"another process is downloading {part.name.partition('.gguf')[0]}; wait for it"
        raise ModelError(msg)
    try:
        yield
    finally:
        lock.remove()


def _check_room(part: Path, remote: RemoteFile) -> None:
    there = part.stat().st_size if part.exists() else 0
    needed = remote.size - there + ROOM_BYTES
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        msg = (
            f"no room for the model: {part.parent} has {free / 1e9:.1f} GB free, "
            f"{needed / 1e9:.1f} GB are needed; free space or set KB_DATA_DIR to another disk"
        )
        raise ModelError(msg)


def _fetch_part(
    client: httpx.Client,
    remote: RemoteFile,
    part: Path,
    patience: Patience,
    on_progress: Progress | None,
) -> None:
    resumed = part.exists() and part.stat().st_size > 0
    while True:
        _receive_all(client, remote, part, patience, on_progress)
        found = file_sha256(part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        if found == remote.sha256:
            return
        part.unlink()
        if not resumed:
            msg = (
                f"the download from {remote.url} is not the announced file: its SHA-256 is "
                f"{found}, not {remote.sha256}. It was deleted. A proxy or mirror may have "
                "changed it: try again, or fetch it from another source"
            )
            raise ModelError(msg)
        resumed = False  # the earlier part may be at fault: restart once from the beginning


def _receive_all(
    client: httpx.Client,
    remote: RemoteFile,
    part: Path,
    patience: Patience,
    on_progress: Progress | None,
) -> None:
    def size() -> int:
        return part.stat().st_size if part.exists() else 0

    while size() != remote.size:
        persist(
            lambda: _receive(client, remote, part, on_progress),
            patience=patience,
            gained=size,
        )


def persist(
    call: Callable[[], T],
    *,
    patience: Patience,
    gained: Callable[[], int] = lambda: 0,
) -> T:
    """Retry a call after temporary failures, as often without gain as ``patience`` allows.

    ``gained`` returns the progress. An attempt that made progress does not count as a failure.

    Raises:
        httpx.HTTPStatusError: a final refusal, or the last temporary one.
        httpx.TransportError: the last network failure.
    """
    failures = 0
    while True:
        before = gained()
        try:
            return call()
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            failures = 0 if gained() > before else failures + 1
            # Without any connection, report it at once, unless there was one a moment ago.
            hopeless = isinstance(error, _NO_CONNECTION) and not gained()
            if failures >= patience.policy.attempts or hopeless or not _is_temporary(error):
                raise
            rest(_wait_s(error, failures, patience.policy))


def _receive(
    client: httpx.Client, remote: RemoteFile, part: Path, on_progress: Progress | None
) -> None:
    """Append the rest of the file from the server to ``part``."""
    at = part.stat().st_size if part.exists() else 0
    if at > remote.size:
        part.unlink()
        at = 0
    check = checkpoint()
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={at}-"} if at else {})}
    with client.stream("GET", remote.url, headers=headers, follow_redirects=True) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # the server has another file than announced
            msg = "the server cannot go on from where the part ends"
            raise httpx.RemoteProtocolError(msg)
        response.raise_for_status()
        if at and not _continues_at(response, at):
            at = 0  # the server does not resume, and sends the whole file
        with part.open("r+b" if at else "wb") as file:
            file.seek(at)
            # In the sizes that arrive: a half-full block of fixed size would be lost with the
            # connection.
            for block in response.iter_raw():
                check()
                at += len(block)
                if at > remote.size:
                    file.truncate(0)
                    msg = f"the server sends more than the {remote.size} bytes it announced"
                    raise httpx.RemoteProtocolError(msg)
                file.write(block)
                if on_progress is not None:
                    on_progress(at, remote.size)
    if at < remote.size:
        msg = f"the server ended after {at} of {remote.size} bytes"
        raise httpx.RemoteProtocolError(msg)


def _continues_at(response: httpx.Response, at: int) -> bool:
    return response.status_code == _PARTIAL and response.headers.get(
        "Content-Range", ""
    ).startswith(f"bytes {at}-")


def _is_temporary(error: Exception) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in _TEMPORARY
    return not isinstance(error, httpx.UnsupportedProtocol | httpx.ProxyError)


def _wait_s(error: Exception, failures: int, policy: RetryPolicy) -> float:
    """Return the wait: the time that the server asks for, within limits, plus the backoff."""
    asked = None
    if isinstance(error, httpx.HTTPStatusError):
        asked = requested_wait_s(error.response.headers.get("Retry-After"))
    return policy.delay_s(max(1, failures), None if asked is None else min(asked, policy.cap_s))
