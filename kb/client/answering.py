"""An answer that a server makes, read as it comes."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, Self

from kb import wire
from kb.answering.answer import Answer
from kb.chat.base import FILTERED
from kb.client.connection import Connection
from kb.errors import ChatError
from kb.records import SearchHit

_SILENCE_S = 600.0
"""How long a model may think without a word; the server says meanwhile that it is there."""


class ServedAnswer:
    """An answer in the making, as :class:`kb.AnswerStream` is one.

    Nothing is asked before it is iterated, or :attr:`answer` is taken. :meth:`close` ends the
    model's work. Pieces are empty while the model thinks.
    """

    def __init__(
        self,
        server: Connection,
        body: dict[str, Any],
        question: str,
        *,
        begun: Answer | None = None,
    ) -> None:
        self._server = server
        self._body = body
        self._parts = [begun.text] if begun else []
        self._whole: Answer | None = None
        self._pieces = self._answered()
        self.taken_back = 0
        self.question = question.strip()
        self.sources: tuple[SearchHit, ...] = begun.sources if begun else ()

    @classmethod
    def going_on(cls, server: Connection, begun: Answer) -> Self:
        """Return the rest of an answer that was cut short, in the making.

        Raises:
            ChatError: the chat server's filter cut it short.
        """
        if begun.ended == FILTERED:
            msg = (
                "the chat server's filter cut the answer short, so it cannot be continued; ask in "
                "other words"
            )
            raise ChatError(msg)
        return cls(server, {"begun": wire.answer_json(begun)}, begun.question, begun=begun)

    def __iter__(self) -> Iterator[str]:
        """Give the pieces that have not been given yet, citations put right."""
        return self._pieces

    def close(self) -> None:
        """End the model's work; what was said stays."""
        self._pieces.close()

    @property
    def so_far(self) -> Answer:
        """What was given so far."""
        if self._whole is not None:
            return self._whole
        text = "".join(self._parts).strip()
        return Answer(question=self.question, text=text, sources=self.sources, cited=())

    @property
    def answer(self) -> Answer:
        """The whole answer; waits for what is missing."""
        for _ in self:
            pass
        return self.so_far

    def _answered(self) -> Generator[str, None, None]:
        if not self.question:
            return
        raise NotImplementedError
        yield ""
