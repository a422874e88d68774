"""The error for a file whose loader cannot be imported: the file itself may be sound."""

from __future__ import annotations

import importlib.metadata

from ingest.errors import LoaderUnavailableError

# Packages with different names for import and installation, for when they are not installed.
_DISTRIBUTIONS = {"docx": "python-docx", "markdown_it": "markdown-it-py", "cv2": "opencv-python"}
# The dynamic linker's words if a library did not fit into a worker's address space.
_NO_MEMORY = ("failed to map segment", "Cannot allocate memory", "cannot allocate memory")
_OURS = frozenset({"ingest", "kb"})


def unavailable(name: str, error: BaseException) -> LoaderUnavailableError:
    """Return the error for the file ``name``, whose loader failed to import with ``error``.

    Raises:
        MemoryError: memory ran out.
    """
    if any(words in str(error) for words in _NO_MEMORY):
        raise MemoryError from error
    reason = f"{type(error).__name__}: {error}"
    package = _package(error)
    if package in _OURS:
        what, remedy = "its loader", "install this program again"
    else:
        known = importlib.metadata.packages_distributions().get(package)
        distribution = known[0] if known else _DISTRIBUTIONS.get(package, package)
        what = f"the package {distribution}"
        remedy = f"run `pip install --force-reinstall --no-deps {distribution}`"
    return LoaderUnavailableError(
        f"{name} cannot be read, because {what} cannot be loaded ({reason}): {remedy}, "
        "then ingest again."
    )


def _package(error: BaseException) -> str:
    """Return the top-level package at fault: the missing one, or the one that failed."""
    if isinstance(error, ImportError) and error.name:
        return error.name.partition(".")[0]
    found = "ingest"
    trace = error.__traceback__
    while trace is not None:
        package = str(trace.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in {*_OURS, "importlib", "_frozen_importlib", "", "__main__"}:
            return package
        trace = trace.tb_next
    return found
