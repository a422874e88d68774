"""Tables of a page: their places, their rows of cells, and their words."""

from __future__ import annotations

from collections.abc import Sequence

from ingest.loaders.pdf.layout.columns import Item, reading_order
from ingest.loaders.pdf.page import Box, Rule, Word
from ingest.loaders.pdf.tables.beside_columns import parted_by_columns
from ingest.loaders.pdf.tables.contents import FEWEST_ENTRIES, contents_of, ends_in_leaders
from ingest.loaders.pdf.tables.open import open_tables
from ingest.loaders.pdf.tables.ruled import ruled_tables
from ingest.loaders.pdf.tables.rules import MOST_RULES
from ingest.loaders.pdf.tables.value import Table

__all__ = ["MOST_WORDS", "Table", "find_tables"]

MOST_WORDS = 20_000
"""Words of a page above which tables are not searched: no page for readers has so many."""


def find_tables(
    words: Sequence[Word], rules: Sequence[Rule], width: float, height: float
) -> list[Table]:
    """Return the tables of a page from the top; no word is in two of them.

    Args:
        words: of the page, in any order; a table names its words by their indexes.
        rules: ruling lines from :mod:`ingest.loaders.pdf.tables.rules`.
        width: of the page in points.
        height: likewise.
    """
    if len(words) > MOST_WORDS:
        return []
    free = {at for at, word in enumerate(words) if _on_page(word.box, width, height)}
    on_page = frozenset(free)
    found: list[Table] = []
    # A drawing with more lines is not a table, and comparing all of them takes minutes.
    lines = rules if len(rules) <= MOST_RULES else ()
    for table in ruled_tables(words, lines, free):
        found.append(table)
        free -= table.words
    for part in _columns_with_leaders(words, free):
        found += contents_of(words, part)
    free.difference_update(*(table.words for table in found))
    found += open_tables(words, free)
    found = parted_by_columns(found, words, lines, on_page)
    return sorted(found, key=lambda table: (table.box[1], table.box[0]))


def _columns_with_leaders(words: Sequence[Word], free: set[int]) -> list[list[int]]:
    """Return the words of a page by column, if dots lead to numbers."""
    if sum(ends_in_leaders(words[at].text) for at in free) < FEWEST_ENTRIES:
        return []
    places = {id(words[at]): at for at in free}
    parts = reading_order([Item(words[at].box, words[at]) for at in sorted(free)])
    return [[places[id(item.word)] for item in part] for part in parts]


def _on_page(box: Box, width: float, height: float) -> bool:
    left, top, right, bottom = box
    return left < width and top < height and right > 0 and bottom > 0
