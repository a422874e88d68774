"""Working memory in which llama.cpp computes embeddings, and the calls made with it."""

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

_NO_ROOM = (1, -2)  # llama_decode: no place in the cache; memory was refused

_growing = threading.Lock()

# OpenMP gives each calling thread helpers of its own. Where threads take turns, each wakes its
# helper on its own core again and again, so that both take as long as one (80 ms a text instead of
# 43). Few threads make all such calls, as a rule always the same one.
_wide = ThreadPoolExecutor(available_cores(), thread_name_prefix="wide")


class Context:
    """Working memory for computing embeddings; used by one thread at a time.

    Args:
        model: the weights, shared.
        n_batch: most tokens of one call, all its sequences together; a decoder's cache is as
            long, and shared by the sequences.
        n_ubatch: tokens that are handed to llama.cpp at once. Less than ``n_batch`` needs less
            memory, and is for decoders that pool by the last token only: llama.cpp keeps a score
            of every piece of the vocabulary for each of them, wanted or not (607 kB a token for
            Qwen3, 5 GB for 8,192).
        n_seq: most sequences of one call.
        n_packed: most tokens of a call of several sequences, which are short ones by themselves
            then; 0 where any sequences share a call.
        threads: processor threads, until :meth:`use` is told others; ggml's threads spin, so
            never more than idle cores.
        pooling: how token vectors become one, llama.cpp's constant; -1 takes the model's. A
            model that ranks gives its classes' scores in place of a vector.
        pieces: token ids whose scores as the next token are given in place of a vector.

    Raises:
        OutOfMemoryError: there is not enough memory.
        ModelCallError: llama.cpp refused for another reason.
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
        # One cache for all sequences: apart, each would have one as long as the longest text
        # (77 GB for 64 of 8,192 tokens with Qwen3-Embedding-4B).
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
        """Whether any texts share a call, as on a GPU."""
        return self.n_seq > 1 and not self.n_packed

    def use(self, threads: int) -> None:
        """Compute with so many threads from now on; vectors are the same."""
        if threads != self.using:
            llama_cpp.llama_set_n_threads(self._handle, threads, threads)
            self.using = threads

    def encode(self, sequences: Sequence[npt.NDArray[np.int32]]) -> npt.NDArray[np.float32]:
        """Return pooled vectors, float32, shape (n, width), not normalised, in order.

        The sequences together must fit in ``n_batch`` and number at most ``n_seq``.

        Raises:
            OutOfMemoryError: memory for this call was refused; a smaller one may pass.
            ModelCallError: llama.cpp failed.
        """
        if self.using == self.threads:
            return self._encode(sequences)
        future = _wide.submit(self._encode, sequences)
        try:
            return future.result()
        finally:
            wait([future])  # who is interrupted must not give the context back before

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
            # llama.cpp forgets the vectors of one call at the next.
            while row < len(sequences) and ends[row] <= end:
                last = int(ends[row]) - 1 - start
                vectors[row] = self._next(last) if self._pieces else self._pooled(row)
                row += 1
        return vectors

    def _compute(self, start: int, end: int) -> None:
        """Have llama.cpp compute some tokens of the input, which go on from those before."""
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
        """Return the pieces' scores as what follows the token that stands at ``last``."""
        pointer = llama_cpp.llama_get_logits_ith(self._handle, last)
        if not pointer:
            msg = f"llama.cpp gave no scores of tokens for {self._name}; it predicts no text"
            raise ModelCallError(msg)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary,))[self._pieces]

    def _encode_batch(self, batch: llama_cpp.llama_batch) -> int:
        """Run the encoder without the memory that llama.cpp 0.3.36 sets aside in vain.

        It makes room for a score of every piece of the vocabulary for each token and clears it
        (512 MB for 512 tokens of multilingual-e5-small), though encoders never write there. The
        room grows with the longest batch so far; its pages are given back each time, one context
        at a time, so that the contexts of many cores do not hold it all at once.
        """
        tokens = int(batch.n_tokens)
        # Memory that a GPU shares cannot be given back page by page.
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
    """The arrays of a ``llama_batch``, written as a whole.

    Token by token through ctypes takes 2 µs each, which a GPU would wait for.
    """

    def __init__(self, capacity: int, *, ends_only: bool) -> None:
        self._tokens = np.zeros(capacity, np.int32)
        self._positions = np.zeros(capacity, np.int32)
        self._counts = np.ones(capacity, np.int32)
        self._sequences = np.zeros(capacity, np.int32)
        # For vectors every token counts; of what follows, only what follows the whole.
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
        """Return what was written from ``start`` to ``end``; valid until the next ``fill``."""
        int32 = ctypes.POINTER(ctypes.c_int32)
        return llama_cpp.llama_batch(
            n_tokens=end - start,
            token=self._tokens[start:].ctypes.data_as(int32),
            pos=self._positions[start:].ctypes.data_as(int32),
            n_seq_id=self._counts[start:].ctypes.data_as(int32),
            seq_id=self._addresses[start:].ctypes.data_as(ctypes.POINTER(int32)),
            logits=self._wanted[start:].ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )
