"""Converts a checkpoint to a GGUF file: plans, checks, writes, quantises."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import gguf

from kb.drafts import draft
from kb.errors import ModelError
from kb.models.convert.checkpoint import Checkpoint, open_checkpoint
from kb.models.convert.families import Family, PlannedTensor, family_of, plan_tensors
from kb.models.convert.metadata import context_length, read_pooling, write_names, write_shape
from kb.models.convert.vocabulary import write_vocabulary
from kb.models.convert.writing import add_tensors, lossless_type, total_bytes, write_file

QUANTIZATIONS = ("Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "F16")
"""The quantisations on offer; None keeps the checkpoint's own precision."""

# Average bits of a value, a little above those of llama.cpp's mixtures.
_BITS = {"Q4_K_M": 5.5, "Q5_K_M": 6.2, "Q6_K": 6.8, "Q8_0": 8.6, "F16": 16, "BF16": 16, "F32": 32}
_HEADER_BYTES = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedModel:
    """The written file. ``dtype`` is the matrices' type: F32, F16, BF16 or a quantisation."""

    path: Path
    architecture: str
    dtype: str
    dim: int
    context_tokens: int
    pooling: str
    tensors: int
    size_bytes: int


def convert_checkpoint(
    checkpoint: Path,
    out: Path,
    *,
    quantize: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ConvertedModel:
    """Convert a Hugging Face checkpoint to a GGUF file, without PyTorch.

    The file appears whole or not at all. Without ``quantize`` nothing is lost: matrices keep the
    checkpoint's type. Memory does not grow with the checkpoint: the shape of Qwen3-Embedding-4B
    took 0.27 GB, plus the pages that llama.cpp maps while it quantises (0.8 GB, the largest
    matrix). The disk needs temporary room for the unquantised file.

    Args:
        checkpoint: folder with ``config.json``, ``tokenizer.json`` and ``*.safetensors``.
        out: the file to write; an existing one is replaced.
        quantize: one of :data:`QUANTIZATIONS`, or None.
        on_progress: called with the number of finished bytes and the total, by this thread.

    Raises:
        ModelError: the checkpoint is incomplete, damaged or of an unknown kind, the disk is full,
            or llama.cpp cannot quantise it. The message says which.
    """
    if quantize is not None and quantize not in QUANTIZATIONS:
        msg = f"there is no quantisation {quantize!r}; known are {', '.join(QUANTIZATIONS)}"
        raise ModelError(msg)
    source = open_checkpoint(checkpoint)
    family = family_of(source)
    tensors = plan_tensors(source, family)
    exact = lossless_type(tensors)
    dtype = "F16" if quantize == "F16" else exact
    needs_llama = quantize is not None and quantize != "F16"
    written = total_bytes(tensors, dtype)
    quantised = int(written * _BITS[quantize] / _BITS[dtype]) if needs_llama and quantize else 0
    done, total = 0, written + quantised

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if on_progress is not None:
            on_progress(min(done, total), total)

    writer, pooling = _header(source, family, tensors, dtype)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _check_space(out.parent, total + _HEADER_BYTES)
        with draft(out, mode=None) as part:
            write_file(writer, part, tensors, dtype, advance)
            if needs_llama and quantize:
                with draft(part, sync=False) as smaller:
                    _quantise(part, smaller, quantize, quantised, advance)
    except OSError as error:
        msg = f"cannot write {out}: {error}; free space or name another place with --out"
        raise ModelError(msg) from error
    return ConvertedModel(
        path=out,
        architecture=gguf.MODEL_ARCH_NAMES[family.arch],
        dtype=quantize or exact,
        dim=source.number("hidden_size"),
        context_tokens=context_length(source, family),
        pooling=pooling.name.lower(),
        tensors=len(tensors),
        size_bytes=out.stat().st_size,
    )


def _header(
    source: Checkpoint, family: Family, tensors: list[PlannedTensor], dtype: str
) -> tuple[gguf.GGUFWriter, gguf.PoolingType]:
    writer = gguf.GGUFWriter(None, gguf.MODEL_ARCH_NAMES[family.arch])
    add_tensors(writer, tensors, dtype)
    write_names(writer, source.folder)
    write_shape(writer, source, family)
    pooling = read_pooling(source, family)
    writer.add_pooling_type(pooling)
    rows = next(tensor.shape[0] for tensor in tensors if tensor.name == "token_embd.weight")
    write_vocabulary(writer, source, rows)
    return writer, pooling


def _quantise(
    source: Path, target: Path, quantize: str, size: int, on_bytes: Callable[[int], None]
) -> None:
    """Quantise a file; ``on_bytes`` is called with a share of ``size`` at each tensor."""
    from kb.llama.quantizing import quantize_file  # noqa: PLC0415 - loads llama.cpp

    told = 0

    def begun(tensor: int, count: int) -> None:
        nonlocal told
        share = size * (tensor - 1) // count
        on_bytes(share - told)
        told = share

    quantize_file(source, target, quantize, begun)
    on_bytes(size - told)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = (
            f"the conversion needs {needed / 1e9:.1f} GB in {folder}, which has "
            f"{free / 1e9:.1f} GB free; free space or name another place with --out"
        )
        raise ModelError(msg)
