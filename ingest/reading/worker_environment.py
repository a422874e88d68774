"""The environment of a worker process: the variables for Python, its libraries and OCR.

A worker reads strangers' files, so it must not see keys and passwords in the program's environment.
A list names the variables that pass; all others are kept out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

_ALLOWED = frozenset(
    (  # noqa: SIM905 - as many quoted words say less
        "PATH HOME TMPDIR TEMP TMP TZ LANG LANGUAGE LC_ALL LC_CTYPE LC_COLLATE LC_MESSAGES LC_TIME "
        "LC_NUMERIC LC_MONETARY "
        # where libraries are found
        "LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH VIRTUAL_ENV "
        # Windows starts no program without them
        "SYSTEMROOT WINDIR SYSTEMDRIVE COMSPEC PATHEXT USERPROFILE LOCALAPPDATA "
        "PYTHONHOME PYTHONUSERBASE PYTHONNOUSERSITE PYTHONUTF8 PYTHONHASHSEED PYTHONMALLOC "
        "PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONWARNINGS"
    ).split(),
)


def worker_environment(environ: Mapping[str, str], root: str) -> dict[str, str]:
    """Return the environment of a worker that imports this program from the folder ``root``."""
    kept = {name: value for name, value in environ.items() if name.upper() in _ALLOWED}
    # A worker runs in another folder, where relative paths have another meaning.
    paths = map(os.path.abspath, filter(None, environ.get("PYTHONPATH", "").split(os.pathsep)))
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join((root, *paths)),
        "PYTHONIOENCODING": "utf-8",
        # Each thread's own heap takes address space, and each thread of a numerical library takes a
        # core from the embedder.
        "MALLOC_ARENA_MAX": "2",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
