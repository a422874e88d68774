"""Columns by chance: words of cells with spaces below each other, or spread words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, Strip, without

_FEW = 0.35  # share of the rows beside that have words in a column by chance
_FEWEST_ROWS = 3
_SPACE = 0.42  # ems; spaces of words that nobody spread are narrower
_LIKE = 1.25  # times the other spaces of a line


def with_words_joined(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]
) -> tuple[list[Row], list[Strip]]:
    """Join the columns with words in few rows, a space away from their neighbours."""
    joined, kept = list(rows), list(strips)
    at = 0
    while at < len(kept):
        if _is_by_chance(words, joined, at):
            del kept[at]
            joined = [without(row, at) for row in joined]
        else:
            at += 1
    return joined, kept


def _is_by_chance(words: Sequence[Word], rows: Sequence[Row], strip: int) -> bool:
    """Return whether the words on both sides of a strip belong to one cell."""
    sides = [(row, row.cells[strip], row.cells[strip + 1]) for row in rows]
    left = sum(bool(one) for _, one, _ in sides)
    right = sum(bool(other) for _, _, other in sides)
    both = [(row, one, other) for row, one, other in sides if one and other]
    if not both or len(rows) < _FEWEST_ROWS or len(both) > max(1, _FEW * max(left, right)):
        return False
    if min(left, right) > len(both):
        return False  # each column has a cell without a neighbour in the other
    return all(_are_one(words, row, one, other) for row, one, other in both)


def _are_one(words: Sequence[Word], row: Row, one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether words continue over a strip with a space like the line's others."""
    gap = min(words[at].box[0] for at in other) - max(words[at].box[2] for at in one)
    if gap <= _SPACE * row.line.size:
        return True
    own = [
        words[after].box[0] - words[at].box[2]
        for cell in (one, other)
        for at, after in pairwise(cell)
    ]
    return bool(own) and gap <= _LIKE * max(own)
