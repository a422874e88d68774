"""The embedder protocol, its array types, and what every embedder does to its vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from kb.errors import EmbeddingError
from kb.stopping import checkpoint

Vector: TypeAlias = npt.NDArray[np.float32]
"""float32, shape (dim,), unit length."""

Vectors: TypeAlias = npt.NDArray[np.float32]
"""float32, shape (n, dim), rows of unit length, in input order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderIdentity:
    """What must be equal for two vectors to be comparable.

    ``model_id`` is a readable name; ``fingerprint`` a hash of the weights and of every choice
    that changes vectors (pooling, prompts, dimension).
    """

    model_id: str
    fingerprint: str
    dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What an embedder may be asked for besides plain vectors.

    ``least_dim`` is the smallest width that vectors may be cut to, their whole width where the
    model was not trained for cutting. ``takes_task`` says whether queries take an instruction.
    """

    least_dim: int
    takes_task: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Batching:
    """How texts of many askers are best handed to an embedder.

    Attributes:
        calls: how many at the same time, so that the model never waits for texts.
        texts: most texts of one call.
        characters: most of all texts of one call together; one text may have more.
    """

    calls: int = 2
    texts: int = 16
    characters: int = 1 << 62


class Embedder(Protocol):
    """Turns texts into vectors. Thread-safe; documents and queries may be worded differently."""

    @property
    def identity(self) -> EmbedderIdentity:
        """What a collection records, to refuse vectors of another model."""
        ...

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        ...

    @property
    def max_tokens(self) -> int:
        """Most tokens that one document may have, prompt and special tokens not counted."""
        ...

    @property
    def abilities(self) -> Abilities:
        """Whether vectors may be cut and queries take an instruction."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens of each text alone, without prompt and special tokens."""
        ...

    def count_read(self, texts: Sequence[str], *, query: bool = False, task: str = "") -> list[int]:
        """Count the tokens that the model reads of each text: prompt and special tokens too."""
        ...

    def embed_documents(
        self,
        texts: Sequence[str],
        on_progress: Callable[[int], None] | None = None,
    ) -> Vectors:
        """Embed documents; ``on_progress`` is told how many more are done, from any thread.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: the model failed or gave a vector that is not finite.
        """
        ...

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query, ahead of any documents that wait.

        ``task`` is the instruction, for models that take one; empty for the model's own.

        Raises (besides those of ``embed_documents``):
            SettingsError: a task is given, but the model takes none.
        """
        ...

    def count_bare(self, texts: Sequence[str]) -> list[int]:
        """Count the tokens that the model reads of texts without a prompt, special tokens too."""
        ...

    def embed_bare(self, texts: Sequence[str]) -> Vectors:
        """Embed texts as they are, without a prompt: their author has worded them.

        Raises:
            InputTooLongError: a text has too many tokens.
            EmbeddingError: the model failed or gave a vector that is not finite.
        """
        ...

    def close(self) -> None:
        """Free the model; the embedder cannot be used afterwards."""
        ...


def embed_short(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """Embed short texts as documents, in the way that is fastest for them.

    Embedders that have one offer ``embed_short``; vectors differ in the fourth digit.

    Raises:
        InputTooLongError: a text has more than ``max_tokens`` tokens.
        EmbeddingError: the model failed or gave a vector that is not finite.
    """
    embed: Callable[[Sequence[str]], Vectors]
    embed = getattr(embedder, "embed_short", embedder.embed_documents)
    return embed(texts)


@runtime_checkable
class _Telling(Protocol):
    """An embedder that tells how many tokens its model reads."""

    on_read: Callable[[int], None]


def batching(embedder: Embedder) -> Batching:
    """Return how an embedder wants the texts of many askers; those that know say so."""
    found: Batching = getattr(embedder, "batching", Batching())
    return found


def tell_of_tokens(embedder: Embedder, on_read: Callable[[int], None]) -> bool:
    """Have an embedder tell how many tokens its model reads; say whether it does."""
    if not isinstance(embedder, _Telling):
        return False
    embedder.on_read = on_read
    return True


def embed_queries(embedder: Embedder, texts: Sequence[str], *, task: str = "") -> Vectors:
    """Embed queries, together where an embedder offers that.

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
        EmbeddingError: a row is not finite or has no length, so it points nowhere.
    """
    if dim is not None:
        matrix = matrix[:, :dim]
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    bad = ~np.isfinite(norms[:, 0]) | (norms[:, 0] == 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        msg = (
            f"the model gave a vector that is not a direction for input {row} of {len(matrix)}: "
            "the model file is probably damaged; run `kb doctor`"
        )
        raise EmbeddingError(msg)
    return np.ascontiguousarray(matrix / norms, dtype=np.float32)
