"""Turns errors of Chroma's library into this project's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kb.errors import StoreError
from kb.vectors.chroma.files import FileError


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Raise a StoreError for Chroma's errors about the files in a folder.

    Raises:
        StoreError: Chroma failed.
    """
    import chromadb.errors  # noqa: PLC0415, TID251 - a second that `kb --help` need not pay

    try:
        yield
    except BaseException as error:
        expected = (
            chromadb.errors.ChromaError,
            FileError,
            ValueError,
            RuntimeError,
            OSError,
        )
        # Chroma's Rust part panics on damaged files; pyo3 gives that class no module.
        if not isinstance(error, expected) and type(error).__name__ != "PanicException":
            raise
        msg = (
            f"Chroma failed in {folder}: {error}. "
            "Free disk space if there is none left; `kb doctor --repair` makes its files "
            "again from the catalog"
        )
        raise StoreError(msg) from error
