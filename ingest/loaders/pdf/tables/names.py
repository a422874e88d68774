"""Names of columns between the first two horizontal lines: the text below them is not prose."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, rows_of, strips_in
from ingest.loaders.pdf.tables.prose import prose_columns
from ingest.loaders.pdf.tables.text import Line

_FEWEST_COLUMNS = 3  # a running title has two parts
_IN_LINE = 2.6  # points by which a name and its column may differ
_MOST_NAME_LINES = 2
_KEYS = 0.7  # share of lines that begin with a key, where keys stand beside long cells
_FEWEST_KEYS = 2


def are_named(words: Sequence[Word], above: Sequence[Sequence[Line]], band: Sequence[Line]) -> bool:
    """Return whether lines are cells below names, each above its column, beside keys of rows.

    Args:
        words: of the page.
        above: the lines between the first two ruling lines, empty if ``band`` is the first.
        band: the lines below them, whose cells may be sentences.
    """
    names = above[0] if above else []
    if not 1 <= len(names) <= _MOST_NAME_LINES:
        return False
    strips = strips_in(words, [*names, *band])
    if len(strips) + 1 < _FEWEST_COLUMNS:
        return False
    rows = rows_of(words, band, strips)
    keys = sum(bool(row.cells[0]) for row in rows)
    if not _FEWEST_KEYS <= keys <= _KEYS * len(rows) or 0 in prose_columns(words, rows, strips):
        return False
    titles = rows_of(words, names, strips)
    return all(_is_above(words, titles, rows, column) for column in range(len(strips) + 1))


def _is_above(
    words: Sequence[Word], titles: Sequence[Row], rows: Sequence[Row], column: int
) -> bool:
    one = _ends(words, titles, column)
    other = _ends(words, rows, column)
    if one is None or other is None:
        return False
    middles = sum(one) / 2, sum(other) / 2
    pairs = (one[0], other[0]), (one[1], other[1]), middles
    return any(abs(a - b) <= _IN_LINE for a, b in pairs)


def _ends(words: Sequence[Word], rows: Sequence[Row], column: int) -> tuple[float, float] | None:
    boxes = [words[at].box for row in rows for at in row.cells[column]]
    if not boxes:
        return None
    return min(box[0] for box in boxes), max(box[2] for box in boxes)
