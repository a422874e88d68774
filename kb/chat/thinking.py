"""Tells a model's thinking from its answer, in the marks that models write around it.

Most servers take it out themselves and send it beside the answer; a file in this process and
servers that do not know the model send it as text.
"""

from __future__ import annotations

import re

from kb.chat.base import Piece

PAIRS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),  # Qwen3, DeepSeek-R1, GLM, SmolLM3
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("◁think▷", "◁/think▷"),  # Kimi
    ("<|channel>thought", "<channel|>"),  # Gemma 4
)
"""What models write before their thinking, and after it."""

# OpenAI's harmony (gpt-oss): every part has a channel, and ``final`` is the answer.
_HARMONY_BEGINS = ("<|start|>", "<|channel|>")
_HARMONY_HEAD = re.compile(
    r"(?:<\|start\|>\s*assistant[^<]{0,80})?<\|channel\|>\s*(\w+)"
    r"[^<]{0,80}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>"
)
_HARMONY_ENDS = ("<|end|>", "<|return|>", "<|call|>")
_LONGEST_HEAD = 240  # characters; what is longer is text

_BEGINS = (*(begin for begin, _ in PAIRS), *_HARMONY_BEGINS)

MARKS = frozenset(
    {mark for pair in PAIRS for mark in pair}
    | {*_HARMONY_BEGINS, *_HARMONY_ENDS, "<|message|>", "<|constrain|>", "<|channel>"}
)
"""Texts that may be control tokens, which otherwise have no text."""

# An end without a beginning, last in its line: the chat template wrote the beginning.
_ANY_END = "|".join(re.escape(end) for _, end in PAIRS)
_ORPHAN = re.compile(rf"(?:{_ANY_END})[ \t]*\n")
_ORPHAN_PERHAPS = re.compile(rf"(?:{_ANY_END})[ \t]*$")


class ThinkingSplitter:
    """Takes what a model writes, cut anywhere, and gives it back as thinking and answer."""

    def __init__(self) -> None:
        self._held = ""
        self._ends: tuple[str, ...] = ()  # of the thinking that is open
        self._answering = False
        self._harmony = False

    def feed(self, text: str) -> list[Piece]:
        """Return what is certain after ``text``."""
        self._held += text
        out: list[Piece] = []
        while self._step(out):
            pass
        return out

    def end(self) -> list[Piece]:
        """Return what was held back."""
        held, self._held = self._held, ""
        if self._ends or (not self._answering and held.lstrip().startswith(_HARMONY_BEGINS)):
            return [Piece(text=held, thinking=True)]
        text = self._without_ends(held if self._answering else held.lstrip())
        return [Piece(text=text)] if text else []

    def _step(self, out: list[Piece]) -> bool:
        """Work on what is held; True if there may be more to do."""
        if self._ends:
            return self._think(out)
        return self._answer(out) if self._answering else self._begin()

    def _begin(self) -> bool:
        """Decide what begins: thinking, an answer, or something not yet to be told."""
        held = self._held.lstrip()
        for begin, end in PAIRS:
            if held.startswith(begin):
                self._held, self._ends = held[len(begin) :], (end,)
                return True
        if head := _HARMONY_HEAD.match(held):
            self._harmony, self._held = True, held[head.end() :]
            if head[1] == "final":
                self._answering = True
            else:
                self._ends = _HARMONY_ENDS
            return True
        if held.startswith(_HARMONY_BEGINS) and len(held) < _LONGEST_HEAD:
            return False
        if any(begin.startswith(held) for begin in _BEGINS):  # nothing at all among it
            return False
        self._answering, self._held = True, held
        return True

    def _think(self, out: list[Piece]) -> bool:
        found = [(at, end) for end in self._ends if (at := self._held.find(end)) >= 0]
        if found:
            at, end = min(found)
            out.append(Piece(text=self._held[:at], thinking=True))
            self._held, self._ends = self._held[at + len(end) :], ()
            return True
        at = len(self._held) - max(_overlap(self._held, end) for end in self._ends)
        if at:
            out.append(Piece(text=self._held[:at], thinking=True))
            self._held = self._held[at:]
        return False

    def _answer(self, out: list[Piece]) -> bool:
        if orphan := _ORPHAN.search(self._held):
            out.append(Piece(text=self._held[: orphan.start()]))
            out.append(Piece(takes_back=True))
            self._held, self._answering = self._held[orphan.end() :], False
            return True
        if perhaps := _ORPHAN_PERHAPS.search(self._held):
            at = perhaps.start()
        else:
            ends = _HARMONY_ENDS if self._harmony else ()
            at = len(self._held) - max(
                _overlap(self._held, end) for end in (*ends, *(end for _, end in PAIRS))
            )
        if text := self._without_ends(self._held[:at]):
            out.append(Piece(text=text))
        self._held = self._held[at:]
        return False

    def _without_ends(self, text: str) -> str:
        for end in _HARMONY_ENDS if self._harmony else ():
            text = text.replace(end, "")
        return text


def _overlap(text: str, mark: str) -> int:
    """Return how many characters at the end of ``text`` may begin ``mark``."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0
