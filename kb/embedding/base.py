"""The embedder protocol, its array types, and the common treatment of vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from kb.errors import EmbeddingError
from kb.stopping import checkpoint

Vector: TypeAlias = npt.NDArray[np.float32]
"""A vector: float32, shape (dim,), unit length."""

Vectors: TypeAlias = npt.NDArray[np.float32]
"""Vectors: float32, shape (n, dim), rows of unit length, in input order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderIdentity:
    """Identity of an embedding model; vectors are comparable only if it is equal.

    ``model_id`` is a readable name. ``fingerprint`` is a hash of the weights and of every option
    that changes vectors (pooling, prompts, dimension).
    """

    model_id: str
    fingerprint: str
    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """Optional features of an embedder.

    ``least_dim`` is the smallest width to which vectors may be cut; the whole width if the model
    was not trained for that. ``takes_task`` says whether queries take an instruction.
    """

    least_dim: int
    takes_task: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """The best way of passing the texts of many clients to an embedder.

    Attributes:
        calls: number of parallel calls that keep the model busy.
        texts: most texts of a call.
        characters: most characters of a call's texts together; a single text may exceed it.
    """

    calls: int = 2
    texts: int = 16
    characters: int = 1 << 62


class Embedder(Protocol):
    """Turns texts into vectors. Thread-safe. Documents and queries may have different prompts."""

    @property
    def identity(self) -> EmbedderIdentity:
        """Identity that a collection records, to refuse vectors of another model."""
        ...

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens of one document, without prompt and special tokens."""
        ...

    @property
    def abilities(self) -> Abilities:
        """Whether vectors may be cut and queries take an instruction."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text without prompt and special tokens."""
        ...

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count the tokens of each text with prompt and special tokens."""
        ...

    def embed_documents(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None = None,
    ) -> Vectors:
        """Embed documents; any thread may call ``on_progress`` with the number of new ones.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: the model failed or gave a vector that is not finite.
        """
        ...

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query, before any waiting documents.

        ``task`` is the instruction, for models that take one; empty for the model's default.

        Raises (besides those of ``embed_documents``):
            SettingsError: a task is given, but the model takes none.
        """
        ...

    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of texts without a prompt, but with special tokens."""
        ...

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed texts as they are, without a prompt, because their author has added any.

        Raises:
            InputTooLongError: a text has too many tokens.
            EmbeddingError: the model failed or gave a vector that is not finite.
        """
        ...

    def close(self) -> None:
        """Free the model; the embedder cannot be used afterwards."""
        ...


def embed_short(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Embed short texts as documents, in the fastest way for them.

    It uses ``embed_short`` of embedders that have it; their vectors differ in the fourth digit.

    Raises:
        InputTooLongError: a text has more than ``max_tokens`` tokens.
        EmbeddingError: the model failed or gave a vector that is not finite.
    """
    embed: Callable[[Sequence[str]], Vectors]
    embed = getattr(embedder, "embed_short", embedder.embed_documents)
    return embed(texts)


@runtime_checkable
class _Telling(Protocol):
    """An embedder that reports how many tokens its model reads."""

    on_read: Callable[[int], None]


def batching(embedder: Embedder) -> Batching:
    """Return an embedder's preferred batching, or a default one."""
    found: Batching = getattr(embedder, "batching", Batching())
    return found


def tell_of_tokens(embedder: Embedder, on_read: Callable[[int], None]) -> bool:
    """Register a callback for the tokens that a model reads; return whether it reports them."""
    if not isinstance(embedder, _Telling):
        return False
    embedder.on_read = on_read
    return True


def embed_queries(embedder: Embedder, texts: Sequence[str], *, task: str = "") -> Vectors:
    """Embed queries, in one call if the embedder can.

    Raises:
        SettingsError: a task is given, but the model takes none.
        InputTooLongError: a text has too many tokens.
        EmbeddingError: the model failed or gave a vector that is not finite.
    """
    together: Callable[..., Vectors] | None = getattr(embedder, "embed_queries", None)
    if together is not None:
        return together(texts, task=task)
    check = checkpoint()
    vectors = []
    for text in texts:
        check()
        vectors.append(embedder.embed_query(text, task=task))
    return np.stack(vectors)


def unit_rows(matrix: npt.NDArray[np.float32], *, dim: int | None = None) -> Vectors:
    """Cut rows to ``dim`` (Matryoshka truncation), then scale each to unit length.

    Raises:
        EmbeddingError: a row is not finite or has length zero.
    """
    if dim is not None:
        matrix = matrix[:, :dim]
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    bad = ~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        msg = (
            f"the model gave a vector without a direction for input {row} of {len(matrix)}: the "
            "model file is probably damaged; run `kb doctor`"
        )
        raise EmbeddingError(msg)
    return np.ascontiguousarray(matrix / norms, dtype=np.float32)
