"""The error for an integration whose library is not installed."""

from __future__ import annotations

from kb.errors import MissingExtraError


def missing_extra(error: ModuleNotFoundError, package: str, extra: str) -> ImportError:
    """Return the error to raise in place of ``error``; return ``error`` for another missing module.

    Args:
        error: the exception of importing the library.
        package: its name for ``import``; a name with a dot is in a namespace that other packages
            share.
        extra: the extra of this project that installs it.
    """
    library = package.split(".", maxsplit=1)[0]
    if error.name not in {package, library}:
        return error
    return MissingExtraError(f"{package} is not installed: pip install 'shelfmark[{extra}]'")
