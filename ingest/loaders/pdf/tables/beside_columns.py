"""Tables in one column of a page, beside running text in another.

The search for tables covers the whole width of a page, so it may take the text beside a small table
for its cells. If columns of prose are certain, such a table is searched again in each column
separately.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ingest.loaders.pdf.layout.columns import Item, reading_order
from ingest.loaders.pdf.page import Box, Rule, Word
from ingest.loaders.pdf.tables.open import open_tables
from ingest.loaders.pdf.tables.ruled import ruled_tables
from ingest.loaders.pdf.tables.text import around, lines_of
from ingest.loaders.pdf.tables.value import Table
from ingest.loaders.printed_lines import width

_TEXT_LINES = 0.5  # share of what a table takes of a column that is the column's text
_FULL = 0.9  # of the column's width
_INDENT = 3.0  # heights of the font, of items of lists
_LEAST_COLUMNS = 20
_REST = 3  # times as many words as the table takes has its column
_NEAR = 3.0  # points by which a line may reach out of its column


@dataclass(frozen=True, slots=True)
class _Column:
    members: frozenset[int]
    box: Box


def parted_by_columns(
    tables: Sequence[Table],
    words: Sequence[Word],
    rules: Sequence[Rule],
    free: AbstractSet[int],
) -> list[Table]:
    """Return tables; those with text of another column are searched again, missed ones added.

    Args:
        tables: found over the whole width.
        words: of the page.
        rules: its ruling lines.
        free: words that may belong to a table.
    """
    columns = _columns(words, free)
    if not columns:
        return list(tables)
    kept = [table for table in tables if not _is_mixed(table, words, columns)]
    left = set(free).difference(*(table.words for table in kept))
    again = len(kept) < len(tables)
    for column in columns:
        mine = left & column.members
        if again:
            for table in ruled_tables(words, _rules_in(rules, column.box), mine):
                mine -= table.words
                kept.append(table)
        kept += open_tables(words, mine)
    return kept


def _columns(words: Sequence[Word], free: AbstractSet[int]) -> list[_Column]:
    """Return the columns of prose of a page, empty unless two of them are certain."""
    places = {id(words[at]): at for at in free}
    order = reading_order([Item(words[at].box, words[at]) for at in sorted(free)], certain=True)
    if len(order) < 2:  # noqa: PLR2004 - one column
        return []
    parts = [frozenset(places[id(item.word)] for item in part) for part in order]
    return [_Column(part, around(words, part)) for part in parts]


def _is_mixed(table: Table, words: Sequence[Word], columns: Sequence[_Column]) -> bool:
    """Return whether a table contains lines of one column's text and parts of another."""
    taken = [(column, table.words & column.members) for column in columns]
    taken = [(column, mine) for column, mine in taken if mine]
    return len(taken) > 1 and any(_is_text(words, mine, column) for column, mine in taken)


def _is_text(words: Sequence[Word], mine: AbstractSet[int], column: _Column) -> bool:
    """Return whether words are lines of a column's text: as long as the column is wide."""
    if len(column.members) < _REST * len(mine):
        return False
    lines = lines_of(words, mine)
    full = 0
    for line in lines:
        left, _, right, _ = around(words, line.words)
        text = " ".join(words[at].text for at in line.words)
        begins = left - column.box[0] <= _INDENT * line.size
        reaches = right - column.box[0] >= _FULL * (column.box[2] - column.box[0])
        full += begins and reaches and width(text) >= _LEAST_COLUMNS
    return full >= _TEXT_LINES * len(lines)


def _rules_in(rules: Sequence[Rule], box: Box) -> list[Rule]:
    return [r for r in rules if r.box[0] >= box[0] - _NEAR and r.box[2] <= box[2] + _NEAR]
