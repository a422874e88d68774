"""The value of a table, and its rows that name columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loaders.pdf.page import Box
from ingest.loaders.pdf.tables.text import is_number
from ingest.loaders.printed_lines import width

_LONGEST_NAME = 60  # columns of text
_YEAR = re.compile(r"(?:1[89]|20)\d\d(?:[/-]\d\d(?:\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    All rows have the same number of cells; ``row_boxes`` are their places. ``words`` are indexes in
    the list of words of the search. ``header_rows`` counts the rows at the top that name columns.
    """

    box: Box
    rows: tuple[tuple[str, ...], ...]
    row_boxes: tuple[Box, ...]
    words: frozenset[int]
    header_rows: int = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """Its rows as lines of text, with cells separated by tabs."""
        return tuple("\t".join(row) for row in self.rows)


def names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether the first row names the columns of those below."""
    if len(rows) < 2:  # noqa: PLR2004 - names of nothing
        return False
    told = [cell for cell in rows[0] if cell]
    columns = len(rows[0])
    if len(told) < max(2, columns // 2):
        return False
    if any(
        width(cell) > _LONGEST_NAME or (is_number(cell) and not _YEAR.fullmatch(cell))
        for cell in told
    ):
        return False
    if columns == 2:  # noqa: PLR2004 - a list of keys and values has no names of columns
        keys = [row[0] for row in rows if row[0]]
        if sum(key.endswith((":", "：")) for key in keys) * 2 > len(keys):
            return False
        values = [row[1] for row in rows[1:] if row[1]]
        alike = sum(map(is_number, values)) * 2 > len(values)
        return alike or not any(c.isdigit() for c in rows[0][1])
    return True
