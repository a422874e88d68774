"""Files on their way to a server: named, and packed into requests of a bounded size."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from kb.errors import SettingsError

Sent = tuple[str, bytes]
"""A name, and bytes."""

Part = tuple[str, tuple[str, IO[bytes], str]]

MOST_BYTES = 64 * 2**20
"""Of the files of one request; a larger file goes alone."""

MOST_FILES = 500
"""Of one request."""

_IN_MEMORY = 4 * 2**20  # bytes of a zip that take no disk
_ANY = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    name: str
    size: int
    content: bytes | Path

    @property
    def folder(self) -> str:
        """The folder that was given, where this file is below one; else empty."""
        folder, slash, _ = self.name.partition("/")
        return folder if slash else ""

    def write_into(self, archive: zipfile.ZipFile) -> None:
        """Put the file into the zip of its folder."""
        name = self.name.removeprefix(f"{self.folder}/")
        if isinstance(self.content, bytes):
            archive.writestr(name, self.content)
        else:
            archive.write(self.content, name)


@dataclass(slots=True)
class Parcel:
    """Files of one request.

    Those that lie below a folder travel in a zip, which keeps their folders.
    """

    files: list[_File] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def parts(self, opened: ExitStack) -> list[Part]:
        """Return the parts of the request's body; ``opened`` closes their files."""
        told: list[Part] = []
        for file in self.files:
            if not file.folder:
                content: IO[bytes] = (
                    BytesIO(file.content)
                    if isinstance(file.content, bytes)
                    else opened.enter_context(file.content.open("rb"))
                )
                told.append(("files", (file.name, content, _ANY)))
        # The server puts the name of a zip before the names of what is in it.
        for folder in dict.fromkeys(file.folder for file in self.files if file.folder):
            archive = opened.enter_context(_scratch())
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED, strict_timestamps=False) as made:
                for file in self.files:
                    if file.folder == folder:
                        file.write_into(made)
            archive.seek(0)
            told.append(("files", (f"{folder}.zip", archive, "application/zip")))
        return told


def _scratch() -> IO[bytes]:
    return SpooledTemporaryFile(_IN_MEMORY)


def parcels(files: Path | str | Sequence[Path | str | Sent]) -> Iterator[Parcel]:
    """Yield files in the order given, as many at a time as fit into a request.

    A string is one path.

    Raises:
        SettingsError: a path does not exist; two files have one name.
    """
    several = [files] if isinstance(files, str | Path) else files
    found = [file for given in several for file in _found(given)]
    names: set[str] = set()
    for file in found:
        if file.name in names:
            msg = (
                f"two files are called {file.name}; give the folder that they are in, or rename one"
            )
            raise SettingsError(msg)
        names.add(file.name)
    parcel = Parcel()
    for file in found:
        is_full = len(parcel.files) >= MOST_FILES or parcel.size + file.size > MOST_BYTES
        if parcel.files and is_full:
            yield parcel
            parcel = Parcel()
        parcel.files.append(file)
    if parcel.files:
        yield parcel


def _found(given: Path | str | Sent) -> Iterator[_File]:
    if isinstance(given, tuple):
        name, data = given
        yield _File(name=name, size=len(data), content=data)
        return
    path = Path(given).expanduser()
    if path.is_file():
        yield _File(name=path.name, size=path.stat().st_size, content=path)
    elif path.is_dir():
        root = path.resolve()
        for file in sorted(root.rglob("*")):
            below = file.relative_to(root)
            hidden = any(part.startswith(".") for part in below.parts)
            if not hidden and file.is_file() and not file.is_symlink():
                name = f"{root.name}/{below.as_posix()}"
                yield _File(name=name, size=file.stat().st_size, content=file)
    else:
        msg = f"{path} is neither a file nor a folder; check the path"
        raise SettingsError(msg)
