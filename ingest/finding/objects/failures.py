"""Errors of object stores in words, and whether a retry may help."""

from __future__ import annotations

import errno

from kb.redaction import redacted
from kb.text import one_line

CREDENTIALS = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    "gs": (
        "set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account's key, or run "
        "`gcloud auth application-default login`"
    ),
}
"""By scheme, the way to give its client credentials."""

_FINAL_NUMBERS = frozenset({errno.EINVAL, errno.ENAMETOOLONG, errno.ENOSYS, errno.EPERM})
_FINAL = (
    FileNotFoundError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    NotImplementedError,
    ImportError,
    TypeError,
    ValueError,
    MemoryError,
)


def is_denied(error: Exception) -> bool:
    """Return whether the store knows the caller and refuses; gcsfs has no class for that."""
    return isinstance(error, PermissionError) or (
        type(error) is OSError and str(error).startswith("Forbidden:")
    )


def may_pass(error: Exception) -> bool:
    """Return whether the same request may succeed soon.

    The clients of object stores raise classes of their own for network failures. So this lists the
    permanent errors, and every other error is tried again.
    """
    if isinstance(error, _FINAL) or is_denied(error) or _is_about_credentials(error):
        return False
    return not (isinstance(error, OSError) and error.errno in _FINAL_NUMBERS)


def described(error: Exception, scheme: str) -> str:
    """Return a description of an error with advice, to follow a name and a colon.

    Args:
        error: of the store's client.
        scheme: the beginning of its URLs.
    """
    said = error.strerror if isinstance(error, OSError) else None
    reason = one_line(redacted(said or str(error) or type(error).__name__)).rstrip(".")
    if _is_about_credentials(error):
        return f"{reason}; {CREDENTIALS.get(scheme, 'give the credentials that it asks for')}"
    if is_denied(error):
        return f"access is denied ({reason}); check that these credentials may list and read it"
    if isinstance(error, FileNotFoundError):
        return f"it does not exist ({reason}); check the address"
    if may_pass(error):
        return f"its object store does not answer ({reason}); check the endpoint, then try again"
    return f"{reason}; check the address and the object store's settings"


def _is_about_credentials(error: Exception) -> bool:
    name = type(error).__name__
    # gcsfs records the status of an answer.
    unknown = str(getattr(error, "code", "")) == "401"
    return unknown or "Credential" in name or "RefreshError" in name
