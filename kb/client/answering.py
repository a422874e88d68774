"""An answer that a server makes, read as it comes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Self

from kb import wire
from kb.answering.answer import Answer
from kb.chat.base import FILTERED, Message
from kb.client.parts import Parts, place, search_json
from kb.errors import ChatError, KnowledgeServerUnavailableError
from kb.records import SearchHit
from kb.search.request import SearchRequest

_SILENCE_S = 600.0
"""How long the server may say nothing: while the model thinks it says that it is there."""


class ServedAnswer(Parts):
    """An answer in the making, as :class:`kb.AnswerStream` is one.

    Nothing is asked before it is iterated, or :attr:`answer` is taken. :meth:`close` ends the
    model's work. ``taken_back`` counts how often the pieces so far turned out to be thinking; the
    piece that it grows with is a gap, and the answer begins after it.

    Raises (where it is iterated, and by :attr:`answer`):
        ChatError: the model fails, or thinks and does not answer; :attr:`so_far` has what it said
            before.
        KnowledgeBaseError: as for a search.
    """

    def __init__(
        self,
        within: Parts,
        path: str,
        body: Mapping[str, Any],
        *,
        question: str,
        begun: Answer | None = None,
    ) -> None:
        super().__init__(within.server)
        self._path = path
        self._body = {**body, "stream": True}
        self._begun = begun.text if begun else ""
        self._parts: list[str] = [self._begun]
        self._whole: Answer | None = None
        self._pieces = self._told()
        self.taken_back = 0
        self.question = question.strip()
        self.sources: tuple[SearchHit, ...] = begun.sources if begun else ()

    @classmethod
    def to(cls, within: Parts, request: SearchRequest, history: Sequence[Message]) -> Self:
        """Return the answer to a question that is asked of the passages of a search."""
        left_out = {"query", "queries", "highlights", "context", "diversity", "instruct", "rerank"}
        body = {name: value for name, value in search_json(request).items() if name not in left_out}
        turns = [{"role": message.role, "content": message.content} for message in history]
        body |= {"question": request.query, "history": turns}
        return cls(within, place("answer"), body, question=request.query)

    @classmethod
    def going_on(cls, within: Parts, begun: Answer) -> Self:
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
        body = {"answer": wire.answer_json(begun)}
        path = place("answer", "continue")
        return cls(within, path, body, question=begun.question, begun=begun)

    def __iter__(self) -> Iterator[str]:
        """Give the pieces that have not been given yet, citations put right."""
        return self._pieces

    def close(self) -> None:
        """Stop the model; the text so far stays."""
        self._pieces.close()

    @property
    def so_far(self) -> Answer:
        """The answer so far."""
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

    def _told(self) -> Generator[str, None, None]:
        if not self.question:
            return
        stream = self.server.streaming("POST", self._path, silence_s=_SILENCE_S, json=self._body)
        with stream as response:
            for event in wire.events_of(response.iter_lines()):
                yield from self._taken(event)
        if self._whole is None:
            msg = f"{self.server.peer.named} broke off before the end of its answer; ask it again"
            raise KnowledgeServerUnavailableError(msg)

    def _taken(self, event: wire.Event) -> Iterator[str]:
        match event.name:
            case "sources":
                self.question = str(event.data["question"])
                found = event.data["sources"]
                self.sources = tuple(
                    self.record(wire.hit_from_json, each, self._path) for each in found
                )
            case "piece":
                piece = str(event.data["text"])
                self._parts.append(piece)
                yield piece
            case "takes_back":
                self._parts = [self._begun]
                self.taken_back += 1
                yield "\n\n"  # for those who have shown what is no part of the answer
            case "answer":
                self._whole = self.record(wire.answer_from_json, event.data, self._path)
                self.question, self.sources = self._whole.question, self._whole.sources
            case "error":
                raise self.server.raised(event.data)
            case _:
                pass  # of a newer release
