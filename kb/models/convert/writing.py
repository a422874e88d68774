"""Writes the GGUF: the header with the ``gguf`` library, then the tensors block by block.

The library's own method holds a whole tensor in memory: 1.5 GB as float32 for the token embeddings
of a 4B model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from kb.errors import ModelError
from kb.models.convert.families import PlannedTensor

_TYPES = {
    "F32": gguf.GGMLQuantizationType.F32,
    "F16": gguf.GGMLQuantizationType.F16,
    "BF16": gguf.GGMLQuantizationType.BF16,
}
_ITEM_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_FILE_TYPES = {
    "F32": gguf.LlamaFileType.ALL_F32,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "BF16": gguf.LlamaFileType.MOSTLY_BF16,
}


def lossless_type(tensors: Sequence[PlannedTensor]) -> str:
    """Return the narrowest of F32, F16 and BF16 that holds every matrix without loss.

    llama.cpp's converter takes the first matrix's type for all, and F16 for F32 checkpoints.
    """
    stored = {tensor.source.dtype for tensor in tensors if not tensor.always_f32}
    return stored.pop() if len(stored) == 1 else "F32"


def add_tensors(writer: gguf.GGUFWriter, tensors: Sequence[PlannedTensor], dtype: str) -> None:
    """Add the tensors and their type to the header."""
    for tensor in tensors:
        kind = _kind(tensor, dtype)
        writer.add_tensor_info(
            tensor.name,
            tensor.shape,
            np.dtype(np.float16),  # ignored; raw_dtype counts
            _bytes(tensor, kind),
            raw_dtype=_TYPES[kind],
        )
    writer.add_file_type(_FILE_TYPES[dtype])


def write_file(
    writer: gguf.GGUFWriter,
    path: Path,
    tensors: Sequence[PlannedTensor],
    dtype: str,
    on_bytes: Callable[[int], None],
) -> None:
    """Write header and tensors; ``on_bytes`` is called with the number of newly written bytes.

    Raises:
        ModelError: a value does not fit into F16.
        OSError: the file cannot be written.
    """
    writer.write_header_to_file(path)
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("ab") as file:
        file.write(bytes(-file.tell() % writer.data_alignment))
        for tensor in tensors:
            kind = _kind(tensor, dtype)
            for block in tensor.blocks():
                values = _as_type(block, tensor, kind)
                file.write(values.data)
                on_bytes(values.nbytes)
            file.write(bytes(-file.tell() % writer.data_alignment))


def total_bytes(tensors: Sequence[PlannedTensor], dtype: str) -> int:
    """Return the total size of the tensors in the file, without padding, in bytes."""
    return sum(_bytes(tensor, _kind(tensor, dtype)) for tensor in tensors)


def _kind(tensor: PlannedTensor, dtype: str) -> str:
    return "F32" if tensor.always_f32 else dtype


def _bytes(tensor: PlannedTensor, kind: str) -> int:
    items = tensor.source.items // (tensor.source.shape or (1,))[0] * tensor.shape[0]
    return items * _ITEM_BYTES[kind]


def _as_type(
    block: npt.NDArray[np.generic], tensor: PlannedTensor, kind: str
) -> npt.NDArray[np.generic]:
    stored = tensor.source.dtype
    if stored == kind:
        return block
    if stored == "BF16":
        # A bfloat16 is the upper half of a float32.
        wide = (block.astype(np.uint32) << 16).view(np.float32)
    else:
        wide = block.astype(np.float32)
    if kind == "F32":
        return wide
    with np.errstate(over="ignore"):  # detected below, where the tensor's name is known
        narrow = wide.astype(np.float16)
    if not np.array_equal(np.isfinite(narrow), np.isfinite(wide)):
        msg = (
            f"{tensor.source.path}: {tensor.source.name} holds values beyond F16's 65,504; "
            "convert without --quantize F16"
        )
        raise ModelError(msg)
    return narrow
