"""Prose in columns: lines that are full and continue in the next one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, Strip
from ingest.loaders.printed_lines import is_cjk, width

_PROSE_LINES = 8  # that fill their column, so that nobody takes them for cells
_PUNCTUATION = re.compile(r"[,.;:，。；：、！？](?:\s|$)|[，。；、！？]")


def prose_columns(words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]) -> list[int]:
    """Return the columns whose lines continue, as in a paragraph."""
    return [column for column in range(len(strips) + 1) if is_prose(words, rows, column)]


def is_prose(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    """Return whether most lines of a column are full and continue in the next one."""
    cells = [(number, row.cells[column]) for number, row in enumerate(rows) if row.cells[column]]
    if len(cells) < 3:  # noqa: PLR2004 - two lines show no habit
        return False
    texts = [" ".join(words[at].text for at in cell) for _, cell in cells]
    long = sum(_is_long(text) for text in texts)
    narrow = sum(_is_long(text, narrow=True) for text in texts)
    if narrow < 0.55 * len(texts):
        return False
    left = min(words[at].box[0] for _, cell in cells for at in cell)
    right = max(words[at].box[2] for _, cell in cells for at in cell)
    full = runs_on = pairs = low = 0
    for (_, cell), text in zip(cells, texts, strict=True):
        end = max(words[at].box[2] for at in cell)
        full += end - left >= 0.82 * (right - left)
        low += text[:1].islower() or bool(is_cjk(text[:1] or " "))
    for (number, cell), (below, following) in pairwise(cells):
        if below - number > 2:  # noqa: PLR2004 - a blank line between paragraphs
            continue
        pairs += 1
        end = max(words[at].box[2] for at in cell)
        next_word = words[following[0]]
        need = next_word.box[2] - next_word.box[0]
        if is_cjk(next_word.text[:1] or " "):
            need = next_word.size
        runs_on += right - end < need + 0.3 * next_word.size
    if len(cells) >= _PROSE_LINES and full >= 0.7 * len(cells) and runs_on >= 0.7 * pairs:
        return True
    marks = sum(_PUNCTUATION.search(text) is not None for text in texts)
    return (
        long >= 0.55 * len(texts)
        and full >= 0.5 * len(cells)
        and runs_on >= 0.55 * max(pairs, 1)
        and (low >= 0.34 * len(cells) and (marks >= 0.25 * len(cells) or low >= 0.6 * len(cells)))
        and not _one_width(words, [cell for _, cell in cells])
    )


def runs_across(words: Sequence[Word], rows: Sequence[Row], column: int) -> bool:
    """Return whether sentences have neighbours in most rows, so that they are not cells."""
    mine = [row for row in rows if row.cells[column]]
    beside = sum(len(row.filled) > 1 for row in mine)
    marks = sum(
        any(_PUNCTUATION.search(words[at].text) for at in row.cells[column]) for row in mine
    )
    return len(mine) > 3 and beside > 0.6 * len(mine) and marks >= 0.25 * len(mine)  # noqa: PLR2004 - lines, shares


def is_worded(text: str) -> bool:
    """Return whether a text is as long as a line of a narrow column of prose."""
    return _is_long(text, narrow=True)


def _is_long(text: str, *, narrow: bool = False) -> bool:
    spaced = len(text.split())
    chinese = any(map(is_cjk, text))
    if narrow:
        return spaced >= 3 or (width(text) >= 12 and chinese)  # noqa: PLR2004 - words, columns
    return spaced >= 4 or (width(text) >= 20 and chinese)  # noqa: PLR2004 - likewise


def _one_width(words: Sequence[Word], cells: Sequence[Sequence[int]]) -> bool:
    return all(len(cell) == 1 and width(words[cell[0]].text) < 12 for cell in cells)  # noqa: PLR2004 - columns


def are_sentences(texts: list[list[str]]) -> bool:
    """Return whether cells are pieces of sentences: with their marks, and in small letters."""
    told = [text for column in texts for text in column if text]
    marks = share_of(lambda text: _PUNCTUATION.search(text) is not None, told)
    small = share_of(lambda text: text[:1].islower() or is_cjk(text[:1]), told)
    return marks >= 0.15 and small >= 0.4  # noqa: PLR2004 - shares


def share_of(test: Callable[[str], object], values: Sequence[str]) -> float:
    """Return the share of the non-empty values for which a test holds."""
    told = [value for value in values if value]
    return sum(bool(test(value)) for value in told) / len(told) if told else 0.0
