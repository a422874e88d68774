"""llama.cpp's library: started once, with its messages in ``logging``, and its devices.

Only this file imports llama_cpp. The other modules that call llama.cpp import it from here, so that
none can forget to start it.
"""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kb.llama.unloadable import unloadable

# How often a thread polls for the others of its call before it sleeps; the default is 300,000.
# Where other programs want the cores, threads then wait in vain at every layer: with six other
# programs on two cores a text took 13 s with two threads and 1.5 s with one. Now it takes 0.3 s
# with either, and on an idle machine 0.04 s with two threads, as before, and 0.08 s with one.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "200")

try:
    import llama_cpp as llama_cpp  # noqa: PLC0414, TID251 - the one owner, which hands it on
except (ImportError, OSError, RuntimeError, AttributeError) as error:
    # The library is missing, or lacks another library or a function.
    raise unloadable(error) from error

_log = logging.getLogger(__name__)

_LEVEL_ERROR = 4  # enum ggml_log_level
_CPU_DEVICE, _ACCELERATOR_DEVICE = 0, 3  # enum ggml_backend_dev_type; the latter is BLAS or AMX

_init_lock = threading.Lock()
_recent_errors: list[str] = []
_listeners: list[Callable[[str], None]] = []
_initialised = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that computes. ``free`` and ``total`` are its memory in bytes."""

    name: str
    gpu: bool
    free: int
    total: int


def initialise() -> None:
    """Start llama.cpp's backends once and send its messages to ``logging``."""
    global _initialised  # noqa: PLW0603 - the library's own state is global too
    with _init_lock:
        if not _initialised:
            llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p())
            llama_cpp.llama_backend_init()
            _initialised = True


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator] # a ctypes function type
def _log_callback(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    message = text.decode("utf-8", "replace").strip()
    if level == _LEVEL_ERROR:
        _recent_errors.append(message)
        del _recent_errors[:-8]
    for listen in _listeners:
        listen(message)
    _log.log(logging.DEBUG if level < _LEVEL_ERROR else logging.INFO, "%s", message)


def forget_errors() -> None:
    """Forget the errors so far, so that :func:`errors` returns those of the next action."""
    _recent_errors.clear()


def errors() -> list[str]:
    """Return llama.cpp's errors since :func:`forget_errors`, at most the last eight."""
    return list(_recent_errors) or ["no reason given"]


@contextmanager
def listening(listen: Callable[[str], None]) -> Iterator[None]:
    """Pass every message of llama.cpp to ``listen`` during the block."""
    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)


def system_info() -> str:
    """Return llama.cpp's description of this processor, such as ``AVX2 = 1``."""
    initialise()
    return str(llama_cpp.llama_print_system_info().decode("utf-8", "replace"))


def supports_gpu() -> bool:
    """Return whether this build of llama.cpp can compute on a GPU of this machine."""
    initialise()
    return bool(llama_cpp.llama_supports_gpu_offload())


def multiplies_bf16(info: str) -> bool:
    """Return whether a processor, by its ``system_info``, has instructions for BF16.

    Only x86 (recognised by SSE3) reports it. Elsewhere the result is True: no warning without
    knowledge.
    """
    return "AVX512_BF16 = 1" in info or "SSE3 = 1" not in info


def devices() -> list[Device]:
    """Return the devices that this build computes on, including the processor."""
    initialise()
    # The package binds no functions of ggml; they are in libraries that libllama loads.
    ggml = llama_cpp.llama_cpp._lib  # noqa: SLF001 - the only handle there is
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    ggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    ggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    ggml.ggml_backend_dev_memory.restype = None
    found = []
    for index in range(ggml.ggml_backend_dev_count()):
        device = ggml.ggml_backend_dev_get(index)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
        found.append(
            Device(
                name=ggml.ggml_backend_dev_name(device).decode("utf-8", "replace"),
                gpu=ggml.ggml_backend_dev_type(device) not in {_CPU_DEVICE, _ACCELERATOR_DEVICE},
                free=free.value,
                total=total.value,
            )
        )
    return found
