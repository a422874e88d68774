"""The container of an exported collection: a zip file that shows every damaged byte.

The members are ``manifest.json``; ``documents/n.json`` and ``vectors/n.f32`` for document ``n``
(six digits or more); ``sentences/n.i8`` if the vectors of its sentences are known; and
``originals/SHA-256`` for each uploaded file. The manifest contains the size and SHA-256 of every
other member. The zip's comment is the SHA-256, in hexadecimal, of all bytes before it, so that a
reader notices any change before it unpacks anything. A reader never uses a name in an archive as a
path. It refuses a size that deflate cannot reach, and a part that would take much more memory than
room in the archive (:mod:`kb.archive.bounds`). The writer stores such a part uncompressed.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from kb.archive.bounds import FREE_BYTES, FREE_VECTOR_BYTES, allowance, cost_of, counted
from kb.drafts import draft
from kb.errors import ArchiveError, StoreError

FORMAT = "kb-archive"
VERSION = 3
_WITHOUT_SENTENCES = 2  # written for archives that older releases can read
_READ = (1, 2, VERSION)  # version 1 has no header rows of tables
MANIFEST = "manifest.json"
ORIGINALS = "originals/"
SENTENCES = "sentences/"
_JSON, _VECTORS = ".json", (".f32", ".i8")
_SEAL_BYTES = 64
_READ_BYTES = 2**20
# Limit of data in memory at once; longer than any readable document.
_MOST_MEMBER_BYTES = 2**30
# At most, what the manifest says of a document, its vectors, its sentences and its original.
_MANIFEST_BYTES_OF_A_DOCUMENT = 600
MOST_DOCUMENTS = _MOST_MEMBER_BYTES // _MANIFEST_BYTES_OF_A_DOCUMENT
"""Documents that one archive can hold."""
# Deflate turns one byte into at most 1,032; a larger size is false.
_MOST_DEFLATE_RATIO = 1032
_DEFLATE_SLACK_BYTES = 1024
_COMPRESSION = 3
# Besides damage: RuntimeError for encrypted members, unknown features and deep nesting.
_UNPACKING = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


class ArchiveWriter:
    """Writes the members of an archive, one after the other; created by :func:`writing`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, dict[str, str | int]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Write one member.

        Raises:
            StoreError: the member is too large to be read again.
        """
        if not self.takes(data):
            msg = (
                f"{name} has {len(data):,} bytes, more than an archive may hold in one part "
                f"({_MOST_MEMBER_BYTES:,}); split that document and export again"
            )
            raise StoreError(msg)
        self._write(name, data)
        self._members[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def takes(self, data: bytes) -> bool:
        """Return whether a member may have this size."""
        return len(data) <= _MOST_MEMBER_BYTES

    def add_file(self, name: str, file: BinaryIO) -> None:
        """Write one member from an open file of any size, a part at a time."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as member:
            while part := file.read(_READ_BYTES):
                member.write(part)
                digest.update(part)
                size += len(part)
        self._members[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def finish(self, description: Mapping[str, Any]) -> None:
        """Write the manifest: ``description`` and the checksums of all members.

        Raises:
            StoreError: it is too large to be read again.
        """
        manifest = {
            "format": FORMAT,
            "version": VERSION if any(map(_is_new, self._members)) else _WITHOUT_SENTENCES,
            **description,
            "members": self._members,
        }
        data = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        if not self.takes(data):
            msg = (
                f"the collection has {len(self._members):,} parts and too many files for one "
                "archive; back up the data folder instead, while no program uses it"
            )
            raise StoreError(msg)
        self._write(MANIFEST, data)

    def _write(self, name: str, data: bytes) -> None:
        method = zipfile.ZIP_DEFLATED
        is_json, free = name.endswith(_JSON), _free(name)
        cost = cost_of(data) if is_json else len(data)
        # Compressed here only to learn its size; few parts are large enough for that.
        if cost > free and cost > allowance(len(zlib.compress(data, _COMPRESSION)), free=free):
            method = zipfile.ZIP_STORED
        self._archive.writestr(name, data, method)


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """Write an archive that appears at ``path`` complete or not at all.

    Raises:
        StoreError: the disk is full, the folder is missing or not writable, or ``path`` is one.
    """
    if path.is_dir():
        msg = f"cannot write the archive: {path} is a folder; name a file in it"
        raise StoreError(msg)
    if not path.absolute().parent.is_dir():
        msg = f"cannot write the archive: there is no folder {path.parent}; name another file"
        raise StoreError(msg)
    try:
        with draft(path) as part, part.open("w+b") as file:
            with zipfile.ZipFile(
                file, "w", zipfile.ZIP_DEFLATED, compresslevel=_COMPRESSION
            ) as archive:
                yield ArchiveWriter(archive)
                archive.comment = b"0" * _SEAL_BYTES
            seal = _digest_but_seal(file)
            file.seek(-_SEAL_BYTES, os.SEEK_END)
            file.write(seal)
    except OSError as error:
        msg = f"cannot write the archive {path}: {error}; free disk space or name another file"
        raise StoreError(msg) from error


class ArchiveReader:
    """Reads the members of an intact archive; created by :func:`reading`.

    Attributes:
        manifest: its manifest.
        names: its members except the manifest.
    """

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        for info in archive.infolist():
            if info.file_size > _DEFLATE_SLACK_BYTES + info.compress_size * _MOST_DEFLATE_RATIO:
                raise damaged(path, f"{info.filename[:80]!r} claims an impossible size")
            most = allowance(info.compress_size, free=_free(info.filename))
            if info.file_size > most and not info.filename.startswith(ORIGINALS):
                reason = f"unfolds to more than {most / 2**20:,.0f} MiB"
                raise damaged(path, f"{info.filename[:80]!r} {reason}")
        self.manifest = self._read_manifest()
        self.names = frozenset(self.manifest["members"])

    @property
    def unpacked_bytes(self) -> int:
        """Total size of all members when unpacked, in bytes."""
        return sum(info.file_size for info in self._archive.infolist())

    def read(self, name: str) -> bytes:
        """Return one member, held in memory.

        Raises:
            ArchiveError: the member is missing, too large, or differs from the manifest.
        """
        if name in self.names and self._archive.getinfo(name).file_size > _MOST_MEMBER_BYTES:
            raise damaged(self._path, f"{name} is too large")
        return b"".join(self.parts(name))

    def read_json(self, name: str) -> Any:  # noqa: ANN401 - whatever stands there
        """Return the JSON value of one member.

        Raises:
            ArchiveError: the member is missing, or differs from the manifest.
            ValueError: the member is not JSON, or would take much more memory than room in the
                archive.
        """
        packed = self._archive.getinfo(name).compress_size if name in self.names else 0
        return json.loads(b"".join(counted(self.parts(name), packed)))

    def parts(self, name: str) -> Iterator[bytes]:
        """Yield one member in parts; an error may follow the last one.

        Raises:
            ArchiveError: the member is missing, or differs from the manifest.
        """
        entry = self.manifest["members"].get(name)
        if entry is None:
            raise damaged(self._path, f"{name} is missing")
        info = self._archive.getinfo(name)
        digest = hashlib.sha256()
        try:
            if info.file_size != entry["bytes"]:
                raise damaged(self._path, f"{name} is not what the manifest says")
            with self._archive.open(info) as member:
                while part := member.read(_READ_BYTES):
                    digest.update(part)
                    yield part
            if digest.hexdigest() != entry["sha256"]:
                raise damaged(self._path, f"the checksum of {name} does not match")
        except (KeyError, TypeError) as error:
            raise damaged(self._path, f"its manifest does not describe {name}") from error
        except _UNPACKING as error:
            raise damaged(self._path, f"{name} cannot be unpacked: {error}") from error

    def _read_manifest(self) -> dict[str, Any]:
        names = self._archive.namelist()
        if MANIFEST not in names:
            raise damaged(self._path, "it has no manifest")
        if self._archive.getinfo(MANIFEST).file_size > _MOST_MEMBER_BYTES:
            raise damaged(self._path, "its manifest is too large")
        info = self._archive.getinfo(MANIFEST)
        try:
            with self._archive.open(info) as member:
                parts = iter(lambda: member.read(_READ_BYTES), b"")
                manifest = json.loads(b"".join(counted(parts, info.compress_size)))
        except (ValueError, *_UNPACKING) as error:
            reason = beyond_python(error) or error
            raise damaged(self._path, f"its manifest cannot be read: {reason}") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise damaged(self._path, "its manifest is none of this program's")
        if manifest.get("version") not in _READ:
            msg = (
                f"{self._path} has archive version {manifest.get('version')}, this release reads "
                f"up to {VERSION}; import it with the release that exported it, or a newer one"
            )
            raise ArchiveError(msg)
        members = manifest.get("members")
        if not isinstance(members, dict) or sorted(names) != sorted([MANIFEST, *members]):
            raise damaged(self._path, "its members are not those of its manifest")
        return manifest


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive after checking every byte.

    Raises:
        ArchiveError: the archive is missing, damaged, truncated, or of another version.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            seal = b""
            if size > _SEAL_BYTES:
                file.seek(-_SEAL_BYTES, os.SEEK_END)
                seal = file.read()
            if not zipfile.is_zipfile(file) or _digest_but_seal(file) != seal:
                raise damaged(path, "its checksum does not match")
            try:
                archive = zipfile.ZipFile(file)
            except (ValueError, struct.error, *_UNPACKING) as error:
                raise damaged(path, f"its directory cannot be read: {error}") from error
            with archive:
                yield ArchiveReader(path, archive)
    except OSError as error:
        msg = f"the archive {path} cannot be read: {error}; check the path"
        raise ArchiveError(msg) from error


def damaged(path: Path, reason: str) -> ArchiveError:
    """Return the error for an archive that must not be imported."""
    return ArchiveError(
        f"{path} is damaged or no archive of `kb export`: {reason}. "
        "Nothing was imported; copy or export it again"
    )


def beyond_python(error: BaseException) -> str:
    """Say which of Python's limits a value of an archive exceeds; empty if none."""
    if isinstance(error, RecursionError):
        return "it holds nesting that no archive of ours has"
    # Python neither reads nor prints whole numbers of more than 4,300 digits.
    digits = isinstance(error, ValueError) and "set_int_max_str_digits" in str(error)
    return "it holds a number that no archive of ours has" if digits else ""


def _is_new(name: str) -> bool:
    """Return whether older releases do not know this kind of member."""
    return name.startswith(SENTENCES)


def _free(name: str) -> int:
    return FREE_VECTOR_BYTES if name.endswith(_VECTORS) else FREE_BYTES


def _digest_but_seal(file: Any) -> bytes:  # noqa: ANN401 - any binary file that can seek
    left = file.seek(0, os.SEEK_END) - _SEAL_BYTES
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (part := file.read(min(left, _READ_BYTES))):
        digest.update(part)
        left -= len(part)
    return digest.hexdigest().encode("ascii")
