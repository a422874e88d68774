"""A local knowledge base: documents in, the right passages out.

Errors and records are imported at once, everything else at first use. Every worker process that
reads files imports this package too, and the rest would cost it 0.55 s.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from kb.errors import (
    ApiKeyError,
    ArchiveError,
    ChangedMeanwhileError,
    ChatError,
    ChatTooLongError,
    CollectionError,
    CollectionExistsError,
    CollectionGoneError,
    CollectionNameError,
    DocumentNotFoundError,
    EmbedderMismatchError,
    EmbeddingError,
    EngineError,
    InputTooLongError,
    JobError,
    KnowledgeBaseError,
    KnowledgeServerError,
    KnowledgeServerUnavailableError,
    MissingExtraError,
    ModelCallError,
    ModelError,
    OutOfMemoryError,
    RerankingError,
    SettingsError,
    StoreBusyError,
    StoreError,
    StoreVersionError,
    VectorServerError,
    VectorServerUnavailableError,
)
from kb.records import (
    AddResult,
    Chunk,
    CollectionInfo,
    Document,
    DocumentInfo,
    DocumentPage,
    Facets,
    FailedFile,
    FileState,
    Notice,
    Page,
    Reading,
    SearchHit,
    Section,
    Source,
    TextBox,
)

if TYPE_CHECKING:
    from kb.answering.answer import Answer, AnswerStream
    from kb.archive.exporting import ArchiveInfo
    from kb.catalog.filters import SearchFilter
    from kb.catalog.key_records import ApiKey
    from kb.catalog.runs import RunInfo
    from kb.chat.base import Message
    from kb.embedding.base import Abilities, Embedder, EmbedderIdentity
    from kb.indexing.reembedding import Reembedding
    from kb.indexing.refining import Refinement
    from kb.knowledge_base import KnowledgeBase
    from kb.languages.trial import RecallFigures
    from kb.overview import MapPoint, Overview
    from kb.reranking.base import Reranker, RerankerIdentity
    from kb.search.means import ModelLanguages
    from kb.search.request import SearchRequest, WeightedQuery
    from kb.settings import Settings
    from kb.store.checked import CollectionCheck, StoreCheck
    from kb.store.moving import Migration
    from kb.store.purging import Compaction
    from kb.store.runs import RunRecord

__all__ = [
    "Abilities",
    "AddResult",
    "Answer",
    "AnswerStream",
    "ApiKey",
    "ApiKeyError",
    "ArchiveError",
    "ArchiveInfo",
    "ChangedMeanwhileError",
    "ChatError",
    "ChatTooLongError",
    "Chunk",
    "CollectionCheck",
    "CollectionError",
    "CollectionExistsError",
    "CollectionGoneError",
    "CollectionInfo",
    "CollectionNameError",
    "Compaction",
    "Document",
    "DocumentInfo",
    "DocumentNotFoundError",
    "DocumentPage",
    "Embedder",
    "EmbedderIdentity",
    "EmbedderMismatchError",
    "EmbeddingError",
    "EngineError",
    "Facets",
    "FailedFile",
    "FileState",
    "InputTooLongError",
    "JobError",
    "KnowledgeBase",
    "KnowledgeBaseError",
    "KnowledgeServerError",
    "KnowledgeServerUnavailableError",
    "MapPoint",
    "Message",
    "Migration",
    "MissingExtraError",
    "ModelCallError",
    "ModelError",
    "ModelLanguages",
    "Notice",
    "OutOfMemoryError",
    "Overview",
    "Page",
    "Reading",
    "RecallFigures",
    "Reembedding",
    "Refinement",
    "Reranker",
    "RerankerIdentity",
    "RerankingError",
    "RunInfo",
    "RunRecord",
    "SearchFilter",
    "SearchHit",
    "SearchRequest",
    "Section",
    "Settings",
    "SettingsError",
    "Source",
    "StoreBusyError",
    "StoreCheck",
    "StoreError",
    "StoreVersionError",
    "TextBox",
    "VectorServerError",
    "VectorServerUnavailableError",
    "WeightedQuery",
]

_LATER = {
    "Abilities": "kb.embedding.base",
    "Answer": "kb.answering.answer",
    "AnswerStream": "kb.answering.answer",
    "ApiKey": "kb.catalog.key_records",
    "ArchiveInfo": "kb.archive.exporting",
    "CollectionCheck": "kb.store.checked",
    "Compaction": "kb.store.purging",
    "Embedder": "kb.embedding.base",
    "EmbedderIdentity": "kb.embedding.base",
    "KnowledgeBase": "kb.knowledge_base",
    "MapPoint": "kb.overview",
    "Message": "kb.chat.base",
    "Migration": "kb.store.moving",
    "ModelLanguages": "kb.search.means",
    "Overview": "kb.overview",
    "RecallFigures": "kb.languages.trial",
    "Reembedding": "kb.indexing.reembedding",
    "Refinement": "kb.indexing.refining",
    "Reranker": "kb.reranking.base",
    "RerankerIdentity": "kb.reranking.base",
    "RunInfo": "kb.catalog.runs",
    "RunRecord": "kb.store.runs",
    "SearchFilter": "kb.catalog.filters",
    "SearchRequest": "kb.search.request",
    "Settings": "kb.settings",
    "StoreCheck": "kb.store.checked",
    "WeightedQuery": "kb.search.request",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
