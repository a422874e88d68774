"""Answers a question: finds passages, asks the chat model, and keeps its citations true."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from kb.answering.citations import CitationFilter
from kb.answering.pieces import until_circling, without_reasoning
from kb.answering.prompts import not_said, pack, rewriting
from kb.chat.base import ChatModel, Message
from kb.errors import ChatTooLongError
from kb.records import SearchHit

_ANSWER_TOKENS = 1024
_ANSWER_SHARE = 4  # at most a quarter of a small window is kept for the answer
_QUESTION_TOKENS = 120
_QUESTION_CHARACTERS = 400
_HISTORY_MESSAGES = 6
_TRIES = 3

Find = Callable[[str], list[SearchHit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question as it was searched for, its answer, and the passages it was made of.

    ``[n]`` in ``text`` is ``sources[n - 1]``. ``cited`` are the numbers that the text names;
    an answer that names none stands on nothing that could be checked.
    """

    question: str
    text: str
    sources: tuple[SearchHit, ...]
    cited: tuple[int, ...]

    @property
    def turns(self) -> tuple[Message, Message]:
        """The question and the answer as part of a conversation, for ``history``."""
        return (
            Message(role="user", content=self.question),
            Message(role="assistant", content=self.text),
        )


class AnswerStream:
    """An answer in the making: iterate for its pieces, or take :attr:`answer` for all of it.

    Nothing happens before that. :meth:`close` ends the model's work.

    Args:
        find: gives the passages for a question, best first.
        chat: gives the model, opening it at first use.
        question: what is asked.
        history: the conversation so far, for questions that lean on it.

    Raises (where it is iterated, and by :attr:`answer`):
        ChatError: the model fails; :attr:`so_far` has what it said before.
        KnowledgeBaseError: as for a search.
    """

    def __init__(
        self,
        find: Find,
        chat: Callable[[], ChatModel],
        question: str,
        *,
        history: Sequence[Message] = (),
    ) -> None:
        self._find = find
        self._chat = chat
        self._history = list(history)[-_HISTORY_MESSAGES:]
        self._parts: list[str] = []
        self._citations = CitationFilter(0)
        self._pieces = self._answered()
        self.question = question.strip()
        self.sources: tuple[SearchHit, ...] = ()

    def __iter__(self) -> Iterator[str]:
        """Give the pieces that have not been given yet, citations put right."""
        return self._pieces

    def close(self) -> None:
        """End the model's work; what was said stays."""
        self._pieces.close()

    @property
    def so_far(self) -> Answer:
        """What was given so far."""
        return Answer(
            question=self.question,
            text="".join(self._parts).strip(),
            sources=self.sources,
            cited=self._citations.cited,
        )

    @property
    def answer(self) -> Answer:
        """The whole answer; waits for what is missing."""
        for _ in self:
            pass
        return self.so_far

    def _answered(self) -> Generator[str, None, None]:
        if not self.question:
            return
        chat = self._chat()
        if self._history:
            self.question = _standing_alone(chat, self._history, self.question)
        hits = self._find(self.question)
        if not hits:
            yield self._given(not_said(self.question))
            return
        for piece in until_circling(without_reasoning(self._asked(chat, hits))):
            if certain := self._citations.feed(piece):
                yield self._given(certain)
        if rest := self._citations.end():
            yield self._given(rest)
        if not self._parts:
            yield self._given(not_said(self.question))

    def _asked(self, chat: ChatModel, hits: Sequence[SearchHit]) -> Iterator[str]:
        """Ask the model, with fewer passages where it says that they are too long."""
        window = chat.window_tokens
        most = min(_ANSWER_TOKENS, window // _ANSWER_SHARE)
        for attempt in range(_TRIES):
            room = (window >> attempt) - most
            messages, given = pack(self.question, hits, count=chat.count, room=room)
            self.sources = tuple(given)
            self._citations = CitationFilter(len(given))
            try:
                with closing(chat.stream(messages, most_tokens=most)) as pieces:
                    yield from pieces
            except ChatTooLongError:
                if attempt + 1 == _TRIES or len(given) == 1:
                    raise
            else:
                return

    def _given(self, piece: str) -> str:
        self._parts.append(piece)
        return piece


def _standing_alone(chat: ChatModel, history: Sequence[Message], question: str) -> str:
    """Return a follow-up question as the model words it without the conversation."""
    pieces = chat.stream(rewriting(history, question), most_tokens=_QUESTION_TOKENS)
    lines = "".join(without_reasoning(pieces)).strip().splitlines()
    asked = lines[0].strip() if lines else ""
    return asked if 0 < len(asked) <= _QUESTION_CHARACTERS else question
