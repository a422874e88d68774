"""A GGUF embedding model as it is loaded into this process, and what it says of itself."""

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
# chunks are short: more context than this only when it is asked for.
DEFAULT_DECODER_CONTEXT = 8192

_CHARACTERS_PER_TOKEN = 4  # more in few languages


class LoadedModel:
    """A model file in memory, with the contexts that compute it. Thread-safe.

    On a CPU an encoder model gets one single-threaded context for each core and every text is a
    call of its own: packing texts into one call computes attention across all of them, and
    threads that share a text wait for each other at every layer. On a GPU one context takes
    packed calls of many texts. What does not fit in its memory is made smaller, and said in
    ``description`` and the log: calls first, then the layers on the GPU.

    Args:
        model: the file and how to word its inputs.
        n_gpu_layers: layers on the GPU, -1 for all.
        threads: processor threads in all, 0 for one per core that this process may use (affinity
            and a container's quota).
        dimensions: cut vectors to this width before scaling (Matryoshka models).
        context_tokens: most tokens of one input, 0 for the model's own limit (8,192 at most
            for decoders).
        pack: pack many texts into one call; None decides by device.
        calibration: file that remembers how cores are best used, found out by the first bulk;
            None, or ``threads`` given, takes one context for each core.

    Attributes:
        on_read: told how many tokens the model has read, by whichever thread had it read them.

    Raises:
        ModelError: the file cannot be loaded.
        OutOfMemoryError: there is not enough memory, however little is used.
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
        """Most tokens of one document, prompt and special tokens not counted."""
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
        """How texts of many askers are best handed over.

        Two more than there are contexts: those are ready when a context is free, and say that a
        text is not alone.
        """
        context = self._pool.any()
        if context.packs:
            characters = _CHARACTERS_PER_TOKEN * context.n_ubatch
            return Batching(calls=2, texts=context.n_seq, characters=characters)
        return Batching(calls=self._pool.size + 2, texts=1)

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
            "threads_per_context": context.threads,
            "cores_shared_by": self._bulk.chosen_by,
            "texts_per_call": 1 if context.n_packed else context.n_seq,
            "tokens_at_once": context.n_ubatch,
            **({"notes": "; ".join(self._notices)} if self._notices else {}),
        }

    @property
    def path(self) -> Path:
        """The model's file."""
        return self._model.path

    @property
    def parameters(self) -> int:
        """Number of the model's weights."""
        return self._model.parameters

    def header(self, key: str) -> str | None:
        """Return a scalar of the GGUF header as text, None where it is absent."""
        return self._model.metadata(key)

    def close(self) -> None:
        """Wait for work under way, then free contexts and weights."""
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
    """Return traits with the most tokens that an input shall have, not those of the training."""
    usual = DEFAULT_DECODER_CONTEXT if traits.decoder else traits.context_tokens
    return replace(traits, context_tokens=min(wanted or usual, traits.context_tokens))
