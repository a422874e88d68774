"""Reranking by a GGUF model in this process, with llama.cpp."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import CancelledError

import numpy as np

from kb.cores import available_cores
from kb.errors import InputTooLongError, RerankingError, failing_as
from kb.llama.bulk import Bulk
from kb.llama.calibration import Setup
from kb.llama.context import Context
from kb.llama.fitting import CPU_DECODER_TOKENS, PACKED_SEQUENCES, PACKED_TOKENS
from kb.llama.in_use import InUse
from kb.llama.library import supports_gpu
from kb.llama.native import POOLING_NONE, POOLING_RANK, Model
from kb.llama.pool import ContextPool
from kb.llama.tokens import Tokens
from kb.models.files import weights_fingerprint
from kb.models.registry import ModelFile
from kb.reranking.base import RerankerIdentity, Scores, best_parts, parts
from kb.reranking.pairs import open_pairs

CONTEXT_TOKENS = 2048
"""Default of the tokens of one input; chunks are short, and memory grows with it."""

_LEAST_PASSAGE = 32  # tokens that a query must leave for the passage


class LlamaReranker:
    """A :class:`~kb.reranking.base.Reranker` over one GGUF file. Thread-safe.

    Scores are in [0, 1]: the probability of "yes" against "no" for Qwen3-Reranker, the sigmoid of
    the score for cross-encoders such as bge-reranker-v2-m3. Nothing is truncated: the model reads a
    passage that is too long in parts, and the best part counts.

    Args:
        model: the model file.
        n_gpu_layers: layers on the GPU, -1 for all.
        threads: total of processor threads; 0 for one per available core.
        context_tokens: most tokens of one input, bounded by the model's limit.

    Raises:
        ModelError: the file cannot be loaded, or is not a reranker.
        OutOfMemoryError: memory does not suffice.
    """

    @failing_as(RerankingError)
    def __init__(
        self,
        model: ModelFile,
        *,
        n_gpu_layers: int = -1,
        threads: int = 0,
        context_tokens: int = CONTEXT_TOKENS,
    ) -> None:
        gpu = supports_gpu() and n_gpu_layers != 0
        cores = threads or available_cores()
        self._model = Model(model.path, n_gpu_layers=n_gpu_layers)
        try:
            self._pairs, self._pieces, self._class = open_pairs(self._model)
            self._context_tokens = min(context_tokens, self._model.context_length)
            contexts = self._contexts(cores, gpu=gpu)
        except BaseException:
            self._model.close()
            raise
        self._pool = ContextPool(contexts)
        self._bulk = Bulk(
            self._pool,
            width=len(self._pieces) or self._model.classes,
            threads=self._pool.size,
            calibration=None,
            make=_never,
        )
        self._in_use = InUse("reranker")
        self._identity = RerankerIdentity(
            model_id=model.model_id, fingerprint=weights_fingerprint(model.path)
        )

    @property
    def identity(self) -> RerankerIdentity:
        """Name of the file, and hash of its weights."""
        return self._identity

    @property
    def description(self) -> dict[str, str | int]:
        """Properties of the loaded model for `kb doctor`."""
        context = self._pool.any()
        return {
            "architecture": self._model.metadata("general.architecture") or "unknown",
            "scored_by": "yes against no" if self._pieces else "a classifier",
            "context_tokens": self._context_tokens,
            "contexts": self._pool.size,
            "threads_per_context": context.threads,
        }

    @failing_as(RerankingError)
    def score(self, query: str, passages: Sequence[str], *, task: str = "") -> Scores:
        """Score passages in [0, 1]; see :meth:`kb.reranking.base.Reranker.score`.

        Raises:
            InputTooLongError: the query leaves fewer than 32 tokens for a passage.
            RerankingError: llama.cpp failed or gave a score that is not finite, or the reranker
                was closed meanwhile.
        """
        if not passages:
            return np.empty(0, dtype=np.float32)
        with self._in_use.entered():
            return self._score(query, passages, task)

    @failing_as(RerankingError)
    def count_read(self, query: str, passages: Sequence[str], *, task: str = "") -> int:
        """Count the tokens that the model reads to score passages: prompts and all parts."""
        with self._in_use.entered():
            inputs = [self._inputs(query, passage, task) for passage in passages]
        return sum(len(tokens) for made in inputs for tokens in made)

    def close(self) -> None:
        """Wait for running work, refuse new work, then free contexts and weights."""
        if not self._in_use.shut():
            return
        self._bulk.close()
        self._in_use.wait()
        self._pool.close()
        self._model.close()

    def _score(self, query: str, passages: Sequence[str], task: str) -> Scores:
        taken = len(self._pairs.tokens(query, "", task))
        if taken + _LEAST_PASSAGE > self._context_tokens:
            msg = (
                f"the query with its prompt has {taken} tokens, but {self._identity.model_id} "
                f"reads {self._context_tokens} together with the passage; shorten the query, or "
                "search without reranking"
            )
            raise InputTooLongError(msg)
        owners: list[int] = []
        inputs: list[Tokens] = []
        for owner, passage in enumerate(passages):
            made = self._inputs(query, passage, task)
            inputs.extend(made)
            owners.extend([owner] * len(made))
        try:
            raw = self._bulk.run(inputs, None).astype(np.float64)
        except (CancelledError, RuntimeError) as error:  # its threads are shutting down
            if self._in_use.closing:
                raise self._in_use.closed() from error
            raise
        return best_parts(self._probabilities(raw).astype(np.float32), owners, len(passages))

    def _inputs(self, query: str, passage: str, task: str) -> list[Tokens]:
        made: dict[str, Tokens] = {}

        def fits(text: str) -> bool:
            made[text] = self._pairs.tokens(query, text, task)
            return len(made[text]) <= self._context_tokens

        cut = parts(passage, fits)
        if cut is None:  # a single character exceeds the tokens left
            msg = f"a passage of {len(passage)} characters cannot be cut to fit beside the query"
            raise InputTooLongError(msg)
        return [made[text] for text in cut]

    def _probabilities(self, raw: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Scores:
        if self._pieces:
            logits = raw[:, 0] - raw[:, 1]
        elif self._model.classes == 1:
            logits = raw[:, 0]
        else:  # llama.cpp has turned the scores into probabilities
            return raw[:, self._class].astype(np.float32)
        return (0.5 * (1 + np.tanh(logits / 2))).astype(np.float32)

    def _contexts(self, cores: int, *, gpu: bool) -> list[Context]:
        longest = self._context_tokens
        decoder = "bert" not in (self._model.metadata("general.architecture") or "")
        together = gpu or decoder
        size = PACKED_TOKENS if gpu else CPU_DECODER_TOKENS
        size = min(size, longest) if decoder and not gpu else max(size, longest)
        made: list[Context] = []
        try:
            for _ in range(1 if together else cores):
                context = Context(
                    self._model,
                    n_batch=max(longest, size) if together else longest,
                    n_ubatch=size if together else longest,
                    n_seq=PACKED_SEQUENCES if gpu else 1,
                    threads=cores if together else 1,
                    pooling=POOLING_NONE if self._pieces else POOLING_RANK,
                    pieces=self._pieces,
                )
                made.append(context)
        except BaseException:
            for context in made:
                context.close()
            raise
        return made


def _never(setup: Setup) -> Sequence[Context]:
    message = f"contexts of a reranker are not rearranged ({setup})"
    raise AssertionError(message)
