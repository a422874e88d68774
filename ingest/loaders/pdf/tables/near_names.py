"""Names of columns separated only by spaces: each word is above a column."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row

_IN_LINE = 1.5  # points by which a name may be out of line with its column
_ALIKE = 0.8  # points by which names that are all out of line may differ
_FEWEST_ALIKE = 3  # names all out of line by as much: cells have room at one side that names do not

_Ends = tuple[float, float]


def with_near_names_parted(
    words: Sequence[Word], groups: Sequence[Sequence[Row]]
) -> list[list[Row]]:
    """Return rows of a table; the last names above it are split if each is aligned with a column.

    A name of several columns is above their middle, so that its words are aligned with none.
    """
    found = [list(group) for group in groups]
    named = 0
    while named < len(found) and any(row.spans for row in found[named]):
        named += 1
    if not 0 < named < len(found) or len(found[named - 1]) > 1:
        return found
    row = found[named - 1][0]
    ends = _columns(words, [one for group in found[named:] for one in group])
    cells = [list(cell) for cell in row.cells]
    spans: list[tuple[int, int, list[int]]] = []
    for first, end, members in row.spans:
        parts = _parts(words, members, ends[first:end])
        if parts is None:
            spans.append((first, end, members))
            continue
        for column, part in enumerate(parts, start=first):
            cells[column] = [at for at in cells[column] if at not in members] + part
    found[named - 1] = [Row(row.line, cells, spans)]
    return found


def _columns(words: Sequence[Word], rows: Sequence[Row]) -> list[list[_Ends]]:
    """Return where the cells of each column begin and end."""
    return [
        [
            (min(words[at].box[0] for at in cell), max(words[at].box[2] for at in cell))
            for row in rows
            if (cell := row.cells[column])
        ]
        for column in range(len(rows[0].cells))
    ]


def _parts(
    words: Sequence[Word], members: Sequence[int], columns: Sequence[Sequence[_Ends]]
) -> list[list[int]] | None:
    """Return the words of each column, None if they are not names of columns."""
    if not all(columns):
        return None
    reach = [(min(a for a, _ in column), max(b for _, b in column)) for column in columns]
    parts: list[list[int]] = [[] for _ in columns]
    for at in sorted(members, key=lambda at: words[at].box[0]):
        left, _, right, _ = words[at].box
        over = [number for number, (a, b) in enumerate(reach) if left < b and right > a]
        if len(over) != 1:
            return None
        parts[over[0]].append(at)
    if not all(parts) or any(words[part[0]].text[:1].islower() for part in parts):
        return None
    away = [
        _away((words[part[0]].box[0], words[part[-1]].box[2]), column)
        for part, column in zip(parts, columns, strict=True)
    ]
    out = [middle for edge, middle in away if edge > _IN_LINE]
    if out and (len(out) < _FEWEST_ALIKE or max(out) - min(out) > _ALIKE):
        return None
    return parts


def _away(name: _Ends, cells: Sequence[_Ends]) -> tuple[float, float]:
    """Return how far a name is out of line with its cells, and its middle from the first one's."""
    left, right = name
    lefts, rights = min(a for a, _ in cells), max(b for _, b in cells)
    middle = (left + right) / 2 - sum(cells[0]) / 2
    edges = abs(left - lefts), abs(right - rights), abs(middle)
    return min(edges), middle
