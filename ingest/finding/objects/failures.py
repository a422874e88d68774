"""What goes wrong with object stores, in words, and whether trying again may help."""

from __future__ import annotations

import errno

from kb.redaction import redacted
from kb.text import one_line

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


def may_pass(error: Exception) -> bool:
    """Say whether the same request may succeed in a moment.

    The clients of object stores raise classes of their own for a network that fails, so what is
    known to last is named here, and everything else is tried again.
    """
    if isinstance(error, _FINAL) or _is_about_credentials(error):
        return False
    return not (isinstance(error, OSError) and error.errno in _FINAL_NUMBERS)


def described(error: Exception) -> str:
    """Return what happened and what to do, to follow a name and a colon."""
    said = error.strerror if isinstance(error, OSError) else None
    reason = one_line(redacted(said or str(error) or type(error).__name__)).rstrip(".")
    if _is_about_credentials(error):
        return (
            f"{reason}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or what your "
            "object store asks for instead"
        )
    if isinstance(error, PermissionError):
        return f"access is denied ({reason}); check that these credentials may list and read it"
    if isinstance(error, FileNotFoundError):
        return f"it does not exist ({reason}); check the address"
    if may_pass(error):
        return f"its object store does not answer ({reason}); check the endpoint, then try again"
    return f"{reason}; check the address and the object store's settings"


def _is_about_credentials(error: Exception) -> bool:
    return "Credential" in type(error).__name__ or "RefreshError" in type(error).__name__
