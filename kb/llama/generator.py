"""Generates text with llama.cpp: a prompt in, token ids out."""

from __future__ import annotations

import ctypes
from collections.abc import Generator as Pieces
from typing import Any

import numpy as np
import numpy.typing as npt

from kb.errors import ChatError, ChatTooLongError, OutOfMemoryError
from kb.llama.library import errors, forget_errors, llama_cpp
from kb.llama.native import Model

_BATCH = 512  # tokens of the prompt computed between two checks whether to stop
_SEED = 20_240_601


class Generator:
    """Working memory in which a model writes; not thread-safe.

    The common prefix of two prompts in a row (rules, conversation) is computed once.

    Args:
        model: the weights.
        window_tokens: room for a prompt and its answer.
        threads: processor threads.

    Raises:
        OutOfMemoryError: memory does not suffice for this window.
    """

    def __init__(self, model: Model, *, window_tokens: int, threads: int) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = window_tokens
        params.n_batch = params.n_ubatch = min(_BATCH, window_tokens)
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        forget_errors()
        handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not handle:
            msg = (
                f"there is not enough memory for {model.path.name} with a window of "
                f"{window_tokens} tokens ({errors()[-1]}); lower KB_CHAT_CONTEXT_TOKENS"
            )
            raise OutOfMemoryError(msg)
        self._model = model
        self._handle: llama_cpp.llama_context_p | None = handle
        self._memory = llama_cpp.llama_get_memory(handle)
        self._kept = np.empty(0, dtype=np.int32)
        self.window_tokens = window_tokens

    def generate(
        self, prompt: npt.NDArray[np.int32], *, most_tokens: int, temperature: float
    ) -> Pieces[int, None, bool]:
        """Yield one token after another, until the model ends or the room is used up.

        The generator returns whether the model ended by itself.

        Args:
            prompt: token ids, int32.
            most_tokens: most tokens of the answer.
            temperature: 0 always takes the most likely token.

        Raises:
            ChatTooLongError: the prompt leaves no room for an answer.
            ChatError: llama.cpp failed.
        """
        room = self.window_tokens - len(prompt)
        if room < 1:
            msg = (
                f"the question takes {len(prompt)} tokens, and {self._model.path.name} reads "
                f"{self.window_tokens}; shorten it, or raise KB_CHAT_CONTEXT_TOKENS"
            )
            raise ChatTooLongError(msg)
        sampler = _sampler(temperature)
        try:
            self._compute_prompt(prompt)
            for _ in range(min(most_tokens, room)):
                token = int(llama_cpp.llama_sampler_sample(sampler, self._handle, -1))
                if self._model.ends(token):
                    return True
                yield token
                self._compute(np.array([token], dtype=np.int32))
        finally:
            llama_cpp.llama_sampler_free(sampler)
        return False

    def close(self) -> None:
        """Free the memory."""
        if self._handle is not None:
            llama_cpp.llama_free(self._handle)
            self._handle = None

    def _compute_prompt(self, prompt: npt.NDArray[np.int32]) -> None:
        same = min(len(self._kept), len(prompt) - 1)  # the last token's scores must be computed
        differs = np.nonzero(self._kept[:same] != prompt[:same])[0]
        keep = int(differs[0]) if len(differs) else same
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, keep, -1):
            llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003 - C signature
            keep = 0
        self._kept = prompt[:keep]
        for start in range(keep, len(prompt), _BATCH):
            self._compute(prompt[start : start + _BATCH])

    def _compute(self, tokens: npt.NDArray[np.int32]) -> None:
        ids = np.ascontiguousarray(tokens, dtype=np.int32)
        pointer = ids.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
        forget_errors()
        status = llama_cpp.llama_decode(
            self._handle, llama_cpp.llama_batch_get_one(pointer, len(ids))
        )
        if status != 0:
            self._kept = np.empty(0, dtype=np.int32)
            llama_cpp.llama_memory_clear(self._memory, True)  # noqa: FBT003 - C signature
            msg = f"the chat model {self._model.path.name} failed: {errors()[-1]}"
            raise ChatError(msg)
        self._kept = np.concatenate([self._kept, ids])


def _sampler(temperature: float) -> Any:  # noqa: ANN401 - untyped upstream
    chain = llama_cpp.llama_sampler_chain_init(llama_cpp.llama_sampler_chain_default_params())
    if temperature > 0:
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_temp(temperature))
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_dist(_SEED))
    else:
        llama_cpp.llama_sampler_chain_add(chain, llama_cpp.llama_sampler_init_greedy())
    return chain
