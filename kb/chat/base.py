"""What every chat model can do, wherever it runs."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

FILTERED = "content_filter"
"""What ended an answer that a server's filter stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some of what a model writes.

    ``thinking`` is no part of its answer. ``takes_back`` says that all before it was thinking,
    ``cut`` that the model was stopped in the middle, for it had written as much as it may, or for
    the reason in ``ended``. That is what ended it in its server's word, where it is neither the
    model's own end nor the length.
    """

    text: str = ""
    thinking: bool = False
    takes_back: bool = False
    cut: bool = False
    ended: str = ""


class ChatStream:
    """A model's answer in the making: iterate for its pieces, thinking left out.

    A piece is empty while the model thinks, so that whoever iterates can stop it then.

    Attributes:
        thinking: what it thought so far.
        taken_back: how often what was given turned out to be thinking; then the answer begins
            after it.
        cut: whether it was stopped in the middle; known at the end.
        ended: what ended it, where that is out of the ordinary; known at the end.
    """

    def __init__(self, pieces: Generator[Piece, None, None]) -> None:
        self._pieces = pieces
        self._said: list[str] = []
        self.thinking = ""
        self.taken_back = 0
        self.cut = False
        self.ended = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        piece = next(self._pieces)
        self.cut = self.cut or piece.cut
        self.ended = piece.ended or self.ended
        if piece.takes_back:
            self.thinking += "".join(self._said)
            self._said.clear()
            self.taken_back += 1
        if piece.thinking:
            self.thinking += piece.text
            return ""
        self._said.append(piece.text)
        return piece.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the model's work; what was given stays."""
        self._pieces.close()

    def whole(self) -> str:
        """Return the answer, waiting for what is missing of it."""
        for _ in self:
            pass
        return "".join(self._said).strip()


class ChatModel(Protocol):
    """Continues conversations. Thread-safe."""

    @property
    def where(self) -> str:
        """What runs it, for messages: a server's address or a file's name."""
        ...

    @property
    def window_tokens(self) -> int:
        """Tokens that it reads and writes at once, question and answer together."""
        ...

    def count(self, text: str) -> int:
        """Return how many tokens a text has, or somewhat more where that cannot be known."""
        ...

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int, temperature: float = 0.0
    ) -> ChatStream:
        """Give the answer piece by piece; closing it ends the model's work.

        It is asked not to think first, as far as it can be.

        Raises (where it is iterated):
            ChatError: it failed; what was given before is all there is.
        """
        ...

    def complete(self, messages: Sequence[Message], *, most_tokens: int) -> str:
        """Return the whole answer.

        Raises:
            ChatError: as for :meth:`stream`.
        """
        ...

    def close(self) -> None:
        """Free what it holds, ending answers under way."""
        ...
