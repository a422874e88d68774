"""Quantises GGUF files with llama.cpp's own mixtures of types."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from pathlib import Path

from kb.cores import available_cores
from kb.errors import ModelError
from kb.llama.library import errors, forget_errors, initialise, listening, llama_cpp

_QUANTIZE_BYTES = 1 << 28
_TENSOR_LINE = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")


def quantize_file(
    source: Path, target: Path, mixture: str, on_tensor: Callable[[int, int], None]
) -> None:
    """Write ``source``, a GGUF of F32, F16 or BF16, to ``target`` with llama.cpp's mixture.

    ``mixture`` is the name of a llama.cpp file type such as ``Q4_K_M``. The process holds at most
    256 MiB of rows at once, besides pages of ``source`` that the system maps and may drop.
    ``on_tensor`` is called at the start of each tensor, with its number from one and the total.

    Raises:
        ModelError: llama.cpp failed; the message quotes its error.
    """
    initialise()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{mixture}")
    params.nthread = available_cores()
    params.max_buf_size = _QUANTIZE_BYTES
    forget_errors()

    def listen(message: str) -> None:
        # The library reports its progress in no other way.
        if found := _TENSOR_LINE.match(message):
            on_tensor(int(found[1]), int(found[2]))

    with listening(listen):
        status = llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(target), ctypes.byref(params)
        )
    if status != 0:
        msg = f"llama.cpp cannot quantise to {mixture}: {errors()[-1]} (status {status})"
        raise ModelError(msg)
