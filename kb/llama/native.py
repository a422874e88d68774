"""A GGUF model loaded by llama.cpp's low-level API: weights, header and tokenizer.

``llama_cpp.Llama.embed`` has three faults. It packs sequences into one batch, and computes
attention over the whole batch (ten times slower on a CPU). It truncates input at ``n_batch``
silently. It has only one context, so that a core idles.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kb.errors import ModelCallError
from kb.llama.library import llama_cpp
from kb.llama.weights import Weights

POOLING_NONE = llama_cpp.LLAMA_POOLING_TYPE_NONE
POOLING_LAST = llama_cpp.LLAMA_POOLING_TYPE_LAST
POOLING_RANK = llama_cpp.LLAMA_POOLING_TYPE_RANK
POOLING_NAMES = {-1: "unspecified", 0: "none", 1: "mean", 2: "cls", 3: "last", 4: "rank"}

_META_BYTES = 4096


class Model:
    """A GGUF model in memory: weights and tokenizer. Thread-safe.

    Models of one file share their memory. With ``only_header`` no weights are read.

    Raises:
        ModelError: the file is missing, damaged, or of an architecture llama.cpp lacks.
        OutOfMemoryError: the weights do not fit.
    """

    def __init__(self, path: Path, *, n_gpu_layers: int = -1, only_header: bool = False) -> None:
        self.path = path
        self._weights: Weights | None = Weights.of(
            path, n_gpu_layers=n_gpu_layers, only_header=only_header
        )
        self._vocab = llama_cpp.llama_model_get_vocab(self._weights.handle)

    @property
    def handle(self) -> llama_cpp.llama_model_p:
        """The library's pointer, for contexts."""
        if self._weights is None:
            msg = "the embedding model is closed; open the knowledge base again"
            raise ModelCallError(msg)
        return self._weights.handle

    @property
    def width(self) -> int:
        """Width of the model's vectors."""
        return int(llama_cpp.llama_model_n_embd_out(self.handle))

    @property
    def classes(self) -> int:
        """Number of scores of a ranking model; llama.cpp's default of 1 for others."""
        return int(llama_cpp.llama_model_n_cls_out(self.handle))

    @property
    def class_names(self) -> list[str]:
        """Names of those scores; "" if the file has none."""
        names = [llama_cpp.llama_model_cls_label(self.handle, at) for at in range(self.classes)]
        return [name.decode("utf-8", "replace") if name else "" for name in names]

    def mark(self, kind: str) -> int | None:
        """Return the id of the token that begins, ends or separates texts; None if there is none.

        ``kind`` is ``bos``, ``eos`` or ``sep``.
        """
        asked = {
            "bos": llama_cpp.llama_vocab_bos,
            "eos": llama_cpp.llama_vocab_eos,
            "sep": llama_cpp.llama_vocab_sep,
        }[kind]
        token = int(asked(self._vocab))
        return None if token < 0 else token

    def adds(self, kind: str) -> bool:
        """Return whether the model expects that token around or between texts."""
        asked = {
            "bos": llama_cpp.llama_vocab_get_add_bos,
            "eos": llama_cpp.llama_vocab_get_add_eos,
            "sep": llama_cpp.llama_vocab_get_add_sep,
        }[kind]
        return bool(asked(self._vocab))

    @property
    def vocabulary_size(self) -> int:
        """Number of pieces of the tokenizer."""
        return int(llama_cpp.llama_vocab_n_tokens(self._vocab))

    @property
    def context_length(self) -> int:
        """Most tokens that the model was trained to read."""
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    @property
    def parameters(self) -> int:
        """Number of the model's weights."""
        return int(llama_cpp.llama_model_n_params(self.handle))

    @property
    def layers(self) -> int:
        """Number of transformer layers."""
        return int(llama_cpp.llama_model_n_layer(self.handle))

    def metadata(self, key: str) -> str | None:
        """Return a scalar of the GGUF header as text; None if it is absent."""
        capacity = _META_BYTES
        while True:
            buffer = ctypes.create_string_buffer(capacity)
            size = llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, capacity)
            if size < capacity:
                return None if size < 0 else buffer.value.decode("utf-8", "replace")
            capacity = size + 1

    def pieces(self) -> list[str]:
        """Return the texts of the vocabulary, by id."""
        count = llama_cpp.llama_vocab_n_tokens(self._vocab)
        return [
            llama_cpp.llama_vocab_get_text(self._vocab, id_).decode("utf-8", "replace")
            for id_ in range(count)
        ]

    def tokenize(
        self, text: str, *, special: bool = True, parse_special: bool = False
    ) -> npt.NDArray[np.int32]:
        """Return token ids, int32. ``special`` adds the control tokens that the model expects.

        The text of a control token inside a document stays text unless ``parse_special`` is true.
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
        """Return the text of token ids, int32; control tokens have none."""
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

    def piece(self, token: int) -> bytes:
        """Return the bytes that one token writes, maybe a part of a character."""
        capacity = 64
        while True:
            buffer = ctypes.create_string_buffer(capacity)
            size = llama_cpp.llama_token_to_piece(
                self._vocab,
                token,
                buffer,
                capacity,
                0,
                False,  # noqa: FBT003 - C signature
            )
            if size >= 0:
                return buffer.raw[:size]
            capacity = -size

    def ends(self, token: int) -> bool:
        """Return whether a token ends the model's output."""
        return bool(llama_cpp.llama_vocab_is_eog(self._vocab, token))

    def opening_tokens(self) -> npt.NDArray[np.int32]:
        """Return the token ids, int32, that the model expects before a sequence: one or none."""
        wants = llama_cpp.llama_vocab_get_add_bos(self._vocab)
        ids = [llama_cpp.llama_vocab_bos(self._vocab)] if wants else []
        return np.array(ids, dtype=np.int32)

    @property
    def begin_and_end(self) -> tuple[str, str]:
        """Return the texts of the control tokens that begin and end a sequence; empty if none."""
        ids = (llama_cpp.llama_vocab_bos(self._vocab), llama_cpp.llama_vocab_eos(self._vocab))
        first, last = (
            llama_cpp.llama_vocab_get_text(self._vocab, id_).decode("utf-8", "replace")
            if id_ >= 0
            else ""
            for id_ in ids
        )
        return first, last

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
        """Release the weights; close the contexts first."""
        if self._weights is not None:
            self._weights.close()
            self._weights = None
