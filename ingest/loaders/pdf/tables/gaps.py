"""Distinguishes gaps and edges of a table's columns from those of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import CLEAR, Row, Strip, without
from ingest.loaders.pdf.tables.runs import Run

_TOLERANCE = 2.6  # points by which aligned edges may differ
_ALIGNED = 0.7  # share of a column's cells that share an edge
_FEWEST_GAPS = 4
_FEW_ROWS = 3
_FEWEST_SHOWN = 4  # rows that show that a strip is one between columns
_STRICTLY = 0.9  # share of a column's cells that share an edge where spaces are as wide
_CLEARER = 1.5  # ems between columns of few rows
_WIDER = 1.6  # times the gap between words, from which one is that of columns
_BESIDE = 0.72  # ems between lines that stand partly beside each other
_FIGURES = re.compile(r"\d[\d.,]*")
_AFTER_POINT = re.compile(r"[.,]\d{1,2}$|\.\d+$")
_POINT = 0.5  # width of a point in figures
_SPREAD = 2.0  # ems; gaps of spread lines are narrower


def clear_strips(
    words: Sequence[Word],
    run: Run,
    rows: Sequence[Row],
    strips: Sequence[Strip],
    *,
    ems: float | None = None,
) -> tuple[list[Row], list[Strip]]:
    """Join the columns beside strips that are no wider than the gaps of words in most lines.

    ``ems`` is the narrowest gap of columns, if something else shows columns.
    """
    joined, kept = list(rows), list(strips)
    clear = are_clear(words, run, rows, strips, ems)
    for at in range(len(strips) - 1, -1, -1):
        if not clear[at]:
            del kept[at]
            joined = [without(row, at) for row in joined]
    return joined, kept


def are_clear(
    words: Sequence[Word],
    run: Run,
    rows: Sequence[Row],
    strips: Sequence[Strip],
    ems: float | None = None,
) -> list[bool]:
    """Return for each strip whether its gap is that of columns in most lines."""
    size = run.size
    clear: list[bool] = []
    if ems is None:
        ems = _CLEARER if len(rows) <= _FEW_ROWS else CLEAR + 0.1
    least = max(ems * size, _WIDER * _spaces(words, rows))
    for number in range(len(strips)):
        gaps: list[float] = []
        for row in rows:
            before = [words[at].box[2] for cell in row.cells[: number + 1] for at in cell]
            after = [words[at].box[0] for cell in row.cells[number + 1 :] for at in cell]
            if before and after:
                gaps.append(min(after) - max(before))
        gaps.sort()
        usual = gaps[len(gaps) // 2] if len(gaps) > 1 else 0.0
        clear.append(
            usual >= least or (usual >= ems * size and _is_edge(words, rows, number, len(gaps)))
        )
    return clear


def _is_edge(words: Sequence[Word], rows: Sequence[Row], number: int, both: int) -> bool:
    """Return whether the cells on both sides of a strip are aligned, unlike spread words."""
    if both < _FEWEST_SHOWN:
        return False
    return all(
        _alike(words, [row.cells[column] for row in rows if row.cells[column]])
        for column in (number, number + 1)
    )


def _alike(words: Sequence[Word], cells: Sequence[Sequence[int]]) -> bool:
    lefts = [min(words[at].box[0] for at in cell) for cell in cells]
    rights = [max(words[at].box[2] for at in cell) for cell in cells]
    return max(_most_alike(lefts), _most_alike(rights)) >= _STRICTLY * len(cells)


def _spaces(words: Sequence[Word], rows: Sequence[Row]) -> float:
    """Return the usual gap between words of one cell; 0 where cells have one word each."""
    gaps = sorted(
        words[after].box[0] - words[at].box[2]
        for row in rows
        for cell in row.cells
        for at, after in pairwise(cell)
    )
    return max(gaps[len(gaps) // 2], 0.0) if len(gaps) >= _FEWEST_GAPS else 0.0


def is_spread(words: Sequence[Word], rows: Sequence[Row], size: float) -> bool:
    """Return whether each cell is one word of a sentence that was spread to fill its lines."""
    cells = [cell for row in rows for cell in row.cells if cell]
    alone = sum(len(cell) == 1 for cell in cells)
    small = sum(words[cell[0]].text[:1].islower() for cell in cells)
    gaps = sorted(
        words[after[0]].box[0] - words[cell[-1]].box[2]
        for row in rows
        for cell, after in pairwise([cell for cell in row.cells if cell])
    )
    narrow = bool(gaps) and gaps[len(gaps) // 2] < _SPREAD * size
    return alone >= 0.9 * len(cells) and small >= 0.5 * len(cells) and narrow


def are_between(rows: Sequence[Row]) -> bool:
    """Return whether most lines overlap the next in height, as in columns of unequal lines."""
    near = sum(
        below.line.centre - row.line.centre < _BESIDE * max(row.line.size, below.line.size)
        for row, below in pairwise(rows)
    )
    return 2 * near >= len(rows)


def edges_align(words: Sequence[Word], rows: Sequence[Row], columns: int) -> bool:
    """Return whether most cells of nearly all columns have an edge or their middle aligned."""
    out_of_line = 0
    for column in range(columns):
        cells = [row.cells[column] for row in rows if row.cells[column]]
        lefts = [min(words[at].box[0] for at in cell) for cell in cells]
        rights = [max(words[at].box[2] for at in cell) for cell in cells]
        middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
        points = [point for cell in cells if (point := _point(words, cell)) is not None]
        aligned = max(map(_most_alike, (lefts, rights, middles, points)), default=0)
        if len(cells) > 1 and aligned < _ALIGNED * len(cells) and aligned < len(cells) - 1:
            out_of_line += 1
    return out_of_line <= (columns - 1) // 3


def _point(words: Sequence[Word], cell: Sequence[int]) -> float | None:
    """Return the approximate position of a number's decimal point; None for words.

    Figures have one width in nearly all fonts, and points half of it.
    """
    text = words[cell[0]].text
    if _FIGURES.fullmatch(text) is None:
        return None
    left, _, right, _ = words[cell[0]].box
    figures = sum(map(str.isdigit, text))
    wide = (right - left) / (figures + _POINT * (len(text) - figures))
    after = _AFTER_POINT.search(text)
    return right - (wide * (len(after[0]) - 1 + _POINT) if after else 0.0)


def _most_alike(values: list[float]) -> int:
    values = sorted(values)
    most = start = 0
    for end, value in enumerate(values):
        while value - values[start] > _TOLERANCE:
            start += 1
        most = max(most, end - start + 1)
    return most
