"""Reads one file in this process: chooses the loader by extension, checks the file, hashes it.

Hostile files belong in ``ingest.reading.sandbox``, whose workers call :func:`load_file` too.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ingest.errors import (
    EmptyDocumentError,
    FileTooLargeError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from ingest.loaders.availability import unavailable
from ingest.loaders.base import Loader, LoadOptions
from kb.hashing import file_sha256
from kb.records import Document

# Modules are named, not imported: a worker that reads text files never loads the PDF engines, and a
# loader that cannot be imported breaks only its own formats.
_LOADERS = {
    ".pdf": "ingest.loaders.pdf.loader:PdfLoader",
    ".docx": "ingest.loaders.docx.loader:DocxLoader",
    ".docm": "ingest.loaders.docx.loader:DocxLoader",
    ".md": "ingest.loaders.markdown.loader:MarkdownLoader",
    ".markdown": "ingest.loaders.markdown.loader:MarkdownLoader",
    ".txt": "ingest.loaders.text.loader:TextLoader",
    ".text": "ingest.loaders.text.loader:TextLoader",
}
EXTENSIONS: tuple[str, ...] = tuple(_LOADERS)
"""Every supported extension, in lower case, with its dot."""

ATTEMPTS = 3
"""Attempts to read a file that changes meanwhile."""

_MIB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFile:
    """A document and the file it was read from.

    ``content_hash`` is the SHA-256 of the file's bytes in hexadecimal, ``size`` their number,
    ``mtime_ns`` the file's modification time in nanoseconds since the epoch.
    """

    document: Document
    content_hash: str
    size: int
    mtime_ns: int


def loader_for(path: Path) -> Loader:
    """Return the loader of a file's format, chosen by its extension.

    Raises:
        UnsupportedFormatError: no loader reads this extension.
        LoaderUnavailableError: a library of the loader cannot be imported.
    """
    target = _LOADERS.get(path.suffix.lower())
    if target is None:
        kind = f"{path.suffix} files" if path.suffix else "files without an extension"
        msg = (
            f"{path.name} cannot be read: {kind} are not supported. "
            f"Convert it to one of {', '.join(EXTENSIONS)} and ingest again."
        )
        raise UnsupportedFormatError(msg)
    module, _, name = target.partition(":")
    try:
        loader: Loader = getattr(import_module(module), name)()
    except MemoryError:
        raise
    except Exception as error:
        raise unavailable(path.name, error) from error
    return loader


def load_file(
    path: Path,
    options: LoadOptions | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> LoadedFile:
    """Read one file with the loader of its extension.

    If the file changes meanwhile, it is read again, so that hash and text belong together.

    Args:
        path: the file.
        options: limits and options; the defaults if None.
        on_progress: called with finished pages and all pages, if the format has pages.

    Raises:
        LoadError: one of its subclasses, for this file.
    """
    options = options or LoadOptions()
    loader = loader_for(path)
    before = _check(path, options)
    for _ in range(ATTEMPTS):
        content_hash = _hash(path)
        document = loader.load(path, options, on_progress)
        after = _check(path, options)
        if _same(before, after):
            return LoadedFile(
                document=document,
                content_hash=content_hash,
                size=after.st_size,
                mtime_ns=after.st_mtime_ns,
            )
        before = after
    msg = f"{path.name} keeps changing while it is read; ingest it again when it is finished."
    raise UnreadableFileError(msg)


def too_large(name: str, size: int, most: int) -> FileTooLargeError:
    """Return the error of a file of ``size`` bytes above the limit ``most``."""
    return FileTooLargeError(
        f"{name} has {size / _MIB:.1f} MiB, more than the limit of {most / _MIB:.1f} MiB; "
        "split it, or raise the limit."
    )


def _check(path: Path, options: LoadOptions) -> os.stat_result:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        msg = f"{path.name} is not a plain file; give a file or a folder of files."
        raise UnreadableFileError(msg)
    if status.st_size == 0:
        msg = f"{path.name} is empty (0 bytes); there is nothing to ingest."
        raise EmptyDocumentError(msg)
    if status.st_size > options.max_file_bytes:
        raise too_large(path.name, status.st_size, options.max_file_bytes)
    return status


def _hash(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns, before.st_ino) == (
        after.st_size,
        after.st_mtime_ns,
        after.st_ino,
    )


def _unreadable(path: Path, error: OSError) -> UnreadableFileError:
    reason = error.strerror or type(error).__name__
    msg = f"{path.name} cannot be opened ({reason}); check that it is there and may be read."
    return UnreadableFileError(msg)
