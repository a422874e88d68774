"""The interface of every chat model."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, Self

FILTERED = "content_filter"
"""End reason of an answer that a server's filter stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a model's output.

    ``thinking`` is not a part of the answer. ``takes_back`` says that all output before it was
    thinking. ``cut`` says that the model was stopped in the middle, by the limit of tokens or for
    the reason in ``ended``. ``ended`` is the server's word for an end that is neither the model's
    own nor the limit.
    """

    text: str = ""
    thinking: bool = False
    takes_back: bool = False
    cut: bool = False
    ended: str = ""


class ChatStream:
    """A model's answer as a stream: iterate for its pieces, without thinking.

    Pieces are empty while the model thinks, so that the caller can stop it then.

    Attributes:
        thinking: its thoughts so far.
        taken_back: how often the output so far turned out to be thinking; the answer then starts
            anew.
        cut: whether the model was stopped in the middle; known at the end.
        ended: the reason of an unusual end; known at the end.
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
        """End the model's work; the pieces so far stay."""
        self._pieces.close()

    def whole(self) -> str:
        """Return the whole answer, waiting for the missing pieces."""
        for _ in self:
            pass
        return "".join(self._said).strip()


class ChatModel(Protocol):
    """Continues conversations. Thread-safe."""

    @property
    def where(self) -> str:
        """Its place, for messages: a server's address or a file's name."""
        ...

    @property
    def window_tokens(self) -> int:
        """Limit of tokens for question and answer together."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of a text, or an upper estimate."""
        ...

    def stream(
        self, messages: Sequence[Message], *, most_tokens: int, temperature: float = 0.0
    ) -> ChatStream:
        """Return the answer as a stream; closing it ends the model's work.

        The model is asked not to think first, if it supports that.

        Raises (where it is iterated):
            ChatError: the model failed. The pieces before are all of the answer.
        """
        ...

    def complete(self, messages: Sequence[Message], *, most_tokens: int) -> str:
        """Return the whole answer.

        Raises:
            ChatError: as for :meth:`stream`.
        """
        ...

    def close(self) -> None:
        """Free its resources; running answers end."""
        ...
