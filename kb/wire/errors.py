"""What errors are called between server and client, so that both raise the same."""

from __future__ import annotations

from kb import errors
from kb.errors import KnowledgeBaseError

MALFORMED = "malformed"
"""Code of a request that is not as ``/openapi.json`` says."""

_CODES: tuple[tuple[str, type[KnowledgeBaseError]], ...] = (
    ("context_length_exceeded", errors.InputTooLongError),
    ("out_of_memory", errors.OutOfMemoryError),
    ("reranking_failed", errors.RerankingError),
    ("embedding_failed", errors.EmbeddingError),
    ("chat_too_long", errors.ChatTooLongError),
    ("chat_failed", errors.ChatError),
    ("model_call_failed", errors.ModelCallError),
    ("model_unusable", errors.ModelError),
    ("engine_unusable", errors.EngineError),
    ("package_missing", errors.MissingExtraError),
    ("model_mismatch", errors.EmbedderMismatchError),
    ("store_busy", errors.StoreBusyError),
    ("store_version", errors.StoreVersionError),
    ("changed_meanwhile", errors.ChangedMeanwhileError),
    ("vector_server_away", errors.VectorServerUnavailableError),
    ("vector_server_failed", errors.VectorServerError),
    ("archive_unusable", errors.ArchiveError),
    ("store_failed", errors.StoreError),
    ("collection_gone", errors.CollectionGoneError),
    ("collection_exists", errors.CollectionExistsError),
    ("collection_refused", errors.CollectionNameError),
    ("collection_not_found", errors.CollectionError),
    ("document_not_found", errors.DocumentNotFoundError),
    ("job_not_found", errors.JobError),
    ("key_refused", errors.ApiKeyError),
    ("invalid_value", errors.SettingsError),
    ("failed", KnowledgeBaseError),
)

_OTHER_CODES: dict[str, type[KnowledgeBaseError]] = {
    MALFORMED: errors.SettingsError,
    "original_not_found": errors.DocumentNotFoundError,
    "job_refused": errors.JobError,
    "no_chat_model": errors.SettingsError,
}
"""Codes that a route gives where a class of errors means several things."""


def code_of(error: KnowledgeBaseError) -> str:
    """Return the code of an error: that of its class, or of the nearest above it."""
    return next(code for code, kind in _CODES if isinstance(error, kind))


def kind_of(code: str | None) -> type[KnowledgeBaseError] | None:
    """Return the class of errors that a code stands for; None for those of HTTP alone."""
    return _OTHER_CODES.get(code or "") or dict(_CODES).get(code or "")
