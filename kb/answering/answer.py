"""Answers a question: finds passages, asks the chat model, and keeps its citations true."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from kb.answering.citations import CitationFilter
from kb.answering.prompts import NOT_SAID, pack, rewriting
from kb.chat.client import ChatServer, Message
from kb.records import SearchHit

ANSWER_TOKENS = 700
_QUESTION_TOKENS = 120
_HISTORY_TURNS = 6

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


class AnswerStream:
    """An answer in the making: iterate for its pieces, then take :attr:`answer`.

    Args:
        find: gives the passages for a question, best first.
        chat: the model.
        question: what is asked.
        history: the conversation so far, for questions that lean on it.
        window_tokens: what the chat model reads and writes at once.
    """

    def __init__(
        self,
        find: Find,
        chat: ChatServer,
        question: str,
        *,
        history: Sequence[Message] = (),
        window_tokens: int,
    ) -> None:
        self._chat = chat
        self._parts: list[str] = []
        self.question = question.strip()
        if history and self.question:
            recent = list(history)[-_HISTORY_TURNS:]
            asked = chat.complete(rewriting(recent, self.question), most_tokens=_QUESTION_TOKENS)
            self.question = asked.splitlines()[0].strip() if asked else self.question
        hits = find(self.question)
        self._messages, self.sources = pack(
            self.question, hits, count=chat.count, room=window_tokens - ANSWER_TOKENS
        )
        self._citations = CitationFilter(len(self.sources))

    def __iter__(self) -> Iterator[str]:
        """Give the answer's pieces, citations put right.

        Raises:
            ChatError: the model fails; the pieces before are what :attr:`answer` then has.
        """
        if not self.sources:
            self._parts.append(NOT_SAID)
            yield NOT_SAID
            return
        for piece in self._chat.stream(self._messages, most_tokens=ANSWER_TOKENS):
            if certain := self._citations.feed(piece):
                self._parts.append(certain)
                yield certain
        if rest := self._citations.end():
            self._parts.append(rest)
            yield rest

    @property
    def answer(self) -> Answer:
        """What was given so far."""
        return Answer(
            question=self.question,
            text="".join(self._parts).strip(),
            sources=tuple(self.sources),
            cited=self._citations.cited,
        )


def as_markdown(answer: Answer) -> str:
    """Return an answer with the list of the passages it cites, as Markdown."""
    lines = [f"## {answer.question}", "", answer.text]
    if answer.cited:
        lines += ["", "### Sources", ""]
    for number in answer.cited:
        hit = answer.sources[number - 1]
        place = f", {hit.place}" if hit.place else ""
        quoted = "\n> ".join(hit.text.strip().splitlines())
        lines += [f"[{number}] {hit.source}{place}", "", f"> {quoted}", ""]
    return "\n".join(lines).rstrip() + "\n"
