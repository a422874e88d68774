"""Separates a model's thinking from its answer, by the marks that models write around it.

Most servers separate it themselves. Models in this process, and on servers that do not know the
model's marks, write it as text.
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
"""Marks before and after a model's thinking."""

# OpenAI's harmony (gpt-oss): every part has a channel, and ``final`` is the answer.
_HARMONY_BEGINS = ("<|start|>", "<|channel|>")
_HARMONY_HEAD = re.compile(
    r"(?:<\|start\|>\s*assistant[^<]{0,80})?<\|channel\|>\s*(\w+)"
    r"[^<]{0,80}(?:<\|constrain\|>[^<]{0,40})?<\|message\|>"
)
_HARMONY_ENDS = ("<|end|>", "<|return|>", "<|call|>")
_LONGEST_HEAD = 240  # characters; longer ones are text

_BEGINS = (*(begin for begin, _ in PAIRS), *_HARMONY_BEGINS)

MARKS = frozenset(
    {mark for pair in PAIRS for mark in pair}
    | {*_HARMONY_BEGINS, *_HARMONY_ENDS, "<|message|>", "<|constrain|>", "<|channel>"}
)
"""Texts that may be control tokens, which otherwise have no text."""

# An end without a beginning: the chat template has written the beginning.
_ANY_END = "|".join(re.escape(end) for _, end in PAIRS)
_END = re.compile(rf"(?:{_ANY_END})([ \t]*)(?=([^ \t]))")
_END_PERHAPS = re.compile(rf"(?:{_ANY_END})([ \t]*)$")
_LINE_KEPT = 400  # checked characters of the line before an end
# An answer about these marks quotes them, or has them among its words.
_QUOTES_BEFORE = tuple("`'\"“‘«「『([")
_NO_BEGINNING = ",.;:!?)]}`'\"”’»」』，。；：！？、…"
_SENTENCE_ENDS = tuple(".!?…。！？:：")


class ThinkingSplitter:
    """Takes a model's output, cut at any place, and yields it as thinking and answer."""

    def __init__(self) -> None:
        self._held = ""
        self._ends: tuple[str, ...] = ()  # of the open thinking
        self._answering = False
        self._harmony = False
        self._line = ""  # the answer's current line, as far as it was given
        self._opened = False  # a beginning mark is in the answer, so its end mark is, too

    def feed(self, text: str) -> list[Piece]:
        """Add output; return the pieces that are certain now."""
        self._held += text
        out: list[Piece] = []
        while self._step(out):
            pass
        return out

    def end(self) -> list[Piece]:
        """Return the pieces still held back."""
        held, self._held = self._held, ""
        if self._ends or (not self._answering and held.lstrip().startswith(_HARMONY_BEGINS)):
            return [Piece(text=held, thinking=True)]
        if self._answering and (last := _END_PERHAPS.search(held)) and self._is_orphan(held, last):
            return [Piece(text=held[: last.start()]), Piece(takes_back=True)]
        text = self._without_ends(held if self._answering else held.lstrip())
        return [Piece(text=text)] if text else []

    def _step(self, out: list[Piece]) -> bool:
        """Process the held text; return whether more of it may be processed."""
        if self._ends:
            return self._think(out)
        return self._answer(out) if self._answering else self._begin()

    def _begin(self) -> bool:
        """Decide what the held text begins: thinking, an answer, or something still unclear."""
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
        if any(begin.startswith(held) for begin in _BEGINS):  # also for no text at all
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
        ends = _END.finditer(self._held)
        if orphan := next((end for end in ends if self._is_orphan(self._held, end)), None):
            out.append(Piece(text=self._held[: orphan.start()]))
            out.append(Piece(takes_back=True))
            self._held, self._answering = self._held[orphan.end() :], False
            self._line, self._opened = "", False
            return True
        if perhaps := _END_PERHAPS.search(self._held):
            at = perhaps.start()
        else:
            marks = _HARMONY_ENDS if self._harmony else ()
            at = len(self._held) - max(
                _overlap(self._held, end) for end in (*marks, *(end for _, end in PAIRS))
            )
        if text := self._without_ends(self._held[:at]):
            out.append(Piece(text=text))
        before = self._line + self._held[:at]
        self._opened = self._opened or _opens(before)
        self._line = before.rpartition("\n")[2][-_LINE_KEPT:]
        self._held = self._held[at:]
        return False

    def _is_orphan(self, held: str, end: re.Match[str]) -> bool:
        """Return whether an end mark belongs to thinking whose beginning the model did not write.

        A mark at the end of a line does. So does a mark at the beginning of a line, after a
        sentence or next to a word, unless the answer quotes it or contains the beginning.
        """
        gap, following = end[1], end[2] if end.re is _END else ""
        if following == "\n":
            return True
        before = self._line + held[: end.start()]
        line = before.rpartition("\n")[2]
        quoted = line.endswith(_QUOTES_BEFORE) and not line.endswith("`")
        quoted = quoted or line.count("`") % 2 == 1
        if quoted or self._opened or _opens(before) or (following and following in _NO_BEGINNING):
            return False
        attached = line == line.rstrip() or bool(following and not gap)
        return attached or not line.strip() or line.rstrip().endswith(_SENTENCE_ENDS)

    def _without_ends(self, text: str) -> str:
        for end in _HARMONY_ENDS if self._harmony else ():
            text = text.replace(end, "")
        return text


def _opens(text: str) -> bool:
    return any(begin in text for begin, _ in PAIRS)


def _overlap(text: str, mark: str) -> int:
    """Return the number of characters at the end of ``text`` that may begin ``mark``."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0
