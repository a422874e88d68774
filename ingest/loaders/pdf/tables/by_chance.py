"""Tables by chance: lines of two columns of text with words below each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ingest.loaders.pdf.layout.columns import Item, reading_order
from ingest.loaders.pdf.page import Rule, Word
from ingest.loaders.pdf.tables.text import is_number
from ingest.loaders.pdf.tables.value import Table

MOST_ROWS = 4
"""Most rows of a table that may be one by chance."""

_MORE = 5  # times as many words has each of the columns
_NUMBERS = 0.3  # of the cells: columns of text have fewer


def without_chance(
    tables: Sequence[Table], words: Sequence[Word], rules: Sequence[Rule]
) -> list[Table]:
    """Return tables without those across two columns of much more text."""
    doubtful = [table for table in tables if _is_doubtful(table, rules)]
    if not doubtful:
        return list(tables)
    places = {id(word): at for at, word in enumerate(words)}
    parts = reading_order([Item(word.box, word) for word in words])
    column = {places[id(i.word)]: n for n, part in enumerate(parts) for i in part}
    sizes = Counter(column.values())
    chance = []
    for table in doubtful:
        taken = Counter(column[at] for at in table.words)
        if len(taken) > 1 and all(sizes[n] >= _MORE * count for n, count in taken.items()):
            chance.append(table)
    return [table for table in tables if not any(table is other for other in chance)]


def _is_doubtful(table: Table, rules: Sequence[Rule]) -> bool:
    if len(table.rows) > MOST_ROWS:
        return False
    left, top, right, bottom = table.box
    if any(
        rule.box[0] < right and rule.box[2] > left and top <= rule.box[1] <= bottom
        for rule in rules
    ):
        return False
    cells = [cell for row in table.rows for cell in row if cell]
    return sum(map(is_number, cells)) < _NUMBERS * len(cells)
