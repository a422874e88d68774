"""Facts that Ollama's clients ask about a model: its file, family and size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

from kb.embedding.base import Embedder

_UNITS = ((10**9, "B"), (10**6, "M"), (10**3, "K"))


@runtime_checkable
class _OfAFile(Protocol):
    """An embedder with a model in a GGUF file of this machine."""

    @property
    def path(self) -> Path: ...

    @property
    def parameters(self) -> int: ...

    def header(self, key: str) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts about a model's file; a model on another server has none.

    Attributes:
        format: of the file, ``gguf`` or empty.
        family: architecture, such as ``bert``; ``unknown`` if the file does not say.
        parameters: readable number of weights, such as ``118M``; or empty.
        quantization: of the weights, such as ``Q4_0``; or empty.
        size: of the file in bytes, 0 without one.
        modified_at: time when the file was written; without a file, when the model was opened.
    """

    format: str
    family: str
    parameters: str
    quantization: str
    size: int
    modified_at: datetime

    @classmethod
    def of(cls, embedder: Embedder) -> Self:
        """Return the facts about an embedder's model."""
        if not isinstance(embedder, _OfAFile):
            return cls(
                format="",
                family="unknown",
                parameters="",
                quantization="",
                size=0,
                modified_at=datetime.now(UTC),
            )
        file = embedder.path.stat()
        return cls(
            format="gguf",
            family=embedder.header("general.architecture") or "unknown",
            parameters=_readable(embedder.parameters),
            quantization=_quantization(embedder.header("general.file_type")),
            size=file.st_size,
            modified_at=datetime.fromtimestamp(file.st_mtime, UTC),
        )


def _readable(count: int) -> str:
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return str(count)


def _quantization(file_type: str | None) -> str:
    """Return the name for llama.cpp's number of a quantization."""
    from gguf import LlamaFileType  # noqa: PLC0415 - takes a moment

    try:
        name = LlamaFileType(int(file_type or "")).name
    except ValueError:
        return ""
    return name.removeprefix("MOSTLY_").removeprefix("ALL_")
