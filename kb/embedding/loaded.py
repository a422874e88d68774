"""A GGUF embedding model loaded into this process, and its properties."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kb.cores import available_cores
from kb.embedding.base import Abilities, Batching, EmbedderIdentity
from kb.embedding.traits import Traits, check_dimensions, read_traits
from kb.errors import EmbeddingError, failing_as
from kb.llama import native
from kb.llama.bulk import Bulk
from kb.llama.calibration import Calibration
from kb.llama.fitting import Wish, fit, spread
from kb.llama.in_use import InUse
from kb.llama.library import system_info
from kb.llama.pool import ContextPool
from kb.llama.tokens import TextTokenizer
from kb.models.files import weights_fingerprint
from kb.models.registry import ModelFile

# A decoder's cache costs memory for each token of context (0.15 MB for Qwen3-Embedding-4B), and
# chunks are short. A longer context is available on request.
DEFAULT_DECODER_CONTEXT = 8192

_CHARACTERS_PER_TOKEN = 4  # more in few languages


class LoadedModel:
    """A model file in memory, with the contexts that compute it. Thread-safe.

    On a CPU an encoder model gets one single-threaded context for each core, and every text is a
    call of its own. A packed call would compute attention across all its texts, and threads that
    share a text wait for each other at every layer. On a GPU one context takes packed calls of many
    texts. If GPU memory does not suffice, calls become smaller, then fewer layers use the GPU;
    ``description`` and the log report it.

    Args:
        model: the file, and its prompts.
        n_gpu_layers: layers on the GPU, -1 for all.
        threads: total of processor threads; 0 for one per available core (by affinity and a
            container's quota).
        dimensions: cut vectors to this width before scaling (Matryoshka models).
        context_tokens: most tokens of one input; 0 for the model's own limit (at most 8,192 for
            decoders).
        pack: pack many texts into one call; None decides by device.
        calibration: file that remembers the best use of the cores, which the first bulk measures.
            Without it, or with ``threads``, each core gets one context.

    Attributes:
        on_read: called with the number of tokens that the model has read, by the thread that called
            the model.

    Raises:
        ModelError: the file cannot be loaded.
        OutOfMemoryError: memory does not suffice even for the smallest contexts.
    """

    @failing_as(EmbeddingError)
    def __init__(
        self,
        model: ModelFile,
        *,
        n_gpu_layers: int = -1,
        threads: int = 0,
        dimensions: int | None = None,
        context_tokens: int = 0,
        pack: bool | None = None,
        calibration: Path | None = None,
    ) -> None:
        cores = threads or available_cores()
        measured = None
        if calibration is not None and not threads and cores > 1:
            build, weights = system_info(), weights_fingerprint(model.path)
            measured = Calibration(calibration, model=weights, build=build, cores=cores)
        fitted = fit(
            model.path,
            Wish(
                n_gpu_layers=n_gpu_layers,
                pack=pack,
                cores=cores,
                setup=measured.chosen if measured else None,
            ),
            lambda loaded: _limited(read_traits(loaded, model), context_tokens),
        )
        self._model = fitted.model
        self._traits = fitted.reading
        self._layers_on_gpu = fitted.layers_on_gpu
        self._notices = (*fitted.reading.notices, *fitted.notices)
        self._in_use = InUse("embedding model")
        self.on_read: Callable[[int], None] = lambda _: None
        self._pool = ContextPool(fitted.contexts, fitted.express)
        self._prompts = self._traits.prompts
        self._tokenizer = TextTokenizer(self._model, end_token=self._prompts.end_token)
        self._context_tokens = self._traits.context_tokens
        self._bulk = Bulk(
            self._pool,
            width=self._model.width,
            threads=max(cores if fitted.spread else 1, self._pool.size),
            calibration=measured if fitted.spread else None,
            make=lambda setup: spread(self._model, self._traits, setup),
        )
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
        """Most tokens of one document, without prompt and special tokens."""
        return self._max_tokens

    @property
    def abilities(self) -> Abilities:
        """Whether vectors may be cut and queries take an instruction."""
        least = self._traits.mrl[0] if self._traits.mrl else self._dimensions
        return Abilities(
            least_dim=min(least, self._dimensions), takes_task=bool(self._prompts.instruct)
        )

    @property
    def batching(self) -> Batching:
        """The best way of passing the texts of many clients.

        It asks for two calls more than there are contexts. These are ready when a context becomes
        free, and show that a text is not alone.
        """
        context = self._pool.any()
        if context.packs:
            characters = _CHARACTERS_PER_TOKEN * context.n_ubatch
            return Batching(calls=2, texts=context.n_seq, characters=characters)
        return Batching(calls=self._pool.size + 2, texts=1)

    @property
    def description(self) -> dict[str, str | int]:
        """Properties of the loaded model for `kb doctor`."""
        context = self._pool.any()
        return {
            "architecture": self._model.metadata("general.architecture") or "unknown",
            "layers": self._model.layers,
            "layers_on_gpu": self._layers_on_gpu,
            "pooling": native.POOLING_NAMES.get(context.pooling, str(context.pooling)),
            "context_tokens": self._context_tokens,
            "contexts": self._pool.size,
            "threads_per_context": context.threads,
            "cores_shared_by": self._bulk.chosen_by,
            "texts_per_call": 1 if context.n_packed else context.n_seq,
            "tokens_at_once": context.n_ubatch,
            **({"notes": "; ".join(self._notices)} if self._notices else {}),
        }

    @property
    def path(self) -> Path:
        """Path of the model's file."""
        return self._model.path

    @property
    def parameters(self) -> int:
        """Number of the model's weights."""
        return self._model.parameters

    def header(self, key: str) -> str | None:
        """Return a scalar of the GGUF header as text; None if it is absent."""
        return self._model.metadata(key)

    def close(self) -> None:
        """Wait for running work, then free contexts and weights."""
        if not self._in_use.shut():
            return
        self._in_use.wait()
        self._bulk.close()
        self._pool.close()
        self._model.close()

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


def _limited(traits: Traits, wanted: int) -> Traits:
    """Return traits with the wanted limit of tokens in place of the training's."""
    usual = DEFAULT_DECODER_CONTEXT if traits.decoder else traits.context_tokens
    return replace(traits, context_tokens=min(wanted or usual, traits.context_tokens))
