"""Working memory in which llama.cpp computes embeddings, and the calls that use it."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt

from kb.cores import available_cores
from kb.errors import ModelCallError, OutOfMemoryError
from kb.llama.library import errors, forget_errors, llama_cpp, supports_gpu
from kb.llama.native import POOLING_RANK, Model
from kb.llama.pages import give_back

_NO_ROOM = (1, -2)  # llama_decode: no slot in the cache; allocation failed

_growing = threading.Lock()

# OpenMP gives each calling thread helper threads of its own. When callers alternate, each wakes its
# helper on the helper's own core again and again, and both texts take as long as one after the
# other (80 ms a text instead of 43). So few threads make all such calls, usually the same one.
_wide = ThreadPoolExecutor(available_cores(), thread_name_prefix="wide")


class Context:
    """Working memory for computing embeddings; not thread-safe.

    Args:
        model: the shared weights.
        n_batch: most tokens of one call, over all its sequences. A decoder's cache has the same
            length, and the sequences share it.
        n_ubatch: tokens that llama.cpp computes at once. A value below ``n_batch`` saves memory:
            llama.cpp always stores a score of every vocabulary piece for each of these tokens (607
            kB a token for Qwen3, 5 GB for 8,192). It works only for decoders that pool by the last
            token.
        n_seq: most sequences of one call.
        n_packed: most tokens of a call with several sequences, if only short sequences may share
            calls; 0 if any may.
        threads: processor threads until :meth:`use` changes them. ggml's threads spin, so never
            more than the idle cores.
        pooling: llama.cpp's constant for pooling token vectors into one; -1 for the model's own. A
            ranking model gives the scores of its classes in place of a vector.
        pieces: token ids; their scores as the next token replace the vector.

    Raises:
        OutOfMemoryError: there is not enough memory.
        ModelCallError: llama.cpp failed for another reason.
    """

    def __init__(
        self,
        model: Model,
        *,
        n_batch: int,
        n_ubatch: int,
        n_seq: int,
        threads: int,
        pooling: int,
        pieces: Sequence[int] = (),
        n_packed: int = 0,
    ) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = n_batch
        params.n_batch = params.n_ubatch = n_ubatch
        params.n_seq_max = n_seq
        # One cache for all sequences: separate ones would each be as long as the longest text (77
        # GB for 64 of 8,192 tokens with Qwen3-Embedding-4B).
        params.kv_unified = True
        params.n_threads = params.n_threads_batch = threads
        params.pooling_type = pooling
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED
        params.embeddings = not pieces
        params.no_perf = True
        forget_errors()
        handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not handle:
            reason = errors()[-1]
            msg = (
                f"llama.cpp cannot make a context of {n_batch} tokens, {n_ubatch} at once, for "
                f"{model.path.name}: {reason}. Free memory, or lower KB_CONTEXT_TOKENS or "
                "KB_N_GPU_LAYERS"
            )
            refused = any("alloc" in line or "memory" in line for line in errors())
            raise OutOfMemoryError(msg) if refused else ModelCallError(msg)
        self._handle: llama_cpp.llama_context_p | None = handle
        self._memory = llama_cpp.llama_get_memory(handle)
        self._input = _Input(n_batch, ends_only=bool(pieces))
        self._name = model.path.name
        self._pieces = list(pieces)
        self._vocabulary = model.vocabulary_size
        self._largest = 0
        self.n_batch = n_batch
        self.n_ubatch = n_ubatch
        self.n_seq = n_seq
        self.n_packed = n_packed
        self.threads = threads
        self.using = threads
        self.pooling = int(llama_cpp.llama_pooling_type(handle))
        ranks = self.pooling == POOLING_RANK
        self._width = len(pieces) or (model.classes if ranks else model.width)

    @property
    def packs(self) -> bool:
        """Whether any texts may share a call, as on a GPU."""
        return self.n_seq > 1 and not self.n_packed

    def use(self, threads: int) -> None:
        """Use this number of threads from now on; vectors stay the same."""
        if threads != self.using:
            llama_cpp.llama_set_n_threads(self._handle, threads, threads)
            self.using = threads

    def encode(self, sequences: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Return pooled vectors, float32, shape (n, width), not normalised, in order.

        There may be at most ``n_seq`` sequences, with at most ``n_batch`` tokens together.

        Raises:
            OutOfMemoryError: no memory for this call; a smaller one may succeed.
            ModelCallError: llama.cpp failed.
        """
        if self.using == self.threads:
            return self._encode(sequences)
        future = _wide.submit(self._encode, sequences)
        try:
            return future.result()
        finally:
            wait([future])  # after an interrupt, give the context back only once the call is over

    def _encode(self, sequences: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        vectors = np.empty((len(sequences), self._width), dtype=np.float32)
        self._input.fill(sequences)
        ends = np.cumsum([len(tokens) for tokens in sequences])
        if self._memory:
            llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003 - C signature
        row = 0
        for start in range(0, int(ends[-1]), self.n_ubatch):
            end = min(start + self.n_ubatch, int(ends[-1]))
            self._compute(start, end)
            # llama.cpp overwrites the vectors at the next call.
            while row < len(sequences) and ends[row] <= end:
                last = int(ends[row]) - 1 - start
                vectors[row] = self._next(last) if self._pieces else self._pooled(row)
                row += 1
        return vectors

    def _compute(self, start: int, end: int) -> None:
        """Let llama.cpp compute some tokens of the input, which continue those before."""
        batch = self._input.part(start, end)
        forget_errors()
        if self._memory:
            status = int(llama_cpp.llama_decode(self._handle, batch))
        else:
            status = self._encode_batch(batch)
        if status != 0:
            msg = (
                f"llama.cpp failed with status {status} on {batch.n_tokens} tokens for "
                f"{self._name}: {errors()[-1]}. If memory is short, free some, or lower "
                "KB_CONTEXT_TOKENS or KB_N_GPU_LAYERS"
            )
            raise OutOfMemoryError(msg) if status in _NO_ROOM else ModelCallError(msg)

    def _pooled(self, row: int) -> npt.NDArray[np.float32]:
        pointer = llama_cpp.llama_get_embeddings_seq(self._handle, row)
        if not pointer:
            msg = "llama.cpp gave no pooled embedding; this GGUF is not an embedding model"
            raise ModelCallError(msg)
        return np.ctypeslib.as_array(pointer, shape=(self._width,))

    def _next(self, last: int) -> npt.NDArray[np.float32]:
        """Return the pieces' scores as the next token after the token at ``last``."""
        pointer = llama_cpp.llama_get_logits_ith(self._handle, last)
        if not pointer:
            msg = f"llama.cpp gave no scores of tokens for {self._name}; it predicts no text"
            raise ModelCallError(msg)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary,))[self._pieces]

    def _encode_batch(self, batch: llama_cpp.llama_batch) -> int:
        """Run the encoder without the memory that llama.cpp 0.3.36 allocates in vain.

        For each token llama.cpp allocates and clears a score of every vocabulary piece (512 MB for
        512 tokens of multilingual-e5-small), although encoders never write there. The buffer grows
        to the longest batch so far. Each call gives its pages back, one context at a time, so that
        the contexts of many cores never hold it at once.
        """
        tokens = int(batch.n_tokens)
        # Memory shared with a GPU cannot be given back page by page.
        if tokens <= self._largest or supports_gpu():
            return int(llama_cpp.llama_encode(self._handle, batch))
        with _growing:
            status = int(llama_cpp.llama_encode(self._handle, batch))
            self._largest = tokens
            scores = llama_cpp.llama_get_logits(self._handle)
            if scores:
                address = ctypes.addressof(scores.contents)
                give_back(address, tokens * self._vocabulary * ctypes.sizeof(ctypes.c_float))
        return status

    def close(self) -> None:
        """Free the working memory."""
        if self._handle is not None:
            llama_cpp.llama_free(self._handle)
            self._handle = None


