"""Narrows a window to the part to mark: the sentence or line with the query's words.

A window joins short sentences until there is enough text to embed: 80 characters are one English
sentence, but two or three Chinese ones, or six lines of a list. docs/hits.md has the measured cost
and gain of narrowing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from kb.search.highlight import Passage, Telling
from kb.sentences.windows import Span, windows

# Share of all of the window's matches by which a part may be worse than the best one and still be
# marked with it. The answer is often in the sentence next to the one with the words. One line of a
# list says nothing about the next.
_BY_SENTENCE, _BY_LINE = 0.65, 0.3
# A short line above or below text, without a mark at its end, is a heading.
_HEADING = 60
_ENDS = tuple('.!?。！？；;…,，、"”»)')
_INTRODUCES, _ASKS = (":", "："), ("?", "？")
# A line of code may end with a colon, and may be the wanted line.
_CODE = re.compile(r"\s*(?:async|class|def|elif|else|except|for|if|try|while|with)\b")
# Of short lines one below the other, two may be a title and a heading; more are a list.
_MOST_HEADINGS = 2
_LINE = re.compile(r"[^\n]*\S[^\n]*")
_ITEM = re.compile(r"\s*(?:[-*+•‣▪◦·–—|]|\d+[.)、]|[(（]?\w{1,2}[)）])\s*\S")
# Han, kana and Hangul.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U000323af]+")
_DIVIDED = re.compile(r"\t|\s\|\s")


def narrowed(passage: Passage, span: Span, wanted: Telling) -> Span:
    """Return the sentences or lines of a window that contain the query's words.

    Parts with slightly fewer words are marked, too. Headings are left out; if only a heading
    contains the words, the text below it is marked. If words do not distinguish the sentences, the
    whole window is marked.
    """
    text = passage.text
    parts = sentences_in(text, span)
    if not _is_dense(text[slice(*span)]):
        parts = _paragraphs(text, parts)
    if len(parts) <= 1:
        return parts[0] if parts else span
    headings = _headings(text)
    heads = [part[0] in headings for part in parts]
    asks = [text[start:end].endswith(_ASKS) for start, end in parts]
    # A question introduces its answer; one of several questions introduces nothing.
    beside = [*asks[1:], asks[-2]]
    heads = [
        head or (ask and not other) for head, ask, other in zip(heads, asks, beside, strict=True)
    ]
    while len(parts) > 1 and heads[len(parts) - 1]:  # it belongs to the text after it
        parts = parts[:-1]
    found = _telling(passage, parts, heads, wanted) if len(parts) > 1 else parts
    return found[0][0], found[-1][1]


def narrows(passage: Passage, span: Span, wanted: Telling) -> bool:
    """Return whether words have decided which sentences of a window are marked."""
    text = passage.text
    parts = sentences_in(text, span)
    return _is_dense(text[slice(*span)]) and bool(words_in(passage, parts, wanted).any())


def _is_dense(text: str) -> bool:
    """Return whether 80 characters in the text's script say as much as 200 in Latin script."""
    return 2 * sum(map(len, _DENSE.findall(text))) > len(text)


def _paragraphs(text: str, parts: Sequence[Span]) -> list[Span]:
    """Join sentences without a line break between them.

    In a window of two sentences, the one with the words answers less often than both together
    (0.800 of the questions in German instead of 0.823).
    """
    joined: list[Span] = []
    for start, end in parts:
        if joined and "\n" not in text[joined[-1][1] : start]:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def sentences_in(text: str, span: Span) -> list[Span]:
    """Return a window's sentences and lines, or the window if it is a part of a sentence."""
    start, end = span
    # Cut from the start of the line: the whole of it shows whether it continues in the next.
    first = text.rfind("\n", 0, start) + 1
    found = ((first + a, first + b) for a, b in windows(text[first:end], least=1))
    parts = [(_first_line(text, a, b), b) for a, b in found if start <= a and b <= end]
    if not parts or _says(text[start : parts[0][0]]) or _says(text[parts[-1][1] : end]):
        return [span]
    return parts


def _first_line(text: str, start: int, end: int) -> int:
    """Return the start of the first line with a letter or digit, below the border of a table."""
    while (line := text.find("\n", start, end)) >= 0 and not _says(text[start:line]):
        start = line + 1
    return start


