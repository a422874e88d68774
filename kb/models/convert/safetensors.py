"""Reads safetensors files, whole or in shards, one block of a tensor at a time.

Layout (https://github.com/huggingface/safetensors): u64 length of a JSON header; the header, by
tensor name ``{"dtype", "shape", "data_offsets": [begin, end]}``, counted from the header's end; the
bytes, little-endian. Blocks are read, not memory-mapped: mapped pages count as memory of the
process, and an 8 GB checkpoint would seem to need 8 GB.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError

BLOCK_BYTES = 1 << 25
INDEX_NAME = "model.safetensors.index.json"

_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100_000_000  # the reference implementation's own limit
_STORED_AS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "U8": "u1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTensor:
    """Place of one tensor. ``dtype`` is the file's word: F32, F16 or BF16 for weights."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    path: Path
    offset: int

    @property
    def items(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def item_bytes(self) -> int:
        """Bytes of one value."""
        return np.dtype(_STORED_AS[self.dtype]).itemsize

    def rows(self, chosen: Sequence[int]) -> Iterator[npt.NDArray[np.generic]]:
        """Yield some rows of a matrix, flat, as stored; raises as :meth:`blocks` does."""
        dtype = np.dtype(_STORED_AS[self.dtype])
        row = math.prod(self.shape[1:])
        with self.path.open("rb") as file:
            for at in chosen:
                file.seek(self.offset + at * row * dtype.itemsize)
                block = np.fromfile(file, dtype=dtype, count=row)
                if len(block) != row:
                    msg = f"{self.path} ends within {self.name}; fetch the file again"
                    raise ModelError(msg)
                yield block

    def blocks(self, *, skip_rows: int = 0) -> Iterator[npt.NDArray[np.generic]]:
        """Yield the values in order, flat, as stored (BF16 as uint16), 32 MiB at a time.

        Raises:
            ModelError: the file ends before the tensor does.
        """
        dtype = np.dtype(_STORED_AS[self.dtype])
        row = math.prod(self.shape[1:])
        left = self.items - skip_rows * row
        with self.path.open("rb") as file:
            file.seek(self.offset + skip_rows * row * dtype.itemsize)
            while left:
                count = min(left, BLOCK_BYTES // dtype.itemsize)
                block = np.fromfile(file, dtype=dtype, count=count)
                if len(block) != count:
                    msg = f"{self.path} ends within {self.name}; fetch the file again"
                    raise ModelError(msg)
                yield block
                left -= count


def read_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Return the places of a checkpoint's tensors, in the order of its files.

    Raises:
        ModelError: a file is missing, truncated or of another layout.
    """
    tensors: dict[str, StoredTensor] = {}
    wanted = _shards(folder)
    for path in wanted:
        tensors.update(_read_header(path))
    missing = sorted(_indexed_names(folder) - tensors.keys())
    if missing:
        msg = (
            f"{folder / INDEX_NAME} names {len(missing)} tensors that no file holds, such as "
            f"{missing[0]}; fetch the checkpoint again"
        )
        raise ModelError(msg)
    return tensors


def _shards(folder: Path) -> list[Path]:
    index = folder / INDEX_NAME
    if index.is_file():
        paths = [folder / name for name in sorted(set(_weight_map(index).values()))]
    else:
        paths = sorted(folder.glob("model*.safetensors"))
    absent = [path.name for path in paths if not path.is_file()]
    if absent:
        msg = f"{folder} lacks {', '.join(absent)}; fetch the rest of the checkpoint"
        raise ModelError(msg)
    if not paths:
        msg = (
            f"{folder} holds no model.safetensors; weights in other formats (pytorch_model.bin) "
            "are not read: save the model with safe_serialization=True first"
        )
        raise ModelError(msg)
    return paths


def _indexed_names(folder: Path) -> set[str]:
    index = folder / INDEX_NAME
    return set(_weight_map(index)) if index.is_file() else set()


def _weight_map(index: Path) -> dict[str, str]:
    try:
        mapping = json.loads(index.read_text("utf-8"))["weight_map"]
        return {str(name): str(file) for name, file in mapping.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{index} is damaged ({error}); fetch it again"
        raise ModelError(msg) from error


def _read_header(path: Path) -> dict[str, StoredTensor]:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            if length > min(size, _MAX_HEADER_BYTES):
                msg = f"its header claims {length} bytes"
                raise ValueError(msg)  # noqa: TRY301 - told as any other damage below
            header = json.loads(file.read(length))
        start = _LENGTH_BYTES + length
        return {
            name: _entry(name, entry, path, start, size)
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} is damaged or cut short ({error}); fetch it again"
        raise ModelError(msg) from error


def _entry(name: str, entry: dict[str, object], path: Path, start: int, size: int) -> StoredTensor:
    dtype = str(entry["dtype"])
    if dtype not in _STORED_AS:
        msg = (
            f"{path}: tensor {name} is stored as {dtype}; only F32, F16 and BF16 weights are "
            "converted (already quantised checkpoints are not)"
        )
        raise ModelError(msg)
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(shape, list) or not isinstance(offsets, list):
        msg = f"tensor {name} has no shape or place"
        raise TypeError(msg)
    begin, end = (int(at) for at in offsets)
    tensor = StoredTensor(
        name=name,
        dtype=dtype,
        shape=tuple(int(n) for n in shape),
        path=path,
        offset=start + begin,
    )
    if end - begin != tensor.items * tensor.item_bytes or start + end > size:
        msg = f"tensor {name} does not fit into {size} bytes"
        raise ValueError(msg)
    return tensor
