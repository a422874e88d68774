"""A growing file of vectors: its puts, descriptions and deletions, in order.

A frame is a head (magic, kind, count, width, length and CRC-32 of its body) and a body. A truncated
or damaged frame is the end of the file for readers, and the next writer cuts it off. So a crash in
the middle of writing leaves the previous contents. The first frame has the width of the vectors.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from kb.drafts import draft
from kb.embedding.base import Vectors
from kb.errors import StoreError

_HEAD = struct.Struct("<4scIIQI")
_MAGIC = b"SMV1"
_ID_BYTES = 8

Kind = Literal["made", "put", "described", "deleted"]
_KINDS: dict[Kind, bytes] = {"made": b"M", "put": b"P", "described": b"T", "deleted": b"D"}
_NAMES = {code: kind for kind, code in _KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One frame. ``vectors`` are float32, shape (len(ids), dim), with rows only for "put"."""

    kind: Kind
    vectors: Vectors
    ids: Sequence[int] = ()
    documents: Sequence[int] = ()
    languages: Sequence[str] = ()


class Journal:
    """One file, read on from where this reader stopped. Writers hold the write lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode = 0
        self._read_to = 0

    def is_behind(self) -> bool:
        """Return whether the file has unread frames, or has been replaced.

        Raises:
            FileNotFoundError: the file does not exist.
        """
        status = self.path.stat()
        return (status.st_ino, status.st_size) != (self._inode, self._read_to)

    def read_on(self) -> tuple[bool, list[Change]]:
        """Return the new changes, and whether they start at the beginning of the file.

        Raises:
            FileNotFoundError: the file does not exist.
        """
        with self.path.open("rb") as file:
            status = os.fstat(file.fileno())
            anew = status.st_ino != self._inode or status.st_size < self._read_to
            if anew:
                self._inode, self._read_to = status.st_ino, 0
            file.seek(self._read_to)
            changes = list(_frames(file))
            self._read_to += sum(_size(change) for change in changes)
        return anew, changes

    def append(self, change: Change) -> None:
        """Append a change after the last read frame, which is the last one inside the lock.

        Raises:
            StoreError: the disk is full or failed. The file stays as it was.
        """
        try:
            with self.path.open("r+b") as file:
                file.truncate(self._read_to)  # a half-written frame of a crash
                file.seek(self._read_to)
                _write(file, change)
        except OSError as error:
            raise _failed(self.path, error) from error
        self._read_to += _size(change)

    def write_anew(self, changes: Sequence[Change]) -> None:
        """Replace the file by a new one, in one step.

        Raises:
            StoreError: the disk is full or failed. The file stays as it was.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with draft(self.path) as new, new.open("wb") as file:
                for change in changes:
                    _write(file, change)
                status = os.fstat(file.fileno())
        except OSError as error:
            raise _failed(self.path, error) from error
        self._inode, self._read_to = status.st_ino, sum(map(_size, changes))


def _write(file: BinaryIO, change: Change) -> None:
    body = _body(change)
    head = _HEAD.pack(
        _MAGIC,
        _KINDS[change.kind],
        len(change.ids),
        change.vectors.shape[1],
        len(body),
        zlib.crc32(body),
    )
    file.write(head + body)
    file.flush()
    os.fsync(file.fileno())


def _body(change: Change) -> bytes:
    ids = np.asarray(change.ids, dtype="<i8").tobytes()
    if change.kind in {"made", "deleted"}:
        return ids
    documents = np.asarray(change.documents, dtype="<i8").tobytes()
    vectors = change.vectors.astype("<f4").tobytes()
    return ids + documents + vectors + _languages(change)


def _languages(change: Change) -> bytes:
    return json.dumps(list(change.languages)).encode()


def _size(change: Change) -> int:
    size = _HEAD.size + _ID_BYTES * len(change.ids)
    if change.kind in {"made", "deleted"}:
        return size
    return size + _ID_BYTES * len(change.ids) + 4 * change.vectors.size + len(_languages(change))


def _frames(file: BinaryIO) -> Iterator[Change]:
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        magic, code, count, dim, length, crc = _HEAD.unpack(head)
        if magic != _MAGIC or code not in _NAMES:
            return
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != crc:
            return
        yield _change(_NAMES[code], count, dim, body)


def _change(kind: Kind, count: int, dim: int, body: bytes) -> Change:
    none = np.empty((0, dim), dtype=np.float32)
    ids = np.frombuffer(body, "<i8", count).tolist()
    if kind in {"made", "deleted"}:
        return Change(kind=kind, ids=ids, vectors=none)
    at = _ID_BYTES * count
    documents = np.frombuffer(body, "<i8", count, at).tolist()
    at *= 2
    vectors = none
    if kind == "put":
        vectors = np.frombuffer(body, "<f4", count * dim, at).reshape(count, dim)
        at += vectors.nbytes
    return Change(
        kind=kind,
        ids=ids,
        documents=documents,
        languages=json.loads(body[at:]),
        vectors=vectors.astype(np.float32, copy=False),
    )


def _failed(path: Path, error: OSError) -> StoreError:
    msg = f"{path} cannot be written: {error}; free disk space if there is none left"
    return StoreError(msg)
