"""Addresses beside the facts of a letter: far from them, and not a column of their table."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.layout.side_by_side import is_address
from ingest.loaders.pdf.page import Word
from ingest.loaders.pdf.tables.columns import Row, Strip
from ingest.loaders.pdf.tables.text import cell_text

_FARTHER = 3.0  # times the white between other columns


def address_beside(
    words: Sequence[Word], rows: Sequence[Row], strips: Sequence[Strip]
) -> float | None:
    """Return where to cut between an address and the columns beside it, None without an address."""
    if len(strips) < 2:  # noqa: PLR2004 - keys, values and an address
        return None
    wide = [end - start for start, end in strips]
    for at, column in ((0, 0), (len(strips) - 1, len(strips))):
        others = wide[1:] if at == 0 else wide[:-1]
        if wide[at] < _FARTHER * max(others):
            continue
        lines = [cell_text(words, row.cells[column]) for row in rows if row.cells[column]]
        if is_address(lines):
            return sum(strips[at]) / 2
    return None
