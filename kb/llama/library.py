"""llama.cpp itself: started once, its messages sent to ``logging``, its devices asked.

The only file that imports llama_cpp; the modules beside it that talk to llama.cpp take it from
here, so that none can forget to start it.
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

# How often a thread looks for the others of its call before it sleeps, by default 300,000 times.
# Where something else wants the cores, one waits in vain then, at every layer: with six other
# programs on two cores a text took 13 s by two threads and 1.5 s by one. Now it takes 0.3 s by
# either, and where nothing else runs 0.04 s by two threads, as before, and 0.08 s by one.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "200")

try:
    import llama_cpp as llama_cpp  # noqa: PLC0414, TID251 - the one owner, which hands it on
except (ImportError, OSError, RuntimeError, AttributeError) as error:
    # A library that is not there, or lacks another one, or a function.
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
    """Something that computes. ``free`` and ``total`` are its memory in bytes."""

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
    """Begin an action whose errors :func:`errors` is asked for afterwards."""
    _recent_errors.clear()


def errors() -> list[str]:
    """Return what llama.cpp complained of since :func:`forget_errors`, the last eight at most."""
    return list(_recent_errors) or ["no reason given"]


@contextmanager
def listening(listen: Callable[[str], None]) -> Iterator[None]:
    """Have ``listen`` told every message of llama.cpp while the block runs."""
    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)


def system_info() -> str:
    """Return what llama.cpp says of this processor, such as ``AVX2 = 1``."""
    initialise()
    return str(llama_cpp.llama_print_system_info().decode("utf-8", "replace"))


def supports_gpu() -> bool:
    """Say whether this build of llama.cpp can compute on a GPU that is present."""
    initialise()
    return bool(llama_cpp.llama_supports_gpu_offload())


def multiplies_bf16(info: str) -> bool:
    """Say whether a processor has instructions for BF16, by its ``system_info``.

    Only x86 (which has SSE3) tells; elsewhere True is the answer: no warning without knowledge.
    """
    return "AVX512_BF16 = 1" in info or "SSE3 = 1" not in info


def devices() -> list[Device]:
    """Return the devices that this build computes on, the processor among them."""
    initialise()
    # The package binds no function of ggml's; they are in libraries that libllama brings along.
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