class _Input:
    """The arrays of a ``llama_batch``, written in one go.

    Writing single tokens through ctypes takes 2 µs each, and a GPU would wait for it.
    """

    def __init__(self, capacity: int, *, ends_only: bool) -> None:
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        self._sequences = np.zeros(capacity, np.int32)
        # A vector pools every token; the next token follows only the last one.
        self._wanted = np.full(capacity, not ends_only, np.int8)
        self._ends_only = ends_only
        # llama.cpp takes a pointer per token, for tokens that belong to several sequences.
        first = self._sequences.ctypes.data
        self._addresses = first + np.arange(capacity, dtype=np.uintp) * self._sequences.itemsize

    def fill(self, sequences: Sequence[npt.NDArray[np.int32]]) -> None:
        """Write sequences one after another, numbered in order."""
        at = 0
        for row, tokens in enumerate(sequences):
            end = at + len(tokens)
            self._tokens[at:end] = tokens
            self._positions[at:end] = np.arange(len(tokens))
            self._sequences[at:end] = row
            if self._ends_only:
                self._wanted[at:end] = 0
                self._wanted[end - 1] = 1
            at = end

    def part(self, start: int, end: int) -> llama_cpp.llama_batch:
        """Return the written tokens from ``start`` to ``end``; valid until the next ``fill``."""
        int32 = ctypes.POINTER(ctypes.c_int32)
        return llama_cpp.llama_batch(
            n_tokens=end - start,
            token=self._tokens[start:].ctypes.data_as(int32),
            pos=self._positions[start:].ctypes.data_as(int32),
            n_seq_id=self._counts[start:].ctypes.data_as(int32),
            seq_id=self._addresses[start:].ctypes.data_as(ctypes.POINTER(int32)),
            logits=self._wanted[start:].ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )
