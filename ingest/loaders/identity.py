"""Names the loader that would read a file, in words that change when its text may."""

from __future__ import annotations

from pathlib import Path

from ingest.errors import LoaderUnavailableError, UnsupportedFormatError
from ingest.loaders import loader_for
from ingest.loaders.base import LoadOptions


def loader_identity(path: Path, options: LoadOptions) -> str:
    """Name the loader for ``path``, with its version and the options that change its text."""
    try:
        loader = loader_for(path)
    except UnsupportedFormatError:
        return "none"
    except LoaderUnavailableError:  # its worker will report that for each file
        return "unavailable"
    return f"{type(loader).__name__} {loader.version} ocr={options.ocr}"
