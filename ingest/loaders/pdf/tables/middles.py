"""Rows of a table with centred cells: the lines of the longest cell surround the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row
from ingest.loaders.pdf.tables.text import cell_text, distance

_NEARER = 1.12  # distance between rows, as a multiple of that between lines of a cell
_FEWEST_COLUMNS = 2
_FEWEST_CELLS = 3


def around_middles(rows: Sequence[Row]) -> list[list[Row]] | None:
    """Group lines whose cells are centred: the longest cell has lines above and below others."""
    gaps = [distance(row.line, below.line) for row, below in pairwise(rows)]
    for low, high in sorted(pairwise(sorted(gaps)), reverse=True):
        if high < _NEARER * low:
            continue
        groups = nearer_than((low + high) / 2, rows, gaps)
        several = [group for group in groups if len(group) > 1]
        if several and len(groups) > 1 and all(map(_is_centred, several)):
            return groups
    return None


def _is_centred(group: Sequence[Row]) -> bool:
    """Return whether some cells of a group are in its middle line, and the others in all lines."""
    middle = group[len(group) // 2]
    others = [row.filled for row in group if row is not middle]
    if len(group) % 2 == 0 or not _is_whole(middle) or middle.spans:
        return False
    return set(others[0]) < set(middle.filled) and all(filled == others[0] for filled in others)


def _is_whole(row: Row) -> bool:
    """Return whether a row has as many cells as a key with its value, or as most of a table."""
    return len(row.filled) >= min(_FEWEST_CELLS, len(row.cells))


def nearer_than(limit: float, rows: Sequence[Row], gaps: Sequence[float]) -> list[list[Row]]:
    """Group lines whose distance is no larger than a limit."""
    groups: list[list[Row]] = [[rows[0]]]
    for row, gap in zip(rows[1:], gaps, strict=True):
        if gap > limit:
            groups.append([row])
        else:
            groups[-1].append(row)
    return groups


def by_halves(rows: Sequence[Row]) -> list[list[Row]] | None:
    """Group lines at one distance: as many of a cell's lines are below its row as above it.

    A row is a line with words in its first column and in most; None if the other lines do not fit.
    """
    columns = len(rows[0].cells)
    if columns < _FEWEST_COLUMNS:
        return None
    groups: list[list[Row]] = []
    above: list[Row] = []
    at = 0
    while at < len(rows):
        if not _begins(rows[at]):
            above.append(rows[at])
            at += 1
            continue
        below = rows[at + 1 : at + 1 + len(above)]
        if len(below) < len(above) or any(map(_begins, below)):
            return None
        groups.append([*above, rows[at], *below])
        at += 1 + len(below)
        above = []
    return None if above or all(len(group) == 1 for group in groups) else groups


def _begins(row: Row) -> bool:
    return bool(row.cells[0]) and 2 * len(row.filled) > len(row.cells)


def torn(words: Sequence[Word], groups: Sequence[Sequence[Row]]) -> int:
    """Count signs that groups are not rows: cells in small letters, lines of one cell."""
    count = 0
    columns = len(groups[0][0].cells)
    for group in groups:
        texts = [
            cell_text(words, [at for row in group for at in row.cells[column]])
            for column in range(columns)
        ]
        count += sum(text[:1].islower() for text in texts)
        count += sum(bool(text) for text in texts) == 1
    return count
