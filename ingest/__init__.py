"""Ingestion: reads folders and files into documents of the knowledge base.

Modules that need the knowledge base are imported at first use. The worker processes of
``ingest.reading.sandbox`` import this package too, and must stay light and free of Chroma.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ingest.errors import (
    ClusterError,
    DamagedFileError,
    EmptyDocumentError,
    EncryptedFileError,
    FileTooLargeError,
    LoaderCrashError,
    LoaderMemoryError,
    LoadError,
    LoaderTimeoutError,
    LoaderUnavailableError,
    UnreadableFileError,
    UnsupportedFormatError,
    WorkerStartError,
)

if TYPE_CHECKING:
    from ingest.engines.choice import RayCluster
    from ingest.options import IngestOptions
    from ingest.pipeline.report import IngestReport
    from ingest.results import FileEvent, FileResult
    from ingest.run import ingest, ingest_uploads

__all__ = [
    "ClusterError",
    "DamagedFileError",
    "EmptyDocumentError",
    "EncryptedFileError",
    "FileEvent",
    "FileResult",
    "FileTooLargeError",
    "IngestOptions",
    "IngestReport",
    "LoadError",
    "LoaderCrashError",
    "LoaderMemoryError",
    "LoaderTimeoutError",
    "LoaderUnavailableError",
    "RayCluster",
    "UnreadableFileError",
    "UnsupportedFormatError",
    "WorkerStartError",
    "ingest",
    "ingest_uploads",
]

_LATER = {
    "FileEvent": "ingest.results",
    "FileResult": "ingest.results",
    "IngestReport": "ingest.pipeline.report",
    "IngestOptions": "ingest.options",
    "RayCluster": "ingest.engines.choice",
    "ingest": "ingest.run",
    "ingest_uploads": "ingest.run",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
