"""A local knowledge base: documents in, the right passages out.

Errors and records are here at once; the rest is imported when it is first asked for, because
every worker process that reads files imports this package too (0.55 s otherwise).
"""

from importlib import import_module
from typing import TYPE_CHECKING

from kb.errors import (
    ArchiveError,
    CollectionError,
    DocumentNotFoundError,
    EmbedderMismatchError,
    EmbeddingError,
    EngineError,
    InputTooLongError,
    KnowledgeBaseError,
    MissingExtraError,
    ModelError,
    SettingsError,
    StoreBusyError,
    StoreError,
    StoreVersionError,
)
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    Document,
    DocumentInfo,
    FailedFile,
    FileState,
    Notice,
    Page,
    SearchHit,
    Section,
    Source,
)

if TYPE_CHECKING:
    from kb.catalog.filters import SearchFilter
    from kb.knowledge_base import KnowledgeBase
    from kb.settings import Settings

__all__ = [
    "AddResult",
    "ArchiveError",
    "Chunk",
    "CollectionError",
    "CollectionInfo",
    "Document",
    "DocumentInfo",
    "DocumentNotFoundError",
    "EmbedderMismatchError",
    "EmbeddingError",
    "EngineError",
    "FailedFile",
    "FileState",
    "InputTooLongError",
    "KnowledgeBase",
    "KnowledgeBaseError",
    "MissingExtraError",
    "ModelError",
    "Notice",
    "Page",
    "SearchFilter",
    "SearchHit",
    "Section",
    "Settings",
    "SettingsError",
    "Source",
    "StoreBusyError",
    "StoreError",
    "StoreVersionError",
]

_LATER = {
    "KnowledgeBase": "kb.knowledge_base",
    "SearchFilter": "kb.catalog.filters",
    "Settings": "kb.settings",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
