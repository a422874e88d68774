"""Objects in fsspec's store in memory, which behaves like a bucket: keys, no folders, no times."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import fsspec


class Bucket:
    """A bucket of its own, beside which no test sees others."""

    def __init__(self) -> None:
        self._filesystem = fsspec.filesystem("memory")
        self.name = f"bucket-{uuid.uuid4().hex}"
        self.url = f"memory://{self.name}"

    def put(self, key: str, text: str | bytes = "") -> None:
        data = text if isinstance(text, bytes) else (text or f"What {key} says.").encode()
        self._filesystem.pipe_file(f"/{self.name}/{key}", data)

    def move(self, key: str, new: str) -> None:
        """Give an object another key; it stays what it is, as etags do."""
        store = self._filesystem.store
        store[f"/{self.name}/{new}"] = store.pop(f"/{self.name}/{key}")

    def delete(self, key: str) -> None:
        del self._filesystem.store[f"/{self.name}/{key}"]

    def empty(self) -> None:
        for path in [p for p in self._filesystem.store if p.startswith(f"/{self.name}/")]:
            del self._filesystem.store[path]


@contextmanager
def bucket_in_memory() -> Iterator[Bucket]:
    """Give a bucket for the time of a test."""
    bucket = Bucket()
    try:
        yield bucket
    finally:
        bucket.empty()
