"""Finds the chapter headings of long plain texts: 第一回 …, 第3章 …, Chapter 4 …, CHAPTER IV.

It reports only certain ones: at least three short lines of one form, mostly numbered in steps of
one, with text between them (a table of contents has none).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

MIN_CHAPTERS = 3
MAX_LINE = 90
MIN_IN_STEP = 0.8
MIN_LISTED = 2
MIN_BODY = 40
"""Least average characters between two headings; a list of chapters has fewer."""

_CHINESE = re.compile(
    r"^[ \t\u3000]*"
    r"(第[ \u3000\xa0]?([0-9０-９零〇一二三四五六七八九十百千两]{1,7})"
    r"[ \u3000\xa0]?([回章节節卷部篇集幕])"
    r"(?:[ \t\u3000\xa0:：、.．-][^\n]{0,80})?)[ \t\u3000]*$",
    re.MULTILINE,
)
_ENGLISH = re.compile(
    r"^[ \t]{0,3}((chapter|part|book|section)[ \t\xa0]+([0-9]{1,3}|[ivxlc]{1,8})\b(?![,;)])"
    r"(?:[.:—–-]?[ \t\xa0]*[^\n]{0,80})?)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_LEVELS = {"部": 1, "卷": 1, "集": 1, "篇": 2, "part": 1, "book": 1, "节": 4, "節": 4, "section": 4}
_CHAPTER_LEVEL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A heading line: its span in the text, its wording and its level (1 is outermost)."""

    start: int
    end: int
    title: str
    level: int


def find_chapters(text: str) -> list[Chapter]:
    """Return the chapter headings of ``text`` in order; empty unless they are certain."""
    found: dict[str, list[tuple[re.Match[str], int]]] = {}
    for match in _CHINESE.finditer(text):
        if len(match[1]) <= MAX_LINE and not match[1].endswith(("。", "，", "；", "！", "？")):
            found.setdefault(match[3], []).append((match, _chinese_number(match[2])))
    for match in _ENGLISH.finditer(text):
        if len(match[1]) <= MAX_LINE and not match[1].endswith((",", ";", ").")):
            found.setdefault(match[2].lower(), []).append((match, _number(match[3])))
    chapters: list[Chapter] = []
    for word, entries in found.items():
        kept = _without_contents(entries, len(text))
        if len(kept) < MIN_CHAPTERS or _in_step(kept) < MIN_IN_STEP:
            continue
        level = _LEVELS.get(word, _CHAPTER_LEVEL)
        chapters += [
            Chapter(start=match.start(), end=match.end(), title=match[1].strip(), level=level)
            for match, _ in kept
        ]
    return sorted(chapters, key=lambda chapter: chapter.start)


def _without_contents(
    entries: list[tuple[re.Match[str], int]], length: int
) -> list[tuple[re.Match[str], int]]:
    """Drop lines directly before the next heading of their kind: a table of contents."""
    kept: list[tuple[re.Match[str], int]] = []
    listed = 0
    ends = [match.start() for match, _ in entries[1:]] + [length]
    for entry, following in zip(entries, ends, strict=True):
        if following - entry[0].end() < MIN_BODY:
            listed += 1
            continue
        # text may follow the last line of a table of contents; a short chapter is not a table
        if listed < MIN_LISTED:
            kept.append(entry)
        listed = 0
    return kept


def _in_step(entries: list[tuple[re.Match[str], int]]) -> float:
    """Return the share of headings whose number follows the one before (or starts again at 1)."""
    steps = [second == first + 1 or second == 1 for (_, first), (_, second) in pairwise(entries)]
    return sum(steps) / len(steps) if steps else 0.0


def _chinese_number(word: str) -> int:
    if word.isdecimal():
        return int(word)
    if not any(char in _UNITS for char in word):
        return int("".join(str(_DIGITS[char]) for char in word if char in _DIGITS) or 0)
    total = digit = 0
    for char in word:
        if char in _UNITS:
            total += (digit or 1) * _UNITS[char]
            digit = 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit


def _number(word: str) -> int:
    if word.isdecimal():
        return int(word)
    values = [_ROMAN[char] for char in word.lower()]
    following = [*values[1:], 0]
    return sum(-now if now < after else now for now, after in zip(values, following, strict=True))
