"""Errors that users of the knowledge base can meet.

Every message says what failed, on which input, and what to do next::

    KnowledgeBaseError
    ├── SettingsError             a setting, environment variable or kb.toml is wrong
    ├── MissingExtraError         an optional package is not installed
    ├── ModelError                a model file is missing, damaged or unknown
    ├── EngineError               llama.cpp's library cannot be loaded
    ├── ModelCallError            a model did not answer, or gave an unusable answer
    │   ├── EmbeddingError        text could not be turned into vectors
    │   │   ├── RerankingError    passages could not be put in order
    │   │   ├── InputTooLongError a text or query exceeds the model's limit
    │   │   └── OutOfMemoryError  neither GPU nor processor has the memory for it
    │   └── ChatError             the chat model gave no answer or a partial one
    │       └── ChatTooLongError  a prompt exceeds the model's context
    ├── StoreError                the store on disk cannot be read or written
    │   ├── StoreVersionError     written by a newer release than this one
    │   ├── StoreBusyError        other processes hold or change it for too long
    │   ├── ChangedMeanwhileError another process was faster; decide again
    │   ├── VectorServerError     a server that keeps vectors refused or failed
    │   │   └── VectorServerUnavailableError  it is down or too slow; retrying may help
    │   ├── ArchiveError          an exported collection is damaged or of another version
    │   └── EmbedderMismatchError the collection was made with another model
    ├── CollectionError           no such collection, or an unusable name
    │   ├── CollectionNameError   the name is invalid
    │   ├── CollectionExistsError the name is taken
    │   └── CollectionGoneError   it was deleted or replaced between two steps
    ├── DocumentNotFoundError     no such document
    ├── ApiKeyError               no such API key, or the key cannot be created
    ├── JobError                  no such job, or its state forbids the action
    └── KnowledgeServerError      a knowledge base server refused, or it is another server
        └── KnowledgeServerUnavailableError  it is down or too busy; retrying may help

Errors about reading files live in ``ingest.errors``: ``kb`` never opens a user's document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kb.redaction import redacted


class KnowledgeBaseError(Exception):
    """Base of every error that this project raises on purpose.

    Messages hide passwords and keys of URLs.
    """

    def __str__(self) -> str:
        """Return the message."""
        return redacted(super().__str__())

    def __repr__(self) -> str:
        """Return class and message, as tracebacks of groups and logs show them."""
        return f"{type(self).__name__}({str(self)!r})"


class SettingsError(KnowledgeBaseError):
    """A setting is unknown, out of range or contradicts another."""


class MissingExtraError(KnowledgeBaseError, ImportError):
    """An optional package is missing; the message gives the command that installs it.

    It is an ImportError too, for programs that test whether a module can be imported.
    """


class ModelError(KnowledgeBaseError):
    """A model file is missing, damaged, or of a kind this release cannot use."""


class EngineError(KnowledgeBaseError):
    """llama.cpp, which runs models in this process, cannot be loaded; the message says why."""


class ModelCallError(KnowledgeBaseError):
    """A model did not answer, or gave an unusable answer.

    llama.cpp and model servers raise it for every kind of model. The caller turns it into the error
    of its own task with :func:`failing_as`.
    """


class EmbeddingError(ModelCallError):
    """Text could not be turned into vectors."""


class RerankingError(EmbeddingError):
    """Passages could not be ranked.

    It is an EmbeddingError too, for programs that know only that name.
    """


class InputTooLongError(EmbeddingError):
    """A text or query exceeds the model's limit; nothing is truncated."""


class OutOfMemoryError(EmbeddingError):
    """GPU or main memory has no room for a model, its contexts or one call."""


class ChatError(ModelCallError):
    """The chat model gave no answer or a partial one."""


class ChatTooLongError(ChatError):
    """A prompt is longer than the chat model's context."""


class StoreError(KnowledgeBaseError):
    """The store on disk cannot be read or written."""


class StoreVersionError(StoreError):
    """The store was written by a newer release and is left untouched."""


class StoreBusyError(StoreError):
    """Another process or thread held the store, or kept changing it, for too long."""


class ChangedMeanwhileError(StoreError):
    """Another process changed the data that a decision rests on; decide again."""


class VectorServerError(StoreError):
    """A server that keeps vectors refused a request or failed."""


class VectorServerUnavailableError(VectorServerError):
    """A server that keeps vectors is down, overloaded or too slow; retrying may help.

    ``wait_s`` is the wait that the server asked for, if any, in seconds.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ArchiveError(StoreError):
    """An exported collection is damaged, or of a version this release cannot read."""


class EmbedderMismatchError(StoreError):
    """A collection was built with another embedding model than the one in use."""


class CollectionError(KnowledgeBaseError):
    """The collection does not exist, or its name cannot be used."""


class CollectionNameError(CollectionError):
    """A text is not a valid collection name."""


class CollectionExistsError(CollectionError):
    """A collection of that name exists already."""


class CollectionGoneError(CollectionError):
    """Another process deleted or replaced a collection between two steps."""


class DocumentNotFoundError(KnowledgeBaseError):
    """The collection has no such document.

    ``nearest`` holds the most similar names, as the message lists them, the nearest first.
    """

    def __init__(self, message: str, nearest: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.nearest = tuple(nearest)


class ApiKeyError(KnowledgeBaseError):
    """No such API key exists, or the requested key cannot be created."""


class JobError(KnowledgeBaseError):
    """No such job exists, or its state forbids the requested action."""


class KnowledgeServerError(KnowledgeBaseError):
    """A knowledge base server rejected this key, or the address is another kind of server's."""


class KnowledgeServerUnavailableError(KnowledgeServerError):
    """A knowledge base server is down, too slow or too busy; retrying may help."""


@contextmanager
def failing_as(kind: type[ModelCallError]) -> Iterator[None]:
    """Raise the errors of a failed model call in the block as ``kind``, with the same message.

    Subclasses of ModelCallError pass unchanged.
    """
    try:
        yield
    except (EmbeddingError, ChatError):
        raise
    except ModelCallError as error:
        raise kind(str(error)) from error
