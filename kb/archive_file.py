"""The container of an exported collection: a zip file that shows every damaged byte.

Members are ``manifest.json``, and for document ``n`` (six digits or more) ``documents/n.json`` and
``vectors/n.f32``. The manifest holds the size and SHA-256 of every other member. The zip's comment
is the SHA-256, in hexadecimal, of all bytes before it: a change anywhere shows before anything is
unpacked. Nothing is ever written under a name that stands in an archive.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kb.errors import ArchiveError, StoreError

FORMAT = "kb-archive"
VERSION = 1
MANIFEST = "manifest.json"
_SEAL_BYTES = 64
_READ_BYTES = 2**20
_MOST_MANIFEST_BYTES = 2**28


class ArchiveWriter:
    """Writes the members of an archive, one after the other. Made by :func:`writing`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, dict[str, str | int]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Write one member."""
        self._archive.writestr(name, data)
        self._members[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}

    def finish(self, description: Mapping[str, Any]) -> None:
        """Write the manifest: ``description`` and the checksums of all members."""
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            **description,
            "members": self._members,
        }
        self._archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """Write an archive that appears at ``path`` when it is whole, or not at all.

    Raises:
        StoreError: the disk is full or the folder cannot be written.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                    yield ArchiveWriter(archive)
                    archive.comment = b"0" * _SEAL_BYTES
                seal = _digest_but_seal(file)
                file.seek(-_SEAL_BYTES, os.SEEK_END)
                file.write(seal)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        msg = f"cannot write the archive {path}: {error}; free disk space or name another file"
        raise StoreError(msg) from error


class ArchiveReader:
    """Reads the members of an archive whose seal is unbroken. Made by :func:`reading`."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._archive = archive
        self.manifest = self._read_manifest()

    def read(self, name: str) -> bytes:
        """Return one member.

        Raises:
            ArchiveError: it is missing or not what the manifest says.
        """
        entry = self.manifest["members"].get(name)
        try:
            info = self._archive.getinfo(name)
            if entry is None or info.file_size != entry["bytes"]:
                raise damaged(self._path, f"{name} is not what the manifest says")
            data = self._archive.read(info)
        except (KeyError, TypeError) as error:
            raise damaged(self._path, f"{name} is missing") from error
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise damaged(self._path, f"{name} cannot be unpacked: {error}") from error
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise damaged(self._path, f"the checksum of {name} does not match")
        return data

    def _read_manifest(self) -> dict[str, Any]:
        names = self._archive.namelist()
        if MANIFEST not in names:
            raise damaged(self._path, "it has no manifest")
        if self._archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST_BYTES:
            raise damaged(self._path, "its manifest is too large")
        try:
            manifest = json.loads(self._archive.read(MANIFEST))
        except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise damaged(self._path, f"its manifest cannot be read: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise damaged(self._path, "its manifest is none of this program's")
        if manifest.get("version") != VERSION:
            msg = (
                f"{self._path} has archive version {manifest.get('version')}, this release reads "
                f"{VERSION}; import it with the release that exported it, or a newer one"
            )
            raise ArchiveError(msg)
        members = manifest.get("members")
        if not isinstance(members, dict) or sorted(names) != sorted([MANIFEST, *members]):
            raise damaged(self._path, "its members are not those of its manifest")
        return manifest


@contextmanager
def reading(path: Path) -> Iterator[ArchiveReader]:
    """Open an archive whose every byte is as it was written.

    Raises:
        ArchiveError: it is missing, damaged, cut short, or of another version.
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
            with zipfile.ZipFile(file) as archive:
                yield ArchiveReader(path, archive)
    except (OSError, zipfile.BadZipFile) as error:
        msg = f"the archive {path} cannot be read: {error}; check the path"
        raise ArchiveError(msg) from error


def damaged(path: Path, reason: str) -> ArchiveError:
    """Return the error for an archive that must not be imported."""
    return ArchiveError(
        f"{path} is damaged or no archive of `kb export`: {reason}. "
        "Nothing was imported; copy or export it again"
    )


def _digest_but_seal(file: Any) -> bytes:  # noqa: ANN401 - any binary file that can seek
    left = file.seek(0, os.SEEK_END) - _SEAL_BYTES
    file.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (part := file.read(min(left, _READ_BYTES))):
        digest.update(part)
        left -= len(part)
    return digest.hexdigest().encode("ascii")
