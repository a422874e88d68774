"""Codes of errors between server and client, so that both raise the same errors."""

from __future__ import annotations

from kb import errors
from kb.errors import KnowledgeBaseError

MALFORMED = "malformed"
"""Code of a request that does not match ``/openapi.json``."""

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
"""Codes of routes where one class of errors has several meanings."""


def code_of(error: KnowledgeBaseError) -> str:
    """Return the code of an error's class, or of its nearest base class with a code."""
    return next(code for code, kind in _CODES if isinstance(error, kind))


def kind_of(code: str | None) -> type[KnowledgeBaseError] | None:
    """Return the class of errors for a code; None for codes of HTTP alone."""
    return _OTHER_CODES.get(code or "") or dict(_CODES).get(code or "")
