"""A chat model in this process: a GGUF file, by llama.cpp."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from kb.chat.base import Message
from kb.chat.generator import Generator
from kb.chat.template import ChatTemplate
from kb.cores import available_cores
from kb.embedding.native import Model
from kb.errors import ChatError

DEFAULT_WINDOW_TOKENS = 8192
"""Room for a prompt and its answer unless the settings say otherwise; memory grows with it."""


class LocalChat:
    """Asks a chat model from a GGUF file. Thread-safe: one answer at a time.

    Args:
        path: the file.
        n_gpu_layers: layers on the GPU, -1 all.
        threads: processor threads; 0 one for each core.
        window_tokens: room for prompt and answer, at most what the model was trained for; None
            is the smaller of that and 8,192.

    Raises:
        ModelError: the file is missing or damaged, or holds no chat model.
        OutOfMemoryError: it does not fit into memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_gpu_layers: int = -1,
        threads: int = 0,
        window_tokens: int | None = None,
    ) -> None:
        self._model = Model(path, n_gpu_layers=n_gpu_layers)
        self._mutex = threading.Lock()
        self._generator: Generator | None = None
        try:
            self._template = ChatTemplate(self._model)
            self._generator = Generator(
                self._model,
                window_tokens=min(
                    window_tokens or DEFAULT_WINDOW_TOKENS, self._model.context_length
                ),
                threads=threads or available_cores(),
            )
        except BaseException:
            self.close()
            raise

    @property
    def where(self) -> str:
        """The file's name."""
        return self._model.path.name

    @property
    def window_tokens(self) -> int:
        """Tokens of a prompt and its answer together."""
        return self._open().window_tokens

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        self._open()
        return len(self._model.tokenize(text, special=False))

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> Pieces[str, None, None]:
        """Give the model's answer piece by piece; closing the iterator ends the work.

        Raises:
            ChatError: the conversation is longer than the window, or llama.cpp failed.
        """
        # A character may be spread over tokens.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with self._mutex:
            generator = self._open()
            prompt = self._template.tokens(messages)
            with closing(
                generator.generate(prompt, most_tokens=most_tokens, temperature=temperature)
            ) as pieces:
                for piece in pieces:
                    if text := decoder.decode(piece):
                        yield text
        if rest := decoder.decode(b"", final=True):
            yield rest

    def complete(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> str:
        """Return the model's whole answer.

        Raises:
            ChatError: as for :meth:`stream`.
        """
        parts = self.stream(messages, most_tokens=most_tokens, temperature=temperature)
        return "".join(parts).strip()

    def close(self) -> None:
        """Free the model, after the answer under way."""
        with self._mutex:
            if self._generator is not None:
                self._generator.close()
                self._generator = None
            self._model.close()

    def _open(self) -> Generator:
        if self._generator is None:
            msg = f"the chat model {self._model.path.name} is closed; open the knowledge base again"
            raise ChatError(msg)
        return self._generator
