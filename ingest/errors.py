"""Why a file could not be read.

Each class carries a stable ``code``, which reports, the catalog and the UI's translations use::

    LoadError                     code
    ├── UnsupportedFormatError    unsupported_format
    ├── EncryptedFileError        encrypted
    │   ├── WrongPasswordError    wrong_password  none of those given opens it
    │   └── UnknownProtectionError  unknown_protection  it asks for another program
    ├── EmptyDocumentError        empty
    ├── DamagedFileError          damaged
    ├── UnknownFilterError        unknown_filter  its content is compressed in an unknown way
    ├── FileTooLargeError         too_large
    ├── UnreadableFileError       unreadable      permission, vanished, not a plain file
    ├── LoaderTimeoutError        timeout
    ├── LoaderMemoryError         memory
    ├── LoaderCrashError          crash
    └── LoaderUnavailableError    unavailable     its library cannot be imported

``WorkerStartError`` concerns no file: no worker process can start. ``ClusterError`` concerns a Ray
cluster: none answers, or none of its nodes can do the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from kb.errors import KnowledgeBaseError


class LoadError(KnowledgeBaseError):
    """A file could not be read; the message names the file, the reason and a remedy."""

    code: ClassVar[str] = "unreadable"


class UnsupportedFormatError(LoadError):
    """The file is none of PDF, DOCX, Markdown and plain text."""

    code = "unsupported_format"


class EncryptedFileError(LoadError):
    """The file needs a password that was not given."""

    code = "encrypted"

    @classmethod
    def after(cls, name: str, tried: int) -> EncryptedFileError:
        """Return the error of a file that none of the ``tried`` passwords opens."""
        where = "in the browser's Library or with --password-file"
        if tried == 0:
            return cls(f"{name} is encrypted and needs a password; give it {where}.")
        given = f"none of the {tried} passwords given opens it"
        problem = "the password given does not open it" if tried == 1 else given
        return WrongPasswordError(f"{name} is encrypted and {problem}; give the right one {where}.")


class WrongPasswordError(EncryptedFileError):
    """The file needs a password, and none of the given ones is right."""

    code = "wrong_password"


class UnknownProtectionError(EncryptedFileError):
    """The file is encrypted in a way that a password alone cannot open."""

    code = "unknown_protection"

    @classmethod
    def by(cls, name: str, handler: str) -> Self:
        """Return the error of a file that ``handler`` protects; "" if its name is unknown."""
        how = f" by {handler}" if handler else ""
        return cls(
            f"{name} is encrypted{how} in a way that no PDF engine here knows; open it in the "
            "program that it was protected for, save it without protection and ingest again."
        )


class UnknownFilterError(LoadError):
    """The file's content has an unknown compression."""

    code = "unknown_filter"

    @classmethod
    def of(cls, name: str, filters: Sequence[str]) -> Self:
        """Return the error of a file whose content is compressed by ``filters``."""
        return cls(
            f"{name} is compressed with {', '.join(filters)}, which no PDF engine here can unpack; "
            "save it anew without this compression and ingest again."
        )


class EmptyDocumentError(LoadError):
    """The file holds no text."""

    code = "empty"


class DamagedFileError(LoadError):
    """The file's bytes are broken, cut short or not what its extension promises."""

    code = "damaged"


class FileTooLargeError(LoadError):
    """The file, or what it unpacks to, is larger than the limit."""

    code = "too_large"


class UnreadableFileError(LoadError):
    """The operating system denies access to the file's bytes."""

    code = "unreadable"


class LoaderTimeoutError(LoadError):
    """Reading took longer than the time limit."""

    code = "timeout"


class LoaderMemoryError(LoadError):
    """Reading needed more memory than the limit."""

    code = "memory"


class LoaderCrashError(LoadError):
    """The process that read the file died."""

    code = "crash"


class LoaderUnavailableError(LoadError):
    """The loader of this format cannot be imported: a library is missing or broken."""

    code = "unavailable"


class ClusterError(KnowledgeBaseError):
    """No Ray cluster answers, or none of its nodes can do the work."""


class WorkerStartError(KnowledgeBaseError):
    """No process that reads files can start; the message gives the reason."""

    @classmethod
    def after(cls, last_words: str, *, waited_s: float = 0) -> Self:
        """Return the error for a worker that cannot start, with its last line of output."""
        said = [line.strip() for line in last_words.splitlines() if line.strip()]
        reason = said[-1] if said else f"no answer within {waited_s:g} s, and no word why"
        return cls(
            f"no process that reads files can be started ({reason}); if it is memory, raise "
            "KB_FILE_MEMORY_MB or free some, else install this program again"
        )
