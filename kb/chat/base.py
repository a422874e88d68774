"""What every chat model can do, wherever it runs."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


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
    ) -> Generator[str, None, None]:
        """Give the answer piece by piece; closing the iterator ends the model's work.

        Raises:
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
        """Free what it holds."""
        ...
