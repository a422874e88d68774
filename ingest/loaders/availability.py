"""What is said of a file whose loader cannot be imported: not the file is broken."""

from __future__ import annotations

import importlib.metadata

from ingest.errors import LoaderUnavailableError

# Packages whose name to import is not their name to install, for when they are not there to ask.
_DISTRIBUTIONS = {"docx": "python-docx", "markdown_it": "markdown-it-py", "cv2": "opencv-python"}
# How the dynamic linker says that a library did not fit into a worker's address space.
_NO_MEMORY = ("failed to map segment", "Cannot allocate memory", "cannot allocate memory")
_OURS = frozenset({"ingest", "kb"})


def unavailable(name: str, error: BaseException) -> LoaderUnavailableError:
    """Return the error for the file ``name``, whose loader failed to be imported with ``error``.

    Raises:
        MemoryError: it failed for want of memory.
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
    """Return the top-level package that is at fault: the missing one, or where it went wrong."""
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
