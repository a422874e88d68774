"""Fetches objects one by one, for the time of reading them."""

from __future__ import annotations

import secrets
import threading
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ingest.finding.candidate import Candidate
from ingest.finding.objects.filesystem import ObjectStore
from ingest.loaders import EXTENSIONS, loader_for, too_large


class ObjectOrigin:
    """The objects of one store as an origin of candidates.

    Args:
        store: the object store.
    """

    remote = True

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def fetch(
        self, candidate: Candidate, folder: Path, *, most_bytes: int, stop: threading.Event
    ) -> Candidate:
        """Download the present version of an object.

        Its file gets a generated name, because a key may be no valid file name. The extension
        stays, because loaders depend on it.

        Raises:
            LoadError: the object is not available, is too large or has an unsupported type.
            StoppedError: ``stop`` was set.
        """
        url = candidate.source.whole
        suffix = PurePosixPath(candidate.source.path).suffix.lower()
        if suffix not in EXTENSIONS:
            loader_for(Path(url))  # raises the error
        if candidate.size > most_bytes:
            raise too_large(url, candidate.size, most_bytes)
        target = folder / f"object-{secrets.token_hex(12)}{suffix}"
        try:
            info = self.store.download(url, target, most_bytes=most_bytes, stop=stop)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return replace(
            candidate,
            path=target,
            size=info.size,
            mtime_ns=info.mtime_ns,
            revision=info.revision,
        )


def unreadable_key(url: str) -> str:
    """Return why an object of this address is never readable; empty if it may be."""
    if url.endswith("/"):
        return f"{url} ends with a slash, as folders do; give the object another key"
    if "\0" in url:
        return f"{url!r} holds a NUL character; give the object another key"
    if "?versionId=" in url:
        return f"{url} reads as a version of another object; give the object another key"
    return ""
