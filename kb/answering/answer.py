"""Answers a question: finds passages, asks the chat model, and keeps its citations true."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from kb.answering.citations import CitationFilter
from kb.answering.pieces import until_circling
from kb.answering.prompts import going_on, not_said, pack, rewriting
from kb.chat.base import FILTERED, ChatModel, ChatStream, Message
from kb.errors import ChatError, ChatTooLongError
from kb.records import SearchHit

ANSWER_TOKENS = 1024
"""Most tokens of an answer where the settings do not say."""

_ANSWER_SHARE = 4  # at most a quarter of a small window is kept for the answer
_WISHED_SHARE = 2  # at most half where the settings ask for more
_LONGEST_WORD = 40  # characters that are said anew where an answer goes on
_QUESTION_CHARACTERS = 400
_LAST_WORD = re.compile(rf"(\s+)\S{{0,{_LONGEST_WORD}}}$")
_HISTORY_MESSAGES = 6
_TRIES = 3

Find = Callable[[str], list[SearchHit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question as it was searched for, its answer, and the passages it was made of.

    ``[n]`` in ``text`` is ``sources[n - 1]``. ``cited`` are the numbers that the text names;
    an answer that names none stands on nothing that could be checked. ``cut`` says that the
    model was stopped in the middle, see :meth:`kb.KnowledgeBase.continue_answer`. ``ended`` is the
    server's word for what ended the answer, where that is neither the model's own end nor the
    length: ``content_filter``, or one that is not known here. ``thinking`` is what the model
    thought before it answered, and no part of the answer.
    """

    question: str
    text: str
    sources: tuple[SearchHit, ...]
    cited: tuple[int, ...]
    cut: bool = False
    thinking: str = ""
    ended: str = ""

    @property
    def can_go_on(self) -> bool:
        """Whether the rest can be had: it was cut short by its length, not by a filter."""
        return self.cut and not self.ended

    @property
    def turns(self) -> tuple[Message, Message]:
        """The question and the answer as part of a conversation, for ``history``."""
        return (
            Message(role="user", content=self.question),
            Message(role="assistant", content=self.text),
        )


