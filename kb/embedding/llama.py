"""Embeddings from a GGUF model inside this process, by llama.cpp."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from kb.embedding import native
from kb.embedding.base import EmbedderIdentity, Vector, Vectors, unit_rows
from kb.embedding.tokens import TextTokenizer, Tokens
from kb.embedding.traits import check_dimensions, read_traits
from kb.errors import InputTooLongError, SettingsError
from kb.models.files import weights_fingerprint
from kb.models.registry import ModelFile

# A decoder's cache costs memory for each token of context (0.15 MB for Qwen3-Embedding-4B), and
# chunks are short: more context than this only when it is asked for.
DEFAULT_DECODER_CONTEXT = 8192
GPU_BATCH_TOKENS = 8192
GPU_SEQUENCES = 64


class LlamaEmbedder:
    """An :class:`~kb.embedding.base.Embedder` over one GGUF file. Thread-safe.

    On a CPU an encoder model gets one single-threaded context for each core and every text is a
    call of its own: packing texts into one call computes attention across all of them, and
    threads that share a text wait for each other at every layer. On a GPU one context takes
    packed calls of many texts.

    Args:
        model: the file and how to word its inputs.
        n_gpu_layers: layers on the GPU, -1 for all.
        threads: processor threads in all, 0 for one per core that this process may use.
        dimensions: cut vectors to this width before scaling (Matryoshka models).
        context_tokens: most tokens of one input, 0 for the model's own limit (8,192 at most
            for decoders).
        pack: pack many texts into one call; None decides by device.

    Raises:
        ModelError: the file cannot be loaded.
        EmbeddingError: there is not enough memory.
    """

    def __init__(
        self,
        model: ModelFile,
        *,
        n_gpu_layers: int = -1,
        threads: int = 0,
        dimensions: int | None = None,
        context_tokens: int = 0,
        pack: bool | None = None,
    ) -> None:
        self._model = native.Model(model.path, n_gpu_layers=n_gpu_layers)
        self._traits = read_traits(self._model, model)
        self._prompts = self._traits.prompts
        self._tokenizer = TextTokenizer(self._model, self._prompts)
        on_gpu = native.supports_gpu() and n_gpu_layers != 0
        most = self._model.layers
        offloaded = most if n_gpu_layers < 0 else min(n_gpu_layers, most)
        self._layers_on_gpu = offloaded if on_gpu else 0
        pack = on_gpu if pack is None else pack
        cores = threads or available_cores()
        self._context_tokens = self._choose_context(context_tokens)
        lanes = 1 if pack or self._traits.decoder else cores
        self._pool = _ContextPool(
            [self._new_context(max(1, cores // lanes), pack=pack) for _ in range(lanes)]
        )
        self._workers = ThreadPoolExecutor(lanes, thread_name_prefix="embed")
        self._dimensions = check_dimensions(dimensions, self._model, self._traits)
        overhead = self._tokenizer.tokens(self._prompts.word_document(""))
        self._max_tokens = self._context_tokens - len(overhead)
        self._identity = self._make_identity(model)

    @property
    def identity(self) -> EmbedderIdentity:
        """Name, fingerprint and width."""
        return self._identity

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """Most tokens of one document, prompt and special tokens not counted."""
        return self._max_tokens

    @property
    def description(self) -> dict[str, str | int]:
        """What `kb doctor` shows of the model as it was loaded."""
        context = self._pool.any()
        return {
            "architecture": self._model.metadata("general.architecture") or "unknown",
            "layers": self._model.layers,
            "layers_on_gpu": self._layers_on_gpu,
            "pooling": native.POOLING_NAMES.get(context.pooling, str(context.pooling)),
            "context_tokens": self._context_tokens,
            "contexts": self._pool.size,
            "texts_per_call": context.n_seq,
            **({"notes": "; ".join(self._traits.notices)} if self._traits.notices else {}),
        }

    def header(self, key: str) -> str | None:
        """Return a scalar of the GGUF header as text, None where it is absent."""
        return self._model.metadata(key)

    def round_trip(self, text: str) -> str:
        """Return what is left of a text that is cut into tokens and put together again."""
        return self._model.detokenize(self._tokenizer.tokens(text))

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count tokens of each text alone, without prompt and special tokens."""
        return [self._tokenizer.count(text) for text in texts]

    def embed_documents(
        self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Embed documents: float32, shape (n, dim), unit length, input order.

        Raises:
            InputTooLongError: a text has more than ``max_tokens`` tokens.
            EmbeddingError: llama.cpp failed or gave a vector that is not finite.
        """
        return self._embed([self._prompts.word_document(text) for text in texts], on_progress)

    def embed_query(self, text: str, *, task: str = "") -> Vector:
        """Embed one query: float32, shape (dim,), unit length; ahead of waiting documents.

        ``task`` replaces the default instruction of models that take one.

        Raises:
            SettingsError: the model takes none.
        """
        if task and not self._prompts.instruct:
            msg = (
                f"{self._identity.model_id} takes no instruction; leave out --instruct, and take "
                "`instruction` out of the settings and of the collection"
            )
            raise SettingsError(msg)
        tokens = self._checked_tokens([self._prompts.word_query(text, task)])
        with self._pool.borrow(urgent=True) as context:
            raw = context.encode(tokens)
        vector: Vector = unit_rows(raw, dim=self._dimensions)[0]
        return vector

    def close(self) -> None:
        """Wait for work under way, then free contexts and weights."""
        self._workers.shutdown(wait=True)
        self._pool.close()
        self._model.close()

    def _embed(self, texts: list[str], on_progress: Callable[[int], None] | None) -> Vectors:
        if not texts:
            return np.empty((0, self._dimensions), dtype=np.float32)
        sequences = self._checked_tokens(texts)
        raw = np.empty((len(texts), self._model.width), dtype=np.float32)

        def run(rows: list[int]) -> None:
            with self._pool.borrow() as context:
                raw[rows] = context.encode([sequences[row] for row in rows])
            if on_progress is not None:
                on_progress(len(rows))

        context = self._pool.any()
        calls = list(plan_calls([len(s) for s in sequences], context.n_batch, context.n_seq))
        futures = [self._workers.submit(run, rows) for rows in calls]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()
        return unit_rows(raw, dim=self._dimensions)

    def _checked_tokens(self, texts: list[str]) -> list[Tokens]:
        sequences = [self._tokenizer.tokens(text) for text in texts]
        for row, tokens in enumerate(sequences):
            if len(tokens) > self._context_tokens:
                msg = (
                    f"input {row} of {len(texts)} has {len(tokens)} tokens, but "
                    f"{self._model.path.name} reads at most {self._context_tokens}; "
                    "split it (nothing was cut off)"
                )
                raise InputTooLongError(msg)
        return sequences

    def _choose_context(self, wanted: int) -> int:
        trained = self._traits.context_tokens
        if wanted:
            return min(wanted, trained)
        return min(trained, DEFAULT_DECODER_CONTEXT) if self._traits.decoder else trained

    def _new_context(self, threads: int, *, pack: bool) -> native.Context:
        tokens = self._context_tokens
        return native.Context(
            self._model,
            n_ctx=tokens,
            n_batch=max(tokens, GPU_BATCH_TOKENS) if pack else tokens,
            n_seq=GPU_SEQUENCES if pack else 1,
            threads=threads,
            pooling=self._traits.pooling,
        )

    def _make_identity(self, model: ModelFile) -> EmbedderIdentity:
        parts = (
            weights_fingerprint(model.path),
            str(self._pool.any().pooling),
            repr(self._prompts),
            str(self._dimensions),
        )
        return EmbedderIdentity(
            model_id=model.model_id,
            fingerprint=hashlib.sha256("\0".join(parts).encode()).hexdigest(),
            dim=self._dimensions,
        )


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def plan_calls(lengths: Sequence[int], n_batch: int, n_seq: int) -> Iterator[list[int]]:
    """Group rows into calls of at most ``n_batch`` tokens and ``n_seq`` sequences.

    Longest first, so that no long text is left over for one core at the end, and so that
    texts of like length share a call.
    """
    rows: list[int] = []
    tokens = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if rows and (tokens + lengths[row] > n_batch or len(rows) == n_seq):
            yield rows
            rows, tokens = [], 0
        rows.append(row)
        tokens += lengths[row]
    if rows:
        yield rows


class _ContextPool:
    """Lends contexts; a query that waits is served before any document."""

    def __init__(self, contexts: list[native.Context]) -> None:
        self._all = contexts
        self._free = list(contexts)
        self._changed = threading.Condition()
        self._urgent_waiting = 0

    @property
    def size(self) -> int:
        return len(self._all)

    def any(self) -> native.Context:
        """Return a context to look at, not to compute with."""
        return self._all[0]

    @contextmanager
    def borrow(self, *, urgent: bool = False) -> Iterator[native.Context]:
        context = self._take(urgent=urgent)
        try:
            yield context
        finally:
            with self._changed:
                self._free.append(context)
                self._changed.notify_all()

    def _take(self, *, urgent: bool) -> native.Context:
        with self._changed:
            self._urgent_waiting += urgent
            try:
                self._changed.wait_for(lambda: self._free and (urgent or self._urgent_waiting == 0))
                return self._free.pop()
            finally:
                self._urgent_waiting -= urgent
                if urgent:
                    self._changed.notify_all()

    def close(self) -> None:
        for context in self._all:
            context.close()
