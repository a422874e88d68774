"""Answers a question: finds passages, asks the chat model, and corrects its citations."""

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
"""Default limit of an answer, in tokens."""

_ANSWER_SHARE = 4  # a small window keeps at most a quarter for the answer
_WISHED_SHARE = 2  # at most half if the settings ask for more
_LONGEST_WORD = 40  # characters that may be repeated at the start of a continued answer
_QUESTION_CHARACTERS = 400
_LAST_WORD = re.compile(rf"(\s+)\S{{0,{_LONGEST_WORD}}}$")
_HISTORY_MESSAGES = 6
_TRIES = 3
_UNCITED_SHOWN = 3

Find = Callable[[str], list[SearchHit]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question as it was searched for, its answer, and the answer's passages.

    ``[n]`` in ``text`` is ``sources[n - 1]``. ``cited`` are the numbers in the text; nobody can
    check an answer without any. ``cut`` says that the model was stopped in the middle; see
    :meth:`kb.KnowledgeBase.continue_answer`. ``ended`` is the server's word for an end that is
    neither the model's own nor the limit of tokens: ``content_filter``, or an unknown one.
    ``thinking`` is the model's thinking, which is not a part of the answer.
    """

    question: str
    text: str
    sources: tuple[SearchHit, ...]
    cited: tuple[int, ...]
    cut: bool = False
    thinking: str = ""
    ended: str = ""

    @property
    def shown(self) -> tuple[int, ...]:
        """Numbers of the passages to check it against: the cited ones, else the first three."""
        return self.cited or tuple(range(1, min(_UNCITED_SHOWN, len(self.sources)) + 1))

    @property
    def can_go_on(self) -> bool:
        """Whether the rest is available: the limit cut the answer short, and not a filter."""
        return self.cut and not self.ended

    @property
    def turns(self) -> tuple[Message, Message]:
        """Question and answer as a part of a conversation, for ``history``."""
        return (
            Message(role="user", content=self.question),
            Message(role="assistant", content=self.text),
        )


class AnswerStream:
    """An answer as a stream: iterate for its pieces, or wait for all of it with :attr:`answer`.

    The model starts at the first of these. :meth:`close` ends its work. Pieces are empty while the
    model thinks. ``taken_back`` counts how often the pieces so far turned out to be thinking. The
    piece that increases it is a blank line, and the answer begins after it.

    Args:
        find: returns the passages for a question, best first.
        chat: returns the model, which it opens at first use.
        question: the question.
        history: the conversation so far, for questions that depend on it.
        most_tokens: most tokens of the answer; None for 1,024, or a quarter of a small window.
        begun: an answer to continue after it was cut short; the pieces are only the new ones.

    Raises (where it is iterated, and by :attr:`answer`):
        ChatError: the model fails, or thinks without answering; :attr:`so_far` has the part before.
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
        """Yield the pieces that have not been read yet, with corrected citations."""
        return self._pieces

    def close(self) -> None:
        """End the model's work; the pieces so far stay."""
        self._pieces.close()

    @property
    def so_far(self) -> Answer:
        """The answer so far."""
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
        """The whole answer; waits for the missing pieces."""
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
        """Request the rest of an answer, from its last whole word on."""
        chat = self._chat()
        said, gap = _whole_words(begun.text)
        self._begin(said)
        most = self._most(chat.window_tokens)
        room = chat.window_tokens - most
        messages = going_on(self.question, self.sources, said, count=chat.count, room=room)
        told = _joined(gap, self._told(chat, messages, most))
        # The model repeats a word that was cut. The reader already shows its beginning.
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
        """Yield a model's output with correct citations, and empty pieces while it thinks."""
        before = len("".join(self._parts))
        for piece in until_circling(pieces):
            if self._took_back:
                self._took_back = False
                self.taken_back += 1
                yield "\n\n"  # for readers who already show text that is not a part of the answer
            yield self._given(self._citations.feed(piece) if piece else "")
        if rest := self._citations.end():
            yield self._given(rest)
        if len("".join(self._parts).rstrip()) <= before:
            raise self._silent(chat)

    def _asked(self, chat: ChatModel, hits: Sequence[SearchHit]) -> Iterator[str]:
        """Ask the model, with fewer passages if it says that the prompt is too long."""
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
        """Yield the model's output; take it back if it turns out to be thinking."""
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
        """Begin to write, after the text so far."""
        self._citations = CitationFilter(len(self.sources))
        self._parts = [self._citations.feed(said) + self._citations.end()] if said else []

    def _most(self, window: int) -> int:
        if self._most_tokens is None:
            return min(ANSWER_TOKENS, window // _ANSWER_SHARE)
        return min(self._most_tokens, window // _WISHED_SHARE)

    def _silent(self, chat: ChatModel) -> ChatError:
        """Return the error of a model that has written no answer."""
        most = self._most(chat.window_tokens)
        ended = self.so_far.ended
        if ended == FILTERED:
            msg = (
                f"the filter of the chat server {chat.where} blocked the whole answer; ask in "
                "other words, or take another model"
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
    """Return a follow-up question in a form that the model words without the conversation."""
    said = ""
    with closing(chat.stream(rewriting(history, question), most_tokens=most)) as stream:
        for piece in stream:
            said = (said + piece).lstrip()
            # A model may think first, as long as an answer takes; a question is one line.
            if "\n" in said or len(said) > _QUESTION_CHARACTERS:
                break
    asked = said.partition("\n")[0].strip()
    return asked if 0 < len(asked) <= _QUESTION_CHARACTERS else question


def _joined(gap: str, pieces: Iterator[str]) -> Iterator[str]:
    """Yield pieces with ``gap`` before the first word, in place of any white space."""
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
    """Return a text up to its last whole word, and the white space after it."""
    found = _LAST_WORD.search(text)
    return (text[: found.start()], found[1]) if found and found.start() else (text, "")
