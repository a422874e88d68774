"""Text into the tokens that the model was trained on, including control tokens."""

from __future__ import annotations

import unicodedata

import numpy as np
import numpy.typing as npt

from kb.errors import ModelError
from kb.llama.native import Model
from kb.llama.wordpiece import WordPiece

Tokens = npt.NDArray[np.int32]


class TextTokenizer:
    """A model's tokenizer, corrected where llama.cpp's differs from the original. Thread-safe.

    - Qwen's normalises text to NFC first; GGUF has no place to say so.
    - BERT's is :class:`~kb.llama.wordpiece.WordPiece`.
    - A family that ends every input with one token gets exactly that one, whatever the GGUF
      says: early conversions lack it, or name the end of a chat turn.

    Args:
        model: the model of the tokenizer.
        end_token: the token that ends every input of its family; ``""`` if the GGUF decides.

    Raises:
        ModelError: the model lacks the token that its family ends with.
    """

    def __init__(self, model: Model, *, end_token: str = "") -> None:
        self._model = model
        self._nfc = model.metadata("tokenizer.ggml.pre") == "qwen2"
        self._wordpiece = _wordpiece_of(model)
        empty = model.tokenize("")
        self._before, self._after = empty[:1], empty[1:]
        self._end = _end_token(model, end_token)

    def count(self, text: str) -> int:
        """Count the tokens of a text without control tokens."""
        return len(self.bare(text))

    def tokens(self, text: str) -> Tokens:
        """Return a text's token ids, int32, with the control tokens that the model expects.

        The text of a control token, such as ``<|im_end|>``, stays text.
        """
        if self._end is not None:
            return np.append(self.bare(text), self._end)
        if self._wordpiece is not None:
            return np.concatenate([self._before, self.bare(text), self._after])
        return self._model.tokenize(self._normal(text))

    def bare(self, text: str) -> Tokens:
        """Return a text's token ids, int32, without control tokens."""
        if self._wordpiece is not None:
            return np.array(self._wordpiece.tokenize(text), dtype=np.int32)
        return self._model.tokenize(self._normal(text), special=False)

    def _normal(self, text: str) -> str:
        return unicodedata.normalize("NFC", text) if self._nfc else text


def _end_token(model: Model, text: str) -> np.int32 | None:
    if not text:
        return None
    parsed = model.tokenize(text, special=False, parse_special=True)
    if len(parsed) != 1:
        msg = (
            f"{model.path.name} lacks the token {text}, with which its family ends every input; "
            "the file was made from another kind of model, so fetch one that is known"
        )
        raise ModelError(msg)
    return np.int32(parsed[0])


def _wordpiece_of(model: Model) -> WordPiece | None:
    if model.metadata("tokenizer.ggml.model") != "bert":
        return None
    lowercase = model.metadata("tokenizer.ggml.normalizer.lowercase") != "false"
    strip = model.metadata("tokenizer.ggml.normalizer.strip_accents")
    return WordPiece(
        model.pieces(),
        unknown=int(model.metadata("tokenizer.ggml.unknown_token_id") or 100),
        lowercase=lowercase,
        strip_accents=lowercase if strip is None else strip == "true",
    )
