"""What is said where the library of an integration is not installed."""

from __future__ import annotations

from kb.errors import MissingExtraError


def missing_extra(error: ModuleNotFoundError, package: str, extra: str) -> ImportError:
    """Return the error to raise in place of ``error``: itself where something else is missing.

    Args:
        error: what importing the library raised.
        package: its name for ``import``; one with a point has neighbours that others install.
        extra: which of this project's extras installs it.
    """
    library = package.split(".", maxsplit=1)[0]
    if error.name not in {package, library}:
        return error
    return MissingExtraError(f"{package} is not installed: pip install 'shelfmark[{extra}]'")
