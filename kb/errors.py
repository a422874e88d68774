"""Errors that users of the knowledge base can meet.

Every message says what failed, on which input, and what to do next::

    KnowledgeBaseError
    ├── SettingsError             a setting, environment variable or kb.toml is wrong
    ├── MissingExtraError         an optional package is not installed
    ├── ModelError                a model file is missing, damaged or unknown
    ├── EngineError               llama.cpp's library cannot be loaded
    ├── ModelCallError            a model could not be asked, or gave what cannot be used
    │   ├── EmbeddingError        text could not be turned into vectors
    │   │   ├── RerankingError    passages could not be put in order
    │   │   ├── InputTooLongError a text or query exceeds what can be read
    │   │   └── OutOfMemoryError  neither GPU nor processor has the memory for it
    │   └── ChatError             the chat model gave no answer, or half of one
    │       └── ChatTooLongError  what was asked is longer than it reads at once
    ├── StoreError                the store on disk cannot be read or written
    │   ├── StoreVersionError     written by a newer release than this one
    │   ├── StoreBusyError        others hold or change it for too long
    │   ├── ChangedMeanwhileError what was to be changed is not what it was when that was decided
    │   ├── VectorServerError     a server that keeps vectors refused or failed
    │   │   └── VectorServerUnavailableError  it is away or too slow; trying again may help
    │   ├── ArchiveError          an exported collection is damaged or of another version
    │   └── EmbedderMismatchError the collection was made with another model
    ├── CollectionError           no such collection, or a name that cannot be used
    │   ├── CollectionNameError   what is given as a name cannot be one
    │   ├── CollectionExistsError there is one of that name already
    │   └── CollectionGoneError   it was deleted or replaced between two steps
    ├── DocumentNotFoundError     no such document
    ├── ApiKeyError               no such key of the server, or none that can be made so
    ├── JobError                  no such job, or none to which this can be done
    └── KnowledgeServerError      a server of a knowledge base refused, or is none
        └── KnowledgeServerUnavailableError  it is away or too busy; trying again may help

Errors about reading files live in ``ingest.errors``: ``kb`` never opens a user's document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kb.redaction import redacted


class KnowledgeBaseError(Exception):
    """Base of every error that this project raises on purpose.

    No message shows a password or key that stands in an address.
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
    """An optional package is needed; the message gives the command that installs it.

    It is an ImportError too, for programs that try whether a module can be imported.
    """


class ModelError(KnowledgeBaseError):
    """A model file is missing, damaged, or of a kind this release cannot use."""


class EngineError(KnowledgeBaseError):
    """llama.cpp, which runs models in this process, cannot be loaded; the message gives mends."""


class ModelCallError(KnowledgeBaseError):
    """A model could not be asked, or gave what cannot be used.

    llama.cpp and model servers raise it, whatever the model is for. Whoever calls them makes it
    the error of what was wanted (:func:`failing_as`).
    """


class EmbeddingError(ModelCallError):
    """Text could not be turned into vectors."""


class RerankingError(EmbeddingError):
    """Passages could not be put in order.

    It is an EmbeddingError too, for programs that know that name only.
    """


class InputTooLongError(EmbeddingError):
    """A text exceeds what the model reads, or a query what is looked up; nothing is cut off."""


class OutOfMemoryError(EmbeddingError):
    """The memory for a model, its contexts or one call was refused, on the GPU or beside it."""


class ChatError(ModelCallError):
    """The chat model gave no answer, or half of one."""


class ChatTooLongError(ChatError):
    """What was asked is longer than the chat model reads at once."""


class StoreError(KnowledgeBaseError):
    """The store on disk cannot be read or written."""


class StoreVersionError(StoreError):
    """The store was written by a newer release and is left untouched."""


class StoreBusyError(StoreError):
    """Another process or thread did not let go of the store, or changed it all the while."""


class ChangedMeanwhileError(StoreError):
    """Another process changed what a decision rests on; decide again."""


class VectorServerError(StoreError):
    """A server that keeps vectors refused a request, or failed."""


class VectorServerUnavailableError(VectorServerError):
    """A server that keeps vectors is away, overloaded or too slow; trying again may help.

    ``wait_s`` is how long it asked to be left alone, if it did.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ArchiveError(StoreError):
    """An exported collection is damaged, or of a version this release cannot read."""


class EmbedderMismatchError(StoreError):
    """A collection was built with another embedding model than the one in use."""


class CollectionError(KnowledgeBaseError):
    """There is no such collection, or its name cannot be used."""


class CollectionNameError(CollectionError):
    """What is given as the name of a collection cannot be one."""


class CollectionExistsError(CollectionError):
    """There is a collection of that name already."""


class CollectionGoneError(CollectionError):
    """A collection was deleted, or another took its place, between two steps."""


class DocumentNotFoundError(KnowledgeBaseError):
    """There is no such document in the collection.

    ``nearest`` is what was probably meant, as the message names it, the nearest first.
    """

    def __init__(self, message: str, nearest: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.nearest = tuple(nearest)


class ApiKeyError(KnowledgeBaseError):
    """There is no such key of the server, or none can be made as it was asked for."""


class JobError(KnowledgeBaseError):
    """There is no such job, or it is in no state for what was asked."""


class KnowledgeServerError(KnowledgeBaseError):
    """A server of a knowledge base lets nobody in with this key, or is no such server."""


class KnowledgeServerUnavailableError(KnowledgeServerError):
    """A server of a knowledge base is away, too slow or too busy; trying again may help."""


@contextmanager
def failing_as(kind: type[ModelCallError]) -> Iterator[None]:
    """Raise what an engine or a server says of a failed call as ``kind``, in the same words.

    Errors that say more than ModelCallError pass as they are.
    """
    try:
        yield
    except (EmbeddingError, ChatError):
        raise
    except ModelCallError as error:
        raise kind(str(error)) from error