def _says(text: str) -> bool:
    return any(map(str.isalnum, text))


def words_in(passage: Passage, parts: Sequence[Span], wanted: Telling) -> npt.NDArray[np.float32]:
    """Return each part's share of the query's words; words that few parts contain count more."""
    held = [passage.held(*part) for part in parts]
    shares = np.zeros(len(parts), np.float32)
    total = 0.0
    for tokens in wanted.tokens(passage.languages):
        has = np.array([not tokens.isdisjoint(each) for each in held])
        count = int(has.sum())
        if count:
            worth = math.log(1 + (len(parts) - count + 0.5) / (count + 0.5))
            shares += worth * has
            total += worth
    return shares / total if total else shares


def _telling(
    passage: Passage, parts: list[Span], heads: Sequence[bool], wanted: Telling
) -> list[Span]:
    """Return the adjacent parts that contain the query's words.

    It first chooses among sections, including headings. Inside a section, headings do not
    distinguish one part from another.
    """
    shares = words_in(passage, parts, wanted)
    sections = _sections(heads[: len(parts)])
    most = [
        min(1.0, sum(float(max((shares[at] for at in each), default=0.0)) for each in section))
        for section in sections
    ]
    lines = all("\n" in passage.text[a[1] : b[0]] for a, b in pairwise(parts))
    margin = _BY_LINE if lines else _BY_SENTENCE
    kept = [
        at
        for own, (_, below) in zip(most, sections, strict=True)
        if own > max(most) - margin
        for at in below
    ]
    among = [parts[at] for at in kept] or parts
    shares = words_in(passage, among, wanted)
    near = [part for part, own in zip(among, shares, strict=True) if own > max(shares) - margin]
    return [near[0], near[-1]]


def _sections(heads: Sequence[bool]) -> list[tuple[list[int], list[int]]]:
    """Return the indices of each section's headings, and of the parts below them."""
    found: list[tuple[list[int], list[int]]] = []
    for at, head in enumerate(heads):
        if not found or (head and found[-1][1]):
            found.append(([], []))
        found[-1][0 if head else 1].append(at)
    return found


def _headings(text: str) -> set[int]:
    """Return the starts of a text's headings: short lines that are not a list."""
    lines = [_stripped(text, match.span()) for match in _LINE.finditer(text)]
    tight = [text.count("\n", a[1], b[0]) < 2 for a, b in pairwise(lines)]  # noqa: PLR2004 - no blank line between
    found: set[int] = set()
    alike = [_is_short(text, line) for line in lines]
    for is_short, group in groupby(range(len(lines)), key=alike.__getitem__):
        run = list(group)
        joined = any(tight[at] for at in run[:-1])
        if is_short and not joined and len(run) <= _MOST_HEADINGS and len(lines) > len(run):
            found.update(lines[at][0] for at in run)
    # A line that ends with a colon introduces the next, whatever is around it.
    found.update(
        start
        for start, end in lines[:-1]
        if text[start:end].endswith(_INTRODUCES) and not _CODE.match(text, start)
    )
    return found | _column_names(text, lines)


def _column_names(text: str, lines: Sequence[Span]) -> set[int]:
    """Return the starts of lines with column names.

    Such a line has no digits. Some of the table rows below it have, or all lines of a list.
    """

    def kind(line: Span) -> str:
        if _DIVIDED.search(text, *line):
            return "row"
        return "item" if _is_short(text, line) else ""

    found: set[int] = set()
    for name, group in groupby(lines, key=kind):
        rows = list(group) if name else []
        digits = [any(map(str.isdigit, text[start:end])) for start, end in rows]
        enough = any(digits) if name == "row" else len(rows) > _MOST_HEADINGS and all(digits[1:])
        if enough and not digits[0]:
            found.add(rows[0][0])
    return found


def _stripped(text: str, span: Span) -> Span:
    start, end = span
    line = text[start:end]
    return end - len(line.lstrip()), start + len(line.rstrip())


def _is_short(text: str, span: Span) -> bool:
    line = text[slice(*span)]
    return (
        len(line) <= _HEADING
        and not line.endswith(_ENDS)
        and not (_ITEM.match(line) or _DIVIDED.search(line))
    )
