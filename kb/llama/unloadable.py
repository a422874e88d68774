"""Words the reason why llama.cpp's library cannot be loaded, and its remedy."""

from __future__ import annotations

import re
import sys

from kb.errors import EngineError

_PACKAGE = "llama-cpp-python"
_INSTALL_AGAIN = f"`make setup`, or `pip install --force-reinstall --no-deps {_PACKAGE}`"
_FOR_THE_CPU = (
    "`CMAKE_ARGS=-DGGML_CUDA=OFF make setup`, or `CMAKE_ARGS=-DGGML_CUDA=OFF pip install "
    f"--force-reinstall --no-deps --no-cache-dir --no-binary {_PACKAGE} {_PACKAGE}`"
)

# The wording of glibc, musl and macOS.
_MISSING = (
    re.compile(r"(?:^|[:\s])([^\s:]+): cannot open shared object file: No such file"),
    re.compile(r"Error loading shared library ([^\s:]+):"),
    re.compile(r"Library not loaded: (\S+)"),
)
_NOT_THERE = re.compile(r"base name '(\w+)' not found")  # the package's own wording
_NO_SYMBOL = re.compile(r"undefined symbol:? (\S+)|symbol not found[^:]*: (\S+)", re.IGNORECASE)


def unloadable(error: Exception) -> EngineError:
    """Return the error that says why ``import llama_cpp`` failed, and the remedy.

    Args:
        error: the exception of the import.
    """
    if isinstance(error, ModuleNotFoundError) and error.name == "llama_cpp":
        msg = (
            f"the package {_PACKAGE} is not installed, so no model runs in this process: "
            f"{_INSTALL_AGAIN}"
        )
        return EngineError(msg)
    said = _line(str(error))
    for form in _MISSING:
        # The package names its own library; the loader names the missing one.
        if found := form.search(said):
            return EngineError(_library_missing(found[1]))
    if found := _NOT_THERE.search(said):
        msg = (
            f"the package {_PACKAGE} lacks its library lib{found[1]}. Install the package again: "
            f"{_INSTALL_AGAIN}"
        )
        return EngineError(msg)
    if found := _NO_SYMBOL.search(said):
        msg = (
            f"llama.cpp's library lacks the function {found[1] or found[2]}: it and the package "
            f"{_PACKAGE} are of different versions. Install the package again: {_INSTALL_AGAIN}"
        )
        return EngineError(msg)
    msg = (
        f"llama.cpp's library cannot be loaded ({said}). Install the package {_PACKAGE} again: "
        f"{_INSTALL_AGAIN}; or build it for the CPU: {_FOR_THE_CPU}"
    )
    return EngineError(msg)


def _library_missing(name: str) -> str:
    variable = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    name = name.rsplit("/", 1)[-1]
    return (
        f"llama.cpp's library cannot be loaded: {name} is missing. Put the folder of {name} on "
        f"the loader's path ({variable}), install the package that brings it (for libcu… and "
        f"libcuda… that is CUDA's runtime), or build llama.cpp for the CPU: {_FOR_THE_CPU}"
    )


def _line(text: str) -> str:
    return " ".join(text.split())
