"""Where the references of the slow golden tests are: named by the environment, else set up here."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "goldens"
# Below FOLDER, as set_up.py makes them.
PYTHON = Path("python/bin/python")
LLAMA_CPP = Path("llama/vendor/llama.cpp")


def reference_python() -> Path | None:
    """Return a Python that has ``requirements.txt`` (``KB_GOLDEN_PYTHON``), if there is one."""
    return _named("KB_GOLDEN_PYTHON", PYTHON)


def llama_cpp_source() -> Path | None:
    """Return llama.cpp's sources (``KB_LLAMA_CPP``), if they are there."""
    return _named("KB_LLAMA_CPP", LLAMA_CPP)


def _named(variable: str, place: Path) -> Path | None:
    if given := os.environ.get(variable):
        return Path(given)
    return FOLDER / place if (FOLDER / place).exists() else None
