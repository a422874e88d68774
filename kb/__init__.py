"""A local knowledge base: documents in, the right passages out."""

from kb.errors import (
    CollectionError,
    DocumentNotFoundError,
    EmbedderMismatchError,
    EmbeddingError,
    InputTooLongError,
    KnowledgeBaseError,
    MissingExtraError,
    ModelError,
    SettingsError,
    StoreBusyError,
    StoreError,
    StoreVersionError,
)
from kb.knowledge_base import KnowledgeBase
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
from kb.search.filters import SearchFilter
from kb.settings import Settings

__all__ = [
    "AddResult",
    "Chunk",
    "CollectionError",
    "CollectionInfo",
    "Document",
    "DocumentInfo",
    "DocumentNotFoundError",
    "EmbedderMismatchError",
    "EmbeddingError",
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
