"""llama.cpp's low-level API, wrapped thinly: a loaded model, and contexts that compute with it.

The only file that imports llama_cpp. Why not ``llama_cpp.Llama.embed``: it packs sequences into
one batch (attention is then computed over the whole batch, ten times slower on a CPU), cuts
input off at ``n_batch`` without a word, and keeps one context, so one core waits.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import llama_cpp  # noqa: TID251 - the one owner
import numpy as np
import numpy.typing as npt

from kb.embedding.pages import give_back
from kb.errors import EmbeddingError, ModelError

_log = logging.getLogger(__name__)

POOLING_NONE = llama_cpp.LLAMA_POOLING_TYPE_NONE
POOLING_MEAN = llama_cpp.LLAMA_POOLING_TYPE_MEAN
POOLING_LAST = llama_cpp.LLAMA_POOLING_TYPE_LAST
POOLING_NAMES = {-1: "unspecified", 0: "none", 1: "mean", 2: "cls", 3: "last", 4: "rank"}

_ALL_LAYERS = 0x7FFFFFFF
_META_BYTES = 4096
_QUANTIZE_BYTES = 1 << 28
_TENSOR_LINE = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")
_LEVEL_WARN, _LEVEL_ERROR = 3, 4  # enum ggml_log_level

_init_lock = threading.Lock()
_growing = threading.Lock()
_recent_errors: list[str] = []
_listeners: list[Callable[[str], None]] = []
_initialised = False


def initialise() -> None:
    """Start llama.cpp's backends once and send its messages to ``logging``."""
    global _initialised  # noqa: PLW0603 - the library's own state is global too
    with _init_lock:
        if not _initialised:
            llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p())
            llama_cpp.llama_backend_init()
            _initialised = True


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator] # a ctypes function type
def _log_callback(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    message = text.decode("utf-8", "replace").strip()
    if level == _LEVEL_ERROR:
        _recent_errors.append(message)
        del _recent_errors[:-8]
    for listen in _listeners:
        listen(message)
    _log.log(logging.DEBUG if level < _LEVEL_ERROR else logging.INFO, "%s", message)


def system_info() -> str:
    """Return what llama.cpp says of this processor, such as ``AVX2 = 1``."""
    initialise()
    return str(llama_cpp.llama_print_system_info().decode("utf-8", "replace"))


def supports_gpu() -> bool:
    """Say whether this build of llama.cpp can compute on a GPU that is present."""
    initialise()
    return bool(llama_cpp.llama_supports_gpu_offload())


def quantize_file(
    source: Path, target: Path, mixture: str, on_tensor: Callable[[int, int], None]
) -> None:
    """Write ``source``, a GGUF of F32, F16 or BF16, to ``target`` with llama.cpp's mixture.

    ``mixture`` is the name of a llama.cpp file type such as ``Q4_K_M``. The process holds at
    most 256 MiB of rows at once, besides pages of ``source`` that the system maps and may drop.
    ``on_tensor`` is told the tensor that is begun, counted from one, and how many there are.

    Raises:
        ModelError: llama.cpp failed; what it said is in the message.
    """
    initialise()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{mixture}")
    params.nthread = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    params.max_buf_size = _QUANTIZE_BYTES
    _recent_errors.clear()

    def listen(message: str) -> None:
        # The library has no other way of telling how far it is.
        if found := _TENSOR_LINE.match(message):
            on_tensor(int(found[1]), int(found[2]))

    _listeners.append(listen)
    try:
        status = llama_cpp.llama_model_quantize(
            os.fsencode(source), os.fsencode(target), ctypes.byref(params)
        )
    finally:
        _listeners.remove(listen)
    if status != 0:
        reason = _recent_errors[-1] if _recent_errors else f"status {status}"
        msg = f"llama.cpp cannot quantise to {mixture}: {reason}"
        raise ModelError(msg)


class Model:
    """A GGUF model in memory: weights and tokenizer. Safe to share between threads.

    Raises:
        ModelError: the file is missing, damaged, or of an architecture llama.cpp lacks.
    """

    def __init__(self, path: Path, *, n_gpu_layers: int = -1) -> None:
        initialise()
        if not path.is_file():
            msg = f"there is no model file {path}; give the path of a GGUF file in KB_MODEL"
            raise ModelError(msg)
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = _ALL_LAYERS if n_gpu_layers < 0 else n_gpu_layers
        _recent_errors.clear()
        handle = llama_cpp.llama_model_load_from_file(os.fsencode(path), params)
        if not handle:
            reason = _recent_errors[0] if _recent_errors else "no reason given"
            msg = (
                f"llama.cpp cannot load {path}: {reason}. The file is damaged, cut short, or "
                "newer than this release; fetch it again"
            )
            raise ModelError(msg)
        self.path = path
        self._handle: llama_cpp.llama_model_p | None = handle
        self._vocab = llama_cpp.llama_model_get_vocab(handle)

    @property
    def handle(self) -> llama_cpp.llama_model_p:
        """The library's pointer, for contexts."""
        if self._handle is None:
            msg = "the embedding model is closed; open the knowledge base again"
            raise EmbeddingError(msg)
        return self._handle

    @property
    def width(self) -> int:
        """Width of the vectors this model gives."""
        return int(llama_cpp.llama_model_n_embd_out(self.handle))

    @property
    def vocabulary_size(self) -> int:
        """How many pieces the tokenizer has."""
        return int(llama_cpp.llama_vocab_n_tokens(self._vocab))

    @property
    def context_length(self) -> int:
        """Most tokens that the model was trained to read."""
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    @property
    def layers(self) -> int:
        """Number of transformer layers."""
        return int(llama_cpp.llama_model_n_layer(self.handle))

    def metadata(self, key: str) -> str | None:
        """Return a scalar of the GGUF header as text, None where it is absent."""
        buffer = ctypes.create_string_buffer(_META_BYTES)
        size = llama_cpp.llama_model_meta_val_str(
            self.handle,
            key.encode(),
            buffer,
            _META_BYTES,
        )
        return None if size < 0 else buffer.value.decode("utf-8", "replace")

    def pieces(self) -> list[str]:
        """Return the vocabulary's texts by id."""
        count = llama_cpp.llama_vocab_n_tokens(self._vocab)
        return [
            llama_cpp.llama_vocab_get_text(self._vocab, id_).decode("utf-8", "replace")
            for id_ in range(count)
        ]

    def tokenize(
        self, text: str, *, special: bool = True, parse_special: bool = False
    ) -> npt.NDArray[np.int32]:
        """Return token ids, int32. ``special`` adds what the model wants around a text.

        Control-token text inside a document stays text unless ``parse_special``.
        """
        data = text.encode("utf-8", "surrogatepass")
        capacity = len(data) + 8
        buffer = np.empty(capacity, dtype=np.int32)
        count = self._tokenize_into(data, buffer, special=special, parse_special=parse_special)
        if count < 0:
            buffer = np.empty(-count, dtype=np.int32)
            count = self._tokenize_into(data, buffer, special=special, parse_special=parse_special)
        return buffer[:count]

    def detokenize(self, tokens: npt.NDArray[np.int32]) -> str:
        """Return the text that token ids, int32, stand for; control tokens give nothing."""
        ids = np.ascontiguousarray(tokens, dtype=np.int32)
        pointer = ids.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        capacity = 64 + 16 * len(ids)
        while True:
            buffer = ctypes.create_string_buffer(capacity)
            size = llama_cpp.llama_detokenize(
                self._vocab,
                pointer,
                len(ids),
                buffer,
                capacity,
                False,  # noqa: FBT003 - C signature, here and below
                False,  # noqa: FBT003
            )
            if size >= 0:
                return buffer.raw[:size].decode("utf-8", "replace")
            capacity = -size

    def _tokenize_into(
        self, data: bytes, buffer: npt.NDArray[np.int32], *, special: bool, parse_special: bool
    ) -> int:
        pointer = buffer.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        return int(
            llama_cpp.llama_tokenize(
                self._vocab,
                data,
                len(data),
                pointer,
                len(buffer),
                special,
                parse_special,
            )
        )

    def close(self) -> None:
        """Free the weights; contexts must be closed before."""
        if self._handle is not None:
            llama_cpp.llama_model_free(self._handle)
            self._handle = None


class Context:
    """Working memory for computing embeddings; used by one thread at a time.

    Args:
        model: the weights, shared.
        n_ctx: most tokens of one sequence.
        n_batch: most tokens of one call, all its sequences together.
        n_seq: most sequences of one call.
        threads: processor threads; ggml's threads spin, so never more than idle cores.
        pooling: how token vectors become one, llama.cpp's constant; -1 takes the model's.

    Raises:
        EmbeddingError: there is not enough memory.
    """

    def __init__(
        self, model: Model, *, n_ctx: int, n_batch: int, n_seq: int, threads: int, pooling: int
    ) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_ctx * n_seq if n_seq > 1 else n_ctx
        params.n_batch = params.n_ubatch = n_batch
        params.n_seq_max = n_seq
        params.n_threads = params.n_threads_batch = threads
        params.pooling_type = pooling
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.embeddings = True
        params.no_perf = True
        handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not handle:
            reason = _recent_errors[-1] if _recent_errors else "no reason given"
            msg = (
                f"llama.cpp cannot make a context of {n_ctx} tokens for {model.path.name}: "
                f"{reason}. Free memory, or lower KB_CONTEXT_TOKENS or KB_N_GPU_LAYERS"
            )
            raise EmbeddingError(msg)
        self._handle: llama_cpp.llama_context_p | None = handle
        self._memory = llama_cpp.llama_get_memory(handle)
        self._batch = llama_cpp.llama_batch_init(n_batch, 0, 1)
        self._width = model.width
        self._vocabulary = model.vocabulary_size
        self._largest = 0
        self.n_batch = n_batch
        self.n_seq = n_seq
        self.pooling = int(llama_cpp.llama_pooling_type(handle))

    def encode(self, sequences: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Return pooled vectors, float32, shape (n, width), not normalised, in order.

        The sequences together must fit in ``n_batch`` and number at most ``n_seq``.

        Raises:
            EmbeddingError: llama.cpp failed.
        """
        self._fill(sequences)
        if self._memory:
            llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003 - C signature
            status = llama_cpp.llama_decode(self._handle, self._batch)
        else:
            status = self._encode_batch()
        if status != 0:
            msg = f"llama.cpp failed with status {status} on {self._batch.n_tokens} tokens"
            raise EmbeddingError(msg)
        vectors = np.empty((len(sequences), self._width), dtype=np.float32)
        for row in range(len(sequences)):
            pointer = llama_cpp.llama_get_embeddings_seq(self._handle, row)
            if not pointer:
                msg = "llama.cpp gave no pooled embedding; this GGUF is not an embedding model"
                raise EmbeddingError(msg)
            vectors[row] = np.ctypeslib.as_array(pointer, shape=(self._width,))
        return vectors

    def _encode_batch(self) -> int:
        """Run the encoder without the memory that llama.cpp 0.3.36 sets aside in vain.

        It makes room for a score of every piece of the vocabulary for each token and clears it
        (512 MB for 512 tokens of multilingual-e5-small), though encoders never write there. The
        room grows with the longest batch so far; its pages are given back each time, one context
        at a time, so that the contexts of many cores do not hold it all at once.
        """
        tokens = int(self._batch.n_tokens)
        # Memory that a GPU shares cannot be given back page by page.
        if tokens <= self._largest or supports_gpu():
            return int(llama_cpp.llama_encode(self._handle, self._batch))
        with _growing:
            status = int(llama_cpp.llama_encode(self._handle, self._batch))
            self._largest = tokens
            scores = llama_cpp.llama_get_logits(self._handle)
            if scores:
                address = ctypes.addressof(scores.contents)
                give_back(address, tokens * self._vocabulary * ctypes.sizeof(ctypes.c_float))
        return status

    def _fill(self, sequences: Sequence[npt.NDArray[np.int32]]) -> None:
        batch, at = self._batch, 0
        for row, tokens in enumerate(sequences):
            for position, token in enumerate(tokens.tolist()):
                batch.token[at] = token
                batch.pos[at] = position
                batch.n_seq_id[at] = 1
                batch.seq_id[at][0] = row
                batch.logits[at] = 1
                at += 1
        batch.n_tokens = at

    def close(self) -> None:
        """Free the working memory."""
        if self._handle is not None:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._handle)
            self._handle = None
