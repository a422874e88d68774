"""Rows with vertically centred cells side by side, whose lines are at different heights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.text import Line, Phrase, phrases

_PARTLY_BESIDE = 0.72  # ems between lines that stand partly beside each other
_MOST_LINES = 11  # of a row; columns of text beside each other have more
_CENTRED = 0.2  # ems by which the middles of cells may differ
_APART = 0.45  # ems between cells


def folded(words: Sequence[Word], lines: Sequence[Line]) -> list[Line]:
    """Return lines; those of one row of cells around one middle are combined."""
    found: list[Line] = []
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and _step(lines[end - 1], lines[end]) < _PARTLY_BESIDE:
            end += 1
        if 1 < end - at <= _MOST_LINES and _is_centred(words, lines[at:end]):
            found.append(_together(words, lines[at:end]))
        else:
            found += lines[at:end]
        at = end
    return found


def _step(above: Line, below: Line) -> float:
    return (below.centre - above.centre) / max(min(above.size, below.size), 1.0)


def _is_centred(words: Sequence[Word], lines: Sequence[Line]) -> bool:
    """Return whether lines are cells side by side, one of several lines, with one middle."""
    told = sorted(
        ((phrase, line.centre) for line in lines for phrase in phrases(words, line, line.apart)),
        key=lambda item: item[0].left,
    )
    size = max(line.size for line in lines)
    cells: list[list[tuple[Phrase, float]]] = []
    reached = float("-inf")
    for phrase, centre in told:
        if phrase.left - reached >= _APART * size:
            cells.append([])
        cells[-1].append((phrase, centre))
        reached = max(reached, phrase.right)
    middles = [
        (min(centre for _, centre in cell) + max(centre for _, centre in cell)) / 2
        for cell in cells
    ]
    levels = [len({centre for _, centre in cell}) for cell in cells]
    if len(cells) < 2 or max(levels) < 2 or max(middles) - min(middles) > _CENTRED * size:  # noqa: PLR2004
        return False
    return all(count == 1 or len(cell) == count for cell, count in zip(cells, levels, strict=True))


def _together(words: Sequence[Word], lines: Sequence[Line]) -> Line:
    members = sorted((at for line in lines for at in line.words), key=lambda at: words[at].box[0])
    size = max(line.size for line in lines)
    top, bottom = lines[0].top, lines[-1].bottom
    return replace(lines[0], words=members, top=top, bottom=bottom, size=size)
