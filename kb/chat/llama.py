"""A chat model in this process: a GGUF file run by llama.cpp."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Generator as Pieces
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

from kb.chat.base import ChatStream, Message, Piece
from kb.chat.template import ChatTemplate
from kb.chat.thinking import MARKS, ThinkingSplitter
from kb.cores import available_cores
from kb.errors import ChatError
from kb.llama.generator import Generator
from kb.llama.native import Model

DEFAULT_WINDOW_TOKENS = 8192
"""Default window for a prompt and its answer; memory grows with it."""


class LocalChat:
    """Runs a chat model from a GGUF file. Thread-safe: one answer at a time.

    Args:
        path: the model file.
        n_gpu_layers: layers on the GPU, -1 for all.
        threads: processor threads; 0 for one per core.
        window_tokens: limit of tokens for prompt and answer together, at most that of the training;
            None for the smaller of that and 8,192.

    Raises:
        ModelError: the file is missing, damaged, or not a chat model.
        OutOfMemoryError: the model does not fit into memory.
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
        self._closing = threading.Event()
        self._marks = _control_marks(self._model)
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
        """The file's name, for messages."""
        return self._model.path.name

    @property
    def window_tokens(self) -> int:
        """Limit of tokens for prompt and answer together."""
        return self._open().window_tokens

    def count(self, text: str) -> int:
        """Return the number of tokens of a text."""
        self._open()
        return len(self._model.tokenize(text, special=False))

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> ChatStream:
        """Return the model's answer as a stream; closing it ends the work.

        The model writes in its own thread, as fast as it can. A slow or absent reader keeps nobody
        waiting.

        Raises (where it is iterated):
            ChatError: the conversation exceeds the window, or llama.cpp failed.
        """
        return ChatStream(self._stream(messages, most_tokens, temperature))

    def _stream(
        self, messages: Sequence[Message], most_tokens: int, temperature: float
    ) -> Pieces[Piece, None, None]:
        said: SimpleQueue[Piece | BaseException | None] = SimpleQueue()
        given_up = threading.Event()

        def write() -> None:
            try:
                for piece in self._written(messages, most_tokens, temperature, given_up):
                    said.put(piece)
                said.put(None)
            except BaseException as error:  # noqa: BLE001 - raised where the answer is read
                said.put(error)

        threading.Thread(target=write, name="chat", daemon=True).start()
        try:
            while (piece := said.get()) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece
        finally:
            given_up.set()

    def _written(
        self,
        messages: Sequence[Message],
        most_tokens: int,
        temperature: float,
        given_up: threading.Event,
    ) -> Pieces[Piece, None, None]:
        """Yield the model's output; end early if the reader gives up or this model is closed."""
        # Several tokens may form a single character.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        splitter = ThinkingSplitter()
        with self._mutex:
            generator = self._open()
            prompt = self._template.tokens(messages)
            tokens = generator.generate(prompt, most_tokens=most_tokens, temperature=temperature)
            with closing(tokens):
                ended = False
                while not given_up.is_set():
                    if self._closing.is_set():
                        raise self._closed()
                    try:
                        token = next(tokens)
                    except StopIteration as stop:
                        ended = bool(stop.value)
                        break
                    text = self._marks.get(token) or decoder.decode(self._model.piece(token))
                    yield from splitter.feed(text)
        yield from splitter.feed(decoder.decode(b"", final=True))
        yield from splitter.end()
        if not ended:
            yield Piece(cut=True)

    def complete(
        self, messages: Sequence[Message], *, most_tokens: int = 512, temperature: float = 0.0
    ) -> str:
        """Return the model's whole answer.

        Raises:
            ChatError: as for :meth:`stream`.
        """
        return self.stream(messages, most_tokens=most_tokens, temperature=temperature).whole()

    def close(self) -> None:
        """Free the model; a running answer ends."""
        self._closing.set()
        with self._mutex:
            if self._generator is not None:
                self._generator.close()
                self._generator = None
            self._model.close()

    def _open(self) -> Generator:
        if self._generator is None:
            raise self._closed()
        return self._generator

    def _closed(self) -> ChatError:
        name = self._model.path.name
        return ChatError(f"the chat model {name} is closed; open the knowledge base again")


def _control_marks(model: Model) -> dict[int, str]:
    """Return the marks around thinking that are control tokens without a text of their own."""
    found = {}
    for mark in MARKS:
        tokens = model.tokenize(mark, special=False, parse_special=True)
        if len(tokens) == 1 and not model.piece(int(tokens[0])):
            found[int(tokens[0])] = mark
    return found
