"""Weights and tokenizer of a GGUF file, in memory once however often a process opens the file.

A vocabulary of 250,000 tokens takes llama.cpp a second to load and a quarter to free.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import ClassVar, NamedTuple

from kb import ending
from kb.errors import ModelError, OutOfMemoryError
from kb.llama.library import errors, forget_errors, initialise, llama_cpp, supports_gpu

_ALL_LAYERS = 0x7FFFFFFF


class _Key(NamedTuple):
    """Key of shared weights: the file in its present state, and the way of loading it."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    n_gpu_layers: int
    only_header: bool


class Weights:
    """Loaded data of a file, shared by all its users in this process. Thread-safe.

    :meth:`of` returns it. A file that was changed or replaced meanwhile is loaded again.
    """

    _open: ClassVar[dict[_Key, tuple[Weights, int]]] = {}
    _open_lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def of(cls, path: Path, *, n_gpu_layers: int, only_header: bool) -> Weights:
        """Return a file's weights, loading them if needed; each call needs a :meth:`close`.

        Raises:
            ModelError: the file is missing, damaged, or of an architecture llama.cpp lacks.
            OutOfMemoryError: the weights do not fit.
        """
        if not path.is_file():
            msg = f"there is no model file {path}; give the path of a GGUF file in KB_MODEL"
            raise ModelError(msg)
        status = path.stat()
        layers = _ALL_LAYERS if n_gpu_layers < 0 else n_gpu_layers
        file = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        key = _Key(*file, layers, only_header)
        with cls._open_lock:
            weights, users = cls._open.get(key) or (cls(key), 0)
            cls._open[key] = (weights, users + 1)
        try:
            weights.load(path)
        except BaseException:
            weights.close()
            raise
        return weights

    def __init__(self, key: _Key) -> None:
        self._key = key
        self._loading = threading.Lock()
        self._handle: llama_cpp.llama_model_p | None = None

    @property
    def handle(self) -> llama_cpp.llama_model_p:
        """The library's pointer."""
        if self._handle is None:
            msg = "weights are asked for that nobody has open"
            raise AssertionError(msg)
        return self._handle

    def load(self, path: Path) -> None:
        """Load the file unless it is loaded; callers wait for a load that is running."""
        with self._loading:
            if self._handle is None:
                self._handle = _loaded(path, self._key)

    def close(self) -> None:
        """Free the weights once their last user closes them.

        A process that is about to end keeps them, because its end frees all memory at once. GPU
        memory is an exception: it is freed before the driver shuts down.
        """
        with Weights._open_lock:
            _, users = Weights._open[self._key]
            if users > 1:
                Weights._open[self._key] = (self, users - 1)
                return
            if ending.is_near() and not supports_gpu():
                Weights._open[self._key] = (self, 0)
                return
            del Weights._open[self._key]
        if self._handle is not None:
            llama_cpp.llama_model_free(self._handle)
            self._handle = None


def _loaded(path: Path, key: _Key) -> llama_cpp.llama_model_p:
    initialise()
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = key.only_header
    params.n_gpu_layers = key.n_gpu_layers
    forget_errors()
    handle: llama_cpp.llama_model_p | None
    handle = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
    if handle:
        return handle
    said = errors()
    if any("allocat" in line or "memory" in line for line in said):
        msg = (
            f"there is not enough memory for {path.name}: {said[0]}. Free memory, lower "
            "KB_N_GPU_LAYERS, or take a smaller quantisation of the model"
        )
        raise OutOfMemoryError(msg)
    msg = (
        f"llama.cpp cannot load {path}: {said[0]}. The file is damaged, cut short, or "
        "newer than this release; fetch it again"
    )
    raise ModelError(msg)