class AnswerStream:
    """An answer in the making: iterate for its pieces, or take :attr:`answer` for all of it.

    Nothing happens before that. :meth:`close` ends the model's work. Pieces are empty while the
    model thinks. ``taken_back`` counts how often the pieces so far turned out to be thinking; the
    piece that it grows with is a gap, and the answer begins after it.

    Args:
        find: gives the passages for a question, best first.
        chat: gives the model, opening it at first use.
        question: what is asked.
        history: the conversation so far, for questions that lean on it.
        most_tokens: of the answer; None is 1,024, or a quarter of a small window.
        begun: an answer that was cut short, to go on with; its pieces are those that come anew.

    Raises (where it is iterated, and by :attr:`answer`):
        ChatError: the model fails, or thinks and does not answer; :attr:`so_far` has what it said
            before.
        KnowledgeBaseError: as for a search.
    """

    def __init__(
        self,
        find: Find,
        chat: Callable[[], ChatModel],
        question: str,
        *,
        history: Sequence[Message] = (),
        most_tokens: int | None = None,
        begun: Answer | None = None,
    ) -> None:
        self._find = find
        self._chat = chat
        self._history = list(history)[-_HISTORY_MESSAGES:]
        self._most_tokens = most_tokens
        self._parts = [begun.text] if begun else []
        self._citations = CitationFilter(0)
        self._stream: ChatStream | None = None
        self._took_back = False
        self.taken_back = 0
        self._thought = begun.thinking if begun else ""
        self._pieces = self._gone_on(begun) if begun else self._answered()
        self.question = question.strip()
        self.sources: tuple[SearchHit, ...] = begun.sources if begun else ()

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
            cut=self._stream is not None and self._stream.cut,
            thinking=self._thought + (self._stream.thinking if self._stream else ""),
            ended=self._stream.ended if self._stream else "",
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
            most = self._most(chat.window_tokens)
            self.question = _standing_alone(chat, self._history, self.question, most)
        hits = self._find(self.question)
        if not hits:
            yield self._given(not_said(self.question))
            return
        yield from self._put_right(chat, self._asked(chat, hits))

    def _gone_on(self, begun: Answer) -> Generator[str, None, None]:
        """Ask for the rest of an answer, from its last whole word on."""
        chat = self._chat()
        said, gap = _whole_words(begun.text)
        self._begin(said)
        most = self._most(chat.window_tokens)
        room = chat.window_tokens - most
        messages = going_on(self.question, self.sources, said, count=chat.count, room=room)
        told = _joined(gap, self._told(chat, messages, most))
        # What was cut within a word is said anew, and whoever shows it has the beginning already.
        tail, anew = begun.text[len(said) :], ""
        known = bool(tail)
        for piece in self._put_right(chat, told):
            anew += piece
            if known and tail != anew and tail.startswith(anew):
                yield ""
            elif known:
                known = False
                yield anew.removeprefix(tail)
            else:
                yield piece

    def _put_right(self, chat: ChatModel, pieces: Iterator[str]) -> Generator[str, None, None]:
        """Give a model's words with true citations; empty pieces while there are none."""
        before = len("".join(self._parts))
        for piece in until_circling(pieces):
            if self._took_back:
                self._took_back = False
                self.taken_back += 1
                yield "\n\n"  # for those who have shown what is no part of the answer
            yield self._given(self._citations.feed(piece) if piece else "")
        if rest := self._citations.end():
            yield self._given(rest)
        if len("".join(self._parts).rstrip()) <= before:
            raise self._silent(chat)

    def _asked(self, chat: ChatModel, hits: Sequence[SearchHit]) -> Iterator[str]:
        """Ask the model, with fewer passages where it says that they are too long."""
        window = chat.window_tokens
        most = self._most(window)
        for attempt in range(_TRIES):
            room = (window >> attempt) - most
            messages, given = pack(self.question, hits, count=chat.count, room=room)
            self.sources = tuple(given)
            self._begin("")
            try:
                yield from self._told(chat, messages, most)
            except ChatTooLongError:
                if attempt + 1 == _TRIES or len(given) == 1:
                    raise
            else:
                return

    def _told(self, chat: ChatModel, messages: Sequence[Message], most: int) -> Iterator[str]:
        """Give what the model says; what turns out to have been thinking is taken back."""
        begun = "".join(self._parts)
        taken_back = 0
        with closing(chat.stream(messages, most_tokens=most)) as stream:
            self._stream = stream
            for piece in stream:
                if stream.taken_back > taken_back:
                    taken_back = stream.taken_back
                    self._begin(begun)
                    self._took_back = True
                yield piece

    def _begin(self, said: str) -> None:
        """Begin to write, after what was said before."""
        self._citations = CitationFilter(len(self.sources))
        self._parts = [self._citations.feed(said) + self._citations.end()] if said else []

    def _most(self, window: int) -> int:
        if self._most_tokens is None:
            return min(ANSWER_TOKENS, window // _ANSWER_SHARE)
        return min(self._most_tokens, window // _WISHED_SHARE)

    def _silent(self, chat: ChatModel) -> ChatError:
        """Return the error of a model that has not said a word of an answer."""
        most = self._most(chat.window_tokens)
        ended = self.so_far.ended
        if ended == FILTERED:
            msg = (
                f"the filter of the chat server {chat.where} let through no word of an answer; ask "
                "in other words, or take another model"
            )
            return ChatError(msg)
        if not self.so_far.thinking:
            why = f' (it ended with "{ended}")' if ended else ""
            msg = f"the chat model of {chat.where} gave an empty answer{why}; ask it again"
            return ChatError(msg)
        if self.so_far.cut:
            msg = (
                f"the chat model of {chat.where} spent all its {most:,} tokens thinking and came "
                "to no answer; raise KB_CHAT_ANSWER_TOKENS (and KB_CHAT_CONTEXT_TOKENS to twice as "
                "much), or take a model that answers without thinking"
            )
            return ChatError(msg)
        msg = (
            f"the chat model of {chat.where} thought and then gave no answer; ask in other words, "
            "or take a model that answers without thinking"
        )
        return ChatError(msg)

    def _given(self, piece: str) -> str:
        if piece:
            self._parts.append(piece)
        return piece


def _standing_alone(chat: ChatModel, history: Sequence[Message], question: str, most: int) -> str:
    """Return a follow-up question as the model words it without the conversation."""
    said = ""
    with closing(chat.stream(rewriting(history, question), most_tokens=most)) as stream:
        for piece in stream:
            said = (said + piece).lstrip()
            # A model may think first for as long as an answer takes; a question is one line.
            if "\n" in said or len(said) > _QUESTION_CHARACTERS:
                break
    asked = said.partition("\n")[0].strip()
    return asked if 0 < len(asked) <= _QUESTION_CHARACTERS else question


def _joined(gap: str, pieces: Iterator[str]) -> Iterator[str]:
    """Give pieces with ``gap`` before the first word, whatever white space stands there."""
    begun = not gap
    for piece in pieces:
        if begun:
            yield piece
        elif word := piece.lstrip():
            begun = True
            yield gap + word
        else:
            yield ""


def _whole_words(text: str) -> tuple[str, str]:
    """Return a text up to its last whole word, and the white space behind that."""
    found = _LAST_WORD.search(text)
    return (text[: found.start()], found[1]) if found and found.start() else (text, "")
